import Contracts
import Foundation
import SnapshotClient
import Testing

/// A directory of a test, removed at its end.
final class ScratchDirectory: Sendable {
    let path: String

    init() throws {
        path = FileManager.default.temporaryDirectory.path + "/switchboard-test-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit {
        do {
            try FileManager.default.removeItem(atPath: path)
        } catch {
            Issue.record("the scratch directory stays: \(error)")
        }
    }

    var names: [String] { ((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []).sorted() }
}

@Suite("Snapshot file")
struct SnapshotFileTests {
    private let snapshot = Snapshot(
        epoch: "e", revision: 7, isWhole: true, channels: [SnapshotChannel(id: 1, type: 1, name: "n\n\"ä")],
        tokens: [SnapshotToken(id: 1, name: "t", group: "g", digest: "d")], groups: [SnapshotGroup(id: "g")])

    @Test("what was saved is loaded, also by a later run, and replaces what was saved before")
    func roundTrip() throws {
        let scratch = try ScratchDirectory()
        let file = SnapshotFile(directory: scratch.path)
        #expect(file.load() == .nothing)
        try file.save(snapshot)
        #expect(file.load() == .snapshot(snapshot))
        var next = snapshot
        next.revision = 8
        try file.save(next)
        #expect(SnapshotFile(directory: scratch.path).load() == .snapshot(next))
        #expect(scratch.names == ["snapshot.json"])
    }

    @Test("the file is for its owner only, and missing directories are made")
    func rights() throws {
        let scratch = try ScratchDirectory()
        let file = SnapshotFile(directory: scratch.path + "/a/b")
        try file.save(snapshot)
        let rights = try FileManager.default.attributesOfItem(atPath: file.path)[.posixPermissions] as? Int
        #expect(rights == 0o600)
        #expect(file.load() == .snapshot(snapshot))
    }

    @Test("a file that is cut anywhere is put aside and reported")
    func torn() throws {
        let scratch = try ScratchDirectory()
        let file = SnapshotFile(directory: scratch.path)
        try file.save(snapshot)
        let whole = try Data(contentsOf: URL(fileURLWithPath: file.path))
        for end in 0..<whole.count {
            try whole.prefix(end).write(to: URL(fileURLWithPath: file.path))
            guard case .damaged(_, let aside) = file.load() else {
                Issue.record("cut at \(end) was taken")
                continue
            }
            #expect(aside == file.path + ".damaged")
            #expect(scratch.names == ["snapshot.json.damaged"])
            #expect(file.load() == .nothing)
        }
    }

    @Test("a file with any byte altered, or with more behind its end, is not taken")
    func altered() throws {
        let scratch = try ScratchDirectory()
        let file = SnapshotFile(directory: scratch.path)
        try file.save(snapshot)
        let whole = try Data(contentsOf: URL(fileURLWithPath: file.path))
        for place in whole.indices {
            var bytes = whole
            bytes[place] ^= 1
            try bytes.write(to: URL(fileURLWithPath: file.path))
            if case .snapshot = file.load() { Issue.record("altered at \(place) was taken") }
        }
        try (whole + Data([0x20])).write(to: URL(fileURLWithPath: file.path))
        if case .snapshot = file.load() { Issue.record("a longer file was taken") }
    }

    @Test("a file that holds changes only is not taken")
    func changes() throws {
        let scratch = try ScratchDirectory()
        let file = SnapshotFile(directory: scratch.path)
        try file.save(Snapshot(epoch: "e", revision: 1, isWhole: false))
        #expect(
            file.load() == .damaged(reason: "it holds changes only", aside: file.path + ".damaged"))
    }

    @Test("a directory that cannot be written is an error, and the old file stays")
    func unwritable() throws {
        let scratch = try ScratchDirectory()
        let file = SnapshotFile(directory: scratch.path)
        try file.save(snapshot)
        // A directory stands where the draft would be written; root ignores missing rights, but not this.
        try FileManager.default.createDirectory(
            atPath: "\(file.path).\(ProcessInfo.processInfo.processIdentifier).tmp", withIntermediateDirectories: false)
        #expect(throws: SnapshotFileError.self) { try file.save(snapshot) }
        #expect(file.load() == .snapshot(snapshot))
        #expect(throws: SnapshotFileError.self) { try SnapshotFile(directory: file.path + "/below").save(snapshot) }
    }

    @Test("a directory in place of the file is reported and does not stop anything")
    func directory() throws {
        let scratch = try ScratchDirectory()
        let file = SnapshotFile(directory: scratch.path)
        try FileManager.default.createDirectory(atPath: file.path, withIntermediateDirectories: false)
        #expect(file.load() == .damaged(reason: "read failed with error 21", aside: nil))
    }
}
