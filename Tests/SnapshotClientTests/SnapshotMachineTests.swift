import Contracts
import SnapshotClient
import TestSupport
import Testing

@Suite("Snapshot machine")
struct SnapshotMachineTests {
    private func channel(_ id: Int, _ name: String = "") -> SnapshotChannel {
        SnapshotChannel(id: id, type: 1, name: name)
    }

    private func token(_ id: Int, _ name: String = "") -> SnapshotToken {
        SnapshotToken(id: id, name: name, group: "", digest: "")
    }

    private func whole(_ revision: Int64, epoch: String = "a", _ ids: [Int] = []) -> Snapshot {
        Snapshot(epoch: epoch, revision: revision, isWhole: true, channels: ids.map { channel($0) })
    }

    private func holding(_ snapshot: Snapshot) -> SnapshotMachine {
        var machine = SnapshotMachine()
        _ = machine.take(snapshot)
        return machine
    }

    @Test("it asks for everything at first, then for what is newer")
    func queries() {
        var machine = SnapshotMachine()
        #expect(machine.query(waitMilliseconds: 9) == SnapshotQuery(epoch: "", after: 0, waitMilliseconds: 0))
        #expect(machine.take(whole(5)) == .replace(whole(5)))
        #expect(machine.query(waitMilliseconds: 9) == SnapshotQuery(epoch: "a", after: 5, waitMilliseconds: 9))
    }

    @Test("rows of a whole snapshot come out in the order of their ids, each id once with its last row")
    func order() {
        var machine = SnapshotMachine()
        let messy = Snapshot(
            epoch: "a", revision: 1, isWhole: true,
            channels: [channel(3), channel(1, "old"), channel(2), channel(1, "new")],
            removedChannels: [3], groups: [SnapshotGroup(id: "b"), SnapshotGroup(id: "a")])
        let tidy = Snapshot(
            epoch: "a", revision: 1, isWhole: true, channels: [channel(1, "new"), channel(2), channel(3)],
            groups: [SnapshotGroup(id: "a"), SnapshotGroup(id: "b")])
        #expect(machine.take(messy) == .replace(tidy))
        #expect(machine.held == tidy)
    }

    @Test("changes add, replace and remove rows; removing what is not there changes nothing")
    func changes() {
        var machine = holding(
            Snapshot(
                epoch: "a", revision: 1, isWhole: true, channels: [channel(1), channel(2), channel(3)],
                tokens: [token(1), token(9)], groups: [SnapshotGroup(id: "a"), SnapshotGroup(id: "b")]))
        let delta = Snapshot(
            epoch: "a", revision: 4, isWhole: false, channels: [channel(5), channel(0), channel(2, "two")],
            removedChannels: [3, 77], tokens: [], removedTokens: [9], groups: [SnapshotGroup(id: "b", status: 2)],
            removedGroups: ["a", "b"])
        let next = Snapshot(
            epoch: "a", revision: 4, isWhole: true, channels: [channel(0), channel(1), channel(2, "two"), channel(5)],
            tokens: [token(1)], groups: [SnapshotGroup(id: "b", status: 2)])
        #expect(machine.take(delta) == .replace(next))
    }

    @Test("an empty delta of the held revision and an equal whole snapshot are no change")
    func unchanged() {
        var machine = holding(whole(5, [1]))
        #expect(machine.take(Snapshot(epoch: "a", revision: 5, isWhole: false)) == .unchanged)
        #expect(machine.take(whole(5, [1])) == .unchanged)
    }

    @Test("a newer revision without rows is published, so that the next question is about it")
    func emptyNewer() {
        var machine = holding(whole(5, [1]))
        #expect(machine.take(Snapshot(epoch: "a", revision: 6, isWhole: false)) == .replace(whole(6, [1])))
        #expect(machine.query(waitMilliseconds: 1).after == 6)
    }

