import Contracts
import Crypto
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

@testable import TestIntake

@Suite("Results of channel tests over internal HTTP")
struct ChannelTestRoutesTests {
    /// Runs a test against the route over a database of its own.
    private func withRoute(
        migrated: Bool = true, key: String = "internal", _ body: (ChannelStore, PeerClient) async throws -> Void
    ) async throws {
        let loops = try EventLoopGroup(count: 2, name: "test")
        try loops.start()
        defer { loops.stop() }
        let pool = PostgresPool(
            try PostgresConfiguration(dsn: ThrowawayPostgres.database()), group: loops, logger: .silent)
        if migrated {
            _ = try await MigrationRunner.run(
                RegistrySchema.migrations, schema: RegistrySchema.name, pool: pool, logger: .silent)
        }
        let channels = ChannelStore(
            pool: pool, vault: KeyVault(box: SecretBox(secretsKey: "test"), logger: .silent))
        var router = Router()
        ChannelTestRoutes.install(on: &router, channels: channels, key: Redacted("internal"), logger: .silent)
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
            result = .success(try await body(channels, peer))
        } catch {
            result = .failure(error)
        }
        await clients.shutdown()
        await server.drain(deadline: .seconds(5))
        await pool.shutdown(deadline: .seconds(5))
        try result.get()
    }

    private func test(_ channel: Int, _ model: String) -> ChannelTest {
        ChannelTest(
            testedAt: 1_782_711_200_123_456, model: model, actualModel: model, mode: 1, isSuccess: false, code: 500,
            response: "\u{1}\"ü", took: 5, channel: channel, channelType: 1, channelName: "c")
    }

    private func expectFault(
        _ status: Int, _ code: String, _ peer: PeerClient, _ batch: ChannelTestBatch
    ) async {
        await #expect {
            try await peer.call(.channelTests, batch, timeout: .seconds(20))
        } throws: { error in
            guard case PeerError.fault(let fault, status, _) = error else { return false }
            return fault.code == code
        }
    }

    @Test("a batch arrives whole, and the answer says how much was kept")
    func keeps() async throws {
        try await withRoute { channels, peer async throws in
            let new = NewChannel(settings: ChannelSettings(type: 1, name: "c"), key: Redacted(""))
            let id = try await channels.create([new])[0]
            let tests = (0..<ChannelTestBatch.maxTests - 1).map { test(id, "m\($0)") }
            let batch = ChannelTestBatch(tests: tests + [test(id + 1, "gone")], faultless: [])
            let ack = try await peer.call(.channelTests, batch, timeout: .seconds(20))
            #expect(ack.stored == tests.count)
            #expect(Set(try await channels.tests(of: id).map(\.model)) == Set(tests.map(\.model)))
            #expect(try await channels.tests(of: id)[0] == tests[0])
        }
    }

    @Test("a batch that is too large, and another key, are refused")
    func refuses() async throws {
        try await withRoute { _, peer async throws in
            let tests = (0...ChannelTestBatch.maxTests).map { test(1, "m\($0)") }
            await expectFault(400, "malformed", peer, ChannelTestBatch(tests: tests))
            await expectFault(400, "malformed", peer, ChannelTestBatch(tests: [], faultless: Array(0...64)))
        }
        try await withRoute(key: "wrong") { _, peer async throws in
            await expectFault(401, "unauthorized", peer, ChannelTestBatch(tests: [test(1, "m")]))
        }
    }

    @Test("without tables the peer is told to come later")
    func unavailable() async throws {
        try await withRoute(migrated: false) { _, peer async throws in
            await expectFault(503, "unavailable", peer, ChannelTestBatch(tests: [test(1, "m")]))
        }
    }
}
