import Contracts
import Foundation
import Testing

@testable import InternalHTTP

@Suite("The JSON of a snapshot and its versions")
struct SnapshotVersionsTests {
    private let whole = Snapshot(
        epoch: "e", revision: 9, isWhole: true,
        channels: [SnapshotChannel(id: 1, type: 1, name: "é\"", models: ["m"], modelMapping: ["m": "n", "a": "b"])],
        tokens: [SnapshotToken(id: 2, name: "t", group: "g", digest: "d")], groups: [SnapshotGroup(id: "g")],
        modelConfigs: [SnapshotModelConfig(model: "m", type: 1, document: #"{"rpm":3}"#)],
        options: ["RetryTimes": "3"], owners: ["m": "openai"])

    @Test("what is written is read back, whole or not")
    func roundTrip() throws {
        var delta = Snapshot(
            epoch: "e", revision: 10, isWhole: false, removedChannels: [1], removedModelConfigs: ["m/x"],
            owners: ["m/x": ""])
        #expect(try SnapshotJSON.decode(SnapshotJSON.encode(whole)) == whole)
        #expect(try SnapshotJSON.decode(SnapshotJSON.encode(delta)) == delta)
        delta.options = [:]
        #expect(try SnapshotJSON.decode(SnapshotJSON.encode(delta)) == delta)
    }

    @Test("it is the form that Foundation's coders write and read")
    func codable() throws {
        #expect(try JSONDecoder().decode(Snapshot.self, from: Data(SnapshotJSON.encode(whole))) == whole)
        #expect(try SnapshotJSON.decode(Array(JSONEncoder().encode(whole))) == whole)
    }

    @Test("a snapshot that an older version wrote has neither model configs nor options")
    func older() throws {
        let text = """
            {"epoch":"e","revision":4,"isWhole":true,"channels":[],"removedChannels":[],"tokens":[],"removedTokens":[],
            "groups":[],"removedGroups":[]}
            """
        let expected = Snapshot(epoch: "e", revision: 4, isWhole: true)
        #expect(try SnapshotJSON.decode(Array(text.utf8)) == expected)
        #expect(try JSONDecoder().decode(Snapshot.self, from: Data(text.utf8)) == expected)
        #expect(expected.options == nil && expected.modelConfigs.isEmpty && expected.owners.isEmpty)
    }

    @Test("a member of the wrong kind is named with its place")
    func wrong() throws {
        let text = String(decoding: SnapshotJSON.encode(whole), as: UTF8.self)
        for (good, bad, message) in [
            (
                #""document":"{"#, #""document":1,"x":"{"#,
                "modelConfigs[0].document: a number where a string is expected"
            ),
            (#""RetryTimes":"3""#, #""RetryTimes":3"#, "options: a number where a string is expected"),
            (#""owners":{"#, #""owners":[],"x":{"#, "owners: an array where an object is expected"),
        ] {
            let broken = text.replacing(good, with: bad)
            #expect(broken != text)
            do {
                _ = try SnapshotJSON.decode(Array(broken.utf8))
                Issue.record("\(bad) was read")
            } catch {
                #expect(error.description == message)
            }
        }
    }
}