    @Test("what does not follow makes it ask for everything, and go on with what it holds")
    func refetch() {
        var machine = SnapshotMachine()
        #expect(machine.take(Snapshot(epoch: "a", revision: 2, isWhole: false)) == .refetchWhole(.nothingHeld))
        machine = holding(whole(5, [1]))
        let cases: [(Snapshot, SnapshotMachine.Reason)] = [
            (Snapshot(epoch: "b", revision: 6, isWhole: false), .otherEpoch),
            (Snapshot(epoch: "b", revision: 5, isWhole: false), .otherEpoch),
            (Snapshot(epoch: "a", revision: 4, isWhole: false), .older),
            (Snapshot(epoch: "a", revision: 5, isWhole: false, channels: [channel(8)]), .sameRevision),
            (Snapshot(epoch: "a", revision: 5, isWhole: false, removedTokens: [8]), .sameRevision),
        ]
        for (snapshot, reason) in cases {
            var next = machine
            #expect(next.take(snapshot) == .refetchWhole(reason))
            #expect(next.held == whole(5, [1]))
            #expect(next.query(waitMilliseconds: 9) == SnapshotQuery(epoch: "", after: 0, waitMilliseconds: 0))
            #expect(next.take(whole(7, [2])) == .replace(whole(7, [2])))
            #expect(next.query(waitMilliseconds: 9).after == 7)
        }
    }

    @Test("a whole snapshot of another epoch or of the same revision is taken")
    func otherWhole() {
        var machine = holding(whole(5, [1]))
        #expect(machine.take(whole(5, [2])) == .replace(whole(5, [2])))
        #expect(machine.take(whole(1, epoch: "b")) == .replace(whole(1, epoch: "b")))
    }

    @Test("an older whole snapshot is taken only when it comes again and again")
    func older() {
        var machine = holding(whole(5, [1]))
        for _ in 1..<SnapshotMachine.insistence {
            #expect(machine.take(whole(3)) == .refetchWhole(.older))
            #expect(machine.held == whole(5, [1]))
        }
        var patient = machine
        #expect(machine.take(whole(3)) == .replace(whole(3)))
        #expect(patient.take(whole(6)) == .replace(whole(6)))
        #expect(patient.take(whole(3)) == .refetchWhole(.older))
    }

    @Test("a random walk beside a registry ends with the registry's rows after each answer", arguments: 1...40)
    func walk(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        var machine = SnapshotMachine()
        var registry = SimulatedRegistry()
        for step in 0..<300 {
            for _ in 0..<Int.random(in: 0...4, using: &generator) { registry.change(using: &generator) }
            if Int.random(in: 0..<60, using: &generator) == 0 { registry.startAnew("epoch \(step)") }
            let answer = registry.answer(
                to: machine.query(waitMilliseconds: 0), forgets: Bool.random(using: &generator))
            switch machine.take(answer) {
            case .replace(let snapshot): #expect(snapshot == registry.whole)
            case .unchanged: #expect(machine.held == registry.whole)
            case .refetchWhole(let reason): Issue.record("step \(step): refetch because \(reason)")
            }
        }
    }
}

/// The registry's side of the contract, as simple as can be.
private struct SimulatedRegistry {
    private var epoch = "first"
    private var revision: Int64 = 0
    private var channels: [Int: (row: SnapshotChannel?, at: Int64)] = [:]
    private var groups: [String: (row: SnapshotGroup?, at: Int64)] = [:]

    mutating func change(using generator: inout SeededGenerator) {
        revision += 1
        let id = Int.random(in: 0..<30, using: &generator)
        switch Int.random(in: 0..<4, using: &generator) {
        case 0: channels[id] = (nil, revision)
        case 1: groups["g\(id)"] = (nil, revision)
        case 2: groups["g\(id)"] = (SnapshotGroup(id: "g\(id)", status: Int(revision)), revision)
        default: channels[id] = (SnapshotChannel(id: id, type: 1, name: "at \(revision)"), revision)
        }
    }

    mutating func startAnew(_ epoch: String) {
        self = SimulatedRegistry()
        self.epoch = epoch
    }

    var whole: Snapshot {
        Snapshot(
            epoch: epoch, revision: revision, isWhole: true,
            channels: channels.values.compactMap(\.row).sorted { $0.id < $1.id },
            groups: groups.values.compactMap(\.row).sorted { $0.id < $1.id })
    }

    func answer(to query: SnapshotQuery, forgets: Bool) -> Snapshot {
        guard query.epoch == epoch, query.after <= revision, query.after > 0, !forgets else { return whole }
        let (changed, changedGroups) = (
            channels.filter { $0.value.at > query.after }, groups.filter { $0.value.at > query.after }
        )
        return Snapshot(
            epoch: epoch, revision: revision, isWhole: false, channels: changed.values.compactMap(\.row),
            removedChannels: changed.filter { $0.value.row == nil }.map(\.key),
            groups: changedGroups.values.compactMap(\.row),
            removedGroups: changedGroups.filter { $0.value.row == nil }.map(\.key))
    }
}
