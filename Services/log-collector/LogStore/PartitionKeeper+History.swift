import Postgres
import Synchronization

extension PartitionKeeper {
    /// Deletes every call that ended before a moment, and its bodies, and answers how many calls there were.
    ///
    /// Partitions that lie before it as a whole are dropped; of the others rows are deleted in batches, each in a transaction of its own, so that nothing is locked
    /// for long and a deletion that is cut off can be asked for again. From the first moment on the total of a search no longer trusts the sums for that time. The sums
    /// stay: dashboards go on to show what was used.
    ///
    /// - Throws: What PostgreSQL says, `lock_not_available` when a partition was in use whenever it was tried.
    package func deleteHistory(before cutoff: Int64, batch: Int = 5_000) async throws -> Int {
        try await pool.transaction { try await raiseFloor(to: cutoff, on: $0) }
        var deleted = 0
        for partition in try await existing() where partition.end <= cutoff {
            let rows = try await dropCounting(partition)
            if partition.table == .calls { deleted += rows }
        }
        for table in LogTable.allCases {
            var names = ["\(table.rawValue)_other"]
            let border = LogPartition(of: table, containing: cutoff)
            if border.start < cutoff, try await existing().contains(border) { names.append(border.name) }
            for name in names {
                var rows: Int
                repeat {
                    rows = try await deleteRows(of: name, table, before: cutoff, limit: batch)
                    if table == .calls { deleted += rows }
                } while rows == batch
            }
        }
        return deleted
    }

    /// Deletes rows of one partition that ended before the cutoff, at most `limit`, and answers how many.
    func deleteRows(of partition: String, _ table: LogTable, before cutoff: Int64, limit: Int) async throws -> Int {
        let name = SQL(raw: "logs.\(partition)")
        return try await pool.transaction { connection in
            let deleted = try await connection.execute(
                """
                DELETE FROM \(name) WHERE ctid = ANY (ARRAY(
                    SELECT ctid FROM \(name) WHERE created_at < \(Timestamp(microseconds: cutoff)) LIMIT \(limit)))
                """)
            if deleted > 0, table == .calls { try await raiseFloor(to: cutoff, on: connection) }
            return deleted
        }
    }

    /// Searches hold a partition for as long as they run; it is tried again a few times. A row that comes between the count and the drop is not in the count.
    private func dropCounting(_ partition: LogPartition) async throws -> Int {
        known.withLock { _ = $0.remove(partition) }
        var tries = 0
        while true {
            do {
                return try await pool.transaction { connection in
                    try await connection.simple("\(Self.lock); SET LOCAL lock_timeout = '1s'")
                    let found = try await connection.query(
                        "SELECT to_regclass(\("logs." + partition.name)) IS NOT NULL AS found")
                    guard try found.first?.decode("found", as: Bool.self) == true else { return 0 }
                    let name = SQL(raw: "logs.\(partition.name)")
                    let rows = try await connection.query("SELECT count(*) AS rows FROM \(name)")
                    try await connection.simple("DROP TABLE logs.\(partition.name)")
                    return try rows.first?.decode("rows", as: Int.self) ?? 0
                }
            } catch PostgresError.server(let state, _, _, _) where state.code == "55P03" && tries < 8 {
                tries += 1
            }
        }
    }
}
