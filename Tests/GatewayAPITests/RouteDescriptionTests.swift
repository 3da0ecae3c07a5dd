import APIDescription
import AdminHTTP
import Contracts
import HTTPClient
import HTTPCore
import HTTPServer
import Relay
import Telemetry
import TestSupport
import Testing

@testable import GatewayAPI

@Suite("The gateway's routes and their description")
struct RouteDescriptionTests {
    private struct NoLedger: Ledger {
        func append(_ record: CallRecord) {}
    }

    /// The gateway's own routes as it registers them; what it forwards is described by its owners.
    private func routes() async throws -> Set<String> {
        try await withLoops { loops in
            let clients = try HTTPClientGroup(group: loops, configuration: ClientConfiguration())
            let ids = RequestIDSource(seed: 1)
            let relay = Relay(
                configuration: RelayConfiguration(adminKey: Redacted("key"), secret: Redacted("secret")),
                table: { nil }, clients: clients,
                ledger: NoLedger(), metrics: RelayMetrics(MetricsRegistry(), modes: GatewayRoutes.modes),
                logger: .silent, loops: 1, seed: 1)
            let edge = EdgeProxy(
                registry: "http://r", collector: "http://c", clients: clients, ids: ids, logger: .silent)
            let metrics = ChannelTestMetrics(MetricsRegistry())
            let tests = ChannelTestRoutes(
                auth: AdminAuth(adminKey: Redacted("key")), table: { nil }, relay: relay,
                results: TestResults(metrics: metrics, logger: .silent) { ChannelTestAck(stored: $0.tests.count) },
                ids: ids, metrics: metrics, logger: .silent)
            var router = Router()
            GatewayRoutes.add(to: &router, relay: relay, ids: ids, edge: edge, channelTests: tests, startedAt: 0)
            await clients.shutdown()
            return Set(
                router.routes.filter { $0.pattern != "/api/*path" }.map { "\($0.method.rawValue) \($0.pattern)" })
        }
    }

    @Test("every route is described, and nothing is described that there is not")
    func complete() async throws {
        let served = try await routes()
        let described = APIDescription.routes(of: .gateway)
        #expect(served.subtracting(described).isEmpty, "these routes have no row in APIDescription")
        #expect(described.subtracting(served).isEmpty, "these rows of APIDescription have no route")
    }

    @Test("what another service owns is forwarded to that one", arguments: APIDescription.operations)
    func owners(_ operation: APIOperation) {
        guard !operation.owners.contains(.gateway) else { return }
        let owner = EdgeProxy.isCollectors(operation.path) ? APIOwner.collector : .registry
        #expect(operation.owners == [owner], "\(operation.path)")
    }
}
