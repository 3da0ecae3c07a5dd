import Contracts
import Postgres

/// Requests and tokens of the last minute and of the last second that every gateway has reported.
package struct TrafficRate: Equatable, Sendable {
    package var rpm = 0
    package var tpm = 0
    package var rps = 0
    package var tps = 0

    package init(rpm: Int = 0, tpm: Int = 0, rps: Int = 0, tps: Int = 0) {
        self.rpm = rpm
        self.tpm = tpm
        self.rps = rps
        self.tps = tps
    }

    package static func + (left: Self, right: Self) -> Self {
        Self(
            rpm: left.rpm + right.rpm, tpm: left.tpm + right.tpm, rps: left.rps + right.rps, tps: left.tps + right.tps)
    }
}

/// What all gateways together know of a model on a channel.
package struct ChannelHealth: Equatable, Sendable {
    package var channel: Int
    package var model: String
    package var rate: TrafficRate
    /// Finished attempts of the last two minutes.
    package var requests: Int
    /// How many of them were errors of the channel.
    package var errors: Int
    package var isBanned: Bool

    package init(
        channel: Int, model: String, rate: TrafficRate = TrafficRate(), requests: Int = 0, errors: Int = 0,
        isBanned: Bool = false
    ) {
        self.channel = channel
        self.model = model
        self.rate = rate
        self.requests = requests
        self.errors = errors
        self.isBanned = isBanned
    }
}

/// The calls of a group, of a token of it, or of either for one model; what is not asked for is empty.
package struct CallerHealth: Equatable, Sendable {
    package var group: String
    package var token: String
    package var model: String
    package var rate: TrafficRate
}

/// The key of a group.
package struct CallerToken: Hashable, Sendable {
    package var group: String
    package var name: String

    package init(group: String, name: String) {
        self.group = group
        self.name = name
    }
}

extension HealthStore {
    /// What the calls of callers are put together by.
    package enum CallerPart: String, Sendable, CaseIterable {
        case group = "group_id"
        case token = "token_name"
        case model
    }

    /// The second whose calls are "now": reports come once a second and hold whole seconds, and the seconds of two machines begin at different moments.
    private static let lastSecond = "\(second) - 3"

    private static let rates = """
        coalesce(sum(calls), 0)::bigint AS rpm, coalesce(sum(tokens), 0)::bigint AS tpm,
        coalesce(sum(calls) FILTER (WHERE second = \(lastSecond)), 0)::bigint AS rps,
        coalesce(sum(tokens) FILTER (WHERE second = \(lastSecond)), 0)::bigint AS tps
        """

    /// Every model on a channel that was called or is banned, by channel and model; channels that are deleted left out.
    package func channels() async throws(RegistryError) -> [ChannelHealth] {
        try await RegistryError.translating {
            try await pool.query(
                """
                WITH traffic AS (
                    SELECT channel, model, \(raw: Self.rates) FROM registry.health_traffic
                    WHERE second > \(raw: Self.second) - 60 GROUP BY channel, model
                ), errors AS (
                    SELECT channel, model, sum(requests)::bigint AS requests, sum(errors)::bigint AS errors
                    FROM registry.health_slices WHERE slice > \(raw: Self.oldestSlice) GROUP BY channel, model
                ), bans AS (
                    SELECT channel, model, true AS banned FROM registry.health_bans WHERE ends_at > now()
                )
                SELECT channel, model, coalesce(rpm, 0) AS rpm, coalesce(tpm, 0) AS tpm, coalesce(rps, 0) AS rps,
                    coalesce(tps, 0) AS tps, coalesce(requests, 0) AS requests, coalesce(errors, 0) AS errors,
                    coalesce(banned, false) AS banned
                FROM traffic FULL JOIN errors USING (channel, model) FULL JOIN bans USING (channel, model)
                WHERE channel IN (SELECT id FROM registry.channels WHERE deleted_at IS NULL)
                ORDER BY channel, model COLLATE "C"
                """
            ).map { row throws(PostgresError) in
                ChannelHealth(
                    channel: try row.decode("channel"), model: try row.decode("model"), rate: try Self.rate(row),
                    requests: try row.decode("requests"), errors: try row.decode("errors"),
                    isBanned: try row.decode("banned"))
            }
        }
    }

    /// The calls of groups in the last minute.
    ///
    /// - Parameters:
    ///   - parts: What is told apart.
    ///   - groups: Whose calls.
    ///   - tokens: The tokens whose calls; `nil` for all.
    package func callers(
        by parts: Set<CallerPart>, of groups: [String], tokens: [CallerToken]? = nil
    ) async throws(RegistryError) -> [CallerHealth] {
        let columns = CallerPart.allCases.map { part in
            parts.contains(part) ? part.rawValue : "'' AS \(part.rawValue)"
        }.joined(separator: ", ")
        let only: SQL =
            if let tokens {
                """
                AND (group_id, token_name) IN (
                    SELECT * FROM unnest(\(tokens.map(\.group))::text[], \(tokens.map(\.name))::text[])
                )
                """
            } else {
                ""
            }
        return try await RegistryError.translating {
            try await pool.query(
                """
                SELECT \(raw: columns), \(raw: Self.rates) FROM registry.health_callers
                WHERE second > \(raw: Self.second) - 60 AND group_id = ANY(\(groups)::text[]) \(only)
                GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
                """
            ).map { row throws(PostgresError) in
                CallerHealth(
                    group: try row.decode("group_id"), token: try row.decode("token_name"),
                    model: try row.decode("model"), rate: try Self.rate(row))
            }
        }
    }

    private static func rate(_ row: Row) throws(PostgresError) -> TrafficRate {
        TrafficRate(
            rpm: try row.decode("rpm"), tpm: try row.decode("tpm"), rps: try row.decode("rps"),
            tps: try row.decode("tps"))
    }
}
