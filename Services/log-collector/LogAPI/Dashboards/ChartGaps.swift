/// Where a chart gets points of zero, so that its line falls to the ground between calls that lie apart (contract admin-api §6.2).
enum ChartGaps {
    /// - Parameters:
    ///   - points: When there are calls, in order.
    ///   - slots: When there could be any, in order.
    /// - Returns: Both those with calls and those of zero, in order.
    static func filled(_ points: [Int64], slots: [Int64]) -> [Int64] {
        guard let first = points.first, let last = points.last else { return [] }
        let all = Set(slots).union(points).sorted()
        var filled: [Int64] = []
        var previous: (place: Int, hasCalls: Bool)?
        for (place, slot) in all.enumerated() {
            let hasCalls = slot >= first && slot <= last && points.binaryContains(slot)
            guard hasCalls || place == 0 || place == all.count - 1 else { continue }
            if let previous {
                let between = (previous.place + 1)..<place
                if between.count <= 2 {
                    filled += all[between]
                } else {
                    if previous.hasCalls { filled.append(all[between.lowerBound]) }
                    if hasCalls { filled.append(all[between.upperBound - 1]) }
                }
            }
            filled.append(slot)
            previous = (place, hasCalls)
        }
        return filled
    }
}

extension [Int64] {
    /// Whether a sorted array has an element.
    fileprivate func binaryContains(_ wanted: Int64) -> Bool {
        var (low, high) = (startIndex, endIndex)
        while low < high {
            let middle = low + (high - low) / 2
            if self[middle] < wanted { low = middle + 1 } else { high = middle }
        }
        return low < endIndex && self[low] == wanted
    }
}
