import EventLoop
import Telemetry
import TestSupport
import Testing

@testable import Postgres

/// A pool on loops of its own, for one test.
struct PostgresFixture {
    /// Runs `body` with a pool on a fresh database, and ends both afterwards.
    static func withPool(
        dsn: String? = nil, loops: Int = 2, _ adjust: (inout PostgresConfiguration) -> Void = { _ in },
        _ body: (PostgresPool) async throws -> Void
    ) async throws {
        let url = if let dsn { dsn } else { try ThrowawayPostgres.database() }
        var configuration = try PostgresConfiguration(dsn: url)
        // Long, so that a loaded machine changes no outcome; tests of the timeout set their own.
        configuration.waitTimeout = .seconds(60)
        adjust(&configuration)
        let group = try EventLoopGroup(count: loops, name: "test")
        try group.start()
        let pool = PostgresPool(configuration, group: group, logger: .silent)
        do {
            try await body(pool)
        } catch {
            await end(pool, group)
            throw error
        }
        await end(pool, group)
    }

    private static func end(_ pool: PostgresPool, _ group: EventLoopGroup) async {
        await pool.shutdown(deadline: .seconds(2))
        #expect(pool.stats == PoolStats(open: 0, idle: 0, leased: 0, connecting: 0, waiting: 0, isDown: false))
        group.stop()
    }

    /// Waits until `condition` holds; a test fails when it does not within 20 seconds.
    static func eventually(
        _ what: Comment, sourceLocation: SourceLocation = #_sourceLocation, _ condition: () async throws -> Bool
    ) async throws {
        let end = ContinuousClock.now + .seconds(20)
        while try await !condition() {
            guard ContinuousClock.now < end else {
                Issue.record("did not happen: \(what.rawValue)", sourceLocation: sourceLocation)
                return
            }
            try await Task.sleep(for: .milliseconds(5))
        }
    }
}

/// Expects that `body` throws this PostgreSQL error.
func expectError(
    _ expected: PostgresError, sourceLocation: SourceLocation = #_sourceLocation, _ body: () async throws -> Void
) async {
    do {
        try await body()
        Issue.record("nothing was thrown", sourceLocation: sourceLocation)
    } catch {
        #expect(error as? PostgresError == expected, sourceLocation: sourceLocation)
    }
}
