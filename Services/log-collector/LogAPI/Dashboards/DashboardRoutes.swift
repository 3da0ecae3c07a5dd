package import AdminHTTP
import HTTPCore
package import HTTPServer
import JSON
package import LogStore
package import Telemetry

/// Dashboards over the sums of calls (contract admin-api §6, fastgpt-client §4.9); every one behind the admin key.
package struct DashboardRoutes: Sendable {
    let reader: RollupReader
    let now: @Sendable () -> Int64
    private let gate: AdminGate

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
        router.on(.get, "/api/dashboard", gate.guarded { try await first($0, group: nil) })
        router.on(.get, "/api/dashboard/:group", gate.guarded { try await first($0, group: Self.group(of: $0)) })
        router.on(.get, "/api/dashboardv2", gate.guarded { try await second($0, group: nil) })
        router.on(.get, "/api/dashboardv2/:group", gate.guarded { try await second($0, group: Self.group(of: $0)) })
        router.on(.get, "/api/dashboardv3", gate.guarded { try await third($0, group: nil) })
        router.on(.get, "/api/dashboardv3/:group", gate.guarded { try await third($0, group: Self.group(of: $0)) })
    }

    private static func group(of request: ServerRequest) -> String { request.parameters["group"] ?? "" }

    private func second(_ request: ServerRequest, group: String?) async throws -> [UInt8] {
        let query = try DashboardQuery(AdminQuery(request.head.target), group: group)
        let rows = try await series(query)
        return AdminEnvelope.success { DashboardJSON.write(series: rows, to: &$0) }
    }

    private func third(_ request: ServerRequest, group: String?) async throws -> [UInt8] {
        let query = try DashboardQuery(AdminQuery(request.head.target), group: group)
        let rows = try await series(query)
        let rate = try await reader.rate(query.scope)
        let names = try await UsedNames(query.scope, query.window, reader)
        return AdminEnvelope.success { writer in
            writer.object { writer in
                writer.key("time_series")
                DashboardJSON.write(series: rows, to: &writer)
                writer.field("rpm", rate.requests)
                writer.field("tpm", rate.tokens)
                names.write(to: &writer)
            }
        }
    }

    private func series(_ query: DashboardQuery) async throws -> [RollupRow] {
        let zone = try await reader.zone(query.zone)
        return try await reader.series(
            query.scope, query.window, query.timespan ?? .hour, zone, fields: query.fields)
    }
}

/// The channels, models and tokens that were used in a window; of all calls, whatever model and channel a dashboard is narrowed to.
struct UsedNames {
    private var channels: [Int] = []
    private var models: [String] = []
    /// `nil` where channels are listed.
    private var tokenNames: [String]?

    init(_ scope: RollupScope, _ window: RollupWindow, _ reader: RollupReader) async throws {
        models = try await reader.models(RollupScope(scope.table), window)
        switch scope.table {
        case .channels: channels = try await reader.channels(window)
        case .group(let group, _): tokenNames = try await reader.tokenNames(group, window)
        }
    }

    /// Into the object that is open.
    func write(to writer: inout JSONWriter) {
        DashboardJSON.write("channels", nonempty: channels.map { .int($0) }, to: &writer)
        DashboardJSON.write("models", nonempty: models.map { .string($0) }, to: &writer)
        if let tokenNames { DashboardJSON.write("token_names", tokenNames.map { .string($0) }, to: &writer) }
    }
}
