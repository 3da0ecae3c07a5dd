import EventLoop
import Postgres
import Telemetry
import TestSupport
import Testing

@testable import Migrations

@Suite("Migrations on a real server")
struct MigrationRunnerTests {
    private let first = [
        Migration(
            number: 1, name: "people", sql: "CREATE TABLE people (id int PRIMARY KEY); INSERT INTO people VALUES (1)"),
        Migration(number: 2, name: "names", sql: "ALTER TABLE people ADD COLUMN name text"),
    ]

    private func withPool(statementTimeout: Duration = .seconds(60), _ body: (PostgresPool) async throws -> Void)
        async throws
    {
        let group = try EventLoopGroup(count: 2, name: "test")
        try group.start()
        var configuration = try PostgresConfiguration(dsn: try ThrowawayPostgres.database())
        configuration.statementTimeout = statementTimeout
        configuration.waitTimeout = .seconds(60)
        let pool = PostgresPool(configuration, group: group, logger: .silent)
        do {
            try await body(pool)
        } catch {
            await pool.shutdown(deadline: .seconds(2))
            group.stop()
            throw error
        }
        await pool.shutdown(deadline: .seconds(2))
        group.stop()
    }

    private func run(_ migrations: [Migration], _ pool: PostgresPool, schema: String = "registry") async throws -> [Int]
    {
        try await MigrationRunner.run(migrations, schema: schema, pool: pool, logger: .silent).map(\.number)
    }

    private func expect(_ expected: MigrationError, _ body: () async throws -> Void) async {
        do {
            try await body()
            Issue.record("nothing was thrown")
        } catch {
            #expect(error as? MigrationError == expected)
        }
    }

    @Test("a fresh database gets schema, table and all migrations, a second run nothing")
    func fresh() async throws {
        try await withPool { pool async throws in
            #expect(try await MigrationRunner.pending(first, schema: "registry", pool: pool) == first)
            #expect(try await run(first, pool) == [1, 2])
            #expect(try await run(first, pool) == [])
            #expect(try await MigrationRunner.pending(first, schema: "registry", pool: pool) == [])
            let third = Migration(number: 4, name: "more", sql: "CREATE TABLE more (n int)")
            #expect(try await run(first + [.retired(number: 3, name: "never"), third], pool) == [4])
            #expect(try await pool.query("SELECT name FROM registry.people").count == 1)
            #expect(
                try await pool.query("SELECT number FROM registry.schema_migrations ORDER BY 1").map { $0[0] } == [
                    "1", "2", "4",
                ])
        }
    }

    @Test("eight processes that start at once apply each migration once")
    func race() async throws {
        try await withPool { pool async throws in
            let many = (1...12).map {
                Migration(number: $0, name: "m\($0)", sql: "CREATE TABLE t\($0) (n int); SELECT pg_sleep(0.01)")
            }
            let applied = try await withThrowingTaskGroup(of: [Int].self) { tasks in
                for _ in 0..<8 { tasks.addTask { try await run(many, pool, schema: #"odd "schema""#) } }
                return try await tasks.reduce(into: []) { $0 += $1 }
            }
            #expect(applied.sorted() == Array(1...12))
        }
    }

    @Test("two schemas of one database do not know each other")
    func schemas() async throws {
        try await withPool { pool async throws in
            #expect(try await run(first, pool, schema: "registry") == [1, 2])
            #expect(try await run(first, pool, schema: "logs") == [1, 2])
        }
    }

    @Test("changed statements and a newer database are refused and nothing happens")
    func refused() async throws {
        try await withPool { pool async throws in
            _ = try await run(first, pool)
            let edited = [first[0], Migration(number: 2, name: "names", sql: "ALTER TABLE people ADD COLUMN nom text")]
            await expect(.changed(number: 2, name: "names")) { _ = try await run(edited, pool) }
            await expect(.changed(number: 2, name: "names")) {
                _ = try await MigrationRunner.pending(edited, schema: "registry", pool: pool)
            }
            await expect(.newerDatabase(number: 2, name: "names", known: 1)) { _ = try await run([first[0]], pool) }
        }
    }

    @Test("a migration that fails leaves nothing of itself and everything before it")
    func failing() async throws {
        try await withPool { pool async throws in
            let bad = Migration(number: 3, name: "bad", sql: "CREATE TABLE half (n int); INSERT INTO half VALUES ('x')")
            await expect(
                .failed(
                    number: 3, name: "bad", .server("22P02", message: #"invalid input syntax for type integer: "x""#))
            ) { _ = try await run(first + [bad], pool) }
            #expect(try await MigrationRunner.pending(first, schema: "registry", pool: pool) == [])
            #expect(try await pool.query("SELECT 1 FROM pg_tables WHERE tablename = 'half'").isEmpty)
            let good = Migration(number: 3, name: "bad", sql: "CREATE TABLE half (n int)")
            #expect(try await run(first + [good], pool) == [3])
        }
    }

    @Test("a migration that ends its transaction is refused")
    func committing() async throws {
        try await withPool { pool async throws in
            let bad = Migration(number: 1, name: "bad", sql: "CREATE TABLE half (n int); COMMIT")
            await expect(.endedTransaction(number: 1, name: "bad")) { _ = try await run([bad], pool) }
        }
    }

    @Test("a migration may take longer than the session's statement timeout")
    func long() async throws {
        try await withPool(statementTimeout: .seconds(1)) { pool async throws in
            let slow = Migration(number: 1, name: "slow", sql: "SELECT pg_sleep(1.3)")
            #expect(try await run([slow], pool) == [1])
            #expect(try await pool.query("SHOW statement_timeout")[0][0] == "1s")
        }
    }
}
