import EventLoop

/// Lines in the order in which they came, taken out at the front; a ring that doubles when it is full. Counts their bytes, a line feed each.
struct LineRing {
    private struct Entry {
        var line: [UInt8]
        var arrivedAt: MonotonicTime
    }

    private static let none = Entry(line: [], arrivedAt: MonotonicTime(nanoseconds: 0))

    private var entries: [Entry] = []
    private var head = 0
    private(set) var count = 0
    private(set) var bytes = 0

    /// When the first line came.
    var oldestAt: MonotonicTime? { count == 0 ? nil : entries[head].arrivedAt }

    /// The bytes of the first line with its line feed.
    var nextBytes: Int? { count == 0 ? nil : entries[head].line.count + 1 }

    mutating func append(_ line: [UInt8], at now: MonotonicTime) {
        if count == entries.count { grow() }
        entries[(head + count) & (entries.count - 1)] = Entry(line: line, arrivedAt: now)
        count += 1
        bytes += line.count + 1
    }

    @discardableResult
    mutating func popFirst() -> [UInt8]? {
        guard count > 0 else { return nil }
        let line = entries[head].line
        entries[head] = Self.none
        head = (head + 1) & (entries.count - 1)
        count -= 1
        bytes -= line.count + 1
        return line
    }

    private mutating func grow() {
        // A power of two, so that the place of a line is a mask away.
        var larger = [Entry](repeating: Self.none, count: max(64, entries.count * 2))
        for place in 0..<count { larger[place] = entries[(head + place) & (entries.count - 1)] }
        entries = larger
        head = 0
    }
}
