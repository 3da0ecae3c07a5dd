import Contracts
import Postgres
import RegistryStore
import Telemetry
import TestSupport
import Testing

@Suite("The feed of changes")
struct ChangeFeedTests {
    @Test("an empty database is at revision 1, so that its snapshot is not mistaken for none")
    func empty() async throws {
        try await Stores.with { stores async throws in
            let position = try await stores.feed.position()
            #expect(position.revision == 1 && position.epoch.utf8.count == 36 && position.tombstonesAfter == 0)
            #expect(try await stores.feed.changes(after: 0) == FeedChanges(position: position))
        }
    }

    @Test("a channel in the feed carries what the relay needs, its key sealed")
    func channel() async throws {
        try await Stores.with { stores async throws in
            var new = Stores.new("n", key: "secret", models: ["a"])
            new.settings.modelMapping = #"{"a":"b"}"#
            new.settings.configs = #"{"x":1.0}"#
            new.settings.sets = ["s"]
            new.settings.priority = 3
            let id = try await stores.channels.create([new])[0]
            let changes = try await stores.feed.changes(after: 1)
            let channel = try #require(changes.channels[id]?.value)
            #expect(changes.channels[id]?.revision == 2 && changes.position.revision == 2)
            #expect(channel.modelMapping == ["a": "b"] && channel.configs == #"{"x":1.0}"# && channel.priority == 3)
            #expect(channel.sealedKey.hasPrefix("v1.") && channel.models == ["a"] && channel.sets == ["s"])
        }
    }

    @Test("counters are no configuration: they take no revision")
    func counters() async throws {
        try await Stores.with { stores async throws in
            let id = try await stores.channels.create([Stores.new("n")])[0]
            let before = try await stores.feed.changes(after: 0)
            _ = try await stores.pool.execute(
                "UPDATE registry.channels SET used_amount = used_amount + 3.75, request_count = 9 WHERE id = \(id)")
            #expect(try await stores.feed.changes(after: 0) == before)
            #expect(try await stores.channels.find(id).usedAmount == "3.75")
        }
    }

    @Test("forgotten deletions raise the revision from which a delta can be told")
    func pruning() async throws {
        try await Stores.with { stores async throws in
            _ = try await stores.groups.create(NewGroup(id: "g"))
            try await stores.groups.delete("g")
            #expect(try await stores.feed.pruneTombstones(olderThan: .seconds(3600)) == 0)
            #expect(try await stores.feed.position().tombstonesAfter == 0)
            #expect(try await stores.feed.pruneTombstones(olderThan: .zero) == 1)
            let position = try await stores.feed.position()
            #expect(position.tombstonesAfter == 3 && position.revision == 3)
            #expect(try await stores.feed.pruneTombstones(olderThan: .zero) == 0)
            #expect(try await stores.feed.position() == position)
        }
    }

    @Test("while many write at once, a reader that follows the deltas sees every revision in order and loses nothing")
    func concurrency() async throws {
        try await Stores.with { stores async throws in
            async let reading = follow(stores)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for writer in 0..<6 as Range<UInt64> {
                    group.addTask { try await write(stores, seed: writer) }
                }
                try await group.waitForAll()
            }
            _ = try await stores.groups.create(NewGroup(id: "the end"))
            let followed = try await reading
            let whole = try await stores.feed.changes(after: 0)
            #expect(followed.position == whole.position)
            #expect(followed.channels == whole.channels)
            #expect(followed.tokens.compactMapValues(\.value) == whole.tokens.compactMapValues(\.value))
            #expect(followed.groups.compactMapValues(\.value) == whole.groups.compactMapValues(\.value))
            // Every write that succeeded took exactly one revision: none was shared, none skipped.
            let stamps = try await stores.pool.query(
                """
                SELECT max(revision) AS last FROM (SELECT revision FROM registry.channels
                UNION ALL SELECT revision FROM registry.tokens UNION ALL SELECT revision FROM registry.groups
                UNION ALL SELECT revision FROM registry.tombstones) AS every
                """)
            #expect(try stamps[0].decode("last", as: Int64.self) == whole.position.revision)
        }
    }

    private func write(_ stores: Stores, seed: UInt64) async throws {
        var random = SeededGenerator(seed: seed)
        var channels: [Int] = []
        for step in 0..<40 {
            do {
                switch Int.random(in: 0..<8, using: &random) {
                case 0, 1: channels += try await stores.channels.create([Stores.new("\(seed)-\(step)", key: "k")])
                case 2, 3:
                    var change = ChannelChange()
                    change.priority = step
                    if let id = channels.randomElement(using: &random) {
                        _ = try await stores.channels.update(id, change)
                    }
                case 4:
                    if let id = channels.randomElement(using: &random) { try await stores.channels.delete([id]) }
                case 5:
                    let group = "g\(Int.random(in: 0..<3, using: &random))"
                    _ = try await stores.tokens.create(
                        NewToken(name: "t\(seed)-\(step)"), in: group, createsGroup: true)
                case 6: try await stores.groups.setStatus("g\(Int.random(in: 0..<3, using: &random))", 1 + step % 2)
                default: try await stores.groups.delete("g\(Int.random(in: 0..<3, using: &random))")
                }
            } catch RegistryError.channelNotFound, RegistryError.groupNotFound {
                continue
            }
        }
    }

    /// Follows the feed until it has seen the last thing that is written.
    private func follow(_ stores: Stores) async throws -> FeedChanges {
        var held = try await stores.feed.changes(after: 0)
        while held.groups["the end"] == nil {
            let changes = try await stores.feed.changes(after: held.position.revision)
            #expect(
                changes.position.revision >= held.position.revision && changes.position.epoch == held.position.epoch)
            let stamps =
                changes.channels.values.map(\.revision) + changes.tokens.values.map(\.revision)
                + changes.groups.values.map(\.revision)
            #expect(stamps.allSatisfy { $0 > held.position.revision && $0 <= changes.position.revision })
            held.position = changes.position
            held.channels.merge(changes.channels) { $1 }
            held.tokens.merge(changes.tokens) { $1 }
            held.groups.merge(changes.groups) { $1 }
        }
        return held
    }
}
