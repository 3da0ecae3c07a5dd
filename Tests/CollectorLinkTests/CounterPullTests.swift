import CollectorSupport
import Contracts
import InternalHTTP
import LogStore
import Postgres
import RegistryStore
import Testing

@testable import CollectorLink

@Suite struct CounterPullTests {
    @Test("calls raise the counters of channel, token and group, and no revision")
    func counts() async throws {
        try await CollectorPair.with { pair async throws in
            let (channel, token) = try await pair.tenant("g")
            let other = try await pair.tenant("h")
            let revision = try await ChangeFeed(pool: pair.pool).position()
            let now = pair.logs.clock.now
            let minute = Timestamp(microseconds: now - now % 60_000_000)
            var retried = pair.call(now, channel: channel, token: token, group: "g")
            retried.attempts.insert(
                CallAttempt(
                    channel: other.channel, reason: "r", outcome: .failed, startedAt: now, durationMicroseconds: 1),
                at: 0)
            _ = try await pair.logs.writer().store(
                RecordBuilder.batch([pair.call(now, channel: channel, token: token, group: "g"), retried]))
            _ = try await pair.pool.execute("UPDATE logs.totals SET used_amount = 1.250 WHERE kind <> 'channel'")
            try await pair.pull().round()
            let first = try await pair.channels.find(channel)
            #expect(first.requestCount == 2 && first.retryCount == 0 && first.accessedAt == minute)
            let second = try await pair.channels.find(other.channel)
            #expect(second.requestCount == 1 && second.retryCount == 1)
            let group = try await pair.groups.find("g")
            #expect(group.requestCount == 2 && group.usedAmount == "1.25" && group.accessedAt == minute)
            let key = try await pair.tokens.find(token)
            #expect(key.requestCount == 2 && key.usedAmount == "1.25" && key.accessedAt == minute)
            #expect(try await pair.groups.find("h").requestCount == 0)
            #expect(try await ChangeFeed(pool: pair.pool).position() == revision)
        }
    }

    @Test("nothing is missed while batches come side by side and pages are small, and an idle round writes nothing")
    func exactness() async throws {
        try await CollectorPair.with { pair async throws in
            var tenants: [(channel: Int, token: Int)] = []
            for number in 0..<9 { tenants.append(try await pair.tenant("g\(number)")) }
            let known = tenants
            let writer = pair.logs.writer()
            let now = pair.logs.clock.now
            let pull = pair.pull(pageSize: 3)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for gateway in 0..<5 {
                    group.addTask {
                        for sequence in 1...12 {
                            let records = (0..<Int.random(in: 1...6)).map { _ in
                                let place = Int.random(in: 0..<known.count)
                                return pair.call(
                                    now, channel: known[place].channel, token: known[place].token, group: "g\(place)")
                            }
                            _ = try await writer.store(
                                RecordBuilder.batch(records, instance: "gateway-\(gateway)", sequence: Int64(sequence)))
                        }
                    }
                }
                // Two replicas pull all the while.
                for _ in 0..<2 { group.addTask { for _ in 0..<30 { try await pull.round() } } }
                try await group.waitForAll()
            }
            try await pull.round()
            for (place, tenant) in tenants.enumerated() {
                let wanted = try await pair.logs.number(
                    "SELECT count(*) FROM logs.calls WHERE group_name = \("g\(place)")")
                #expect(try await pair.groups.find("g\(place)").requestCount == wanted)
                #expect(try await pair.tokens.find(tenant.token).requestCount == wanted)
                #expect(try await pair.channels.find(tenant.channel).requestCount == wanted)
            }
            // Other tests' transactions run in this cluster too; when they are over, nothing is left to read.
            let isIdle = try await pair.wait {
                let before = try await pair.counters.position()
                try await pull.round()
                return try await pair.counters.position() == before
            }
            #expect(isIdle)
        }
    }

    @Test("with another log database, or one that was set back, everything is taken over again")
    func otherDatabase() async throws {
        try await CollectorPair.with { pair async throws in
            let (channel, token) = try await pair.tenant("g")
            let now = pair.logs.clock.now
            let batch = [pair.call(now, channel: channel, token: token, group: "g")]
            _ = try await pair.logs.writer().store(RecordBuilder.batch(batch))
            try await pair.pull().round()
            #expect(try await pair.groups.find("g").requestCount == 1)
            let position = try await pair.counters.position()
            _ = try await pair.pool.execute("UPDATE logs.totals SET requests = 5, stamp = 1")
            try await pair.pull().round()
            #expect(try await pair.groups.find("g").requestCount == 1)
            _ = try await pair.pool.execute("UPDATE logs.totals_epoch SET epoch = 'other'")
            try await pair.pull().round()
            #expect(try await pair.groups.find("g").requestCount == 5)
            _ = try await pair.pool.execute("UPDATE logs.totals SET requests = 6")
            _ = try await pair.pool.execute("UPDATE registry.totals_position SET stamp = stamp + 1000000")
            try await pair.pull().round()
            #expect(try await pair.groups.find("g").requestCount == 6)
            let after = try await pair.counters.position()
            #expect(after.epoch == "other" && after.epoch != position.epoch && after.stamp < position.stamp + 1_000_000)
        }
    }

    @Test("the collector may be away: the counters follow when it is back")
    func outage() async throws {
        try await CollectorPair.with { pair async throws in
            let (channel, token) = try await pair.tenant("g")
            pair.isDown.set(true)
            await #expect(throws: PeerError.self) { try await pair.pull().round() }
            let pull = pair.pull()
            let work = Task { try await pull.run() }
            let now = pair.logs.clock.now
            _ = try await pair.logs.writer().store(
                RecordBuilder.batch([pair.call(now, channel: channel, token: token, group: "g")]))
            pair.isDown.set(false)
            #expect(try await pair.wait { try await pair.groups.find("g").requestCount == 1 })
            await pull.shutdown(deadline: .zero)
            try await work.value
        }
    }
}
