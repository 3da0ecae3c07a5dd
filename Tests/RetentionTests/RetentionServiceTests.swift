import CollectorSupport
import EventLoop
import LogStore
import Postgres
import Telemetry
import Testing

@testable import Retention

@Suite struct RetentionServiceTests {
    /// 2025-01-31 07:30:00 UTC.
    private let now: Int64 = 1_738_308_600_000_000
    private let hour: Int64 = 3_600_000_000

    private func service(_ store: CollectorFixture, _ terms: StorageTerms = StorageTerms()) -> RetentionService {
        RetentionService(
            partitions: store.partitions, terms: terms, isPrepared: { true }, loop: store.group.loops[0],
            metrics: RetentionMetrics(MetricsRegistry()), logger: .silent, now: { store.clock.now })
    }

    private func names(_ store: CollectorFixture) async throws -> [String] {
        try await store.partitions.existing().map(\.name)
    }

    @Test("a round makes what is needed ahead, and a second one has nothing to do")
    func ahead() async throws {
        try await withStore(now: now) { store async throws in
            try await service(store).round()
            let made = try await names(store)
            #expect(made.count == 17 && made.contains("calls_20250203") && made.contains("bodies_20250131_19"))
            try await service(store).round()
            #expect(try await names(store) == made)
        }
    }

    @Test("bodies go by the hour and calls by the day, without a row being deleted")
    func drops() async throws {
        try await withStore(now: now) { store async throws in
            let terms = StorageTerms(recordHours: 48, bodyHours: 1)
            let retention = service(store, terms)
            try await retention.round()
            _ = try await store.writer(terms).store(
                RecordBuilder.batch([RecordBuilder.failure(now), RecordBuilder.record(now)]))
            for _ in 0..<2 {
                store.clock.advance(hours: 1)
                try await retention.round()
            }
            #expect(try await store.number("SELECT count(*) FROM logs.bodies") == 0)
            #expect(try await !names(store).contains("bodies_20250131_07"))
            #expect(try await store.calls() == 2)
            store.clock.advance(hours: 62)
            try await retention.round()
            #expect(try await names(store).contains("calls_20250131"))
            store.clock.advance(hours: 1)
            try await retention.round()
            #expect(try await !names(store).contains("calls_20250131"))
            #expect(try await store.calls() == 0)
        }
    }

    @Test("rows of a wrong clock go when their time is over")
    func leftovers() async throws {
        try await withStore(now: now) { store async throws in
            let future = now + 50 * 24 * hour
            _ = try await store.writer().store(RecordBuilder.batch((0..<30).map { RecordBuilder.record(future + $0) }))
            try await service(store).round()
            #expect(try await store.number("SELECT count(*) FROM logs.calls_other") == 30)
            store.clock.advance(hours: 81 * 24)
            try await service(store).round()
            #expect(try await store.calls() == 0)
        }
    }

    @Test("gateway runs are forgotten long after their last batch")
    func positions() async throws {
        try await withStore { store async throws in
            _ = try await store.writer().store(RecordBuilder.batch([]))
            try await service(store).round()
            #expect(try await store.number("SELECT count(*) FROM logs.positions") == 1)
            store.clock.advance(hours: 91 * 24)
            try await service(store).round()
            #expect(try await store.number("SELECT count(*) FROM logs.positions") == 0)
        }
    }

    @Test("while another replica is at it a round does nothing")
    func oneReplica() async throws {
        try await withStore(now: now) { store async throws in
            let other = PartitionKeeper(pool: store.pool, logger: .silent)
            try await other.exclusively {
                try await service(store).round()
                #expect(try await store.partitions.existing().isEmpty)
            }
            try await service(store).round()
            #expect(try await store.partitions.existing().count == 17)
        }
    }

    @Test("a table that is in use is given up after a second and dropped in the next round")
    func busyTable() async throws {
        try await withStore(now: now) { store async throws in
            let old = LogPartition(of: .calls, containing: now - 800 * hour)
            try await service(store).round()
            try await store.partitions.ensure([old])
            store.clock.advance(hours: 1)
            try await store.pool.transaction { connection async throws in
                try await connection.simple("LOCK TABLE logs.calls IN ACCESS SHARE MODE")
                await #expect(throws: (any Error).self) { try await service(store).round() }
                // What does not need the table was done all the same.
                #expect(try await names(store).contains(old.name))
                #expect(try await names(store).contains("bodies_20250131_20"))
            }
            try await service(store).round()
            #expect(try await !names(store).contains(old.name))
        }
    }

    @Test("other terms are obeyed at once and not with the next minute")
    func otherTerms() async throws {
        try await withStore(now: now) { store async throws in
            let cell = TermsCell()
            cell.apply(OptionTerms([:]))
            let old = LogPartition(of: .calls, containing: now - 100 * hour)
            try await store.partitions.ensure([old])
            let retention = RetentionService(
                partitions: store.partitions, terms: cell.current, isPrepared: { true }, loop: store.group.loops[0],
                metrics: RetentionMetrics(MetricsRegistry()), logger: .silent, now: { store.clock.now })
            async let run: Void = retention.run()
            func wait(_ isDone: ([String]) -> Bool) async throws -> Bool {
                for _ in 0..<200 {
                    if isDone(try await names(store)) { return true }
                    try await store.group.loops[0].sleep(for: .milliseconds(50))
                }
                return false
            }
            #expect(try await wait { $0.count == 18 })
            cell.apply(OptionTerms(["LogStorageHours": "48"]))
            #expect(try await wait { !$0.contains(old.name) })
            await retention.shutdown(deadline: .zero)
            try await run
        }
    }

    @Test("the service works its rounds until it is stopped")
    func runs() async throws {
        try await withStore(now: now) { store async throws in
            let retention = service(store)
            async let run: Void = retention.run()
            for _ in 0..<600 {
                if try await names(store).count == 17 { break }
                try await store.group.loops[0].sleep(for: .milliseconds(50))
            }
            await retention.shutdown(deadline: .zero)
            try await run
            #expect(try await names(store).count == 17)
        }
    }
}
