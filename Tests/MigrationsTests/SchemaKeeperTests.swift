import EventLoop
import Lifecycle
import Postgres
import Synchronization
import Telemetry
import TestSupport
import Testing

@testable import Migrations

@Suite("Schema keeper") struct SchemaKeeperTests {
    private static let plan = SchemaKeeper.Plan(
        [Migration(number: 1, name: "people", sql: "CREATE TABLE people (id int PRIMARY KEY)")], schema: "kept",
        program: "some-service")

    private final class Counter: Sendable {
        private let count = Mutex(0)

        var value: Int { count.withLock { $0 } }

        func increment() { count.withLock { $0 += 1 } }
    }

    private struct Bench {
        let loops: EventLoopGroup
        let pool: PostgresPool
        let keeper: SchemaKeeper
        let checks: ReadinessChecks
        let prepared: Counter
        let ended: Counter

        var report: [String: Bool] {
            Dictionary(uniqueKeysWithValues: checks.report().checks.map { ($0.name, $0.state == .ready) })
        }

        func reason(_ name: String) -> String {
            guard case .notReady(let reason) = checks.report().checks.first(where: { $0.name == name })?.state else {
                return ""
            }
            return reason
        }

        func wait(_ condition: () -> Bool) async throws {
            for _ in 0..<600 {
                if condition() { return }
                try await loops.loops[0].sleep(for: .milliseconds(50))
            }
            Issue.record("the state that was waited for never came")
        }
    }

    private func running(
        _ dsn: String, migrates: Bool, plan: SchemaKeeper.Plan = Self.plan, _ body: (Bench) async throws -> Void
    ) async throws {
        let loops = try EventLoopGroup(count: 2, name: "test")
        try loops.start()
        defer { loops.stop() }
        var configuration = try PostgresConfiguration(dsn: dsn)
        configuration.backoff = .milliseconds(10) ... .milliseconds(100)
        configuration.waitTimeout = .seconds(5)
        let pool = PostgresPool(configuration, group: loops, logger: .silent)
        let checks = ReadinessChecks()
        let prepared = Counter()
        let keeper = SchemaKeeper(
            plan, pool: pool, migrates: migrates, readiness: checks, loop: loops.loops[0], logger: .silent
        ) { prepared.increment() }
        let ended = Counter()
        let bench = Bench(
            loops: loops, pool: pool, keeper: keeper, checks: checks, prepared: prepared, ended: ended)
        let work = Task {
            defer { ended.increment() }
            try await keeper.run()
        }
        var result: Result<Void, any Error> = .success(())
        do { try await body(bench) } catch { result = .failure(error) }
        await keeper.shutdown(deadline: .zero)
        let outcome = await work.result
        await pool.shutdown(deadline: .seconds(5))
        try result.get()
        try outcome.get()
    }

    @Test("a fresh database is migrated, then everything is ready and who waits for the tables is told once")
    func migrates() async throws {
        try await running(ThrowawayPostgres.database(), migrates: true) { bench in
            try await bench.wait { bench.keeper.hasSchema && bench.prepared.value > 0 }
            #expect(bench.report == ["postgres": true, "schema": true] && bench.prepared.value == 1)
            #expect(try await bench.pool.query("SELECT 1 FROM kept.people").isEmpty)
        }
    }

    @Test("without the leave to migrate it says what to run, and waits until somebody has")
    func waits() async throws {
        try await running(ThrowawayPostgres.database(), migrates: false) { bench in
            try await bench.wait { bench.report == ["postgres": true, "schema": false] }
            #expect(bench.reason("schema") == "migrations are pending: run some-service migrate")
            #expect(bench.prepared.value == 0)
            _ = try await MigrationRunner.run(
                Self.plan.migrations, schema: Self.plan.schema, pool: bench.pool, logger: .silent)
            try await bench.wait { bench.keeper.hasSchema && bench.prepared.value == 1 }
        }
    }

    @Test("with PostgreSQL down at the start it stays up, and is ready when PostgreSQL is")
    func outages() async throws {
        let cluster = try ThrowawayPostgres()
        let dsn = try cluster.database()
        try cluster.stop()
        try await running(dsn, migrates: true) { bench in
            try await bench.wait { bench.report == ["postgres": false, "schema": false] }
            try cluster.start()
            try await bench.wait { bench.report == ["postgres": true, "schema": true] }
            try cluster.crash()
            try await bench.wait { bench.report == ["postgres": false, "schema": true] }
            try cluster.start()
            try await bench.wait { bench.report["postgres"] == true }
        }
    }

    @Test("a migration that fails ends it: no waiting mends that")
    func failure() async throws {
        let broken = SchemaKeeper.Plan(
            [Migration(number: 1, name: "broken", sql: "CREATE TABEL nothing ()")], schema: "kept", program: "p")
        await #expect(throws: MigrationError.self) {
            try await running(ThrowawayPostgres.database(), migrates: true, plan: broken) { bench in
                try await bench.wait { bench.ended.value == 1 }
            }
        }
    }
}
