import Contracts
import Foundation
import InternalHTTP
import TestSupport
import Testing

@Suite("Snapshots as JSON")
struct SnapshotJSONTests {
    static func random(seed: UInt64) -> Snapshot {
        var generator = SeededGenerator(seed: seed)
        func text() -> String { HostileText.all.randomElement(using: &generator) ?? "" }
        func texts() -> [String] { (0..<Int.random(in: 0...3, using: &generator)).map { _ in text() } }
        func flag() -> Bool { Bool.random(using: &generator) }
        func int() -> Int { [0, 1, -1, 7, .max, .min, 1 << 53].randomElement(using: &generator) ?? 0 }
        func rate() -> Double { [0, 0.1, 0.95, 1, 1e-9, 123456.75].randomElement(using: &generator) ?? 0 }
        return Snapshot(
            epoch: text(), revision: Int64(int()), isWhole: flag(),
            channels: (0..<4).map { _ in
                SnapshotChannel(
                    id: int(), type: int(), name: text(), baseURL: text(), sealedKey: text(), models: texts(),
                    modelMapping: Dictionary([(text(), text()), (text(), text())]) { old, _ in old }, status: int(),
                    priority: int(), sets: texts(), proxyURL: text(), skipsTLSVerification: flag(),
                    bansOnNoPermission: flag(), warnErrorRate: rate(), maxErrorRate: rate(), configs: text())
            },
            removedChannels: [int(), int()],
            tokens: (0..<4).map { _ in
                SnapshotToken(
                    id: int(), name: text(), group: text(), digest: text(), status: int(), models: texts(),
                    subnets: texts())
            },
            removedTokens: [int()],
            groups: (0..<4).map { _ in SnapshotGroup(id: text(), status: int(), availableSets: texts()) },
            removedGroups: texts(),
            modelConfigs: (0..<2).map { _ in SnapshotModelConfig(model: text(), type: int(), document: text()) },
            removedModelConfigs: texts(), options: flag() ? [text(): text()] : nil,
            owners: Dictionary([(text(), text()), (text(), text())]) { old, _ in old })
    }

    @Test("what is written, Codable reads as the same value, and the other way round", arguments: 1...60)
    func agreesWithCodable(seed: UInt64) throws {
        let snapshot = Self.random(seed: seed)
        let bytes = SnapshotJSON.encode(snapshot)
        #expect(try JSONDecoder().decode(Snapshot.self, from: Data(bytes)) == snapshot)
        #expect(try SnapshotJSON.decode(bytes) == snapshot)
        #expect(try SnapshotJSON.decode(Array(try JSONEncoder().encode(snapshot))) == snapshot)
    }

    @Test("an unknown member is passed over, so that an older gateway reads a newer registry")
    func unknown() throws {
        let snapshot = Self.random(seed: 3)
        let text = String(decoding: SnapshotJSON.encode(snapshot), as: UTF8.self)
        let wider = text.replacingOccurrences(of: #"{"id":"#, with: #"{"new":{"a":[1]},"id":"#)
        #expect(wider != text)
        #expect(try SnapshotJSON.decode(Array(wider.utf8)) == snapshot)
    }

    private func fault(_ text: String) -> String? {
        do throws(SnapshotJSONError) {
            _ = try SnapshotJSON.decode(Array(text.utf8))
            return nil
        } catch {
            return error.description
        }
    }

    @Test("what is missing or of a wrong type is named by its place, without its value")
    func faults() {
        let whole = """
            {"epoch":"e","revision":1,"isWhole":true,"channels":[],"removedChannels":[],"tokens":[{"id":1,"name":"n","group":"g",\
            "digest":"secret","status":1,"models":["m"],"subnets":[]}],"removedTokens":[],"groups":[],"removedGroups":[]}
            """
        #expect(fault(whole) == nil)
        func changed(_ old: String, _ new: String) -> String? { fault(whole.replacingOccurrences(of: old, with: new)) }
        #expect(changed(#""epoch":"e","#, "") == "epoch: missing")
        #expect(
            changed(#""digest":"secret""#, #""digest":5"#) == "tokens[0].digest: a number where a string is expected")
        #expect(
            changed(#""digest":"secret""#, #""digest":null"#) == "tokens[0].digest: null where a string is expected")
        #expect(changed(#"["m"]"#, #"["m",7]"#) == "tokens[0].models[1]: a number where a string is expected")
        #expect(changed(#""id":1"#, #""id":1.5"#) == "tokens[0].id: a number where a whole number is expected")
        #expect(changed(#""isWhole":true"#, #""isWhole":1"#) == "isWhole: a number where a boolean is expected")
        #expect(changed(#""groups":[]"#, #""groups":{}"#) == "groups: an object where an array is expected")
        #expect(changed(#""groups":[]"#, #""groups":[3]"#) == "groups[0]: a number where an object is expected")
        #expect(fault("[]")?.contains("an array where an object is expected") == true)
        for text in ["", "{", "nonsense", "\u{0}", "{\"epoch\":\"\u{1}\"}"] {
            #expect(fault(text)?.hasPrefix("not JSON") == true)
        }
    }

    @Test("a snapshot that is cut anywhere is refused")
    func cut() {
        let bytes = SnapshotJSON.encode(Self.random(seed: 5))
        for end in 0..<bytes.count {
            #expect(throws: SnapshotJSONError.self) { try SnapshotJSON.decode(Array(bytes[..<end])) }
        }
    }
}
