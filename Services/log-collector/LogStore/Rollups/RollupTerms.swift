import Postgres

/// How long sums are kept; calls that are kept longer are counted one by one after that.
package enum RollupTerms {
    /// Sums of spans that began before this go.
    package static func cutoff(_ grain: RollupGrain, now: Int64) -> Int64 {
        now - days(grain) * LogTable.calls.width
    }

    /// Minutes for a month of close looks, quarters and hours for more than a year of dashboards, days for ten.
    private static func days(_ grain: RollupGrain) -> Int64 {
        switch grain {
        case .minute: 32
        case .quarter, .hour: 400
        case .day: 3_660
        }
    }
}

extension PartitionKeeper {
    /// Deletes sums whose time is over, at most `limit` of each table, and answers how many of the fuller one.
    package func deleteRollups(_ grain: RollupGrain, before cutoff: Int64, limit: Int) async throws -> Int {
        var most = 0
        for table in ["channels", "groups"] {
            let name = SQL(raw: "logs.rollup_\(table)_\(grain.name)")
            let deleted = try await pool.execute(
                """
                DELETE FROM \(name) WHERE ctid = ANY (ARRAY(
                    SELECT ctid FROM \(name) WHERE bucket < \(Timestamp(microseconds: cutoff)) LIMIT \(limit)))
                """)
            most = max(most, deleted)
        }
        return most
    }

    /// Says that calls which ended before a moment are gone, though the sums still have them; never further than tomorrow, or all totals were counted for ever.
    func raiseFloor(to instant: Int64, on connection: PostgresConnection) async throws(PostgresError) {
        _ = try await connection.execute(
            """
            UPDATE logs.rollup_floor SET since = greatest(since, least(\(Timestamp(microseconds: instant))::timestamptz, \
            now() + interval '1 day')) WHERE since < \(Timestamp(microseconds: instant))
            """)
    }
}
