package import LogStore

/// What one round of housekeeping has to do; a pure function of the time, the terms and the partitions that there are.
package struct RetentionPlan: Equatable, Sendable {
    /// Rows of an `_other` partition that have to go.
    package struct Leftover: Equatable, Sendable {
        /// Whose `_other` partition.
        package var table: LogTable
        /// Those that ended before this.
        package var cutoff: Int64
    }

    /// Partitions that are needed now or soon, in the order of their time.
    package var create: [LogPartition] = []
    /// Partitions whose last row is older than the terms allow, oldest first.
    package var drop: [LogPartition] = []
    /// What has to be deleted row by row, because no partition can be dropped for it.
    package var leftovers: [Leftover] = []
    /// Gateway runs that have shipped nothing since this are forgotten.
    package var positionCutoff: Int64

    /// Days and hours that are made ahead: a collector that is down for so long finds its partitions made.
    private static let daysAhead = 3
    private static let hoursAhead = 12
    /// Longer than any spool waits for its collector.
    private static let positionDays: Int64 = 90

    /// - Parameters:
    ///   - now: Unix microseconds.
    ///   - terms: How long records and bodies are kept.
    ///   - existing: The partitions that there are.
    package init(now: Int64, terms: StorageTerms, existing: [LogPartition]) {
        positionCutoff = now - Self.positionDays * LogTable.calls.width
        let present = Set(existing)
        if terms.storesRecords { create += Self.ahead(of: now, .calls, count: Self.daysAhead) }
        if terms.storesBodies { create += Self.ahead(of: now, .bodies, count: Self.hoursAhead) }
        create.removeAll { present.contains($0) }
        for table in LogTable.allCases {
            let cutoff = table == .calls ? terms.recordCutoff(now: now) : Self.bodyCutoff(terms, now: now)
            guard let cutoff else { continue }
            drop += existing.filter { $0.table == table && $0.end <= cutoff }
            leftovers.append(Leftover(table: table, cutoff: cutoff))
        }
        drop.sort { ($0.start, $0.table.rawValue) < ($1.start, $1.table.rawValue) }
    }

    /// With terms that store no bodies, those stored before go as if their time were over.
    private static func bodyCutoff(_ terms: StorageTerms, now: Int64) -> Int64? {
        terms.storesBodies ? terms.bodyCutoff(now: now) : now
    }

    private static func ahead(of now: Int64, _ table: LogTable, count: Int) -> [LogPartition] {
        let current = LogPartition(of: table, containing: now)
        return (0...count).map { current.advanced(by: $0) }
    }
}
