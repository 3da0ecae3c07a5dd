import Glibc
import TestSupport
import Testing

@testable import Postgres

@Suite("Outages of a real server")
struct OutageTests {
    @Test("statements during an outage fail as unavailable, and the pool recovers by itself")
    func middle() async throws {
        let server = try ThrowawayPostgres()
        try await PostgresFixture.withPool(dsn: server.database(), { $0.waitTimeout = .milliseconds(300) }) {
            pool async throws in
            try await pool.execute("CREATE TABLE t (n int)")
            let running = Task { try await pool.query("SELECT pg_sleep(600)") }
            try await PostgresFixture.eventually("the statement runs") { pool.stats.leased == 1 }
            try server.stop()
            let cut = await #expect(throws: PostgresError.self) { try await running.value }
            #expect(cut.map { if case .unavailable = $0 { true } else { false } } == true)
            let refused = await #expect(throws: PostgresError.self) { try await pool.query("SELECT 1") }
            #expect(refused?.code == "unavailable" && refused?.isTransient == true)
            try await PostgresFixture.eventually("the outage is older than the wait timeout") {
                let start = ContinuousClock.now
                _ = try? await pool.query("SELECT 1")
                return ContinuousClock.now - start < .milliseconds(100)
            }
            #expect(await !pool.ping())
            #expect(pool.stats.isDown)
            try server.start()
            try await PostgresFixture.eventually("the pool is back without being asked") { !pool.stats.isDown }
            #expect(await pool.ping())
            #expect(try await pool.query("SELECT n FROM t").isEmpty)
        }
    }

    @Test("a short restart is ridden out by callers that wait")
    func short() async throws {
        let server = try ThrowawayPostgres()
        try await PostgresFixture.withPool(dsn: server.database(overTCP: true), { $0.waitTimeout = .seconds(30) }) {
            pool async throws in
            _ = try await pool.query("SELECT 1")
            try server.crash()
            try await PostgresFixture.eventually("the dead connection is noticed") { pool.stats.open == 0 }
            async let rows = pool.query("SELECT 'back'")
            try await PostgresFixture.eventually("the caller waits") { pool.stats.waiting == 1 }
            try server.start()
            #expect(try await rows[0][0] == "back")
        }
    }

    @Test("a pool may be made before there is a server")
    func before() async throws {
        let server = try ThrowawayPostgres()
        let dsn = try server.database()
        try server.stop()
        try await PostgresFixture.withPool(dsn: dsn, { $0.waitTimeout = .milliseconds(200) }) { pool async throws in
            #expect(await !pool.ping())
            try server.start()
            try await PostgresFixture.eventually("the server is reached") { await pool.ping() }
        }
    }

    @Test("a transaction that loses its connection is unavailable, and one that loses it in COMMIT unknown")
    func transactions() async throws {
        let server = try ThrowawayPostgres()
        try await PostgresFixture.withPool(dsn: server.database()) { pool async throws in
            try await pool.withConnection {
                try await $0.simple(
                    """
                    CREATE TABLE t (n int);
                    CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(600); RETURN NULL; END $$;
                    CREATE CONSTRAINT TRIGGER slow AFTER INSERT ON t DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION slow()
                    """)
            }
            let running = Task {
                try await pool.transaction { connection in
                    try await connection.execute("INSERT INTO t VALUES (1)")
                }
            }
            try await PostgresFixture.eventually("it commits") {
                try await pool.query("SELECT 1 FROM pg_stat_activity WHERE query = 'COMMIT' AND wait_event = 'PgSleep'")
                    .count == 1
            }
            try server.crash()
            await expectError(.commitOutcomeUnknown) { _ = try await running.value }
        }
    }

    @Test("a COPY whose server dies fails as unavailable")
    func copy() async throws {
        let server = try ThrowawayPostgres()
        try await PostgresFixture.withPool(dsn: server.database()) { pool async throws in
            try await pool.withConnection {
                try await $0.simple(
                    """
                    CREATE TABLE t (body text);
                    CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(1); RETURN NEW; END $$;
                    CREATE TRIGGER slow BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION slow()
                    """)
            }
            let body = Array(String(repeating: String(repeating: "x", count: 99) + "\n", count: 100_000).utf8)
            let running = Task { try await pool.withConnection { try await $0.copyIn("COPY t FROM STDIN", body) } }
            try await PostgresFixture.eventually("the COPY has its connection") { pool.stats.leased == 1 }
            try server.crash()
            let error = await #expect(throws: PostgresError.self) { try await running.value }
            #expect(error?.code == "unavailable")
        }
    }

    @Test("a server that hangs costs the connection, and the pool goes on with another")
    func silence() async throws {
        try await PostgresFixture.withPool({
            $0.statementTimeout = .milliseconds(200)
            $0.silenceGrace = .milliseconds(100)
        }) { pool async throws in
            let (pid, error) = try await pool.withConnection { connection in
                let pid: Int32 = try await connection.query("SELECT pg_backend_pid()")[0].decode(0)
                kill(pid, SIGSTOP)
                let error = await #expect(throws: PostgresError.self) { try await connection.query("SELECT 1") }
                return (pid, error)
            }
            #expect(error == .unavailable("the server did not answer in time"))
            #expect(try await pool.query("SELECT 1").count == 1)
            kill(pid, SIGCONT)
        }
    }

    @Test("a wrong password is reported without showing it, and a server that is none is survived")
    func refused() async throws {
        let server = try ThrowawayPostgres()
        let dsn = try server.database(overTCP: true)
        try await PostgresFixture.withPool(dsn: dsn) { pool async throws in
            try await pool.execute("CREATE ROLE someone LOGIN PASSWORD 'right'")
        }
        try Command.check([
            "sh", "-c", "echo 'host all all 127.0.0.1/32 scram-sha-256' > \(server.directory)/data/pg_hba.conf",
        ])
        try server.stop()
        try server.start()
        for wrong in ["hunter2secret", "someone"] {
            let other = dsn.replacing("postgres@", with: "someone:\(wrong)@")
            try await PostgresFixture.withPool(dsn: other, { $0.waitTimeout = .milliseconds(500) }) {
                pool async throws in
                let error = await #expect(throws: PostgresError.self) { try await pool.query("SELECT 1") }
                #expect(error?.code == "unavailable")
                #expect(error.map { !"\($0)".contains("hunter2secret") } == true)
            }
        }
        try await PostgresFixture.withPool(
            dsn: "postgres://u:hunter2secret@no-such-host.invalid/d", { $0.waitTimeout = .milliseconds(1500) }
        ) { pool async throws in
            let error = await #expect(throws: PostgresError.self) { try await pool.query("SELECT 1") }
            #expect(error.map { !"\($0)".contains("hunter2secret") } == true)
        }
    }
}
