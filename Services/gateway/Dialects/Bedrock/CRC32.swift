/// The checksum of Ethernet and zlib (polynomial 0x04C11DB7, bits reflected), as Amazon's frames have it.
enum CRC32 {
    private static let table: [UInt32] = (0..<256).map { start in
        (0..<8).reduce(UInt32(start)) { rest, _ in rest & 1 == 1 ? 0xEDB8_8320 ^ rest >> 1 : rest >> 1 }
    }

    /// The checksum of a range of bytes.
    static func of(_ bytes: [UInt8], _ range: Range<Int>) -> UInt32 {
        let table = table.span
        var rest = UInt32.max
        for byte in bytes[range] { rest = table[Int(UInt8(truncatingIfNeeded: rest) ^ byte)] ^ rest >> 8 }
        return ~rest
    }
}
