/// The two tables that are partitioned by time.
package enum LogTable: String, Sendable, CaseIterable {
    /// One partition a day.
    case calls
    /// One partition an hour.
    case bodies

    /// The span of one partition in microseconds.
    package var width: Int64 {
        switch self {
        case .calls: 86_400_000_000
        case .bodies: 3_600_000_000
        }
    }
}

/// One partition by its table and its first moment; everything is in UTC.
package struct LogPartition: Hashable, Sendable, Comparable {
    /// The table that it is a part of.
    package let table: LogTable
    /// The first microsecond since 1970 that belongs to it.
    package let start: Int64

    /// The partition that a moment belongs to.
    package init(of table: LogTable, containing instant: Int64) {
        self.table = table
        start = CivilDate.floored(instant, to: table.width)
    }

    /// Reads the name of a partition; `nil` for the `_other` partitions and for tables that are not ours.
    package init?(name: String) {
        let parts = name.split(separator: "_", omittingEmptySubsequences: false)
        guard let table = parts.first.flatMap({ LogTable(rawValue: String($0)) }) else { return nil }
        guard parts.count == (table == .calls ? 2 : 3), let day = CivilDate(compact: parts[1]) else { return nil }
        var start = day.microseconds
        if parts.count == 3 {
            guard parts[2].utf8.count == 2, let hour = Int64(parts[2]), (0...23).contains(hour) else { return nil }
            start += hour * LogTable.bodies.width
        }
        self.init(of: table, containing: start)
        if self.name != name { return nil }
    }

    /// The first microsecond after it.
    package var end: Int64 { start + table.width }

    /// The partition that follows by so many places.
    package func advanced(by places: Int) -> LogPartition {
        LogPartition(of: table, containing: start + Int64(places) * table.width)
    }

    /// The name of its table without the schema: `calls_20250131` or `bodies_20250131_07`.
    package var name: String {
        let day = CivilDate(containing: start).compact
        guard table == .bodies else { return "\(table.rawValue)_\(day)" }
        return "\(table.rawValue)_\(day)_\(CivilDate.padded(hour, 2))"
    }

    /// The lower bound as PostgreSQL reads it.
    var lowerBound: String { Self.literal(self) }

    /// The upper bound, which does not belong to it.
    var upperBound: String { Self.literal(advanced(by: 1)) }

    /// By table, then by time.
    package static func < (left: LogPartition, right: LogPartition) -> Bool {
        (left.table.rawValue, left.start) < (right.table.rawValue, right.start)
    }

    private var hour: Int { Int((start - CivilDate.floored(start, to: LogTable.calls.width)) / LogTable.bodies.width) }

    private static func literal(_ partition: LogPartition) -> String {
        "'\(CivilDate(containing: partition.start).dashed) \(CivilDate.padded(partition.hour, 2)):00:00+00'"
    }
}
