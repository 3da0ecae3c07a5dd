import Contracts
import RegistryStore
import TestSupport
import Testing

@testable import SnapshotPublisher

/// Gateways in small: what a reader of the feed holds.
struct FeedReader: Equatable {
    var epoch = ""
    var revision: Int64 = 0
    var channels: [Int: SnapshotChannel] = [:]
    var tokens: [Int: SnapshotToken] = [:]
    var groups: [String: SnapshotGroup] = [:]
    var modelConfigs: [String: SnapshotModelConfig] = [:]
    var options: [String: String] = [:]
    var owners: [String: String] = [:]

    mutating func take(_ snapshot: Snapshot) {
        if snapshot.isWhole { self = FeedReader() }
        epoch = snapshot.epoch
        revision = snapshot.revision
        for id in snapshot.removedChannels { channels[id] = nil }
        for id in snapshot.removedTokens { tokens[id] = nil }
        for id in snapshot.removedGroups { groups[id] = nil }
        for model in snapshot.removedModelConfigs { modelConfigs[model] = nil }
        for config in snapshot.modelConfigs { modelConfigs[config.model] = config }
        options = snapshot.options ?? options
        owners = owners.merging(snapshot.owners) { $1 }.filter { !$0.value.isEmpty }
        for channel in snapshot.channels { channels[channel.id] = channel }
        for token in snapshot.tokens { tokens[token.id] = token }
        for group in snapshot.groups { groups[group.id] = group }
    }

    var query: SnapshotQuery { SnapshotQuery(epoch: epoch, after: revision, waitMilliseconds: 0) }
}

@Suite("The mirror of the configuration")
struct SnapshotMirrorTests {
    private func position(_ revision: Int64, epoch: String = "e", forgotten: Int64 = 0) -> FeedPosition {
        FeedPosition(epoch: epoch, revision: revision, tombstonesAfter: forgotten)
    }

    private func channel(_ id: Int, _ name: String = "") -> SnapshotChannel {
        SnapshotChannel(id: id, type: 1, name: name)
    }

    private func mirror() -> SnapshotMirror {
        SnapshotMirror(
            whole: FeedChanges(
                position: position(5),
                channels: [
                    1: Stamped(revision: 2, value: channel(1)), 2: Stamped(revision: 4, value: channel(2)),
                    3: Stamped(revision: 5, value: nil),
                ],
                tokens: [7: Stamped(revision: 3, value: nil)],
                groups: ["g": Stamped(revision: 4, value: SnapshotGroup(id: "g"))]))
    }

    private func query(_ after: Int64, epoch: String = "e") -> SnapshotQuery {
        SnapshotQuery(epoch: epoch, after: after, waitMilliseconds: 0)
    }

    @Test("a reader that holds nothing gets everything, without deletions")
    func whole() {
        let snapshot = mirror().answer(to: query(0, epoch: ""))
        #expect(snapshot.isWhole && snapshot.revision == 5 && snapshot.epoch == "e")
        #expect(snapshot.channels.map(\.id) == [1, 2] && snapshot.groups.map(\.id) == ["g"])
        #expect(snapshot.removedChannels.isEmpty && snapshot.removedTokens.isEmpty)
    }

    @Test("a reader of an older revision gets what changed since")
    func delta() {
        let snapshot = mirror().answer(to: query(3))
        #expect(!snapshot.isWhole && snapshot.revision == 5)
        #expect(snapshot.channels.map(\.id) == [2] && snapshot.removedChannels == [3])
        #expect(snapshot.tokens.isEmpty && snapshot.removedTokens.isEmpty && snapshot.groups.map(\.id) == ["g"])
        #expect(mirror().answer(to: query(2)).removedTokens == [7])
    }

    @Test("a reader that is up to date gets an empty delta of the same revision")
    func current() {
        let snapshot = mirror().answer(to: query(5))
        #expect(snapshot == Snapshot(epoch: "e", revision: 5, isWhole: false))
        #expect(!mirror().isNews(for: query(5)))
        #expect(mirror().isNews(for: query(4)))
    }

