import CollectorSupport
import Contracts
import EventLoop
import Migrations
import Postgres
import Testing

@testable import LogStore

@Suite struct TotalsTests {
    private typealias Key = TotalsBatch.Key

    private func call(_ at: Int64, channels: [Int], token: Int? = nil, group: String = "") -> CallRecord {
        RecordBuilder.record(at) { record in
            record.channel = channels.last
            record.group = group
            record.tokenID = token
            record.attempts = channels.map {
                CallAttempt(channel: $0, reason: "r", outcome: .failed, startedAt: at, durationMicroseconds: 1)
            }
        }
    }

    private func stored(_ store: CollectorFixture) async throws -> [CallTotal] {
        try await TotalsReader(pool: store.pool).page(TotalsQuery(after: .before(0), limit: 1_000)).totals
    }

    @Test("attempts count at their channels, calls at their token and group, and no call is later than now")
    func batch() {
        let minute: Int64 = 60_000_000
        let batch = TotalsBatch(
            [
                call(5 * minute + 7, channels: [1, 2, 1], token: 9, group: "g"), call(99 * minute, channels: [2]),
                call(3 * minute, channels: []),
            ], now: 10 * minute + 1)
        #expect(
            batch.sums == [
                Key(kind: .channel, key: "1"): .init(requests: 2, retries: 1, lastAt: 5 * minute),
                Key(kind: .channel, key: "2"): .init(requests: 2, retries: 1, lastAt: 10 * minute),
                Key(kind: .token, key: "9"): .init(requests: 1, lastAt: 5 * minute),
                Key(kind: .group, key: "g"): .init(requests: 1, lastAt: 5 * minute),
            ])
    }

    @Test("totals equal the calls after many batches of several gateways at once, each sent twice")
    func exactness() async throws {
        try await withStore { store async throws in
            let now = store.clock.now
            var all: [CallRecord] = []
            var batches: [LogBatch] = []
            for number in 0..<24 {
                let records = (0..<Int.random(in: 1...40)).map { _ in
                    call(
                        now - Int64.random(in: 0...600_000_000),
                        channels: (0..<Int.random(in: 0...3)).map { _ in Int.random(in: 1...4) },
                        token: Int.random(in: 1...3), group: ["g", "h"].randomElement() ?? "")
                }
                all += records
                batches.append(RecordBuilder.batch(records, instance: "gateway-\(number)"))
            }
            let writer = store.writer()
            try await withThrowingTaskGroup(of: Void.self) { group in
                for batch in batches + batches { group.addTask { _ = try await writer.store(batch) } }
                try await group.waitForAll()
            }
            let wanted = TotalsBatch(all, now: now).sums
            let found = try await stored(store)
            #expect(found.count == wanted.count)
            for total in found {
                let sum = try #require(wanted[Key(kind: total.kind, key: total.key)])
                #expect(total.requests == sum.requests && total.retries == sum.retries && total.lastAt == sum.lastAt)
                #expect(total.usedAmount == "0")
            }
        }
    }

    @Test("calls are counted also when no record is stored, and totals outlive the records")
    func unstored() async throws {
        try await withStore { store async throws in
            let now = store.clock.now
            let writer = store.writer(StorageTerms(recordHours: -1))
            _ = try await writer.store(RecordBuilder.batch([call(now, channels: [1], token: 2, group: "g")]))
            _ = try await store.writer().store(
                RecordBuilder.batch([call(now - 60_000_000, channels: [1], token: 2, group: "g")], sequence: 2))
            #expect(try await store.partitions.deleteHistory(before: now + 1) == 1)
            let found = try await stored(store)
            #expect(found.map(\.requests) == [2, 2, 2] && Set(found.map(\.kind)).count == 3)
        }
    }

    @Test("a total whose transaction began earlier and commits later is not passed over")
    func lateCommit() async throws {
        try await withStore { store async throws in
            let reader = TotalsReader(pool: store.pool)
            let now = store.clock.now
            let (early, late, horizon) = try await store.pool.transaction { connection in
                // It has its number now, and is still running while the other one commits.
                try await TotalsWriter.add(TotalsBatch([call(now, channels: [1])], now: now), on: connection)
                _ = try await store.writer().store(RecordBuilder.batch([call(now, channels: [2])]))
                let page = try await reader.page(TotalsQuery(after: .before(0), limit: 10))
                #expect(page.totals.map(\.key) == ["2"])
                let own = try await connection.query("SELECT pg_current_xact_id()::text::bigint AS id")
                return (try own.first?.decode("id", as: Int64.self) ?? 0, page.totals.first?.stamp ?? 0, page.horizon)
            }
            // Who remembered the stamp of what he saw would never see the earlier one.
            #expect(early < late && horizon <= early)
            let after = try await reader.page(TotalsQuery(after: .before(late + 1), limit: 10))
            #expect(after.totals.isEmpty)
            let next = try await reader.page(TotalsQuery(after: .before(horizon), limit: 10))
            #expect(next.totals.map(\.key) == ["1", "2"])
            // Other tests' transactions run in this cluster too; when they are over, the horizon is behind both.
            for _ in 0..<1_000 {
                if try await reader.page(TotalsQuery(after: .before(horizon), limit: 1)).horizon > late { return }
                try await store.group.loops[0].sleep(for: .milliseconds(20))
            }
            Issue.record("the horizon stands still")
        }
    }

    @Test("pages follow each other without a gap, also inside of one transaction")
    func pages() async throws {
        try await withStore { store async throws in
            let now = store.clock.now
            _ = try await store.writer().store(
                RecordBuilder.batch((1...25).map { call(now, channels: [$0], token: $0, group: "g\($0)") }))
            let reader = TotalsReader(pool: store.pool)
            var keys: [String] = []
            var after = TotalPlace.before(0)
            while true {
                let page = try await reader.page(TotalsQuery(after: after, limit: 7))
                guard let last = page.totals.last else { break }
                keys += page.totals.map { "\($0.kind)\($0.key)" }
                after = TotalPlace(last)
            }
            #expect(keys.count == 75 && Set(keys).count == 75)
        }
    }

    @Test("stamps that no transaction has had are given anew, those that one has had stay")
    func restamp() async throws {
        try await withStore { store async throws in
            let now = store.clock.now
            _ = try await store.writer().store(
                RecordBuilder.batch([call(now, channels: [1]), call(now, channels: [2])]))
            #expect(try await store.partitions.restampTotals() == 0)
            _ = try await store.pool.execute("UPDATE logs.totals SET stamp = 9000000000000 WHERE key = '1'")
            #expect(try await store.partitions.restampTotals() == 1)
            let page = try await TotalsReader(pool: store.pool).page(TotalsQuery(after: .before(0), limit: 10))
            #expect(page.totals.map(\.key) == ["2", "1"] && page.totals.allSatisfy { $0.stamp < 9_000_000_000_000 })
        }
    }

    @Test("the totals of a database from before are taken from its sums and calls")
    func migration() async throws {
        try await withStore { store async throws in
            let now = store.clock.now - 60_000_000
            _ = try await store.writer().store(
                RecordBuilder.batch([
                    call(now, channels: [1, 2], token: 5, group: "g"), call(now, channels: [2], token: 5, group: "g"),
                ]))
            let before = try await stored(store).map {
                "\($0.kind) \($0.key) \($0.requests) \($0.retries) \($0.lastAt ?? 0)"
            }
            let sql = try #require(V0003Totals.migration.sql)
            try await store.pool.withConnection { connection in
                try await connection.simple("DROP TABLE logs.totals, logs.totals_epoch, logs.option_terms")
                try await connection.simple("BEGIN; \(sql); COMMIT")
            }
            let after = try await stored(store).map {
                "\($0.kind) \($0.key) \($0.requests) \($0.retries) \($0.lastAt ?? 0)"
            }
            #expect(after.sorted() == before.sorted() && after.count == 4)
        }
    }
}
