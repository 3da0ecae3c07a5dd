import Glibc

/// The byte classes of RFC 9110 and 3986 as bit masks: one shift and one test per byte, no table in memory.
enum Octet {
    static let tab: UInt8 = 0x09
    static let lineFeed: UInt8 = 0x0A
    static let carriageReturn: UInt8 = 0x0D
    static let space: UInt8 = 0x20
    static let percent: UInt8 = 0x25
    static let colon: UInt8 = 0x3A
    static let semicolon: UInt8 = 0x3B

    /// A character of a token: method and field names.
    @inline(__always) static func isToken(_ byte: UInt8) -> Bool {
        isIn(byte, 0x03FF_6CFA_0000_0000, 0x57FF_FFFF_C7FF_FFFE)
    }

    /// A byte that may stand in a field value: tab, space, visible ASCII and everything above it.
    @inline(__always) static func isFieldValue(_ byte: UInt8) -> Bool {
        byte >= 0x80 || isIn(byte, 0xFFFF_FFFF_0000_0200, 0x7FFF_FFFF_FFFF_FFFF)
    }

    /// A character of a `Host` value: a name or address with an optional port.
    @inline(__always) static func isHost(_ byte: UInt8) -> Bool {
        isIn(byte, 0x2FFF_6FF2_0000_0000, 0x47FF_FFFE_AFFF_FFFE)
    }

    /// A character of a request target: visible ASCII without `#`, `"`, `<` and `>`.
    @inline(__always) static func isTarget(_ byte: UInt8) -> Bool {
        isIn(byte, 0xAFFF_FFF2_0000_0000, 0x7FFF_FFFF_FFFF_FFFF)
    }

    @inline(__always) static func isDigit(_ byte: UInt8) -> Bool {
        byte &- 0x30 < 10
    }

    /// The value of a hexadecimal digit.
    @inline(__always) static func hexValue(_ byte: UInt8) -> UInt8? {
        switch byte {
        case 0x30...0x39: byte &- 0x30
        case 0x41...0x46: byte &- 0x37
        case 0x61...0x66: byte &- 0x57
        default: nil
        }
    }

    /// The lower-case form of an ASCII letter; other bytes stay.
    @inline(__always) static func lowercased(_ byte: UInt8) -> UInt8 {
        byte &- 0x41 < 26 ? byte | 0x20 : byte
    }

    @inline(__always) private static func isIn(_ byte: UInt8, _ low: UInt64, _ high: UInt64) -> Bool {
        byte < 0x80 && ((byte < 0x40 ? low : high) >> UInt64(byte & 0x3F)) & 1 == 1
    }
}

extension Span<UInt8> {
    /// The bytes as text; invalid UTF-8 is repaired.
    var text: String {
        unsafe withUnsafeBufferPointer { unsafe String(decoding: $0, as: UTF8.self) }
    }

    /// Whether the bytes are exactly this ASCII text.
    func equals(_ text: StaticString) -> Bool {
        guard count == text.utf8CodeUnitCount else { return false }
        return unsafe withUnsafeBufferPointer { bytes in
            guard let base = bytes.baseAddress else { return true }
            return unsafe memcmp(base, text.utf8Start, bytes.count) == 0
        }
    }

    /// Whether the bytes are this lower-case ASCII text, whatever the case of their letters.
    func equalsIgnoringCase(_ lowercase: StaticString) -> Bool {
        guard count == lowercase.utf8CodeUnitCount else { return false }
        let wanted = unsafe UnsafeBufferPointer(start: lowercase.utf8Start, count: lowercase.utf8CodeUnitCount)
        for place in indices where unsafe wanted[place] != Octet.lowercased(self[place]) { return false }
        return true
    }

    /// Whether two runs of bytes are equal, ASCII letters compared without case.
    func equalsIgnoringCase(_ other: Span<UInt8>) -> Bool {
        guard count == other.count else { return false }
        for place in indices where Octet.lowercased(self[place]) != Octet.lowercased(other[place]) { return false }
        return true
    }

    /// The place of the first `byte` at or after `start`.
    func firstPlace(of byte: UInt8, from start: Int) -> Int? {
        guard start < count else { return nil }
        return unsafe withUnsafeBufferPointer { bytes -> Int? in
            guard let base = bytes.baseAddress else { return nil }
            let found = unsafe memchr(base + start, Int32(byte), bytes.count - start)
            guard let found = unsafe found else { return nil }
            return unsafe UnsafeRawPointer(found) - UnsafeRawPointer(base)
        }
    }

    /// The bytes without spaces and tabs at both ends.
    func trimmed(_ range: Range<Int>) -> Range<Int> {
        var low = range.lowerBound
        var high = range.upperBound
        while low < high, self[low] == Octet.space || self[low] == Octet.tab { low += 1 }
        while high > low, self[high - 1] == Octet.space || self[high - 1] == Octet.tab { high -= 1 }
        return low..<high
    }
}

extension [UInt8] {
    /// Appends the bytes of a span in one copy.
    package mutating func append(_ bytes: Span<UInt8>) {
        unsafe bytes.withUnsafeBufferPointer { unsafe append(contentsOf: $0) }
    }

    /// Appends text that is known at compile time.
    mutating func append(_ text: StaticString) {
        unsafe append(contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    /// Appends a number in decimal.
    mutating func append(decimal value: Int) {
        guard value >= 10 else {
            append(UInt8(truncatingIfNeeded: value &+ 0x30))
            return
        }
        var rest = value
        let start = count
        while rest > 0 {
            append(UInt8(truncatingIfNeeded: rest % 10 &+ 0x30))
            rest /= 10
        }
        self[start...].reverse()
    }
}
