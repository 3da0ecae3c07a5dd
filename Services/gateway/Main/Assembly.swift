import AdminHTTP
import Contracts
import Crypto
import EventLoop
import GatewayAPI
import HTTPClient
import HTTPCore
import HTTPServer
import HealthReporting
import InternalHTTP
import Lifecycle
import LogShipping
import Relay
import Routing
import ServiceKit
import SnapshotClient
import Telemetry

/// Builds the gateway; the only place that sees all of it.
enum Assembly {
    /// The services in the order of dependency; they are stopped in reverse, the server first and the shipping of records last.
    static func services(_ config: GatewayConfig, _ context: ServiceContext) async throws -> [any Service] {
        let group = context.group
        let clients = try HTTPClientGroup(group: group, configuration: clientConfiguration(config, group))
        func peer(_ address: String) -> PeerClient {
            PeerClient(
                baseURL: address, key: config.internalKey, clients: clients, loops: group, logger: context.logger)
        }
        let seed = randomBytes(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }

        let files = BlockingPool(name: "files", threads: 2, maxQueued: 64)
        let cell = SnapshotCell<RoutingTable>()
        let keys = ChannelKeys(config, context.logger)
        let feed = SnapshotFeed(
            cell: cell, peer: peer(config.registryURL), file: SnapshotFile(directory: config.stateDirectory),
            pool: files, loop: group.next(), metrics: SnapshotMetrics(context.metrics), logger: context.logger
        ) { news, previous in
            keys.table(news, previous)
        }
        context.readiness.add("snapshot") { feed.readiness }
        await feed.load()

        var limits = LogQueue.Limits()
        limits.bytes = config.queueBytes
        let logMetrics = LogMetrics(context.metrics)
        let queue = LogQueue(limits: limits, metrics: logMetrics)
        let shipper = Shipper(
            queue: queue, peer: peer(config.collectorURL), loop: group.next(), metrics: logMetrics,
            logger: context.logger)
        let relay = Relay(
            configuration: relayConfiguration(config), table: { cell.current }, clients: clients,
            ledger: queue, metrics: RelayMetrics(context.metrics, modes: GatewayRoutes.modes),
            logger: context.logger, loops: group.loops.count, seed: seed)
        let reporter = HealthReporter(
            book: relay.health, callers: relay.callers, peer: peer(config.registryURL), loop: group.next(),
            metrics: HealthMetrics(context.metrics, book: relay.health, callers: relay.callers) {
                MonotonicTime.now().nanoseconds / 1_000_000_000
            }, logger: context.logger)
        let ids = RequestIDSource(seed: seed)
        let testMetrics = ChannelTestMetrics(context.metrics)
        let registry = peer(config.registryURL)
        let channelTests = ChannelTestRoutes(
            auth: AdminAuth(adminKey: config.adminKey), table: { cell.current }, relay: relay,
            results: TestResults(metrics: testMetrics, logger: context.logger) { batch in
                try await registry.call(.channelTests, batch, timeout: TestResults.patience)
            },
            ids: ids, metrics: testMetrics, logger: context.logger)
        var router = Router()
        OperationalRoutes(readiness: context.readiness, metrics: context.metrics).add(to: &router)
        GatewayRoutes.add(
            to: &router, relay: relay, ids: ids,
            edge: EdgeProxy(
                registry: config.registryURL, collector: config.collectorURL, clients: clients, ids: ids,
                logger: context.logger),
            channelTests: channelTests, startedAt: WallClock.microseconds() / 1000)
        let http = HTTPService(try server(config, context, router, ids), context: context)
        return [Clients(clients: clients, files: files), shipper, feed, reporter, http]
    }

    private static func server(
        _ config: GatewayConfig, _ context: ServiceContext, _ router: Router, _ ids: RequestIDSource
    ) throws -> HTTPServer {
        var server = ServerConfiguration(host: context.config.listen.host, port: context.config.listen.port)
        server.maxBodyBytes = config.maxBodyBytes
        server.maxConnections = config.maxConnections
        server.trustedProxies = config.trustedProxies
        return HTTPServer(
            server, group: context.group, handler: { try await router.handle($0, $1) },
            onRefused: { ServerRefusal.make($0, id: ids.next(arrival: WallClock.microseconds())) })
    }

    private static func clientConfiguration(_ config: GatewayConfig, _ group: EventLoopGroup) -> ClientConfiguration {
        var client = ClientConfiguration()
        client.maxConcurrentTransfers = max(1, config.maxUpstreamTransfers / group.loops.count)
        return client
    }

    private static func relayConfiguration(_ config: GatewayConfig) -> RelayConfiguration {
        var relay = RelayConfiguration(adminKey: config.adminKey, secret: config.secretsKey)
        relay.retryTimes = config.retryTimes
        relay.maxBodyBytes = config.maxBodyBytes
        relay.details = config.details
        relay.firstByteTimeout = config.firstByteTimeout
        relay.streamFirstByteTimeout = config.streamFirstByteTimeout
        relay.idleTimeout = config.idleTimeout
        relay.totalTimeout = config.totalTimeout
        relay.mediaPolicy = config.mediaPolicy
        relay.keepAliveInterval = config.keepAlive
        return relay
    }
}

extension LogQueue: Ledger {}

/// Opens the channels' keys when a snapshot becomes a table, and tells of those that do not open, once per change.
private struct ChannelKeys: Sendable {
    private let box: SecretBox
    private let logger: Logger

    init(_ config: GatewayConfig, _ logger: Logger) {
        let former = config.formerSecretsKeys?.reveal.split(separator: ",").map(String.init) ?? []
        box = SecretBox(secretsKey: config.secretsKey.reveal, previous: former)
        self.logger = logger
    }

    func table(_ news: SnapshotNews, _ previous: RoutingTable?) -> RoutingTable {
        let table = RoutingTable(news.whole, changes: news.changes, previous: previous) { channel in
            try? box.open(channel.sealedKey, context: "channel:\(channel.id)")
        }
        if !table.unreadableChannels.isEmpty, table.unreadableChannels != previous?.unreadableChannels {
            logger.warning(
                "channels are out of use: SECRETS_KEY does not open their keys",
                ["channels": .string(table.unreadableChannels.prefix(20).joined(separator: ", "))])
        }
        return table
    }
}

/// The upstream clients and the file thread, which everything else uses; first in the group, so they go last.
private struct Clients: Service {
    let name = "upstream-clients"
    let clients: HTTPClientGroup
    let files: BlockingPool
    private let stop = StopSignal()

    init(clients: HTTPClientGroup, files: BlockingPool) {
        self.clients = clients
        self.files = files
    }

    func run() async throws {
        await stop.wait()
    }

    func shutdown(deadline: Duration) async {
        await clients.shutdown()
        files.close()
        stop.raise()
    }
}
