import AdminHTTP
import EventLoop
import HTTPClient
import HTTPCore
import HTTPServer
import InternalHTTP
import Lifecycle
import LogAPI
import LogIngestion
import LogStore
import Migrations
import Postgres
import RegistryLink
import Retention
import ServiceKit
import Telemetry

/// Builds the log-collector; the only place that sees all of it.
enum Assembly {
    /// The services in the order of dependency.
    static func services(_ config: CollectorConfig, _ context: ServiceContext) throws -> [any Service] {
        let writing = try pool(config.ingestDatabase, context, name: "ingest")
        let reading = try pool(config.searchDatabase, context, name: "search")
        let readers = BlockingPool(name: "ingest", threads: 2, maxQueued: config.ingestConcurrency)
        let keeper = SchemaKeeper(
            LogSchema.plan, pool: writing, migrates: config.migrates, readiness: context.readiness,
            loop: context.group.loops[0],
            logger: context.logger)
        let partitions = PartitionKeeper(pool: writing, logger: context.logger)
        let retention = RetentionService(
            partitions: partitions, terms: config.terms.current,
            isPrepared: { keeper.hasSchema && config.terms.isKnown }, loop: context.group.loops[0],
            metrics: RetentionMetrics(context.metrics), logger: context.logger)
        let router = router(config, context, writing, reading, partitions, readers)
        let clients = try HTTPClientGroup(group: context.group)
        let options = OptionsFollower(
            peer: PeerClient(
                baseURL: config.registryURL, key: config.internalKey, clients: clients, loops: context.group,
                logger: context.logger),
            cell: config.terms, store: TermsStore(pool: writing), isPrepared: { keeper.hasSchema },
            loop: context.group.loops[0], logger: context.logger)
        var address = ServerConfiguration(host: config.service.listen.host, port: config.service.listen.port)
        address.maxBodyBytes = 16 * 1024 * 1024
        let server = HTTPServer(
            address, group: context.group, handler: { try await router.handle($0, $1) }, onRefused: refusal)
        return [
            Resources(pools: [writing, reading], readers: readers, clients: clients), keeper, options, retention,
            HTTPService(server, context: context),
        ]
    }

    /// Brings the schema up to date and ends.
    static func migrate(_ config: CollectorConfig, _ context: ServiceContext) async throws {
        let pool = try pool(config.ingestDatabase, context, name: "migrate")
        let applied = try await MigrationRunner.run(
            LogSchema.migrations, schema: LogSchema.name, pool: pool, logger: context.logger)
        for migration in applied {
            context.logger.info(
                "applied a migration", ["number": .integer(migration.number), "name": .string(migration.name)])
        }
        await pool.shutdown(deadline: .seconds(5))
    }

    private static func router(
        _ config: CollectorConfig, _ context: ServiceContext, _ writing: PostgresPool, _ reading: PostgresPool,
        _ partitions: PartitionKeeper, _ readers: BlockingPool
    ) -> Router {
        var router = Router()
        router.notFound = AdminGate.unknownRoute
        router.methodNotAllowed = { request, response, _ in try await AdminGate.unknownRoute(request, response) }
        OperationalRoutes(readiness: context.readiness, metrics: context.metrics).add(to: &router)
        let ingest = IngestRoutes(
            writer: LogWriter(
                pool: writing, terms: config.terms.current, partitions: partitions, logger: context.logger),
            key: config.internalKey, concurrency: config.ingestConcurrency, readers: readers,
            metrics: IngestMetrics(context.metrics), logger: context.logger)
        ingest.register(in: &router)
        context.metrics.gaugeCallback("log_collector_ingestion_in_flight", "Shipments that are worked on now.") {
            Double(ingest.inFlight)
        }
        RegistryRoutes(
            totals: TotalsReader(pool: reading), partitions: partitions, key: config.internalKey, logger: context.logger
        ).register(in: &router)
        let auth = AdminAuth(adminKey: config.adminKey)
        let metrics = LogMetrics(context.metrics)
        let calls = LogReader(pool: reading, terms: config.terms.current)
        LogRoutes(reader: calls, auth: auth, metrics: metrics, logger: context.logger).register(in: &router)
        HistoryRoutes(
            reader: calls, partitions: partitions, auth: auth, metrics: metrics, logger: context.logger
        ).register(in: &router)
        let sums = RollupReader(pool: reading)
        DashboardRoutes(reader: sums, auth: auth, metrics: metrics, logger: context.logger).register(in: &router)
        RankingRoutes(reader: sums, auth: auth, metrics: metrics, logger: context.logger).register(in: &router)
        return router
    }

    private static func pool(
        _ configuration: PostgresConfiguration?, _ context: ServiceContext, name: String
    ) throws -> PostgresPool {
        guard let configuration else { throw PostgresError.configuration("there is no database URL") }
        let pool = PostgresPool(configuration, group: context.group, logger: context.logger)
        let metrics = context.metrics
        metrics.gaugeCallback("log_collector_database_\(name)_connections_open", "Connections to PostgreSQL.") {
            Double(pool.stats.open)
        }
        metrics.gaugeCallback("log_collector_database_\(name)_connections_used", "Connections that are in use.") {
            Double(pool.stats.leased)
        }
        metrics.gaugeCallback("log_collector_database_\(name)_waiting", "Callers that wait for a connection.") {
            Double(pool.stats.waiting)
        }
        return pool
    }

    /// What the server itself answers has the envelope of the admin routes too.
    @Sendable
    private static func refusal(_ fault: ServerFault) -> Refusal {
        Refusal(
            status: fault.status, headers: ["content-type": AdminEnvelope.contentType],
            body: AdminEnvelope.failure(fault.message))
    }
}

/// The connections and threads that everything else uses; first in the group, so they go last.
private struct Resources: Service {
    let name = "postgres"
    let pools: [PostgresPool]
    let readers: BlockingPool
    let clients: HTTPClientGroup
    private let stop = StopSignal()

    init(pools: [PostgresPool], readers: BlockingPool, clients: HTTPClientGroup) {
        self.pools = pools
        self.readers = readers
        self.clients = clients
    }

    func run() async throws {
        await stop.wait()
    }

    func shutdown(deadline: Duration) async {
        await clients.shutdown()
        for pool in pools { await pool.shutdown(deadline: deadline) }
        readers.close()
        stop.raise()
    }
}
