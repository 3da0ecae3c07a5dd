import JSON

/// Copies `reasoning` of messages and deltas to `reasoning_content`, which clients look for (contract providers §3.3).
enum ReasoningCopy {
    private static let choiceKeys = JSONKeys("delta", "message")
    private static let keys = JSONKeys("reasoning", "reasoning_content")
    private static let root = JSONKeys("choices")

    /// The object at a range of the bytes with the copies made; `nil` when there is nothing to copy.
    static func applied(_ bytes: [UInt8], _ range: Range<Int>, _ parser: JSONParser) -> [UInt8]? {
        guard ByteSearch.has(#""reasoning""#, in: bytes, range),
            let scan = try? parser.scan(bytes, in: range, for: root), let list = scan[0], list.kind == .array
        else { return nil }
        var out: [UInt8] = []
        var cursor = range.lowerBound
        for choice in JSONElements(bytes, list.range.shifted(by: range.lowerBound)) {
            guard let sides = try? parser.scan(bytes, in: choice, for: choiceKeys) else { continue }
            for place in 0..<2 {
                guard let side = sides[place], side.kind == .object else { continue }
                let inside = side.range.shifted(by: choice.lowerBound)
                guard let found = try? parser.scan(bytes, in: inside, for: keys), let thought = found[0],
                    thought.kind == .string, found[1] == nil
                else { continue }
                let key = thought.keyRange.lowerBound + inside.lowerBound
                out += bytes[cursor..<key]
                out += Array(#""reasoning_content":"#.utf8)
                out += bytes[thought.range.shifted(by: inside.lowerBound)]
                out.append(UInt8(ascii: ","))
                cursor = key
            }
        }
        return cursor == range.lowerBound ? nil : out + bytes[cursor..<range.upperBound]
    }
}
