/// The elements of an array in a text that was checked to be JSON; what is no JSON gives fewer elements, never a trap.
enum JSONElements {
    /// Where the elements of the array at a place of the bytes stand, in order; empty when it is none.
    static func ranges(_ bytes: [UInt8], _ array: Range<Int>) -> [Range<Int>] {
        var found: [Range<Int>] = []
        guard array.count >= 2, bytes[array.lowerBound] == UInt8(ascii: "[") else { return found }
        let end = array.upperBound - 1
        let span = bytes.span
        var place = array.lowerBound + 1
        var start: Int?
        var last = place
        var depth = 0
        while place < end {
            let byte = span[place]
            switch byte {
            case UInt8(ascii: "\""):
                if start == nil { start = place }
                place += 1
                while place < end, span[place] != UInt8(ascii: "\"") {
                    place += span[place] == UInt8(ascii: "\\") ? 2 : 1
                }
                last = min(place + 1, end)
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                if start == nil { start = place }
                depth += 1
                last = place + 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                depth -= 1
                last = place + 1
            case UInt8(ascii: ",") where depth == 0:
                if let first = start { found.append(first..<last) }
                start = nil
            case 0...32: break
            default:
                if start == nil { start = place }
                last = place + 1
            }
            place += 1
        }
        if let first = start { found.append(first..<last) }
        return found
    }
}
