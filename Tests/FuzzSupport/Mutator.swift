/// Makes hostile bytes of good ones; the same seed gives the same bytes.
package struct Mutator {
    private var state: UInt64

    /// Results are cut to this size.
    static let limit = 16 * 1024

    /// What stands where a JSON value stood.
    private static let values = [
        "null", "true", "{}", "[]", "[[]]", "\"\"", "\"x\"", "-1", "0", "1e999", "0.5", "99999999999999999999",
        "-9223372036854775808", "9223372036854775807", "\"\\ud800\"", "{\"type\":1}", "[null]", "[{}]", "\"\\u0000\"",
    ].map { Array($0.utf8) }
    /// What stands between other bytes.
    private static let pieces = [
        "\r", "\n", "\r\n", "\r\n\r\n", "\n\n", "data:", "data: [DONE]\n\n", "event: x\n", ": c\n\n", "id: 1\n", "{",
        "}", "[",
        "]", "\"", "\\", ",", ":", "\u{0}", "\u{feff}", "🙂", "--XX", "--XX--", "\r\n--XX\r\n", "data:image/png;base64,",
    ].map { Array($0.utf8) }

    /// A mutator that starts from a seed.
    package init(seed: UInt64) {
        state = seed
    }

    /// SplitMix64.
    private mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    /// A number from 0 to below `bound`; 0 when there is none.
    package mutating func below(_ bound: Int) -> Int {
        bound > 0 ? Int(next() % UInt64(bound)) : 0
    }

    /// One of the seeds with one to eight changes.
    package mutating func mutant(of seeds: [[UInt8]]) -> [UInt8] {
        var bytes = seeds[below(seeds.count)]
        for _ in 0...below(8) {
            // Mostly values are changed: what is no JSON at all is refused early.
            switch below(16) {
            case 0: if !bytes.isEmpty { bytes[below(bytes.count)] ^= 1 << UInt8(below(8)) }
            case 1: if !bytes.isEmpty { bytes[below(bytes.count)] = UInt8(below(256)) }
            case 2: bytes.removeSubrange(range(bytes))
            case 3: bytes.insert(contentsOf: bytes[range(bytes)], at: below(bytes.count + 1))
            case 4: bytes.removeLast(below(bytes.count + 1))
            case 5:
                let other = seeds[below(seeds.count)]
                bytes = Array(bytes[..<below(bytes.count + 1)]) + other[below(other.count + 1)...]
            case 6: bytes.insert(contentsOf: Self.pieces[below(Self.pieces.count)], at: below(bytes.count + 1))
            case 7: lines(&bytes)
            default: value(&bytes)
            }
        }
        return bytes.count > Self.limit ? Array(bytes[..<Self.limit]) : bytes
    }

    /// Places at which a stream is cut, ascending; few, or very many.
    package mutating func pieces(of bytes: [UInt8]) -> [[UInt8]] {
        let longest = below(4) == 0 ? 1 : 1 + below(max(1, bytes.count))
        var pieces: [[UInt8]] = []
        var place = 0
        while place < bytes.count {
            let end = min(bytes.count, place + 1 + below(longest))
            pieces.append(Array(bytes[place..<end]))
            place = end
        }
        return pieces
    }

    private mutating func range(_ bytes: [UInt8]) -> Range<Int> {
        let start = below(bytes.count)
        return start..<start + below(min(200, bytes.count - start) + 1)
    }

    /// Another value behind a colon.
    private mutating func value(_ bytes: inout [UInt8]) {
        guard let colon = bytes[below(bytes.count)...].firstIndex(of: UInt8(ascii: ":")) else { return }
        var end = colon + 1
        while end < bytes.count, bytes[end] == 32 { end += 1 }
        let start = end
        if end < bytes.count, bytes[end] == UInt8(ascii: "\"") {
            end = (bytes[(end + 1)...].firstIndex(of: UInt8(ascii: "\"")) ?? bytes.count - 1) + 1
        } else {
            while end < bytes.count, !Array(",}]\n".utf8).contains(bytes[end]) { end += 1 }
        }
        bytes.replaceSubrange(start..<end, with: Self.values[below(Self.values.count)])
    }

    /// Two lines change places.
    private mutating func lines(_ bytes: inout [UInt8]) {
        var lines = bytes.split(separator: 10, omittingEmptySubsequences: false)
        lines.swapAt(below(lines.count), below(lines.count))
        bytes = Array(lines.joined(separator: [10]))
    }
}
