package import AdminHTTP
import HTTPCore
package import HTTPServer
import JSON
package import LogStore
package import Telemetry

/// Who used most, which addresses several groups share, and calls that could not be charged (contract admin-api §5.2, §10.1, §10.2).
package struct RankingRoutes: Sendable {
    private let reader: RollupReader
    private let gate: AdminGate
    private let now: @Sendable () -> Int64

    /// - Parameters:
    ///   - reader: The sums.
    ///   - auth: Who may read them.
    ///   - metrics: What is counted.
    ///   - logger: For what the caller is not told.
    ///   - now: The time in Unix microseconds.
    package init(
        reader: RollupReader, auth: AdminAuth, metrics: LogMetrics, logger: Logger,
        now: @escaping @Sendable () -> Int64 = WallClock.microseconds
    ) {
        self.reader = reader
        self.now = now
        let failures = LogFailures(metrics: metrics, logger: logger)
        gate = AdminGate(auth: auth) { failures.answer($0, $1) }
    }

    /// Adds the routes.
    package func register(in router: inout Router) {
        router.on(.get, "/api/groups/ranking", gate.guarded(ranking))
        router.on(.get, "/api/groups/consumption_ranking", gate.guarded(ranking))
        router.on(.get, "/api/groups/ip_groups", gate.guarded(addresses))
        router.on(.get, "/api/logs/consume_error", gate.guarded(consumeErrors))
    }

    @Sendable private func ranking(_ request: ServerRequest) async throws -> [UInt8] {
        let query = AdminQuery(request.head.target)
        let type = query.text("type") ?? "group"
        guard let ranked = RollupReader.Ranked(rawValue: type) else {
            throw AdminFailure(.badRequest, "type must be group, channel or model")
        }
        let window = try Self.window(query)
        let paging = Paging(query)
        let order = Self.order(query.text("order") ?? "", ranked)
        let found = try await reader.ranking(
            of: ranked, window, by: order.field, isAscending: order.isAscending, offset: paging.offset,
            limit: paging.perPage)
        return AdminEnvelope.success { writer in
            writer.object { writer in
                writer.key("items")
                writer.array { writer in
                    for (place, rank) in found.ranks.enumerated() {
                        Self.write(rank, of: ranked, at: paging.offset + place + 1, to: &writer)
                    }
                }
                writer.field("total", found.total)
                writer.field("type", type)
                writer.field("timezone", query.text("timezone") ?? "Local")
            }
        }
    }

    private static func write(
        _ rank: RollupReader.Rank, of ranked: RollupReader.Ranked, at place: Int, to writer: inout JSONWriter
    ) {
        writer.object { writer in
            writer.field("rank", place)
            switch ranked {
            case .group: writer.field("group_id", rank.name)
            case .channel: writer.field("channel_id", raw: rank.name.utf8)
            case .model: writer.field("model", rank.name)
            }
            writer.field("request_count", rank.requests)
            writer.field("input_tokens", rank.inputTokens)
            writer.field("output_tokens", rank.outputTokens)
            writer.field("total_tokens", rank.totalTokens)
            writer.field("used_amount", raw: rank.usedAmount.utf8)
        }
    }

    /// `<field>_asc` or `<field>_desc`; anything else is the default.
    private static func order(
        _ text: String, _ ranked: RollupReader.Ranked
    ) -> (field: RollupReader.RankingField, isAscending: Bool) {
        let dimension = ranked == .model ? "model" : "\(ranked.rawValue)_id"
        let fields: [(String, RollupReader.RankingField)] = [
            ("used_amount", .usedAmount), ("request_count", .requestCount), ("total_tokens", .totalTokens),
            (dimension, .name),
        ]
        for (name, field) in fields where text == name + "_asc" || text == name + "_desc" {
            return (field, text.hasSuffix("_asc"))
        }
        return (.usedAmount, false)
    }

    private static func window(_ query: AdminQuery) throws(AdminFailure) -> RollupWindow {
        let window = RollupWindow(
            from: query.instant("start_timestamp")?.first, through: query.instant("end_timestamp")?.last)
        if let from = window.from, let through = window.through, through < from {
            throw AdminFailure(.badRequest, "end time is before start time")
        }
        return window
    }

    @Sendable private func addresses(_ request: ServerRequest) async throws -> [UInt8] {
        let query = AdminQuery(request.head.target)
        let threshold = max(1, try query.wholeNumber("threshold") ?? 1)
        let asked = try Self.window(query)
        let earliest = (asked.through ?? now()) - LogQuery.longestWindow
        let window = RollupWindow(from: max(asked.from ?? earliest, earliest), through: asked.through)
        let found = try await reader.groupsByAddress(window, threshold: threshold)
        return AdminEnvelope.success { writer in
            writer.object { writer in
                for (address, groups) in found {
                    DashboardJSON.write(address, groups.map { .string($0) }, to: &writer)
                }
            }
        }
    }

    /// Calls whose charge could not be stored. A call and what it costs are stored in one transaction here, so there never are any.
    @Sendable private func consumeErrors(_ request: ServerRequest) async throws -> [UInt8] {
        AdminEnvelope.success { $0.raw(#"{"logs":[],"total":0}"#.utf8) }
    }
}
