package import Contracts
package import Postgres

/// What the gateways of all replicas report of channels, merged in PostgreSQL, and what they are told (design §6).
///
/// Reports share a lock and clear commands take it alone, so a command is either known to a report or newer than it: counts of a gateway that has not heard of
/// a command yet are left out where the command is meant. Old rows are deleted by the reports themselves, at most `mostDeleted` of a table each.
package struct HealthStore: Sendable {
    let pool: PostgresPool

    /// A store over a pool.
    package init(pool: PostgresPool) {
        self.pool = pool
    }

    /// How long bans and commands are kept after they are of no use any more.
    private static let keptAfterEnd = "interval '1 day'"
    private static let commandsKept = "interval '10 minutes'"
    private static let mostDeleted = 30_000
    /// Every so many reports of a gateway one deletes what is old.
    private static let reportsPerPruning: Int64 = 5

    /// Takes a report, once, and answers what its gateway needs of the others.
    package func take(_ report: HealthReport) async throws(RegistryError) -> HealthView {
        try await RegistryError.translating {
            try await pool.transaction { connection in
                // A lift is a command to the other gateways.
                try await Self.lock(alone: !report.lifted.isEmpty, connection)
                if !report.isEmpty, try await Self.isNew(report, connection) {
                    try await Self.addAttempts(report, connection)
                    try await Self.addCallers(report, connection)
                    try await Self.addBans(report, connection)
                    for pair in report.lifted {
                        try await Self.clear([(channel: pair.channel, model: pair.model)], connection)
                    }
                    if report.sequence % Self.reportsPerPruning == 0 { try await Self.prune(connection) }
                }
                return try await Self.view(report, connection)
            }
        }
    }

    /// Forgets the statistics and bans of all channels, of one, or of one model on one; on every gateway with its next report.
    package func clear(channel: Int? = nil, model: String? = nil) async throws(RegistryError) {
        try await RegistryError.translating {
            try await pool.transaction { connection in
                try await Self.lock(alone: true, connection)
                try await Self.clear([(channel: channel, model: model)], connection)
            }
        }
    }

    /// As `clear`, inside a transaction that changes channels: what was learnt of them holds no more.
    static func forget(_ channels: [Int], _ connection: PostgresConnection) async throws {
        try await lock(alone: true, connection)
        try await clear(channels.map { (channel: $0, model: nil) }, connection)
    }

    private static func lock(alone: Bool, _ connection: PostgresConnection) async throws(PostgresError) {
        let function = alone ? "pg_advisory_xact_lock" : "pg_advisory_xact_lock_shared"
        _ = try await connection.query("SELECT \(raw: function)(hashtextextended('registry.health', 0))")
    }

    private static func clear(
        _ meant: [(channel: Int?, model: String?)], _ connection: PostgresConnection
    ) async throws(PostgresError) {
        let (channels, models) = (meant.map(\.channel), meant.map(\.model))
        for table in ["health_slices", "health_bans"] {
            try await connection.execute(
                """
                DELETE FROM registry.\(raw: table) AS kept
                USING unnest(\(channels)::bigint[], \(models)::text[]) AS meant (channel, model)
                WHERE kept.channel = coalesce(meant.channel, kept.channel)
                    AND kept.model = coalesce(meant.model, kept.model)
                """)
        }
        try await connection.execute(
            """
            INSERT INTO registry.health_clears (id, channel, model)
            SELECT greatest((SELECT max(id) FROM registry.health_clears), \(raw: microseconds)) + number,
                channel, model
            FROM unnest(\(channels)::bigint[], \(models)::text[]) WITH ORDINALITY AS meant (channel, model, number)
            """)
    }

    /// Whether a report was not taken before; notes that it is now.
    private static func isNew(
        _ report: HealthReport, _ connection: PostgresConnection
    ) async throws(PostgresError) -> Bool {
        try await connection.execute(
            """
            INSERT INTO registry.health_reporters (instance, sequence) VALUES (\(report.instance), \(report.sequence))
            ON CONFLICT (instance) DO UPDATE SET sequence = excluded.sequence, seen_at = now()
            WHERE health_reporters.sequence < excluded.sequence
            """) > 0
    }

    private static func addAttempts(
        _ report: HealthReport, _ connection: PostgresConnection
    ) async throws(PostgresError) {
        let rows = report.attempts.prefix(HealthReport.maxRows).filter { (0..<HealthReport.window).contains($0.age) }
        guard !rows.isEmpty else { return }
        let (channels, models, ages) = (rows.map(\.channel), rows.map(\.model), rows.map(\.age))
        try await connection.execute(
            """
            INSERT INTO registry.health_slices (slice, instance, channel, model, requests, errors)
            SELECT (\(raw: second) - age) / \(raw: "\(HealthReport.slice)"), \(report.instance)::text, channel, model,
                sum(requests)::bigint, sum(errors)::bigint
            FROM unnest(
                \(channels)::bigint[], \(models)::text[], \(ages)::bigint[], \(rows.map(\.requests))::bigint[],
                \(rows.map(\.errors))::bigint[]
            ) AS counted (channel, model, age, requests, errors)
            WHERE requests > 0 AND \(isCurrent("counted", report))
            GROUP BY 1, channel, model
            ON CONFLICT (slice, instance, channel, model) DO UPDATE SET
                requests = health_slices.requests + excluded.requests, errors = health_slices.errors + excluded.errors
            """)
        try await connection.execute(
            """
            INSERT INTO registry.health_traffic (second, instance, channel, model, calls, tokens)
            SELECT \(raw: second) - age, \(report.instance)::text, channel, model, sum(calls)::bigint,
                sum(tokens)::bigint
            FROM unnest(
                \(channels)::bigint[], \(models)::text[], \(ages)::bigint[], \(rows.map(\.calls))::bigint[],
                \(rows.map(\.tokens))::bigint[]
            ) AS counted (channel, model, age, calls, tokens)
            GROUP BY 1, channel, model
            ON CONFLICT (second, instance, channel, model) DO UPDATE SET
                calls = health_traffic.calls + excluded.calls, tokens = health_traffic.tokens + excluded.tokens
            """)
    }

    private static func addCallers(
        _ report: HealthReport, _ connection: PostgresConnection
    ) async throws(PostgresError) {
        let rows = report.callers.prefix(HealthReport.maxRows).filter { (0..<HealthReport.window).contains($0.age) }
        guard !rows.isEmpty else { return }
        try await connection.execute(
            """
            INSERT INTO registry.health_callers (second, instance, group_id, token_name, model, calls, tokens)
            SELECT \(raw: second) - age, \(report.instance)::text, group_id, token_name, model, sum(calls)::bigint,
                sum(tokens)::bigint
            FROM unnest(
                \(rows.map(\.group))::text[], \(rows.map(\.token))::text[], \(rows.map(\.model))::text[],
                \(rows.map(\.age))::bigint[], \(rows.map(\.calls))::bigint[], \(rows.map(\.tokens))::bigint[]
            ) AS counted (group_id, token_name, model, age, calls, tokens)
            GROUP BY 1, group_id, token_name, model
            ON CONFLICT (second, instance, group_id, token_name, model) DO UPDATE SET
                calls = health_callers.calls + excluded.calls, tokens = health_callers.tokens + excluded.tokens
            """)
    }

    /// Keeps bans; one that is in force is not made longer by another gateway's.
    private static func addBans(_ report: HealthReport, _ connection: PostgresConnection) async throws(PostgresError) {
        let rows = report.banned.prefix(HealthReport.maxRows)
        guard !rows.isEmpty else { return }
        try await connection.execute(
            """
            INSERT INTO registry.health_bans (channel, model, reason, ends_at)
            SELECT DISTINCT ON (channel, model) channel, model, reason, now() + least(seconds, 3600) * interval '1 second'
            FROM unnest(
                \(rows.map(\.channel))::bigint[], \(rows.map(\.model))::text[], \(rows.map(\.reason.rawValue))::text[],
                \(rows.map(\.seconds))::bigint[]
            ) AS began (channel, model, reason, seconds)
            WHERE \(isCurrent("began", report))
            -- In one order, so that two reports never wait for each other's rows.
            ORDER BY channel, model
            ON CONFLICT (channel, model) DO UPDATE SET reason = excluded.reason, ends_at = excluded.ends_at
            WHERE health_bans.ends_at <= now()
            """)
    }

    /// Whether no command that the gateway has not heard of yet is meant for a row of `table`.
    private static func isCurrent(_ table: String, _ report: HealthReport) -> SQL {
        """
        NOT EXISTS (
            SELECT FROM registry.health_clears AS clear WHERE clear.id > \(report.clearsAfter ?? .max)::bigint
                AND \(raw: table).channel = coalesce(clear.channel, \(raw: table).channel)
                AND \(raw: table).model = coalesce(clear.model, \(raw: table).model)
        )
        """
    }

    private static func prune(_ connection: PostgresConnection) async throws(PostgresError) {
        let old: [(table: String, condition: String)] = [
            ("health_slices", "slice <= \(oldestSlice)"),
            ("health_traffic", "second <= \(second) - \(HealthReport.window)"),
            ("health_callers", "second <= \(second) - \(HealthReport.window)"),
            ("health_bans", "ends_at < now() - \(keptAfterEnd)"),
            ("health_clears", "made_at < now() - \(commandsKept)"),
            ("health_reporters", "seen_at < now() - interval '1 hour'"),
        ]
        for (table, condition) in old {
            try await connection.execute(
                """
                DELETE FROM registry.\(raw: table) WHERE ctid = ANY (ARRAY(
                    SELECT ctid FROM registry.\(raw: table) WHERE \(raw: condition)
                    LIMIT \(raw: "\(mostDeleted)") FOR UPDATE SKIP LOCKED
                ))
                """)
        }
    }

    private static func view(
        _ report: HealthReport, _ connection: PostgresConnection
    ) async throws(PostgresError) -> HealthView {
        var view = HealthView(clearsAfter: report.clearsAfter ?? 0)
        for row in try await connection.query("SELECT max(id) AS newest FROM registry.health_clears") {
            view.clearsAfter = max(view.clearsAfter, try row.decode("newest", as: Int64?.self) ?? 0)
        }
        if let known = report.clearsAfter, known < view.clearsAfter {
            view.clears = try await connection.query(
                "SELECT DISTINCT channel, model FROM registry.health_clears WHERE id > \(known)"
            ).map { row throws(PostgresError) in
                HealthView.Clear(channel: try row.decode("channel"), model: try row.decode("model"))
            }
        }
        view.others = try await connection.query(
            """
            SELECT channel, model, sum(requests)::bigint AS requests, sum(errors)::bigint AS errors
            FROM registry.health_slices WHERE slice > \(raw: oldestSlice) AND instance <> \(report.instance)
            GROUP BY channel, model ORDER BY errors DESC, requests DESC LIMIT \(raw: "\(HealthView.maxPairs)")
            """
        ).map { row throws(PostgresError) in
            HealthView.Others(
                channel: try row.decode("channel"), model: try row.decode("model"),
                requests: try row.decode("requests"), errors: try row.decode("errors"))
        }
        view.bans = try await connection.query(
            """
            SELECT channel, model, reason, ceil(extract(epoch FROM ends_at - now()))::bigint AS seconds
            FROM registry.health_bans ORDER BY ends_at DESC LIMIT \(raw: "\(HealthView.maxPairs)")
            """
        ).map { row throws(PostgresError) in
            HealthBan(
                channel: try row.decode("channel"), model: try row.decode("model"),
                reason: HealthBan.Reason(rawValue: try row.decode("reason")) ?? .errorRate,
                seconds: try row.decode("seconds"))
        }
        return view
    }

    /// The current second, microsecond and the newest slice that is too old, by PostgreSQL's clock.
    static let second = "floor(extract(epoch FROM now()))::bigint"
    private static let microseconds = "(extract(epoch FROM clock_timestamp()) * 1000000)::bigint"
    static let oldestSlice = "\(second) / \(HealthReport.slice) - \(HealthReport.window / HealthReport.slice)"
}
