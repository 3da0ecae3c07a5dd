import AdminAPI
import AdminHTTP
import CollectorLink
import Crypto
import EventLoop
import HTTPClient
import HTTPCore
import HTTPServer
import HealthSharing
import InternalHTTP
import Lifecycle
import Migrations
import OneAPIImport
import Postgres
import RegistryStore
import ServiceKit
import SnapshotPublisher
import Telemetry
import TestIntake

/// Builds the channel-registry; the only place that sees all of it.
enum Assembly {
    /// The services in the order of dependency.
    static func services(_ config: RegistryConfig, _ context: ServiceContext) throws -> [any Service] {
        let pool = try pool(config, context)
        let vault = KeyVault(box: SecretBox(secretsKey: config.secretsKey.reveal), logger: context.logger)
        let channels = ChannelStore(
            pool: pool, vault: vault, requiresModelConfigs: config.requiresModelConfigs)
        let importer = OneAPIImporter(channels: channels, group: context.group, logger: context.logger)
        let clients = try HTTPClientGroup(group: context.group)
        let stores = AdminStores(
            channels: channels, importer: importer, tokens: TokenStore(pool: pool, vault: vault),
            groups: GroupStore(pool: pool),
            health: HealthStore(pool: pool),
            modelConfigs: ModelConfigStore(pool: pool),
            options: OptionStore(
                pool: pool, overrides: config.options, requiresModelConfigs: config.requiresModelConfigs),
            balances: BalanceChecker(channels: channels, clients: clients, logger: context.logger),
            requiresModelConfigs: config.requiresModelConfigs,
            startedAt: WallClock.microseconds() / 1000)
        context.metrics.gaugeCallback(
            "channel_registry_unreadable_keys", "Stored keys that SECRETS_KEY does not open, as far as is known."
        ) { Double(vault.unreadableCount) }

        let board = SnapshotBoard()
        let feedMetrics = FeedMetrics(context.metrics, board: board)
        let feed = SnapshotFeed(
            board: board, changes: ChangeFeed(pool: pool), pool: pool, loop: context.group.loops[0],
            logger: context.logger, metrics: feedMetrics, readiness: context.readiness.addSwitch("snapshot"),
            overrides: config.options)
        let keeper = SchemaKeeper(
            RegistrySchema.plan, pool: pool, migrates: config.migrates, readiness: context.readiness,
            loop: context.group.loops[0],
            logger: context.logger
        ) {
            feed.start()
            await audit(channels, context.logger)
        }

        var router = Router()
        AdminServer(
            stores: stores, auth: AdminAuth(adminKey: config.adminKey), logger: context.logger,
            metrics: AdminMetrics(context.metrics)
        ).install(on: &router)
        SnapshotRoutes.install(
            on: &router, board: board, key: config.internalKey, logger: context.logger, metrics: feedMetrics)
        HealthRoutes.install(
            on: &router, store: stores.health, key: config.internalKey, logger: context.logger,
            metrics: HealthMetrics(context.metrics))
        ChannelTestRoutes.install(
            on: &router, channels: channels, key: config.internalKey, logger: context.logger)
        OperationalRoutes(readiness: context.readiness, metrics: context.metrics).add(to: &router)
        let http = HTTPService(server(router, context), context: context)
        // Stopped in reverse: first the gateways that wait are answered, or they would hold up the drain.
        return [Database(pool: pool, importer: importer), Vendors(clients: clients), keeper, feed]
            + rounds(config, context, pool, clients, stores.balances, isPrepared: { keeper.hasSchema })
            + [http, LongPolls(board: board)]
    }

    /// What is done again and again: counters, records of deleted groups, balances.
    private static func rounds(
        _ config: RegistryConfig, _ context: ServiceContext, _ pool: PostgresPool, _ clients: HTTPClientGroup,
        _ balances: BalanceChecker, isPrepared: @escaping @Sendable () -> Bool
    ) -> [any Service] {
        let collector = PeerClient(
            baseURL: config.collectorURL, key: config.internalKey, clients: clients, loops: context.group,
            logger: context.logger)
        let metrics = CollectorMetrics(context.metrics)
        var services: [any Service] = [
            CounterPull(
                peer: collector, store: CounterStore(pool: pool), isPrepared: isPrepared, loop: context.group.next(),
                metrics: metrics, logger: context.logger),
            LogPurger(
                peer: collector, store: LogPurgeStore(pool: pool), isPrepared: isPrepared, loop: context.group.next(),
                metrics: metrics, logger: context.logger),
        ]
        if config.refreshesBalances {
            services.append(
                BalanceRounds(
                    checker: balances, rounds: RoundStore(pool: pool), isPrepared: isPrepared,
                    loop: context.group.next(), logger: context.logger))
        }
        return services
    }

