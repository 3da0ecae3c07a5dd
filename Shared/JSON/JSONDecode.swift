import CSimdJSON

/// Turns the bytes of scalars that the parser has checked into values.
enum JSONDecode {
    /// The text of a string, given with its quotes. A surrogate without its other half becomes U+FFFD.
    static func string(_ bytes: [UInt8], _ range: Range<Int>) -> String {
        unsafe bytes.withUnsafeBytes { buffer in
            let inside = unsafe UnsafeRawBufferPointer(rebasing: buffer[range.lowerBound + 1..<range.upperBound - 1])
            return unsafe string(inside: inside, escaped: inside.contains(UInt8(ascii: "\\")))
        }
    }

    /// The text of the inside of a string.
    static func string(inside buffer: UnsafeRawBufferPointer, escaped: Bool) -> String {
        guard escaped else { return unsafe String(decoding: buffer, as: UTF8.self) }
        return unsafe String(unsafeUninitializedCapacity: buffer.count) { text in
            guard let target = text.baseAddress else { return 0 }
            return unsafe sbjson_unescape(buffer.baseAddress, buffer.count, target)
        }
    }

    /// A number with its text.
    static func number(_ bytes: [UInt8], _ range: Range<Int>) -> JSONNumber {
        JSONNumber(unchecked: String(decoding: bytes[range], as: UTF8.self))
    }
}
