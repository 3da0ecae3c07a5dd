import Postgres

extension RollupReader {
    /// Who is ranked.
    package enum Ranked: String, Sendable {
        case group, channel, model

        var table: SQL { self == .group ? "logs.rollup_groups" : "logs.rollup_channels" }

        var column: SQL {
            switch self {
            case .group: "group_name"
            case .channel: "channel"
            case .model: "model"
            }
        }
    }

    /// What the ranking goes by.
    package enum RankingField: Sendable {
        case usedAmount, requestCount, totalTokens, name

        var column: SQL {
            switch self {
            case .usedAmount: "sum(used_amount)"
            case .requestCount: "sum(request_count)"
            case .totalTokens: "sum(total_tokens)"
            case .name: "1"
            }
        }
    }

    /// One place of a ranking.
    package struct Rank: Equatable, Sendable {
        /// Whose place, as text.
        package var name: String
        /// Calls.
        package var requests: Int
        /// Tokens of requests.
        package var inputTokens: Int
        /// Tokens of answers.
        package var outputTokens: Int
        /// All tokens.
        package var totalTokens: Int
        /// Money as decimal text.
        package var usedAmount: String
    }

    /// A page of a ranking and how many places there are, in one snapshot.
    ///
    /// The window is cut into days, where whole days of UTC lie in it, and the hours at its ends.
    package func ranking(
        of ranked: Ranked, _ window: RollupWindow, by field: RankingField, isAscending: Bool, offset: Int, limit: Int
    ) async throws -> (ranks: [Rank], total: Int) {
        let shown: SQL = ranked == .channel ? "model <> '' AND channel <> 0" : "model <> ''"
        let chosen: SQL = "FROM \(ranked.table) WHERE \(shown) AND \(window.cover.condition)"
        let direction = SQL(raw: isAscending ? "ASC" : "DESC")
        return try await pool.transaction(isolation: .repeatableRead) { connection in
            let counted = try await connection.query("SELECT count(DISTINCT \(ranked.column)) AS total \(chosen)")
            let rows = try await connection.query(
                """
                SELECT \(ranked.column) AS name, sum(request_count)::bigint AS requests, sum(input_tokens)::bigint AS input,
                       sum(output_tokens)::bigint AS output, sum(total_tokens)::bigint AS total, sum(used_amount)::text AS used
                \(chosen) GROUP BY 1 ORDER BY \(field.column) \(direction), 1 LIMIT \(limit) OFFSET \(offset)
                """)
            let ranks = try rows.map { row in
                try Rank(
                    name: row["name"] ?? "", requests: row.decode("requests"), inputTokens: row.decode("input"),
                    outputTokens: row.decode("output"), totalTokens: row.decode("total"), usedAmount: row["used"] ?? "0"
                )
            }
            return (ranks, try counted.first?.decode("total", as: Int.self) ?? 0)
        }
    }

    /// The addresses from which at least `threshold` groups called, with those groups; the busiest first.
    ///
    /// - Throws: `TooMany`, or what PostgreSQL says; addresses are only in the calls, so a long window may take longer than a statement may run.
    package func groupsByAddress(
        _ window: RollupWindow, threshold: Int
    ) async throws -> [(address: String, groups: [String])] {
        var filter = LogFilter()
        (filter.from, filter.through) = (window.from, window.through)
        let rows = try await pool.query(
            """
            SELECT ip, array_agg(group_name ORDER BY group_name) AS groups FROM (
                SELECT DISTINCT ip, group_name FROM logs.calls WHERE group_name <> '' AND ip <> '' AND \(filter.condition)
            ) used
            GROUP BY ip HAVING count(*) >= \(threshold) ORDER BY count(*) DESC, ip LIMIT \(rowLimit + 1)
            """)
        if rows.count > rowLimit { throw TooMany() }
        return try rows.map { row in (try row.decode("ip"), try row.decode("groups", as: [String].self)) }
    }
}
