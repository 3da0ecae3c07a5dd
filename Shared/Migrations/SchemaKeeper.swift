package import EventLoop
package import Lifecycle
package import Postgres
package import Telemetry

/// Brings a schema up to date as soon as PostgreSQL answers, and keeps `/readyz` true to whether it does.
///
/// PostgreSQL may be down at the start and at any time later: the process stays up, says so, and goes on by itself.
package struct SchemaKeeper: Service {
    /// What a service's tables are.
    package struct Plan: Sendable {
        let migrations: [Migration]
        let schema: String
        let program: String

        /// A plan.
        ///
        /// - Parameters:
        ///   - migrations: The program's list, in rising order.
        ///   - schema: The PostgreSQL schema they belong to.
        ///   - program: The executable whose `migrate` applies them, for the operator.
        package init(_ migrations: [Migration], schema: String, program: String) {
            self.migrations = migrations
            self.schema = schema
            self.program = program
        }
    }

    /// The name in log lines.
    package let name = "schema"

    private let plan: Plan
    private let pool: PostgresPool
    private let migrates: Bool
    private let database: ReadinessSwitch
    private let schema: ReadinessSwitch
    private let loop: EventLoop
    private let logger: Logger
    private let prepared: @Sendable () async -> Void
    private let stop = StopSignal()

    private static let unreachable = "PostgreSQL cannot be reached"
    private static let pingInterval = Duration.seconds(2)
    private static let firstRetry = Duration.milliseconds(100)
    private static let longestRetry = Duration.seconds(2)

    /// A keeper that was not started.
    ///
    /// - Parameters:
    ///   - plan: What has to be there.
    ///   - pool: Used for migrations and pings.
    ///   - migrates: Whether pending migrations are applied; otherwise they are waited for.
    ///   - readiness: Gets the checks `postgres` and `schema`.
    ///   - loop: Keeps the time.
    ///   - logger: For the operator.
    ///   - prepared: Called once, when the tables are there.
    package init(
        _ plan: Plan, pool: PostgresPool, migrates: Bool, readiness: ReadinessChecks, loop: EventLoop, logger: Logger,
        prepared: @escaping @Sendable () async -> Void = {}
    ) {
        self.plan = plan
        self.pool = pool
        self.migrates = migrates
        self.loop = loop
        self.logger = logger
        self.prepared = prepared
        let database = readiness.addSwitch("postgres", reason: "PostgreSQL was not reached yet")
        self.database = database
        // The pool knows of an outage before a ping has waited it out.
        readiness.add("postgres") { pool.stats.isDown ? .notReady(Self.unreachable) : database.state }
        schema = readiness.addSwitch("schema", reason: "the tables were not looked at yet")
    }

    /// Whether the tables are there.
    package var hasSchema: Bool { schema.state == .ready }

    /// Keeps the schema until ``shutdown(deadline:)``.
    ///
    /// - Throws: What no waiting mends: the database was migrated by another version, or a migration fails.
    package func run() async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await keep() }
            group.addTask { await stop.wait() }
            defer { group.cancelAll() }
            try await group.next()
        }
    }

    /// Ends ``run()``.
    package func shutdown(deadline: Duration) async {
        stop.raise()
    }

    /// Ends only with an error of the schema, or by cancellation.
    private func keep() async throws {
        var wait = Self.firstRetry
        while try await !prepare() {
            guard await sleep(wait) else { return }
            wait = min(wait * 2, Self.longestRetry)
        }
        await prepared()
        while await sleep(Self.pingInterval) {
            let isUp = await pool.ping()
            // A ping that was cut off by the stop says nothing.
            if !Task.isCancelled { report(isUp: isUp) }
        }
    }

    /// Whether the tables are there now.
    private func prepare() async throws -> Bool {
        do {
            if migrates {
                let applied = try await MigrationRunner.run(
                    plan.migrations, schema: plan.schema, pool: pool, logger: logger)
                if !applied.isEmpty { logger.info("applied migrations", ["count": .integer(applied.count)]) }
            } else {
                let pending = try await MigrationRunner.pending(plan.migrations, schema: plan.schema, pool: pool)
                guard pending.isEmpty else {
                    report(isUp: true)
                    say("migrations are pending: run \(plan.program) migrate")
                    return false
                }
            }
        } catch MigrationError.locked {
            report(isUp: true)
            say("another process has been migrating for long")
            return false
        } catch let error as PostgresError {
            // The service stops: that is no news about PostgreSQL.
            guard !Task.isCancelled else { return false }
            report(isUp: await pool.ping())
            say("the tables could not be prepared: \(error.code)", error)
            return false
        }
        report(isUp: true)
        schema.set(.ready)
        return true
    }

    private func sleep(_ time: Duration) async -> Bool {
        do throws(CancellationError) {
            try await loop.sleep(for: time)
            return true
        } catch {
            return false
        }
    }

    private func report(isUp: Bool) {
        let state: ReadinessState = isUp ? .ready : .notReady(Self.unreachable)
        guard database.state != state else { return }
        database.set(state)
        if isUp {
            logger.info("PostgreSQL answers")
        } else {
            logger.warning("PostgreSQL cannot be reached")
        }
    }

    /// Sets the answer of the check, and logs it when it is a new one.
    private func say(_ reason: String, _ error: PostgresError? = nil) {
        guard schema.state != .notReady(reason) else { return }
        schema.set(.notReady(reason))
        logger.warning("the tables are not ready", ["reason": .string(error.map { "\($0)" } ?? reason)])
    }
}
