package import Contracts
package import Postgres

/// Reads the totals that changed since a reader looked last.
///
/// Batches are stored side by side, so one that began earlier may commit later: a reader that remembered the highest stamp it saw would pass over it for ever.
/// A row is therefore stamped with the number of its transaction, and a page tells with its rows the horizon of the very snapshot that they were read in: the
/// lowest transaction that was still running. Whatever has a lower stamp was visible; what is at the horizon or above was perhaps not. A reader takes all rows it is
/// given, but remembers only how far the horizon is, and gets what is above it again: a row twice is no harm, since totals are absolute. A transaction of another
/// program in the same cluster that runs for long only lengthens what is read twice.
package struct TotalsReader: Sendable {
    private let pool: PostgresPool

    /// A reader over a pool.
    package init(pool: PostgresPool) {
        self.pool = pool
    }

    /// One page; rows and horizon are of one snapshot, because they are of one statement.
    package func page(_ query: TotalsQuery) async throws(PostgresError) -> TotalsPage {
        let after = query.after
        let limit = max(1, min(query.limit, TotalsQuery.maxLimit))
        let rows = try await pool.query(
            """
            SELECT epoch.epoch, pg_snapshot_xmin(pg_current_snapshot())::text::bigint AS horizon, t.*
            FROM logs.totals_epoch AS epoch LEFT JOIN LATERAL (
                SELECT kind, key, requests, retries, trim_scale(used_amount)::text AS used_amount, last_at, stamp
                FROM logs.totals
                WHERE (stamp, kind, key) > (\(after.stamp)::bigint, \(after.kind)::text, \(after.key)::text)
                ORDER BY stamp, kind, key LIMIT \(limit)
            ) AS t ON true
            ORDER BY t.stamp, t.kind, t.key
            """)
        guard let first = rows.first else { throw .decode(column: "epoch", reason: "there is no row") }
        var page = TotalsPage(
            epoch: try first.decode("epoch"), horizon: try first.decode("horizon"), totals: [])
        for row in rows { if let total = try Self.total(row) { page.totals.append(total) } }
        return page
    }

    /// A page without totals is one row without a kind.
    private static func total(_ row: Row) throws(PostgresError) -> CallTotal? {
        guard let kind = try row.decode("kind", as: String?.self).flatMap(TotalKind.init(rawValue:)) else { return nil }
        return CallTotal(
            kind: kind, key: try row.decode("key"), requests: try row.decode("requests"),
            retries: try row.decode("retries"), usedAmount: try row.decode("used_amount"),
            lastAt: try row.decode("last_at", as: Timestamp?.self)?.microseconds, stamp: try row.decode("stamp"))
    }
}

extension PartitionKeeper {
    /// Stamps totals anew whose stamp no transaction has had: the database came out of a dump, whose cluster counted further than this one. Answers how many.
    package func restampTotals() async throws -> Int {
        try await pool.transaction { connection in
            try await connection.execute(
                """
                UPDATE logs.totals SET stamp = \(TotalsWriter.stamp)
                WHERE stamp > pg_snapshot_xmax(pg_current_snapshot())::text::bigint
                """)
        }
    }
}
