import Contracts
import Postgres

/// Adds what a batch counts to the totals, in the transaction that stores its records; so a batch is counted exactly once, as it is stored exactly once.
///
/// It is the last statement of that transaction: the rows of busy channels are locked for a moment only. Rows are taken in the order of their keys, so that two
/// batches wait for each other and never in a circle.
enum TotalsWriter {
    /// The number of the own transaction, which a row that it changes is stamped with.
    static let stamp = SQL(raw: "pg_current_xact_id()::text::bigint")

    static func add(_ batch: TotalsBatch, on connection: PostgresConnection) async throws(PostgresError) {
        let keys = batch.sums.keys.sorted()
        if keys.isEmpty { return }
        let sums = keys.map { batch.sums[$0] ?? TotalsBatch.Sum() }
        _ = try await connection.execute(
            """
            INSERT INTO logs.totals AS t (kind, key, requests, retries, last_at, stamp)
            SELECT kind, key, requests, retries, last_at, \(stamp)
            FROM unnest(
                \(keys.map(\.kind.rawValue))::text[], \(keys.map(\.key))::text[], \(sums.map(\.requests))::bigint[],
                \(sums.map(\.retries))::bigint[],
                \(sums.map { Timestamp(microseconds: $0.lastAt) })::timestamptz[]
            ) AS given (kind, key, requests, retries, last_at)
            ORDER BY kind, key
            ON CONFLICT (kind, key) DO UPDATE
            SET requests = t.requests + excluded.requests, retries = t.retries + excluded.retries,
                last_at = greatest(t.last_at, excluded.last_at), stamp = excluded.stamp
            """)
    }
}
