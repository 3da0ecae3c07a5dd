import CollectorSupport
import Postgres
import Telemetry
import Testing

@testable import LogStore

@Suite struct PartitionKeeperTests {
    /// 2025-01-31 07:30:00 UTC.
    private let now: Int64 = 1_738_308_600_000_000
    private let day: Int64 = 86_400_000_000

    private func names(_ store: CollectorFixture) async throws -> [String] {
        try await store.partitions.existing().map(\.name)
    }

    /// What gives up on a table that is in use is tried again, as the rounds of retention do.
    private func again(_ step: () async throws -> Void) async throws {
        for _ in 0..<60 {
            do {
                return try await step()
            } catch PostgresError.server(.lockNotAvailable, _, _, _) {
                continue
            }
        }
        Issue.record("the table was never free")
    }

    @Test("a batch makes the partitions that its rows need")
    func onDemand() async throws {
        try await withStore(now: now) { store async throws in
            let records = [RecordBuilder.record(now - 3 * day), RecordBuilder.failure(now), RecordBuilder.record(now)]
            _ = try await store.writer().store(RecordBuilder.batch(records))
            #expect(try await names(store) == ["bodies_20250131_07", "calls_20250128", "calls_20250131"])
            #expect(try await store.number("SELECT count(*) FROM logs.calls_20250128") == 1)
            #expect(try await store.number("SELECT count(*) FROM logs.calls_20250131") == 2)
            #expect(try await store.number("SELECT count(*) FROM logs.bodies_20250131_07") == 1)
        }
    }

    @Test("a row whose clock is wrong is kept outside of the days, and moves in when its day is made")
    func wrongClock() async throws {
        try await withStore(now: now) { store async throws in
            let future = now + 3 * day
            let records = [
                RecordBuilder.record(future), RecordBuilder.record(future + 1), RecordBuilder.record(now + 900 * day),
            ]
            #expect(try await store.writer().store(RecordBuilder.batch(records)).stored == 3)
            #expect(try await names(store) == [])
            #expect(try await store.number("SELECT count(*) FROM logs.calls_other") == 3)

            try await store.partitions.ensure([LogPartition(of: .calls, containing: future)])
            #expect(try await names(store) == ["calls_20250203"])
            #expect(try await store.number("SELECT count(*) FROM logs.calls_20250203") == 2)
            #expect(try await store.number("SELECT count(*) FROM logs.calls_other") == 1)
            #expect(try await store.calls() == 3)
        }
    }

    @Test("keepers that make the same partitions at once make each one once")
    func race() async throws {
        try await withStore(now: now) { store async throws in
            let wanted = (0..<4).map { LogPartition(of: .calls, containing: now + Int64($0) * day) }
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<5 {
                    group.addTask { try await PartitionKeeper(pool: store.pool, logger: .silent).ensure(wanted) }
                }
                try await group.waitForAll()
            }
            #expect(try await store.partitions.existing() == wanted)
        }
    }

    @Test("a partition is made and dropped while rows are written and read")
    func alongside() async throws {
        try await withStore(now: now) { store async throws in
            try await store.partitions.ensure([LogPartition(of: .calls, containing: now)])
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    for sequence in 1...30 {
                        let batch = RecordBuilder.batch(
                            (0..<20).map { RecordBuilder.record(now - Int64($0)) }, sequence: Int64(sequence))
                        _ = try await store.writer().store(batch)
                        _ = try await store.reader().search(.init(filter: LogFilter(), limit: 5))
                    }
                }
                group.addTask {
                    for place in 1...10 {
                        let partition = LogPartition(of: .calls, containing: now + Int64(place) * day)
                        try await again { try await store.partitions.ensure([partition]) }
                        try await again { try await store.partitions.drop(partition) }
                    }
                }
                try await group.waitForAll()
            }
            #expect(try await store.calls() == 600)
        }
    }

    @Test("dropping takes the rows and works twice; other rows stay")
    func drop() async throws {
        try await withStore(now: now) { store async throws in
            _ = try await store.writer().store(
                RecordBuilder.batch([RecordBuilder.record(now - day), RecordBuilder.record(now)]))
            let old = LogPartition(of: .calls, containing: now - day)
            try await store.partitions.drop(old)
            try await store.partitions.drop(old)
            #expect(try await names(store) == ["calls_20250131"])
            #expect(try await store.calls() == 1)
        }
    }

    @Test("rows outside of the days are deleted in bounded batches")
    func leftovers() async throws {
        try await withStore(now: now) { store async throws in
            let records = (0..<25).map { RecordBuilder.record(now + 400 * day + Int64($0)) }
            _ = try await store.writer().store(RecordBuilder.batch(records))
            let cutoff = now + 400 * day + 15
            #expect(try await store.partitions.deleteOthers(of: .calls, before: cutoff, limit: 10) == 10)
            #expect(try await store.partitions.deleteOthers(of: .calls, before: cutoff, limit: 10) == 5)
            #expect(try await store.partitions.deleteOthers(of: .calls, before: cutoff, limit: 10) == 0)
            #expect(try await store.calls() == 10)
        }
    }

    @Test("only one keeper at a time is exclusive")
    func exclusive() async throws {
        try await withStore(now: now) { store async throws in
            let other = PartitionKeeper(pool: store.pool, logger: .silent)
            let ran = try await store.partitions.exclusively {
                let otherRan = try await other.exclusively { Issue.record("both ran") }
                #expect(!otherRan)
            }
            #expect(ran)
            let ranLater = try await other.exclusively {}
            #expect(ranLater)
        }
    }
}
