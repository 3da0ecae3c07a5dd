/// Goes through arrays and objects of a JSON text that a parser has checked, without a tree: for edits deep in a text that otherwise passes as it is.
///
/// A text that was not checked gives wrong ranges inside the given one, never a trap.
enum JSONWalk {
    /// A member of an object: the inside of its key as it is written, and its value.
    struct Member {
        let key: Range<Int>
        let value: Range<Int>
    }

    /// The elements of the array at a place; a single value that is no array counts as its only element.
    static func elements(_ bytes: [UInt8], _ place: Range<Int>) -> [Range<Int>] {
        let span = bytes.span
        var found: [Range<Int>] = []
        var at = blanks(span, place.lowerBound, place.upperBound)
        guard at < place.upperBound else { return [] }
        guard span[at] == UInt8(ascii: "[") else { return [at..<value(span, at, place.upperBound)] }
        at = blanks(span, at + 1, place.upperBound)
        while at < place.upperBound, span[at] != UInt8(ascii: "]") {
            let end = value(span, at, place.upperBound)
            found.append(at..<end)
            at = comma(span, end, place.upperBound)
        }
        return found
    }

    /// The members of the object at a place; none for other values.
    static func members(_ bytes: [UInt8], _ place: Range<Int>) -> [Member] {
        let span = bytes.span
        var found: [Member] = []
        var at = blanks(span, place.lowerBound, place.upperBound)
        guard at < place.upperBound, span[at] == UInt8(ascii: "{") else { return [] }
        at = blanks(span, at + 1, place.upperBound)
        while at < place.upperBound, span[at] == UInt8(ascii: "\"") {
            let key = at + 1..<max(at + 1, string(span, at, place.upperBound) - 1)
            at = blanks(span, key.upperBound + 1, place.upperBound)
            guard at < place.upperBound, span[at] == UInt8(ascii: ":") else { break }
            at = blanks(span, at + 1, place.upperBound)
            let end = value(span, at, place.upperBound)
            found.append(Member(key: key, value: at..<end))
            at = comma(span, end, place.upperBound)
        }
        return found
    }

    /// The value of the last member with this key, or with the other one; keys that are written with escapes are not found.
    static func member(
        _ bytes: [UInt8], _ place: Range<Int>, _ key: StaticString, or other: StaticString = ""
    ) -> Range<Int>? {
        members(bytes, place).last { equals(bytes, $0.key, key) || equals(bytes, $0.key, other) }?.value
    }

    /// Whether the bytes at a place are this text.
    static func equals(_ bytes: [UInt8], _ place: Range<Int>, _ text: StaticString) -> Bool {
        guard place.count == text.utf8CodeUnitCount, !place.isEmpty else { return false }
        for offset in 0..<place.count {
            guard unsafe bytes[place.lowerBound + offset] == text.utf8Start[offset] else { return false }
        }
        return true
    }

    private static func blanks(_ span: Span<UInt8>, _ from: Int, _ end: Int) -> Int {
        var place = from
        while place < end, span[place] <= 32 { place += 1 }
        return place
    }

    /// The place behind a comma and blanks.
    private static func comma(_ span: Span<UInt8>, _ from: Int, _ end: Int) -> Int {
        let place = blanks(span, from, end)
        guard place < end, span[place] == UInt8(ascii: ",") else { return place }
        return blanks(span, place + 1, end)
    }

    /// The place behind the string that begins at `from`. Eight bytes at a time: strings may hold megabytes of base64.
    private static func string(_ span: Span<UInt8>, _ from: Int, _ end: Int) -> Int {
        let bytes = unsafe span.bytes
        var place = from + 1
        while place < end {
            while place + 8 <= end {
                let word = unsafe bytes.unsafeLoadUnaligned(fromByteOffset: place, as: UInt64.self)
                if hasByte(word, 0x22) || hasByte(word, 0x5C) { break }
                place += 8
            }
            while place < end, span[place] != UInt8(ascii: "\""), span[place] != UInt8(ascii: "\\") { place += 1 }
            guard place < end else { return end }
            if span[place] == UInt8(ascii: "\"") { return place + 1 }
            place += 2
        }
        return end
    }

    private static func hasByte(_ word: UInt64, _ byte: UInt8) -> Bool {
        let matched = word ^ (0x0101_0101_0101_0101 &* UInt64(byte))
        return (matched &- 0x0101_0101_0101_0101) & ~matched & 0x8080_8080_8080_8080 != 0
    }

    /// The place behind the value that begins at `from`.
    private static func value(_ span: Span<UInt8>, _ from: Int, _ end: Int) -> Int {
        guard from < end else { return end }
        switch span[from] {
        case UInt8(ascii: "\""): return string(span, from, end)
        case UInt8(ascii: "{"), UInt8(ascii: "["):
            var depth = 0
            var place = from
            while place < end {
                switch span[place] {
                case UInt8(ascii: "\""):
                    place = string(span, place, end)
                    continue
                case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
                case UInt8(ascii: "}"), UInt8(ascii: "]"):
                    depth -= 1
                    if depth == 0 { return place + 1 }
                default: break
                }
                place += 1
            }
            return end
        default:
            var place = from
            while place < end {
                switch span[place] {
                case UInt8(ascii: ","), UInt8(ascii: "]"), UInt8(ascii: "}"), 0...32: return max(place, from + 1)
                default: place += 1
                }
            }
            return end
        }
    }
}
