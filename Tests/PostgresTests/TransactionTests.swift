import Synchronization
import TestSupport
import Testing

@testable import Postgres

@Suite("Transactions")
struct TransactionTests {
    private struct Refused: Error {}

    private final class Attempts: Sendable {
        private let counts = Mutex([0, 0])

        func begin(_ index: Int) -> Int {
            counts.withLock {
                $0[index] += 1
                return $0[index]
            }
        }

        func of(_ index: Int) -> Int { counts.withLock { $0[index] } }
    }

    @Test("what a body wrote is kept when it returns and gone when it throws")
    func rollback() async throws {
        try await PostgresFixture.withPool({ $0.maxConnections = 1 }) { pool async throws in
            try await pool.execute("CREATE TABLE t (n int)")
            let answer = try await pool.transaction { connection in
                try await connection.execute("INSERT INTO t VALUES (1)")
                return "kept"
            }
            #expect(answer == "kept")
            await #expect(throws: Refused.self) {
                try await pool.transaction { connection in
                    try await connection.execute("INSERT INTO t VALUES (2)")
                    throw Refused()
                }
            }
            await expectError(.server("22012", message: "division by zero")) {
                try await pool.transaction { connection in
                    try await connection.execute("INSERT INTO t VALUES (3)")
                    try await connection.execute("SELECT 1/0")
                }
            }
            #expect(try await pool.query("SELECT n FROM t").map { $0[0] } == ["1"])
            #expect(pool.stats.open == 1, "the connection survives its failed transactions")
        }
    }

    @Test("a body that hides a failed statement does not count as committed")
    func hidden() async throws {
        try await PostgresFixture.withPool { pool async throws in
            try await pool.execute("CREATE TABLE t (n int)")
            await expectError(
                .server(.inFailedTransaction, message: "a statement of the transaction failed, so it was rolled back")
            ) {
                try await pool.transaction { connection in
                    try await connection.execute("INSERT INTO t VALUES (1)")
                    _ = try? await connection.execute("SELECT 1/0")
                }
            }
            #expect(try await pool.query("SELECT n FROM t").isEmpty)
        }
    }

    @Test("a transaction that a lease leaves open is rolled back")
    func leftOpen() async throws {
        try await PostgresFixture.withPool({ $0.maxConnections = 1 }) { pool async throws in
            try await pool.execute("CREATE TABLE t (n int)")
            try await pool.withConnection { connection in
                try await connection.simple("BEGIN; INSERT INTO t VALUES (1)")
                #expect(connection.isInTransaction)
            }
            #expect(try await pool.query("SELECT n FROM t").isEmpty)
        }
    }

    @Test("of two transactions that wait for each other one is run again, and both succeed")
    func deadlock() async throws {
        try await PostgresFixture.withPool { pool async throws in
            try await pool.execute("CREATE TABLE accounts (id int PRIMARY KEY, n int)")
            try await pool.execute("INSERT INTO accounts VALUES (1, 0), (2, 0)")
            let attempts = Attempts()
            @Sendable func move(_ index: Int, _ first: Int, _ second: Int) async throws {
                try await pool.transaction { connection in
                    let attempt = attempts.begin(index)
                    try await connection.execute("UPDATE accounts SET n = n + 1 WHERE id = \(first)")
                    if attempt == 1 {
                        // Until the other one holds its row.
                        try await PostgresFixture.eventually("the other row is locked") {
                            do throws(PostgresError) {
                                return try await pool.query(
                                    "SELECT 1 FROM accounts WHERE id = \(second) FOR UPDATE SKIP LOCKED"
                                ).isEmpty
                            } catch {
                                return false
                            }
                        }
                    }
                    try await connection.execute("UPDATE accounts SET n = n + 1 WHERE id = \(second)")
                }
            }
            async let one: Void = move(0, 1, 2)
            async let two: Void = move(1, 2, 1)
            _ = try await (one, two)
            #expect(try await pool.query("SELECT n FROM accounts").map { $0[0] } == ["2", "2"])
            #expect(attempts.of(0) + attempts.of(1) >= 3)
        }
    }

    @Test("serialization failures are retried three times and then reported")
    func serialization() async throws {
        try await PostgresFixture.withPool { pool async throws in
            let attempts = Atomic(0)
            await expectError(.server(.serializationFailure, message: "again")) {
                try await pool.transaction(isolation: .serializable) { connection in
                    attempts.add(1, ordering: .relaxed)
                    try await connection.simple("DO $$ BEGIN RAISE 'again' USING ERRCODE = '40001'; END $$")
                }
            }
            #expect(attempts.load(ordering: .relaxed) == 4)
        }
    }

    @Test("counters that many transactions raise at once lose nothing")
    func contention() async throws {
        try await PostgresFixture.withPool({ $0.maxConnections = 8 }) { pool async throws in
            try await pool.execute("CREATE TABLE counter (n int)")
            try await pool.execute("INSERT INTO counter VALUES (0)")
            try await withThrowingTaskGroup { tasks in
                for _ in 0..<40 {
                    tasks.addTask {
                        try await pool.transaction { connection in
                            let rows = try await connection.query("SELECT n FROM counter FOR UPDATE")
                            let n: Int = try rows[0].decode("n")
                            try await connection.execute("UPDATE counter SET n = \(n + 1)")
                        }
                    }
                }
                try await tasks.waitForAll()
            }
            #expect(try await pool.query("SELECT n FROM counter")[0][0] == "40")
        }
    }
}
