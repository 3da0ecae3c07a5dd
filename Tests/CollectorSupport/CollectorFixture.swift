import Contracts
package import EventLoop
package import LogStore
import Migrations
package import Postgres
import Synchronization
import Telemetry
import TestSupport

/// A log store on a database of its own, for one test.
package final class CollectorFixture: Sendable {
    /// The loops, running.
    package let group: EventLoopGroup
    /// The URL of the database.
    package let dsn: String
    /// Connections to it.
    package let pool: PostgresPool
    /// The keeper that the writers of this fixture use.
    package let partitions: PartitionKeeper
    /// The time that everything here goes by.
    package let clock: TestClock

    /// Makes the database and brings its schema up to date.
    ///
    /// - Parameters:
    ///   - now: Where the clock stands; the real time when it is `nil`.
    ///   - dsn: Another database than a fresh one of the shared cluster.
    ///   - migrates: Whether the schema is brought up to date.
    package init(now: Int64? = nil, dsn: String? = nil, migrates: Bool = true) async throws {
        self.dsn = try dsn ?? ThrowawayPostgres.database()
        clock = TestClock(now ?? WallClock.microseconds())
        group = try EventLoopGroup(count: 2, name: "test")
        try group.start()
        var configuration = try PostgresConfiguration(dsn: self.dsn)
        configuration.maxConnections = 12
        configuration.backoff = .milliseconds(10) ... .milliseconds(100)
        configuration.waitTimeout = .seconds(5)
        // As in the executable; the test cluster itself has it off, so a crash would lose what was acknowledged.
        configuration.sessionSettings["synchronous_commit"] = "on"
        pool = PostgresPool(configuration, group: group, logger: .silent)
        partitions = PartitionKeeper(pool: pool, logger: .silent)
        guard migrates else { return }
        _ = try await MigrationRunner.run(LogSchema.migrations, schema: LogSchema.name, pool: pool, logger: .silent)
    }

    /// A writer over the store.
    package func writer(_ terms: StorageTerms = StorageTerms()) -> LogWriter {
        LogWriter(pool: pool, terms: terms, partitions: partitions, logger: .silent, now: { self.clock.now })
    }

    /// A reader over the store.
    package func reader(_ terms: StorageTerms = StorageTerms()) -> LogReader {
        LogReader(pool: pool, terms: terms, now: { self.clock.now })
    }

    /// The number that a statement answers in its first column.
    package func number(_ sql: SQL) async throws -> Int {
        try await pool.query(sql).first?.decode(0, as: Int.self) ?? -1
    }

    /// How many calls are stored.
    package func calls() async throws -> Int { try await number("SELECT count(*) FROM logs.calls") }

    /// Ends connections and threads.
    package func close() async {
        await pool.shutdown(deadline: .seconds(5))
        group.stop()
    }
}

/// A clock that stands until it is moved.
package final class TestClock: Sendable {
    private let time: Mutex<Int64>

    /// A clock that stands at a moment.
    package init(_ now: Int64) {
        time = Mutex(now)
    }

    /// Unix microseconds.
    package var now: Int64 { time.withLock { $0 } }

    /// Moves it forward.
    package func advance(hours: Int64) {
        time.withLock { $0 += hours * 3_600_000_000 }
    }
}

/// Runs a test on a fixture and closes it however the test ends.
package func withStore(
    now: Int64? = nil, _ body: (CollectorFixture) async throws -> Void
) async throws {
    let fixture = try await CollectorFixture(now: now)
    do {
        try await body(fixture)
    } catch {
        await fixture.close()
        throw error
    }
    await fixture.close()
}
