import Glibc

/// A forgiving reader of JSON, for what the mock needs to know of a request.
enum LenientJSON {
    /// The members of the object that `range` holds, in order; empty when it is not an object.
    static func members(_ bytes: [UInt8], _ range: Range<Int>) -> [(key: String, value: Range<Int>)] {
        var found: [(key: String, value: Range<Int>)] = []
        var place = skipSpace(bytes, range.lowerBound, range.upperBound)
        guard place < range.upperBound, bytes[place] == UInt8(ascii: "{") else { return [] }
        place += 1
        while true {
            place = skipSpace(bytes, place, range.upperBound)
            guard place < range.upperBound, bytes[place] == UInt8(ascii: "\"") else { return found }
            let keyEnd = skipValue(bytes, place, range.upperBound)
            let key = String(decoding: bytes[(place + 1)..<max(place + 1, keyEnd - 1)], as: UTF8.self)
            place = skipSpace(bytes, keyEnd, range.upperBound)
            guard place < range.upperBound, bytes[place] == UInt8(ascii: ":") else { return found }
            let start = skipSpace(bytes, place + 1, range.upperBound)
            let end = skipValue(bytes, start, range.upperBound)
            found.append((key, start..<end))
            place = skipSpace(bytes, end, range.upperBound)
            guard place < range.upperBound, bytes[place] == UInt8(ascii: ",") else { return found }
            place += 1
        }
    }

    /// The elements of the array that `range` holds; `nil` when it is not an array.
    static func elements(_ bytes: [UInt8], _ range: Range<Int>) -> [Range<Int>]? {
        var found: [Range<Int>] = []
        var place = skipSpace(bytes, range.lowerBound, range.upperBound)
        guard place < range.upperBound, bytes[place] == UInt8(ascii: "[") else { return nil }
        place = skipSpace(bytes, place + 1, range.upperBound)
        while place < range.upperBound, bytes[place] != UInt8(ascii: "]") {
            let end = skipValue(bytes, place, range.upperBound)
            found.append(place..<end)
            place = skipSpace(bytes, end, range.upperBound)
            if place < range.upperBound, bytes[place] == UInt8(ascii: ",") {
                place = skipSpace(bytes, place + 1, range.upperBound)
            }
        }
        return found
    }

    /// The value of one member of the object in `range`.
    static func member(_ bytes: [UInt8], _ range: Range<Int>, _ key: String) -> Range<Int>? {
        members(bytes, range).last { $0.key == key }?.value
    }

    /// The text of a string value without unescaping; enough for model and tool names.
    static func text(_ bytes: [UInt8], _ range: Range<Int>?) -> String? {
        guard let range, range.count >= 2, bytes[range.lowerBound] == UInt8(ascii: "\"") else { return nil }
        return String(decoding: bytes[(range.lowerBound + 1)..<(range.upperBound - 1)], as: UTF8.self)
    }

    /// Whether the value is the literal `true`.
    static func isTrue(_ bytes: [UInt8], _ range: Range<Int>?) -> Bool {
        guard let range else { return false }
        return range.count == 4 && bytes[range.lowerBound] == UInt8(ascii: "t")
    }

    private static func skipSpace(_ bytes: [UInt8], _ from: Int, _ end: Int) -> Int {
        var place = from
        while place < end, bytes[place] == 32 || (9...13).contains(bytes[place]) { place += 1 }
        return place
    }

    private static func skipString(_ bytes: [UInt8], _ from: Int, _ end: Int) -> Int {
        var place = from + 1
        while place < end {
            let found = unsafe bytes.withUnsafeBytes { buffer -> Int? in
                guard let base = buffer.baseAddress, let hit = unsafe memchr(base + place, 34, end - place) else {
                    return nil
                }
                return unsafe UnsafeRawPointer(hit) - base
            }
            guard let quote = found else { return end }
            var slashes = 0
            while quote - 1 - slashes > from, bytes[quote - 1 - slashes] == UInt8(ascii: "\\") { slashes += 1 }
            place = quote + 1
            if slashes % 2 == 0 { return place }
        }
        return end
    }

    private static func skipValue(_ bytes: [UInt8], _ from: Int, _ end: Int) -> Int {
        guard from < end else { return end }
        switch bytes[from] {
        case UInt8(ascii: "\""):
            return skipString(bytes, from, end)
        case UInt8(ascii: "{"), UInt8(ascii: "["):
            var depth = 0
            var place = from
            while place < end {
                switch bytes[place] {
                case UInt8(ascii: "\""):
                    place = skipString(bytes, place, end)
                    continue
                case UInt8(ascii: "{"), UInt8(ascii: "["):
                    depth += 1
                case UInt8(ascii: "}"), UInt8(ascii: "]"):
                    depth -= 1
                    if depth == 0 { return place + 1 }
                default:
                    break
                }
                place += 1
            }
            return end
        default:
            var place = from
            while place < end, ![44, 93, 125, 32, 10, 13, 9].contains(bytes[place]) { place += 1 }
            return max(place, from + 1)
        }
    }
}

extension [UInt8] {
    /// Appends the UTF-8 bytes of a text.
    mutating func append(_ text: String) {
        append(contentsOf: text.utf8)
    }

    /// Appends a JSON string with every escape it needs; bytes that are not UTF-8 become U+FFFD.
    mutating func appendJSON(_ bytes: some Sequence<UInt8>) {
        append(34)
        for byte in String(decoding: Array(bytes), as: UTF8.self).utf8 {
            switch byte {
            case 34, 92:
                append(92)
                append(byte)
            case 10: append("\\n")
            case 13: append("\\r")
            case 0..<32:
                append("\\u00" + (byte < 16 ? "0" : "") + String(byte, radix: 16))
            default: append(byte)
            }
        }
        append(34)
    }
}