    /// The channels of our own database.
    static func channels(_ config: RegistryConfig, _ pool: PostgresPool, _ context: ServiceContext) -> ChannelStore {
        let vault = KeyVault(box: SecretBox(secretsKey: config.secretsKey.reveal), logger: context.logger)
        return ChannelStore(
            pool: pool, vault: vault, requiresModelConfigs: config.requiresModelConfigs)
    }

    /// Brings the schema up to date and ends.
    static func migrate(_ config: RegistryConfig, _ context: ServiceContext) async throws {
        let pool = try pool(config, context)
        let applied = try await MigrationRunner.run(
            RegistrySchema.migrations, schema: RegistrySchema.name, pool: pool, logger: context.logger)
        for migration in applied {
            context.logger.info(
                "applied a migration", ["number": .integer(migration.number), "name": .string(migration.name)])
        }
        await pool.shutdown(deadline: .seconds(5))
    }

    private static func server(_ router: Router, _ context: ServiceContext) -> HTTPServer {
        var address = ServerConfiguration(host: context.config.listen.host, port: context.config.listen.port)
        address.maxBodyBytes = AdminServer.maxBodyBytes
        return HTTPServer(
            address, group: context.group, handler: { try await router.handle($0, $1) },
            onRefused: { fault in
                Refusal(
                    status: fault.status, headers: ["content-type": AdminEnvelope.contentType],
                    body: AdminEnvelope.failure(fault.message))
            })
    }

    /// Our own database.
    static func pool(_ config: RegistryConfig, _ context: ServiceContext) throws -> PostgresPool {
        guard let database = config.database else { throw PostgresError.configuration("there is no database URL") }
        let pool = PostgresPool(database, group: context.group, logger: context.logger)
        let metrics = context.metrics
        metrics.gaugeCallback("channel_registry_database_connections_open", "Connections to PostgreSQL.") {
            Double(pool.stats.open)
        }
        metrics.gaugeCallback("channel_registry_database_connections_used", "Connections that are in use.") {
            Double(pool.stats.leased)
        }
        metrics.gaugeCallback("channel_registry_database_waiting", "Callers that wait for a connection.") {
            Double(pool.stats.waiting)
        }
        return pool
    }

    /// Looks at the start whether the stored keys can be opened: an operator should not learn it from a failing call.
    private static func audit(_ channels: ChannelStore, _ logger: Logger) async {
        do throws(RegistryError) {
            try await channels.auditKeys()
        } catch {
            logger.warning("the stored keys could not be checked", ["error": .string("\(error)")])
        }
    }
}

/// The connections that everything else uses; first in the group, so they go last.
private struct Database: Service {
    let name = "postgres"
    let pool: PostgresPool
    let importer: OneAPIImporter
    private let stop = StopSignal()

    init(pool: PostgresPool, importer: OneAPIImporter) {
        self.pool = pool
        self.importer = importer
    }

    func run() async throws {
        await stop.wait()
    }

    func shutdown(deadline: Duration) async {
        importer.close()
        await pool.shutdown(deadline: deadline)
        stop.raise()
    }
}

/// The connections to vendors; they go after the server whose requests use them.
private struct Vendors: Service {
    let name = "vendors"
    let clients: HTTPClientGroup
    private let stop = StopSignal()

    init(clients: HTTPClientGroup) {
        self.clients = clients
    }

    func run() async throws {
        await stop.wait()
    }

    func shutdown(deadline: Duration) async {
        await clients.shutdown()
        stop.raise()
    }
}

/// The waiting calls of the gateways; last in the group, so they are answered before the server drains.
private struct LongPolls: Service {
    let name = "long-polls"
    let board: SnapshotBoard
    private let stop = StopSignal()

    init(board: SnapshotBoard) {
        self.board = board
    }

    func run() async throws {
        await stop.wait()
    }

    func shutdown(deadline: Duration) async {
        board.close()
        stop.raise()
    }
}
