package import AdminHTTP
import EventLoop
import HTTPCore
package import HTTPServer
import JSON
package import LogStore
package import Telemetry

/// The admin routes over the log store (contract admin-api §5, fastgpt-client §4.7, §4.8); every one behind the admin key.
package struct LogRoutes: Sendable {
    private let reader: LogReader
    private let gate: AdminGate
    private let trail = PageTrail()
    private let metrics: LogMetrics
    private let now: @Sendable () -> Int64

    /// - Parameters:
    ///   - reader: The store.
    ///   - auth: Who may read it.
    ///   - metrics: What is counted.
    ///   - logger: For what the caller is not told.
    ///   - now: The time in Unix microseconds.
    package init(
        reader: LogReader, auth: AdminAuth, metrics: LogMetrics, logger: Logger,
        now: @escaping @Sendable () -> Int64 = WallClock.microseconds
    ) {
        self.reader = reader
        self.metrics = metrics
        self.now = now
        let failures = LogFailures(metrics: metrics, logger: logger)
        gate = AdminGate(auth: auth) { failures.answer($0, $1) }
    }

    /// Adds the routes. A trailing slash makes no difference to the router, so `/api/logs/` is there too.
    package func register(in router: inout Router) {
        router.on(.options, "/api/*path", AdminGate.preflight)
        router.on(.get, "/api/logs", gate.guarded { try await list($0, .list, [.channels]) })
        router.on(.get, "/api/logs/search", gate.guarded { try await list($0, .search, [.channels, .models]) })
        router.on(.get, "/api/logs/detail/:log_id", gate.guarded { try await detail($0, group: nil) })
        router.on(
            .get, "/api/log/:group",
            gate.guarded { try await list($0, .groupList(group(of: $0)), [.models, .tokens]) })
        router.on(
            .get, "/api/log/:group/search",
            gate.guarded { try await list($0, .groupSearch(group(of: $0)), [.models, .tokens]) })
        router.on(
            .get, "/api/log/:group/detail/:log_id", gate.guarded { try await detail($0, group: group(of: $0)) })
    }

    private func group(of request: ServerRequest) -> String { request.parameters["group"] ?? "" }

    private func list(
        _ request: ServerRequest, _ scope: LogQuery.Scope, _ kinds: LogReader.NameKinds
    ) async throws -> [UInt8] {
        let now = now()
        let query = try LogQuery(AdminQuery(request.head.target), scope: scope, now: now)
        let key = Self.trailKey(request, scope)
        let page = query.paging.page
        let step = trail.step(to: page, of: key, now: now)
        let start = MonotonicTime.now()
        let found = try await reader.search(
            LogReader.Search(
                filter: query.filter, order: query.order, after: step?.last, offset: query.paging.offset,
                limit: query.paging.perPage, includesBodies: query.includesBodies, counts: step == nil))
        let names: LogReader.Names
        if let step { names = step.names } else { names = try await reader.names(kinds, of: query.filter) }
        metrics.searches.with().observe(start.duration(to: .now()))
        let isFull = found.calls.count == query.paging.perPage
        var total = found.total ?? step?.total ?? 0
        // Rows of a trail may have ended meanwhile; a total that can no longer be reached would make FastGPT ask for ever.
        if step != nil, !isFull { total = query.paging.offset + found.calls.count }
        if isFull, let last = found.calls.last {
            trail.leave(last.place(in: query.order), total: total, names: names, after: page, of: key, now: now)
        }
        return Self.envelope(found.calls, total: total, names, kinds)
    }

    private func detail(_ request: ServerRequest, group: String?) async throws -> [UInt8] {
        guard let id = request.parameters["log_id"].flatMap({ Int64($0) }) else { throw LogFailures.notFound }
        guard let body = try await reader.body(of: id, group: group) else { throw LogFailures.notFound }
        return AdminEnvelope.success { LogJSON.write(body, of: id, to: &$0) }
    }

    private static func envelope(
        _ calls: [StoredCall], total: Int, _ names: LogReader.Names, _ kinds: LogReader.NameKinds
    ) -> [UInt8] {
        AdminEnvelope.success { writer in
            writer.object { writer in
                writer.key("logs")
                writer.array { writer in for call in calls { LogJSON.write(call, to: &writer) } }
                writer.field("total", total)
                if !names.channels.isEmpty { write("channels", names.channels.map { .int($0) }, to: &writer) }
                if !names.models.isEmpty { write("models", names.models.map { .string($0) }, to: &writer) }
                if kinds.contains(.tokens) { write("token_names", names.tokenNames.map { .string($0) }, to: &writer) }
            }
        }
    }

    private static func write(_ key: String, _ values: [JSONValue], to writer: inout JSONWriter) {
        writer.key(key)
        writer.array { writer in for value in values { writer.value(value) } }
    }

    /// Browsers behind one FastGPT are told apart by what they send along; two that look alike only share a trail.
    private static func trailKey(_ request: ServerRequest, _ scope: LogQuery.Scope) -> PageTrail.Key {
        let headers = request.head.headers
        let caller = [
            request.remoteAddress, headers.first("x-forwarded-for") ?? "", headers.first("user-agent") ?? "",
        ]
        let query = request.head.target.queryItems().filter { !["p", "page", "key"].contains($0.name) }
        return PageTrail.Key(
            caller: String(caller.joined(separator: "|").prefix(512)), scope: scope,
            query: query.map { "\($0.name)=\($0.value)" }.sorted())
    }
}