    @Test("a reader of another epoch or of a later revision gets everything")
    func strangers() {
        #expect(mirror().answer(to: query(5, epoch: "other")).isWhole)
        #expect(mirror().answer(to: query(6)).isWhole)
        #expect(mirror().answer(to: query(-1)).isWhole)
        #expect(mirror().isNews(for: query(5, epoch: "other")) && mirror().isNews(for: query(6)))
    }

    @Test("a reader from before forgotten deletions gets everything")
    func forgotten() {
        var mirror = SnapshotMirror(whole: FeedChanges(position: position(9, forgotten: 4)))
        #expect(mirror.answer(to: query(3)).isWhole)
        #expect(!mirror.answer(to: query(4)).isWhole)
        for id in 10..<20 {
            let changes = FeedChanges(
                position: position(Int64(id), forgotten: 4), channels: [id: Stamped(revision: Int64(id), value: nil)])
            #expect(mirror.apply(changes) == .applied)
        }
        mirror.forget(above: 4)
        #expect(mirror.answer(to: query(16)).isWhole)
        #expect(mirror.answer(to: query(17)).removedChannels == [18, 19])
    }

    @Test("changes are refused when they do not follow on what is held")
    func outcomes() {
        var mirror = mirror()
        let before = mirror
        #expect(mirror.apply(FeedChanges(position: position(5))) == .unchanged)
        #expect(mirror.apply(FeedChanges(position: position(4))) == .needsWhole)
        #expect(mirror.apply(FeedChanges(position: position(6, epoch: "other"))) == .needsWhole)
        #expect(mirror.apply(FeedChanges(position: position(9, forgotten: 6))) == .needsWhole)
        #expect(mirror == before)
        #expect(mirror.apply(FeedChanges(position: position(6))) == .applied)
        #expect(mirror.position.revision == 6)
    }

    @Test("whoever follows deltas from any point holds what a new reader gets", arguments: 0..<20 as Range<UInt64>)
    func randomWalk(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var mirror = SnapshotMirror(whole: FeedChanges(position: position(1)))
        var readers = [FeedReader](repeating: FeedReader(), count: 5)
        for revision in 2...300 as ClosedRange<Int64> {
            var changes = FeedChanges(position: position(revision))
            let id = Int.random(in: 1...12, using: &random)
            let isDeleted = Bool.random(using: &random)
            switch Int.random(in: 0..<6, using: &random) {
            case 0:
                changes.channels[id] = Stamped(revision: revision, value: isDeleted ? nil : channel(id, "\(revision)"))
            case 1:
                let token = SnapshotToken(id: id, name: "\(revision)", group: "g", digest: "d")
                changes.tokens[id] = Stamped(revision: revision, value: isDeleted ? nil : token)
            case 2:
                let config = ModelConfig(model: "m\(id)", owner: "\(revision)")
                changes.modelConfigs["m\(id)"] = Stamped(revision: revision, value: isDeleted ? nil : config)
            case 3:
                changes.options["RetryTimes"] = Stamped(revision: revision, value: "\(id)")
            case 4:
                changes.options["DefaultChannelModels"] = Stamped(revision: revision, value: #"{"1":["d\#(id)"]}"#)
            default:
                let group = SnapshotGroup(id: "g\(id)", status: Int(revision))
                changes.groups["g\(id)"] = Stamped(revision: revision, value: isDeleted ? nil : group)
            }
            #expect(mirror.apply(changes) == .applied)
            if revision.isMultiple(of: 50) { mirror.forget(above: 8) }
            let place = Int.random(in: 0..<readers.count, using: &random)
            readers[place].take(mirror.answer(to: readers[place].query))
        }
        var whole = FeedReader()
        whole.take(mirror.answer(to: whole.query))
        for var reader in readers {
            reader.take(mirror.answer(to: reader.query))
            #expect(reader == whole)
        }
    }
}
