import Contracts
import EventLoop
import HTTPClient
import HTTPServer
import InternalHTTP
import Migrations
import Postgres
import RegistryStore
import Telemetry
import TestSupport
import Testing

@testable import HealthSharing

@Suite("Reports of channel health over internal HTTP")
struct HealthRoutesTests {
    private func withPeer(key: String = "internal", migrated: Bool = true, _ body: (PeerClient) async throws -> Void)
        async throws
    {
        let loops = try EventLoopGroup(count: 2, name: "test")
        try loops.start()
        defer { loops.stop() }
        let configuration = try PostgresConfiguration(dsn: ThrowawayPostgres.database())
        let pool = PostgresPool(configuration, group: loops, logger: .silent)
        if migrated {
            _ = try await MigrationRunner.run(
                RegistrySchema.migrations, schema: RegistrySchema.name, pool: pool, logger: .silent)
        }
        var router = Router()
        HealthRoutes.install(
            on: &router, store: HealthStore(pool: pool), key: Redacted("internal"), logger: .silent,
            metrics: HealthMetrics(MetricsRegistry()))
        let routes = router
        let server = HTTPServer(ServerConfiguration(host: "127.0.0.1", port: 0), group: loops) { request, response in
            try await routes.handle(request, response)
        }
        let address = try await server.start()
        let clients = try HTTPClientGroup(group: loops)
        let peer = PeerClient(
            baseURL: "http://\(address)", key: Redacted(key), clients: clients, loops: loops, logger: .silent)
        let result: Result<Void, any Error>
        do {
            result = .success(try await body(peer))
        } catch {
            result = .failure(error)
        }
        await clients.shutdown()
        await server.drain(deadline: .seconds(5))
        await pool.shutdown(deadline: .seconds(5))
        try result.get()
    }

    private func status(_ peer: PeerClient, _ report: HealthReport) async -> Int? {
        do throws(PeerError) {
            _ = try await peer.call(.health, report, timeout: .seconds(10))
            return nil
        } catch {
            guard case .fault(_, let status, _) = error else { return -1 }
            return status
        }
    }

    @Test("a gateway hears what another reported")
    func round() async throws {
        try await withPeer { peer async throws in
            let counts = HealthCounts(channel: 7, model: "ü:\"", age: 1, calls: 3, tokens: 9, requests: 3, errors: 2)
            let ban = HealthBan(channel: 7, model: "ü:\"", reason: .errorRate, seconds: 300)
            let first = try await peer.call(
                .health, HealthReport(instance: "a", sequence: 1, attempts: [counts], banned: [ban]),
                timeout: .seconds(10))
            #expect(first.others.isEmpty && first.bans == [ban])
            let second = try await peer.call(
                .health, HealthReport(instance: "b", sequence: 0), timeout: .seconds(10))
            #expect(second.others == [HealthView.Others(channel: 7, model: "ü:\"", requests: 3, errors: 2)])
            #expect(second.bans.map(\.channel) == [7])
        }
    }

    @Test("a wrong key, a report without a name and a database without tables are refused")
    func refusals() async throws {
        try await withPeer(key: "wrong") { peer async throws in
            #expect(await status(peer, HealthReport(instance: "a", sequence: 1)) == 401)
        }
        try await withPeer(migrated: false) { peer async throws in
            #expect(await status(peer, HealthReport(instance: "", sequence: 1)) == 400)
            #expect(await status(peer, HealthReport(instance: "a", sequence: 1)) == 503)
        }
    }
}
