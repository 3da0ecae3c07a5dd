import TestSupport
import Testing

@testable import Postgres

@Suite("Cancellation on a real server")
struct CancellationTests {
    @Test("a cancelled statement stops on the server and its connection is used again")
    func statement() async throws {
        try await PostgresFixture.withPool({ $0.maxConnections = 1 }) { pool async throws in
            let before = try await pool.query("SELECT pg_backend_pid()")[0][0]
            for _ in 0..<5 {
                let task = Task { try await pool.query("SELECT pg_sleep(600)") }
                try await PostgresFixture.eventually("the statement has its connection") { pool.stats.leased == 1 }
                task.cancel()
                await expectError(.cancelled) { _ = try await task.value }
                // Nothing of the cancel request hits the next statement.
                #expect(try await pool.query("SELECT pg_backend_pid() FROM pg_sleep(0.02)")[0][0] == before)
            }
        }
    }

    @Test("a statement that ignores being cancelled costs its connection, not its caller")
    func deaf() async throws {
        try await PostgresFixture.withPool({
            $0.maxConnections = 1
            $0.cancelGrace = .milliseconds(100)
        }) { pool async throws in
            let task = Task {
                try await pool.withConnection { connection in
                    try await connection.simple(
                        """
                        DO $$ BEGIN
                            LOOP
                                BEGIN PERFORM pg_sleep(60); EXCEPTION WHEN query_canceled THEN NULL; END;
                            END LOOP;
                        END $$
                        """)
                }
            }
            try await PostgresFixture.eventually("the statement has its connection") { pool.stats.leased == 1 }
            try await Task.sleep(for: .milliseconds(50))
            task.cancel()
            await expectError(.cancelled) { try await task.value }
            #expect(try await pool.query("SELECT 1").count == 1)
            // The deaf session would outlive the test.
            _ = try await pool.query(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datname = current_database()"
            )
        }
    }

    @Test("a task that is cancelled already sends nothing")
    func early() async throws {
        try await PostgresFixture.withPool { pool async throws in
            try await pool.execute("CREATE TABLE t (n int)")
            let task = Task {
                unsafe withUnsafeCurrentTask { unsafe $0?.cancel() }
                try await pool.execute("INSERT INTO t VALUES (1)")
            }
            await expectError(.cancelled) { _ = try await task.value }
            #expect(try await pool.query("SELECT n FROM t").isEmpty)
        }
    }

    @Test("a waiting caller that is cancelled leaves the queue at once")
    func waiting() async throws {
        try await PostgresFixture.withPool({
            $0.maxConnections = 1
            $0.waitTimeout = .seconds(600)
        }) { pool async throws in
            let gate = Gate()
            async let holder: Void = pool.withConnection { _ in await gate.wait() }
            try await PostgresFixture.eventually("the connection is taken") { pool.stats.leased == 1 }
            let task = Task { try await pool.query("SELECT 1") }
            try await PostgresFixture.eventually("the caller waits") { pool.stats.waiting == 1 }
            task.cancel()
            await expectError(.cancelled) { _ = try await task.value }
            #expect(pool.stats.waiting == 0)
            gate.open()
            try await holder
        }
    }

    @Test("a cancelled transaction is rolled back and its connection is used again")
    func transaction() async throws {
        try await PostgresFixture.withPool({ $0.maxConnections = 1 }) { pool async throws in
            try await pool.execute("CREATE TABLE t (n int)")
            let task = Task {
                try await pool.transaction { connection in
                    try await connection.execute("INSERT INTO t VALUES (1)")
                    _ = try await connection.query("SELECT pg_sleep(600)")
                }
            }
            try await PostgresFixture.eventually("the statement has its connection") { pool.stats.leased == 1 }
            try await Task.sleep(for: .milliseconds(50))
            task.cancel()
            await expectError(.cancelled) { try await task.value }
            #expect(try await pool.query("SELECT n FROM t").isEmpty)
            #expect(pool.stats.open == 1)
        }
    }

    @Test("a cancelled COPY keeps nothing and its connection is used again")
    func copy() async throws {
        try await PostgresFixture.withPool({ $0.maxConnections = 1 }) { pool async throws in
            try await pool.withConnection {
                try await $0.simple(
                    """
                    CREATE TABLE t (body text);
                    CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(0.01); RETURN NEW; END $$;
                    CREATE TRIGGER slow BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION slow()
                    """)
            }
            let line = Array((String(repeating: "x", count: 999) + "\n").utf8)
            let body = [UInt8]([[UInt8]](repeating: line, count: 20_000).joined())
            let task = Task {
                try await pool.withConnection { try await $0.copyIn("COPY t FROM STDIN", body) }
            }
            try await PostgresFixture.eventually("the COPY has its connection") { pool.stats.leased == 1 }
            try await Task.sleep(for: .milliseconds(100))
            task.cancel()
            await expectError(.cancelled) { _ = try await task.value }
            #expect(try await pool.query("SELECT body FROM t").isEmpty)
        }
    }

    @Test("cancelling at any moment leaves the pool whole")
    func storm() async throws {
        try await PostgresFixture.withPool({ $0.maxConnections = 4 }) { pool async throws in
            try await withThrowingTaskGroup { tasks in
                for number in 0..<200 {
                    tasks.addTask {
                        let work = Task { try await pool.query("SELECT \(number)::int AS n FROM pg_sleep(0.003)") }
                        try await Task.sleep(for: .microseconds(number * 83 % 9000))
                        work.cancel()
                        switch await work.result {
                        case .success(let rows): #expect(try rows[0].decode("n") == number)
                        case .failure(let error): #expect(error as? PostgresError == .cancelled)
                        }
                    }
                }
                try await tasks.waitForAll()
            }
            try await PostgresFixture.eventually("all leases are back") {
                pool.stats.leased == 0 && pool.stats.waiting == 0
            }
            #expect(try await pool.query("SELECT 1").count == 1)
        }
    }
}
