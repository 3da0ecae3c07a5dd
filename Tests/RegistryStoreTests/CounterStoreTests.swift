import Contracts
import Postgres
import RegistryStore
import Testing

@Suite("Counters in PostgreSQL")
struct CounterStoreTests {
    @Test("totals are stored once for each position, absent rows are passed over, and no revision is taken")
    func take() async throws {
        try await Stores.with { stores async throws in
            let counters = CounterStore(pool: stores.pool)
            let ids = try await stores.channels.create([Stores.new("a"), Stores.new("b")])
            let token = try await stores.tokens.create(NewToken(name: "t"), in: "g", createsGroup: true)
            try await stores.channels.delete(ids[1])
            let revision = try await stores.revision()
            let start = try await counters.position()
            #expect(start == TotalsPosition(epoch: "", stamp: 0, pages: 0))
            let minute: Int64 = 1_780_000_020_000_000
            let totals = [
                CallTotal(
                    kind: .channel, key: String(ids[0]), requests: 7, retries: 2, usedAmount: "0.000000001",
                    lastAt: minute, stamp: 5),
                CallTotal(kind: .channel, key: String(ids[1]), requests: 9, stamp: 5),
                CallTotal(kind: .channel, key: "no number", requests: 9, stamp: 5),
                CallTotal(
                    kind: .token, key: String(token.id), requests: 4, usedAmount: "12.5", lastAt: minute, stamp: 6),
                CallTotal(kind: .token, key: "99999", requests: 4, stamp: 6),
                CallTotal(kind: .group, key: "g", requests: 3, usedAmount: "1e3", lastAt: minute, stamp: 6),
                CallTotal(kind: .group, key: "nobody", requests: 3, stamp: 6),
            ]
            let next = try await counters.take(totals, from: start, epoch: "e", stamp: 7)
            #expect(next == TotalsPosition(epoch: "e", stamp: 7, pages: 1))
            let channel = try await stores.channels.find(ids[0])
            #expect(channel.requestCount == 7 && channel.retryCount == 2 && channel.usedAmount == "0.000000001")
            #expect(channel.accessedAt == Timestamp(microseconds: minute))
            let stored = try await stores.tokens.find(token.id)
            #expect(stored.requestCount == 4 && stored.usedAmount == "12.5" && stored.accessedAt != nil)
            let group = try await stores.groups.find("g")
            #expect(group.requestCount == 3 && group.usedAmount == "1000")
            #expect(try await stores.revision() == revision)

            // Another replica that read from the old position has nothing to say any more.
            let old = [CallTotal(kind: .group, key: "g", requests: 1, stamp: 5)]
            #expect(try await counters.take(old, from: start, epoch: "e", stamp: 6) == nil)
            #expect(try await stores.groups.find("g").requestCount == 3)
            #expect(try await counters.position() == next)

            // A total that was set back is stored as it is.
            let back = [CallTotal(kind: .group, key: "g", requests: 0, stamp: 9)]
            _ = try await counters.take(back, from: try #require(next), epoch: "e", stamp: 9)
            let again = try await stores.groups.find("g")
            #expect(again.requestCount == 0 && again.usedAmount == "0" && again.accessedAt == nil)
        }
    }

    @Test(
        "a deleted group leaves a purge in the same transaction, for all of them one each, and none for a group that was not there"
    )
    func purges() async throws {
        try await Stores.with { stores async throws in
            let purges = LogPurgeStore(pool: stores.pool)
            for id in ["a", "b", "c"] { _ = try await stores.groups.create(NewGroup(id: id)) }
            #expect(try await stores.groups.delete(["a", "b", "nobody"]) == 2)
            await #expect(throws: RegistryError.groupNotFound) { try await stores.groups.delete("nobody") }
            // The table being locked away, neither the purge nor the deletion happens.
            _ = try await stores.pool.execute("ALTER TABLE registry.log_purges ADD CHECK (group_id <> 'c')")
            await #expect(throws: RegistryError.self) { try await stores.groups.delete("c") }
            #expect(try await stores.groups.find("c").id == "c")

            // Two replicas never get the same one; a lease that ends gives it to anybody.
            let first = try await purges.due(limit: 1)
            let second = try await purges.due(limit: 5)
            #expect(first.map(\.purge.group) == ["a"] && second.map(\.purge.group) == ["b"])
            #expect(first[0].purge.scope == .everything && first[0].passes == 0)
            #expect(try await purges.due(limit: 5).isEmpty)
            try await purges.putOff(first[0], by: .zero, isFailure: true)
            _ = try await stores.groups.create(NewGroup(id: "a"))
            let restarted = try #require(try await purges.due(limit: 5).first)
            #expect(restarted.purge.scope == .restart && restarted.failures == 1)
            #expect(restarted.purge.before < first[0].purge.before)
            try await purges.finish(restarted)
            #expect(try await purges.due(limit: 5).isEmpty)
            _ = try await stores.pool.execute("UPDATE registry.log_purges SET next_at = now() WHERE group_id = 'a'")
            let last = try #require(try await purges.due(limit: 5).first)
            #expect(last.purge.scope == .leftovers && last.passes == 1 && last.failures == 0)
            try await purges.finish(last)
            let left = try await stores.pool.query("SELECT group_id FROM registry.log_purges")
            #expect(try left.map { try $0.decode("group_id", as: String.self) } == ["b"])
        }
    }

    @Test("a round belongs to one of many replicas, and the next one is due after the pause")
    func rounds() async throws {
        try await Stores.with { stores async throws in
            let rounds = RoundStore(pool: stores.pool)
            let taken = try await withThrowingTaskGroup(of: Bool.self) { group in
                for _ in 0..<8 { group.addTask { try await rounds.take("x", next: .seconds(600)) } }
                return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
            }
            #expect(taken == 1)
            #expect(try await rounds.take("y", next: .seconds(600)))
            _ = try await stores.pool.execute("UPDATE registry.rounds SET next_at = now() WHERE name = 'x'")
            #expect(try await rounds.take("x", next: .seconds(600)))
            #expect(try await !rounds.take("x", next: .seconds(600)))
        }
    }
}
