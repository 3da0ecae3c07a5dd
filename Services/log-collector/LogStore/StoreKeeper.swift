package import EventLoop
package import Lifecycle
import Migrations
package import Postgres
package import Telemetry

/// Brings the schema up to date as soon as PostgreSQL answers, and keeps `/readyz` true to whether it does.
///
/// PostgreSQL may be down at the start and at any time later: the process stays up, says so, and goes on by itself.
package struct StoreKeeper: Service {
    /// The name in log lines.
    package let name = "log-store"

    private let pool: PostgresPool
    private let migrates: Bool
    private let schema: ReadinessSwitch
    private let database: ReadinessSwitch
    private let logger: Logger
    private let loop: EventLoop
    private let stop = StopSignal()

    private static let unreachable = "PostgreSQL cannot be reached"
    private static let pingInterval = Duration.seconds(2)
    private static let retryInterval = Duration.seconds(1)

    /// - Parameters:
    ///   - pool: Used for migrations and pings.
    ///   - migrates: Whether pending migrations are applied; otherwise they are waited for.
    ///   - readiness: Gets the checks `postgres` and `schema`.
    ///   - loop: Keeps the time.
    ///   - logger: For the operator.
    package init(
        pool: PostgresPool, migrates: Bool, readiness: ReadinessChecks, loop: EventLoop, logger: Logger
    ) {
        self.pool = pool
        self.migrates = migrates
        self.logger = logger
        self.loop = loop
        let database = readiness.addSwitch("postgres", reason: "PostgreSQL was not reached yet")
        self.database = database
        // The pool knows of an outage before a ping has waited it out.
        readiness.add("postgres") { pool.stats.isDown ? .notReady(Self.unreachable) : database.state }
        schema = readiness.addSwitch("schema", reason: "the schema is not up to date yet")
    }

    /// Whether the tables are there.
    package var hasSchema: Bool { schema.state == .ready }

    /// Waits, migrates and watches until it is stopped; throws when the schema does not fit this version.
    package func run() async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await keep() }
            group.addTask { await stop.wait() }
            defer { group.cancelAll() }
            try await group.next()
        }
    }

    /// Ends `run()`.
    package func shutdown(deadline: Duration) async {
        stop.raise()
    }

    /// Ends only with an error of the schema, which no waiting mends, or by cancellation.
    private func keep() async throws {
        while !Task.isCancelled {
            let isUp = await pool.ping()
            // A ping that was cut off by the stop says nothing.
            if Task.isCancelled { return }
            report(isUp)
            if isUp, !hasSchema { try await prepare() }
            do throws(CancellationError) {
                try await loop.sleep(for: hasSchema ? Self.pingInterval : Self.retryInterval)
            } catch {
                return
            }
        }
    }

    private func report(_ isUp: Bool) {
        let state: ReadinessState = isUp ? .ready : .notReady(Self.unreachable)
        let before = database.state
        guard before != state else { return }
        database.set(state)
        if isUp {
            logger.info("PostgreSQL answers")
        } else {
            logger.warning("PostgreSQL cannot be reached")
        }
    }

    private func prepare() async throws {
        do {
            try await migrate()
        } catch MigrationError.locked {
            logger.warning("another process has been migrating for long")
        } catch let error as PostgresError {
            schema.set(.notReady("the schema could not be prepared: \(error.code)"))
            logger.warning("the schema could not be prepared", ["error": .string("\(error)")])
        }
    }

    private func migrate() async throws {
        if migrates {
            let applied = try await MigrationRunner.run(
                LogSchema.migrations, schema: LogSchema.name, pool: pool, logger: logger)
            if !applied.isEmpty { logger.info("applied migrations", ["count": .integer(applied.count)]) }
        } else {
            let pending = try await MigrationRunner.pending(
                LogSchema.migrations, schema: LogSchema.name, pool: pool)
            guard pending.isEmpty else {
                schema.set(.notReady("migrations are pending: run log-collector migrate"))
                return
            }
        }
        schema.set(.ready)
    }
}
