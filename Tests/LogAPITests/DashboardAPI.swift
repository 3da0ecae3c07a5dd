import AdminHTTP
import CollectorSupport
import Contracts
import HTTPCore
import HTTPServer
import JSON
import LogStore
import Telemetry
import Testing

@testable import LogAPI

/// Every route of the collector's admin API over a store of its own.
struct DashboardAPI {
    let store: CollectorFixture
    let server: CollectorServer

    func get(_ path: String, _ method: HTTPMethod = .get, key: String? = "Bearer admin") async throws
        -> CollectorServer.Answer
    {
        var headers: HTTPHeaders = ["user-agent": "test"]
        if let key { headers.append("authorization", key) }
        return try await server.call(method, path, headers: headers)
    }

    /// The `data` of a success.
    func data(_ path: String, _ method: HTTPMethod = .get) async throws -> JSONValue {
        let answer = try await get(path, method)
        #expect(answer.status == 200 && answer.json["success"]?.bool == true)
        return answer.json["data"] ?? .null
    }

    func refused(_ path: String, _ message: String, _ method: HTTPMethod = .get) async throws {
        let answer = try await get(path, method)
        #expect(answer.status == 400 && answer.json["success"]?.bool == false)
        #expect(answer.json["message"]?.string == message)
    }

    func store(_ records: [CallRecord], sequence: Int64 = 1) async throws {
        #expect(try await store.writer().store(RecordBuilder.batch(records, sequence: sequence)).refused == 0)
    }

    static func run(now: Int64? = nil, _ body: (DashboardAPI) async throws -> Void) async throws {
        try await withStore(now: now) { store async throws in
            let auth = AdminAuth(adminKey: Redacted("admin"))
            let metrics = LogMetrics(MetricsRegistry())
            let clock: @Sendable () -> Int64 = { store.clock.now }
            let sums = RollupReader(pool: store.pool, now: clock)
            let dashboards = DashboardRoutes(
                reader: sums, auth: auth, metrics: metrics, logger: .silent, now: clock)
            let rankings = RankingRoutes(reader: sums, auth: auth, metrics: metrics, logger: .silent, now: clock)
            let history = HistoryRoutes(
                reader: store.reader(), partitions: store.partitions, auth: auth, metrics: metrics, logger: .silent,
                now: clock)
            let logs = LogRoutes(
                reader: store.reader(), auth: auth, metrics: metrics, logger: .silent, now: clock)
            let server = try await CollectorServer(group: store.group) {
                $0.notFound = AdminGate.unknownRoute
                dashboards.register(in: &$0)
                rankings.register(in: &$0)
                history.register(in: &$0)
                logs.register(in: &$0)
            }
            do {
                try await body(DashboardAPI(store: store, server: server))
            } catch {
                await server.close()
                throw error
            }
            await server.close()
        }
    }
}

extension JSONValue {
    /// The points of a series by their time, each with the sum of its calls.
    var requestsByTime: [Int: Int] {
        var sums: [Int: Int] = [:]
        for point in array ?? [] {
            sums[point["timestamp"]?.int ?? -1] = (point["summary"]?.array ?? []).reduce(0) {
                $0 + ($1["request_count"]?.int ?? 0)
            }
        }
        return sums
    }
}
