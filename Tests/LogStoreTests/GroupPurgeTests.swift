import CollectorSupport
import Contracts
import Postgres
import Testing

@testable import LogStore

@Suite struct GroupPurgeTests {
    private let hour: Int64 = 3_600_000_000

    private func call(_ at: Int64, _ group: String, failed: Bool = false) -> CallRecord {
        var record = failed ? RecordBuilder.failure(at) : RecordBuilder.record(at)
        (record.group, record.tokenName, record.tokenID) = (group, "t", group == "g" ? 1 : 2)
        return record
    }

    private func total(_ store: CollectorFixture, _ group: String) async throws -> Int64? {
        try await TotalsReader(pool: store.pool).page(TotalsQuery(after: .before(0), limit: 100)).totals
            .first { $0.kind == .group && $0.key == group }?.requests
    }

    private func sums(_ store: CollectorFixture, _ group: String) async throws -> Int {
        try await store.number("SELECT count(*) FROM logs.rollup_groups WHERE group_name = \(group)")
    }

    @Test(
        "records, bodies, sums and the total of a group go in bounded steps; those of others stay, and searches count right"
    )
    func everything() async throws {
        try await withStore { store async throws in
            let now = store.clock.now
            let odd = now - 380 * LogTable.calls.width
            var records = (0..<30).map { call(now - Int64($0) * 5 * hour, "g", failed: $0 % 3 == 0) }
            records += (0..<10).map { call(now - Int64($0) * 5 * hour, "h", failed: true) }
            records += [call(odd, "g")]
            let writer = store.writer(StorageTerms(recordHours: 0, bodyHours: 0))
            _ = try await writer.store(RecordBuilder.batch(records))
            let purge = GroupPurge(group: "g", before: now + 1, scope: .everything)
            var deleted: [Int] = []
            while true {
                let result = try await store.partitions.purge(purge, batch: 2, most: 3)
                deleted.append(result.records)
                if result.isDone { break }
                try #require(deleted.count < 400)
            }
            #expect(deleted.reduce(0, +) == 31 && deleted.allSatisfy { $0 <= 6 })
            #expect(try await store.calls() == 10)
            #expect(try await store.number("SELECT count(*) FROM logs.bodies") == 10)
            #expect(try await sums(store, "g") == 0)
            #expect(try await sums(store, "h") > 0)
            #expect(try await total(store, "g") == nil)
            #expect(try await total(store, "h") == 10)
            let found = try await store.reader(StorageTerms(recordHours: 0)).search(
                .init(filter: LogFilter(), limit: 5, counts: true))
            #expect(found.total == 10)
            // Once more finds nothing to do.
            #expect(try await store.partitions.purge(purge) == GroupPurgeResult(records: 0, isDone: true))
        }
    }

    @Test("a group of the same name starts from nothing and keeps its own calls")
    func restart() async throws {
        try await withStore(now: 1_738_308_600_000_000) { store async throws in
            let deleted = store.clock.now - hour
            let writer = store.writer()
            // One call of the old group was under way when it was deleted.
            var late = call(deleted + 60_000_000, "g")
            late.requestAt = deleted - 1
            _ = try await writer.store(RecordBuilder.batch([call(deleted - hour, "g"), late]))
            _ = try await writer.store(RecordBuilder.batch([call(deleted + 120_000_000, "g")], sequence: 2))
            let purge = GroupPurge(group: "g", before: deleted, scope: .restart)
            let reader = TotalsReader(pool: store.pool)
            let before = try await reader.page(TotalsQuery(after: .before(0), limit: 9)).totals.map(\.stamp).max() ?? 0
            #expect(try await store.partitions.purge(purge) == GroupPurgeResult(records: 2, isDone: true))
            #expect(try await store.calls() == 1)
            let changed = try await reader.page(TotalsQuery(after: .before(before + 1), limit: 9))
            #expect(changed.totals.map(\.requests) == [0] && changed.totals.first?.lastAt == nil)
        }
    }

    @Test("what came late of the old group goes without the sums of spans that the new one shares")
    func leftovers() async throws {
        try await withStore(now: 1_738_308_600_000_000) { store async throws in
            let deleted = store.clock.now - hour
            let writer = store.writer()
            _ = try await writer.store(
                RecordBuilder.batch([call(deleted - 2 * hour, "g"), call(deleted + 120_000_000, "g")]))
            let purge = GroupPurge(group: "g", before: deleted, scope: .leftovers)
            #expect(try await store.partitions.purge(purge).records == 1)
            #expect(try await total(store, "g") == 2)
            let days = try await store.number(
                "SELECT sum(request_count)::bigint FROM logs.rollup_groups WHERE grain = 1440")
            let minutes = try await store.number(
                "SELECT sum(request_count)::bigint FROM logs.rollup_groups WHERE grain = 1")
            #expect(days == 2 && minutes == 1)
        }
    }
}
