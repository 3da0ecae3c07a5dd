import Contracts
import Postgres

/// Adds the sums of a batch to the rollups, in the transaction that stores its records.
///
/// Minutes come first and answer how full they are now; from that the longer spans get their fullest minute, which is exact because a minute only grows. Every
/// statement takes its rows in the order of their keys, so that two batches wait for each other and never in a circle.
enum RollupWriter {
    static func add(_ batch: RollupBatch, on connection: PostgresConnection) async throws(PostgresError) {
        try await addChannels(batch, on: connection)
        try await addGroups(batch, on: connection)
    }

    private static func addChannels(
        _ batch: RollupBatch, on connection: PostgresConnection
    ) async throws(PostgresError) {
        let keys = batch.channels.keys.sorted { ($0.minute, $0.channel, $0.model) < ($1.minute, $1.channel, $1.model) }
        if keys.isEmpty { return }
        let given: SQL = """
            \(keys.map { Timestamp(microseconds: $0.minute) })::timestamptz[], \(keys.map(\.channel))::bigint[], \
            \(keys.map(\.model))::text[]
            """
        let counts = keys.map { batch.channels[$0] ?? RollupCounts() }
        _ = try await connection.execute(
            statement("rollup_channels", keys: ["channel", "model"], order: "channel, model", given, counts))
    }

    private static func addGroups(
        _ batch: RollupBatch, on connection: PostgresConnection
    ) async throws(PostgresError) {
        let keys = batch.groups.keys.sorted {
            ($0.minute, $0.group, $0.tokenName, $0.model) < ($1.minute, $1.group, $1.tokenName, $1.model)
        }
        if keys.isEmpty { return }
        let given: SQL = """
            \(keys.map { Timestamp(microseconds: $0.minute) })::timestamptz[], \(keys.map(\.group))::text[], \
            \(keys.map(\.tokenName))::text[], \(keys.map(\.model))::text[]
            """
        let counts = keys.map { batch.groups[$0] ?? RollupCounts() }
        _ = try await connection.execute(
            statement(
                "rollup_groups", keys: ["group_name", "token_name", "model"], order: "group_name, token_name, model",
                given, counts))
    }

    private static let metrics = RollupMetric.allCases.map(\.rawValue)

    private static func statement(
        _ table: String, keys: [String], order: String, _ given: SQL, _ counts: [RollupCounts]
    ) -> SQL {
        let names = keys.joined(separator: ", ")
        let columns = metrics.joined(separator: ", ")
        let sums = metrics.map { "sum(given.\($0))::bigint" }.joined(separator: ", ")
        let additions = metrics.map { "\($0) = r.\($0) + excluded.\($0)" }.joined(separator: ", ")
        var sql: SQL = "WITH given AS MATERIALIZED (SELECT * FROM unnest(\(given)"
        for metric in RollupMetric.allCases { sql.append(", \(counts.map { $0[metric] })::bigint[]") }
        sql.append(
            SQL(
                raw: """
                    ) AS t (bucket, \(names), \(columns))),
                    minutes AS (
                        INSERT INTO logs.\(table) AS r (grain, bucket, \(names), \(columns))
                        SELECT \(RollupGrain.minute.rawValue), bucket, \(names), \(columns) FROM given ORDER BY bucket, \(order)
                        ON CONFLICT (grain, bucket, \(names)) DO UPDATE SET \(additions)
                        RETURNING bucket, \(names), request_count AS rpm, total_tokens AS tpm
                    )
                    INSERT INTO logs.\(table) AS r (grain, bucket, \(names), \(columns), max_rpm, max_tpm)
                    SELECT span.grain, date_bin(span.width, bucket, '1970-01-01 00:00+00') AS start, \(names), \(sums),
                           max(minutes.rpm), max(minutes.tpm)
                    FROM given JOIN minutes USING (bucket, \(names))
                    CROSS JOIN (VALUES (15, interval '15 minutes'), (60, interval '1 hour'), (1440, interval '24 hours'))
                        AS span (grain, width)
                    GROUP BY span.grain, start, \(names) ORDER BY span.grain, start, \(order)
                    ON CONFLICT (grain, bucket, \(names)) DO UPDATE
                    SET \(additions), max_rpm = greatest(r.max_rpm, excluded.max_rpm),
                        max_tpm = greatest(r.max_tpm, excluded.max_tpm)
                    """))
        return sql
    }
}
