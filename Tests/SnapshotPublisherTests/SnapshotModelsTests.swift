import Contracts
import RegistryStore
import Testing

@testable import SnapshotPublisher

@Suite("Models and options in the mirror")
struct SnapshotModelsTests {
    private func position(_ revision: Int64) -> FeedPosition {
        FeedPosition(epoch: "e", revision: revision, tombstonesAfter: 0)
    }

    private func query(_ after: Int64, epoch: String = "e") -> SnapshotQuery {
        SnapshotQuery(epoch: epoch, after: after, waitMilliseconds: 0)
    }

    private func config(_ model: String, owner: String = "") -> ModelConfig {
        var config = ModelConfig(model: model, owner: owner, type: 1)
        config.rpm = 3
        return config
    }

    private func mirror(overrides: [String: String] = [:]) -> SnapshotMirror {
        SnapshotMirror(
            whole: FeedChanges(
                position: position(5),
                channels: [
                    1: Stamped(revision: 2, value: SnapshotChannel(id: 1, type: 1, name: "empty")),
                    2: Stamped(
                        revision: 2,
                        value: SnapshotChannel(
                            id: 2, type: 1, name: "full", models: ["gpt-4o", "own", "nobody's"],
                            modelMapping: ["gpt-4o": "x"])),
                    3: Stamped(revision: 2, value: SnapshotChannel(id: 3, type: 14, name: "other type")),
                ],
                modelConfigs: [
                    "own": Stamped(revision: 3, value: config("own", owner: "me")),
                    "gone": Stamped(revision: 4, value: nil),
                ],
                options: ["RetryTimes": Stamped(revision: 5, value: "3")]),
            overrides: overrides)
    }

    @Test("a whole snapshot has every config, the options that are set, and the owner of each model")
    func whole() {
        let snapshot = mirror().answer(to: query(0, epoch: ""))
        #expect(snapshot.options == ["RetryTimes": "3"])
        #expect(
            snapshot.modelConfigs == [
                SnapshotModelConfig(
                    model: "own", type: 1,
                    document: #"{"model":"own","owner":"me","type":1,"price":{},"rpm":3,"timeout_config":{}}"#)
            ])
        #expect(snapshot.removedModelConfigs.isEmpty)
        #expect(snapshot.owners == ["gpt-4o": "openai", "own": "me"])
    }

    @Test("services without a snapshot are told the options in force, once for each set of them")
    func optionsFeed() {
        var mirror = mirror(overrides: ["LogStorageHours": "48"])
        let first = mirror.answer(to: OptionsQuery(mark: ""))
        #expect(first.options == ["RetryTimes": "3", "LogStorageHours": "48"])
        #expect(mirror.answer(to: OptionsQuery(mark: first.mark)) == OptionsAnswer(mark: first.mark, options: nil))
        let other = FeedChanges(
            position: position(6),
            options: [
                "LogStorageHours": Stamped(revision: 6, value: "1"), "RetryTimes": Stamped(revision: 6, value: "4"),
            ])
        #expect(mirror.apply(other) == .applied)
        let second = mirror.answer(to: OptionsQuery(mark: first.mark))
        #expect(second.options == ["RetryTimes": "4", "LogStorageHours": "48"] && second.mark != first.mark)
        // What changes no option changes no mark.
        #expect(mirror.apply(FeedChanges(position: position(7))) == .applied)
        #expect(mirror.answer(to: OptionsQuery(mark: second.mark)).options == nil)
    }

    @Test("a delta has the options only when one changed, and the configs that changed")
    func delta() {
        #expect(mirror().answer(to: query(4)).options == ["RetryTimes": "3"])
        #expect(mirror().answer(to: query(5)).options == nil)
        let snapshot = mirror().answer(to: query(3))
        #expect(snapshot.modelConfigs.isEmpty && snapshot.removedModelConfigs == ["gone"])
        #expect(snapshot.owners == ["gone": ""])
        #expect(mirror().answer(to: query(2)).modelConfigs.map(\.model) == ["own"])
    }

    @Test("channels without models get the defaults of their type, as soon as these change")
    func defaults() {
        var mirror = mirror()
        #expect(
            mirror.answer(to: query(0, epoch: "")).channels.map(\.models) == [[], ["gpt-4o", "own", "nobody's"], []])
        let outcome = mirror.apply(
            FeedChanges(
                position: position(7),
                options: [
                    "DefaultChannelModels": Stamped(revision: 6, value: #"{"1":["o3","own"]}"#),
                    "DefaultChannelModelMapping": Stamped(revision: 7, value: #"{"1":{"o3":"y"}}"#),
                ]))
        #expect(outcome == .applied)
        let delta = mirror.answer(to: query(5))
        #expect(delta.channels.map(\.id) == [1, 3] && !delta.isWhole)
        #expect(delta.channels[0].models == ["o3", "own"] && delta.channels[0].modelMapping == ["o3": "y"])
        #expect(delta.channels[1].models.isEmpty && delta.channels[1].modelMapping.isEmpty)
        #expect(delta.owners == ["o3": "openai", "own": "me"])
        #expect(mirror.answer(to: query(7)).channels.isEmpty)
        let full = mirror.answer(to: query(0, epoch: "")).channels[1]
        #expect(full.models == ["gpt-4o", "own", "nobody's"] && full.modelMapping == ["gpt-4o": "x"])
    }

    @Test("another option does not send channels again")
    func otherOption() {
        var mirror = mirror()
        _ = mirror.apply(
            FeedChanges(position: position(6), options: ["NotifyNote": Stamped(revision: 6, value: "n")]))
        let delta = mirror.answer(to: query(5))
        #expect(delta.channels.isEmpty && delta.options == ["RetryTimes": "3", "NotifyNote": "n"])
    }

    @Test("what the environment says wins over what is stored, and other words of it are other revisions")
    func overrides() {
        let plain = mirror()
        let first = mirror(overrides: ["RetryTimes": "7", "DefaultChannelModels": #"{"14":["c"]}"#])
        let second = mirror(overrides: ["RetryTimes": "8"])
        #expect(plain.epoch == "e" && first.epoch != "e" && first.epoch != second.epoch)
        let snapshot = first.answer(to: query(5))
        #expect(snapshot.isWhole && snapshot.epoch == first.epoch && first.isNews(for: query(5)))
        #expect(snapshot.options?["RetryTimes"] == "7" && snapshot.channels[2].models == ["c"])
        #expect(!first.answer(to: query(4, epoch: first.epoch)).isWhole)
        #expect(!first.isNews(for: query(5, epoch: first.epoch)))
    }

    @Test("a config that is deleted gives the model back to the catalogue's owner")
    func deletion() {
        var mirror = mirror()
        _ = mirror.apply(
            FeedChanges(
                position: position(6),
                modelConfigs: ["gpt-4o": Stamped(revision: 6, value: config("gpt-4o", owner: "us"))]))
        var reader = FeedReader()
        reader.take(mirror.answer(to: query(0, epoch: "")))
        #expect(reader.owners["gpt-4o"] == "us" && reader.modelConfigs.count == 2)
        _ = mirror.apply(
            FeedChanges(
                position: position(7),
                modelConfigs: [
                    "gpt-4o": Stamped(revision: 7, value: nil), "own": Stamped(revision: 7, value: nil),
                ]))
        reader.take(mirror.answer(to: reader.query))
        #expect(
            reader.owners == ["gpt-4o": "openai"] && reader.modelConfigs.isEmpty && reader.options["RetryTimes"] == "3")
    }
}
