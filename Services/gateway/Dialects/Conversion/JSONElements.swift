/// The elements of an array in a text that was checked to be JSON; found without a tree, for the events of streams.
struct JSONElements: Sequence, IteratorProtocol {
    private let bytes: [UInt8]
    private var place: Int
    private let end: Int

    /// The elements of the array at a range of the bytes, brackets included.
    init(_ bytes: [UInt8], _ array: Range<Int>) {
        self.bytes = bytes
        place = array.lowerBound + 1
        end = array.upperBound - 1
    }

    /// Where the next element stands, without the blanks around it.
    mutating func next() -> Range<Int>? {
        while place < end, bytes[place] <= 32 || bytes[place] == UInt8(ascii: ",") { place += 1 }
        guard place < end else { return nil }
        let start = place
        var depth = 0
        while place < end {
            switch bytes[place] {
            case UInt8(ascii: "\""):
                place += 1
                while place < end, bytes[place] != UInt8(ascii: "\"") {
                    place += bytes[place] == UInt8(ascii: "\\") ? 2 : 1
                }
            case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"): depth -= 1
            case UInt8(ascii: ",") where depth == 0: return trimmed(start..<place)
            default: break
            }
            place += 1
        }
        place = end
        return trimmed(start..<end)
    }

    private func trimmed(_ range: Range<Int>) -> Range<Int> {
        var upper = range.upperBound
        while upper > range.lowerBound, bytes[upper - 1] <= 32 { upper -= 1 }
        return range.lowerBound..<upper
    }
}
