import Contracts
import Telemetry
import Testing

@testable import Routing

private func digest(_ filler: Character) -> String {
    String(repeating: filler, count: 64)
}

private func table(
    channels: [SnapshotChannel], tokens: [SnapshotToken] = [], groups: [SnapshotGroup] = [],
    previous: RoutingTable? = nil, openKey: (SnapshotChannel) -> Redacted<String>? = { Redacted("key of \($0.id)") }
) -> RoutingTable {
    RoutingTable(
        Snapshot(epoch: "e", revision: 1, isWhole: true, channels: channels, tokens: tokens, groups: groups),
        previous: previous, openKey: openKey)
}

@Suite("Routing table")
struct RoutingTableTests {
    private let channels = [
        SnapshotChannel(id: 2, type: 1, name: "two", sealedKey: "x", models: ["gpt-4o", "o3"], sets: ["eu"]),
        SnapshotChannel(id: 1, type: 1, name: "one", sealedKey: "x", models: ["gpt-4o", "gpt-4o"]),
        SnapshotChannel(id: 3, type: 1, name: "off", sealedKey: "x", models: ["gpt-4o", "old"], status: 2),
    ]

    @Test("the operator sees the enabled channels of every set, once each, by id")
    func operatorCandidates() {
        let table = table(channels: channels)
        #expect(table.candidates("gpt-4o", for: .operatorKey).map(\.id) == [1, 2])
        #expect(table.models(for: .operatorKey) == ["gpt-4o", "o3"])
        #expect(table.channel(3)?.isEnabled == false)
        #expect(table.canonicalModel("old", for: .operatorKey) == nil)
    }

    @Test("every channel and what is configured for models can be asked for")
    func everything() {
        #expect(Set(table(channels: channels).everyChannel.map(\.id)) == [1, 2, 3])
        let config = SnapshotModelConfig(model: "o3", type: 1, document: #"{"rpm":1}"#)
        let table = RoutingTable(
            Snapshot(epoch: "e", revision: 1, isWhole: true, modelConfigs: [config]), openKey: { _ in nil })
        #expect(table.modelConfig("o3") == config && table.modelConfig("O3") == nil)
    }

    @Test("model configs follow by changes too; one that is removed and present was made anew")
    func changedModelConfigs() {
        func config(_ model: String, _ type: Int) -> SnapshotModelConfig {
            SnapshotModelConfig(model: model, type: type)
        }
        let first = RoutingTable(
            Snapshot(
                epoch: "e", revision: 1, isWhole: true, modelConfigs: [config("a", 1), config("b", 1), config("c", 1)]),
            openKey: { _ in nil })
        let changes = Snapshot(
            epoch: "e", revision: 2, isWhole: false, modelConfigs: [config("b", 3), config("d", 4)],
            removedModelConfigs: ["a", "b"])
        let whole = Snapshot(
            epoch: "e", revision: 2, isWhole: true, modelConfigs: [config("b", 3), config("c", 1), config("d", 4)])
        let second = RoutingTable(whole, changes: changes, previous: first, openKey: { _ in nil })
        #expect(["a", "b", "c", "d"].map { second.modelConfig($0)?.type } == [nil, 3, 1, 4])
        #expect(["a", "b", "c", "d"].map { first.modelConfig($0)?.type } == [1, 1, 1, nil])
    }

    @Test("a model is found whatever its case, under its configured spelling")
    func caseInsensitive() {
        #expect(table(channels: channels).canonicalModel("GPT-4O", for: .operatorKey) == "gpt-4o")
    }

    @Test("a tenant sees only the channels of its group's sets and the models of its key")
    func tenantCandidates() throws {
        let table = table(
            channels: channels,
            tokens: [
                SnapshotToken(id: 7, name: "t", group: "g", digest: digest("a"), models: ["GPT-4o"]),
                SnapshotToken(id: 8, name: "u", group: "wide", digest: digest("b")),
            ],
            groups: [SnapshotGroup(id: "wide", availableSets: ["eu", "default"])])
        func caller(_ filler: Character) throws -> Caller {
            let digest = try #require(KeyDigest(hex: digest(filler)))
            let tenant = try #require(table.tenant(digest))
            return .tenant(tenant)
        }
        let narrow = try caller("a")
        let wide = try caller("b")
        #expect(table.candidates("gpt-4o", for: narrow).map(\.id) == [1])
        #expect(table.canonicalModel("o3", for: narrow) == nil)
        #expect(table.candidates("gpt-4o", for: wide).map(\.id) == [2, 1])
        #expect(table.models(for: wide) == ["gpt-4o", "o3"])
    }

    @Test("a channel whose key cannot be opened is named and never chosen")
    func unreadableKey() {
        let table = table(channels: channels) { $0.id == 1 ? nil : Redacted("k") }
        #expect(table.unreadableChannels == ["one"])
        #expect(table.candidates("gpt-4o", for: .operatorKey).map(\.id) == [2])
    }

    @Test("an unchanged key is not opened again")
    func keysAreKept() {
        let first = table(channels: channels)
        var opened: [Int] = []
        var changed = channels
        changed[0].sealedKey = "y"
        let second = table(channels: changed, previous: first) {
            opened.append($0.id)
            return Redacted("new")
        }
        #expect(opened == [2])
        #expect(second.channel(1)?.key?.reveal == "key of 1")
    }

    @Test("an unknown channel type is left out")
    func unknownType() {
        #expect(table(channels: [SnapshotChannel(id: 9, type: 999, name: "?", models: ["m"])]).channel(9) == nil)
    }

    @Test("the base URL comes from the channel, else from the type, without trailing slashes")
    func baseURL() {
        let table = table(channels: [
            SnapshotChannel(id: 1, type: 1, name: "a", baseURL: "http://h/v1//"),
            SnapshotChannel(id: 2, type: 1, name: "b"),
        ])
        #expect(table.channel(1)?.baseURL == "http://h/v1")
        #expect(table.channel(2)?.baseURL == "https://api.openai.com/v1")
    }

    @Test("options that the relay follows are read, and nonsense counts as not set")
    func options() {
        func table(_ options: [String: String]?) -> RoutingTable {
            RoutingTable(Snapshot(epoch: "e", revision: 1, isWhole: true, options: options), openKey: { _ in nil })
        }
        #expect(table(nil).retryTimes == nil && !table(nil).refusesCalls)
        let set = table(["RetryTimes": "3", "DisableServe": "true"])
        #expect(set.retryTimes == 3 && set.refusesCalls)
        #expect(table(["RetryTimes": "many"]).retryTimes == nil)
    }
}
