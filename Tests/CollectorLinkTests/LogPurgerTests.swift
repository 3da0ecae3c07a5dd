import CollectorSupport
import Contracts
import LogStore
import Postgres
import RegistryStore
import Testing

@testable import CollectorLink

@Suite struct LogPurgerTests {
    @Test("the records of a deleted group go, also when the collector is down at first, and once more later")
    func purges() async throws {
        try await CollectorPair.with { pair async throws in
            let (channel, token) = try await pair.tenant("g")
            let other = try await pair.tenant("h")
            let now = pair.logs.clock.now
            let writer = pair.logs.writer()
            _ = try await writer.store(
                RecordBuilder.batch([
                    pair.call(now - 1_000, channel: channel, token: token, group: "g"),
                    pair.call(now - 1_000, channel: other.channel, token: other.token, group: "h"),
                ]))
            pair.isDown.set(true)
            try await pair.groups.delete("g")
            let purger = pair.purger()
            let work = Task { try await purger.run() }
            #expect(
                try await pair.wait { try await pair.logs.number("SELECT failures FROM registry.log_purges") > 0 })
            #expect(try await pair.logs.calls() == 2)
            pair.isDown.set(false)
            #expect(try await pair.wait { try await pair.logs.calls() == 1 })
            #expect(
                try await pair.wait { try await pair.logs.number("SELECT passes FROM registry.log_purges") == 1 })
            // A call that was under way comes after all of that.
            _ = try await writer.store(
                RecordBuilder.batch([pair.call(now, channel: channel, token: token, group: "g")], sequence: 2))
            _ = try await pair.pool.execute("UPDATE registry.log_purges SET next_at = now()")
            #expect(
                try await pair.wait { try await pair.logs.number("SELECT count(*) FROM registry.log_purges") == 0 })
            #expect(try await pair.logs.calls() == 1)
            await purger.shutdown(deadline: .zero)
            try await work.value
        }
    }

    @Test("a group that is created again under the name of a deleted one begins with nothing")
    func again() async throws {
        try await CollectorPair.with { pair async throws in
            let old = try await pair.tenant("g")
            let arrival = pair.logs.clock.now - 60_000_000
            let writer = pair.logs.writer()
            _ = try await writer.store(
                RecordBuilder.batch([pair.call(arrival, channel: old.channel, token: old.token, group: "g")]))
            try await pair.pull().round()
            #expect(try await pair.groups.find("g").requestCount == 1)
            try await pair.groups.delete("g")
            let new = try await pair.tenant("g")
            let late = pair.logs.clock.now + 120_000_000
            _ = try await writer.store(
                RecordBuilder.batch([pair.call(late, channel: new.channel, token: new.token, group: "g")], sequence: 2))
            try await pair.pull().round()
            try await pair.purger().round()
            try await pair.pull().round()
            #expect(try await pair.logs.calls() == 1)
            #expect(try await pair.groups.find("g").requestCount == 0)
            _ = try await writer.store(
                RecordBuilder.batch([pair.call(late, channel: new.channel, token: new.token, group: "g")], sequence: 3))
            try await pair.pull().round()
            #expect(try await pair.groups.find("g").requestCount == 1)
        }
    }
}
