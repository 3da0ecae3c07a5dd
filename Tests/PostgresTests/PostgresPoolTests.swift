import EventLoop
import Synchronization
import TestSupport
import Testing

@testable import Postgres

@Suite("Pool on a real server")
struct PostgresPoolTests {
    @Test("200 concurrent statements share five connections and each gets its own answer")
    func concurrent() async throws {
        try await PostgresFixture.withPool({ $0.maxConnections = 5 }) { pool async throws in
            try await withThrowingTaskGroup(of: Bool.self) { tasks in
                for number in 0..<200 {
                    tasks.addTask {
                        let rows = try await pool.query("SELECT \(number)::int AS n, pg_sleep(0.005)")
                        return try rows[0].decode("n") == number
                    }
                }
                for try await isRight in tasks { #expect(isRight) }
            }
            #expect(pool.stats == PoolStats(open: 5, idle: 5, leased: 0, connecting: 0, waiting: 0, isDown: false))
            let sessions = try await pool.query(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'switchboard'"
            )
            #expect(sessions[0][0] == "5")
        }
    }

    @Test("tasks that run on the loops themselves are served, each on its own loop while it can be")
    func onLoops() async throws {
        try await PostgresFixture.withPool({ $0.maxConnections = 4 }) { pool async throws in
            let right = Atomic(0)
            let tasks = (0..<100).map { number in
                pool.group.loops[number % 2].spawn {
                    let rows = try? await pool.query("SELECT \(number)::int AS n")
                    if (try? rows?.first?.decode("n")) == number { right.add(1, ordering: .relaxed) }
                }
            }
            for task in tasks { await task.value }
            #expect(right.load(ordering: .relaxed) == 100)
        }
    }

    @Test("whoever waits longer than the wait timeout is told so, and the pool goes on")
    func waitTimeout() async throws {
        try await PostgresFixture.withPool({
            $0.maxConnections = 1
            $0.waitTimeout = .milliseconds(100)
            $0.maxWaiters = 2
        }) { pool async throws in
            _ = try await pool.query("SELECT 1")
            let gate = Gate()
            async let holder: Void = pool.withConnection { _ in await gate.wait() }
            try await PostgresFixture.eventually("the connection is taken") { pool.stats.leased == 1 }
            let outcomes = await withTaskGroup(of: String.self) { tasks in
                for _ in 0..<3 {
                    tasks.addTask {
                        do throws(PostgresError) {
                            _ = try await pool.query("SELECT 1")
                            return "served"
                        } catch {
                            return error.code
                        }
                    }
                }
                return await tasks.reduce(into: []) { $0.append($1) }.sorted()
            }
            #expect(outcomes == ["overloaded", "pool_timeout", "pool_timeout"])
            #expect(await pool.ping(), "busy is not down")
            gate.open()
            try await holder
            #expect(try await pool.query("SELECT 1").count == 1)
        }
    }

    @Test("a session that an administrator ends is replaced")
    func terminated() async throws {
        let dsn = try ThrowawayPostgres.database()
        try await PostgresFixture.withPool(dsn: dsn, { $0.maxConnections = 1 }) { pool async throws in
            let error = await #expect(throws: PostgresError.self) {
                try await pool.query("SELECT pg_terminate_backend(pg_backend_pid()), pg_sleep(10)")
            }
            #expect(error?.isTransient == true)
            // An idle one: nobody asks it anything, its end is noticed all the same.
            let victim = try await pool.query("SELECT pg_backend_pid()")[0].decode(0, as: Int.self)
            try await PostgresFixture.withPool(dsn: dsn) { other in
                _ = try await other.query("SELECT pg_terminate_backend(\(victim))")
            }
            try await PostgresFixture.eventually("the idle session is gone") { pool.stats.open == 0 }
            #expect(try await pool.query("SELECT 1").count == 1)
        }
    }

    @Test("idle connections are closed after their time")
    func idle() async throws {
        try await PostgresFixture.withPool({ $0.idleTimeout = .milliseconds(50) }) { pool async throws in
            _ = try await pool.query("SELECT 1")
            try await PostgresFixture.eventually("the connection is closed") { pool.stats.open == 0 }
            #expect(try await pool.query("SELECT 1").count == 1)
        }
    }

    @Test("shutting down waits for who has a connection, then refuses")
    func shutdown() async throws {
        try await PostgresFixture.withPool { pool async throws in
            async let slow = pool.query("SELECT 'done' FROM pg_sleep(0.2)")
            try await PostgresFixture.eventually("the statement has its connection") { pool.stats.leased == 1 }
            await pool.shutdown(deadline: .seconds(10))
            #expect(try await slow[0][0] == "done")
            await expectError(.shutDown) { _ = try await pool.query("SELECT 1") }
            #expect(await !pool.ping())
        }
    }

    @Test("shutting down cuts what runs past the deadline")
    func cutOff() async throws {
        try await PostgresFixture.withPool { pool async throws in
            async let slow = expectError(.shutDown) { _ = try await pool.query("SELECT pg_sleep(60)") }
            try await PostgresFixture.eventually("the statement has its connection") { pool.stats.leased == 1 }
            await pool.shutdown(deadline: .milliseconds(50))
            await slow
        }
    }

    @Test("a server by name over TCP is found, a second one in the list is used when the first refuses")
    func hosts() async throws {
        let dsn = try ThrowawayPostgres.shared().database(overTCP: true)
        let port = try ThrowawayPostgres.shared().port
        let hosts = dsn.replacing("127.0.0.1:\(port)", with: "127.0.0.1:1,localhost:\(port)")
        try await PostgresFixture.withPool(dsn: hosts) { pool async throws in
            #expect(try await pool.query("SELECT 1").count == 1)
        }
    }
}

/// Something to wait for.
final class Gate: Sendable {
    private let state = Mutex<(isOpen: Bool, waiters: [CheckedContinuation<Void, Never>])>((false, []))

    func open() {
        let waiters = state.withLock { state in
            state.isOpen = true
            defer { state.waiters = [] }
            return state.waiters
        }
        for waiter in waiters { waiter.resume() }
    }

    func wait() async {
        await withCheckedContinuation { continuation in
            let isOpen = state.withLock { state in
                if !state.isOpen { state.waiters.append(continuation) }
                return state.isOpen
            }
            if isOpen { continuation.resume() }
        }
    }
}
