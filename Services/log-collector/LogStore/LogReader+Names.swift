import Postgres

extension LogReader {
    /// The channels, models and tokens of recent calls, most used first.
    package struct Names: Equatable, Sendable {
        /// The ids of channels.
        package var channels: [Int] = []
        /// The names that callers asked for.
        package var models: [String] = []
        /// The names of tokens.
        package var tokenNames: [String] = []

        /// Names from their parts.
        package init(channels: [Int] = [], models: [String] = [], tokenNames: [String] = []) {
            self.channels = channels
            self.models = models
            self.tokenNames = tokenNames
        }
    }

    /// Which kinds of names are wanted.
    package struct NameKinds: OptionSet, Sendable {
        /// The bits.
        package let rawValue: Int
        /// The channels that were tried last.
        package static let channels = NameKinds(rawValue: 1)
        /// The models that callers asked for.
        package static let models = NameKinds(rawValue: 2)
        /// The tokens that were used.
        package static let tokens = NameKinds(rawValue: 4)

        /// Kinds from their bits.
        package init(rawValue: Int) {
            self.rawValue = rawValue
        }
    }

    /// What the newest calls of a time range used; models only of the filter's channel and token.
    ///
    /// Only so many calls are looked at, so the cost does not grow with the store; a name that only older calls used is missing.
    package func names(_ kinds: NameKinds, of filter: LogFilter) async throws -> Names {
        var names = Names()
        var range = LogFilter()
        (range.from, range.through, range.group) = (filter.from, filter.through, filter.group)
        if kinds.contains(.channels) {
            names.channels = try await used("channel", as: Int.self, condition: "channel IS NOT NULL", in: range)
        }
        if kinds.contains(.tokens) {
            names.tokenNames = try await used("token_name", as: String.self, condition: "token_name <> ''", in: range)
        }
        if kinds.contains(.models) {
            (range.channel, range.tokenName) = (filter.channel, filter.tokenName)
            names.models = try await used("model", as: String.self, condition: "model <> ''", in: range)
        }
        return names
    }

    private func used<Value: PostgresDecodable>(
        _ column: String, as type: Value.Type, condition: SQL, in range: LogFilter
    ) async throws -> [Value] {
        let column = SQL(raw: column)
        let rows = try await pool.query(
            """
            SELECT \(column) AS name FROM (
                SELECT \(column) FROM logs.calls WHERE \(condition) AND \(clamped(range, now: now()).condition)
                ORDER BY created_at DESC, id DESC LIMIT \(Self.examined)
            ) newest
            GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT \(Self.listed)
            """)
        return try rows.map { try $0.decode("name") }
    }

    private static let examined = 5_000
    private static let listed = 500
}
