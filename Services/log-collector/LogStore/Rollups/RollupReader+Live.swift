import Postgres

extension RollupReader {
    /// Calls and tokens of the last minute.
    package struct Rate: Equatable, Sendable {
        /// Calls.
        package var requests = 0
        /// Tokens.
        package var tokens = 0
    }

    /// What ended within the last 60 seconds; of channels, attempts that another one followed count too.
    package func rate(_ scope: RollupScope) async throws -> Rate {
        let now = self.now()
        var counted: SQL = "count(*)"
        if case .channels(nil) = scope.table { counted = "count(*) + COALESCE(sum(retry_count), 0)" }
        let rows = try await pool.query(
            """
            SELECT (\(counted))::bigint AS requests, COALESCE(sum(total_tokens), 0)::bigint AS tokens FROM logs.calls
            WHERE created_at > \(Timestamp(microseconds: now - 60_000_000)) AND created_at <= \(Timestamp(microseconds: now))
              AND (channel IS NOT NULL OR code = 429) AND \(scope.callCondition)
            """)
        guard let row = rows.first else { return Rate() }
        return Rate(requests: try row.decode("requests"), tokens: try row.decode("tokens"))
    }

    /// The channels of a window, the most expensive first, then those with most calls.
    package func channels(_ window: RollupWindow) async throws -> [Int] {
        try await names("channel", .all, window, "channel <> 0")
    }

    /// The models of a scope in a window, in the same order.
    package func models(_ scope: RollupScope, _ window: RollupWindow) async throws -> [String] {
        try await names("model", scope, window, "true")
    }

    /// The tokens of a group in a window, in the same order.
    package func tokenNames(_ group: String, _ window: RollupWindow) async throws -> [String] {
        try await names("token_name", RollupScope(.group(group, tokenName: nil)), window, "token_name <> ''")
    }

    private func names<Name: PostgresDecodable>(
        _ column: SQL, _ scope: RollupScope, _ window: RollupWindow, _ condition: SQL
    ) async throws -> [Name] {
        let rows = try await pool.query(
            """
            SELECT \(column) AS name FROM \(scope.name)
            WHERE \(scope.condition) AND \(condition) AND \(window.condition(.hour))
            GROUP BY 1 ORDER BY sum(used_amount) DESC, sum(request_count) DESC, 1 LIMIT \(Self.listed)
            """)
        return try rows.map { row throws(PostgresError) in try row.decode("name") }
    }

    private static let listed = 5_000
}
