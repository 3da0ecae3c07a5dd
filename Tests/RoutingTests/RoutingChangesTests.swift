import Contracts
import Telemetry
import TestSupport
import Testing

@testable import Routing

/// A registry in small: the rows as they are, and the changes that lead there.
private struct Rows {
    var channels: [Int: SnapshotChannel] = [:]
    var tokens: [Int: SnapshotToken] = [:]
    var groups: [String: SnapshotGroup] = [:]
    var owners: [String: String] = [:]
    var options: [String: String] = [:]

    func whole(_ revision: Int64) -> Snapshot {
        Snapshot(
            epoch: "e", revision: revision, isWhole: true, channels: channels.values.sorted { $0.id < $1.id },
            tokens: tokens.values.sorted { $0.id < $1.id }, groups: groups.values.sorted { $0.id < $1.id },
            options: options, owners: owners)
    }

    static func digest(_ id: Int) -> String {
        let digits = String(id, radix: 16)
        return String(repeating: "a", count: 64 - digits.count) + digits
    }

    /// Some changes; often of the same few rows.
    mutating func change(_ revision: Int64, _ random: inout SeededGenerator) -> Snapshot {
        var news = Snapshot(epoch: "e", revision: revision, isWhole: false)
        let names = ["gpt-4o", "GPT-4o", "o3", "Claude", "claude"]
        let sets = ["default", "eu", "us"]
        for _ in 0..<Int.random(in: 1...4, using: &random) {
            let id = Int.random(in: 1...9, using: &random)
            let isRemoved = Int.random(in: 0..<4, using: &random) == 0
            switch Int.random(in: 0..<5, using: &random) {
            case 0, 1:
                news.channels.removeAll { $0.id == id }
                channels[id] = nil
                // A row that is made anew is removed and present.
                if isRemoved || Bool.random(using: &random) { news.removedChannels.append(id) }
                guard !isRemoved else { continue }
                let row = SnapshotChannel(
                    id: id, type: 1, name: "channel \(id)", sealedKey: "k\(Int.random(in: 0...2, using: &random))",
                    models: (0..<3).map { _ in names.randomElement(using: &random) ?? "" },
                    status: Int.random(in: 1...4, using: &random) == 4 ? 2 : 1,
                    sets: (0..<Int.random(in: 0...2, using: &random)).map { _ in
                        sets.randomElement(using: &random) ?? ""
                    })
                channels[id] = row
                news.channels.append(row)
            case 2:
                news.tokens.removeAll { $0.id == id }
                tokens[id] = nil
                if isRemoved { news.removedTokens.append(id) }
                guard !isRemoved else { continue }
                let row = SnapshotToken(
                    id: id, name: "r\(revision)", group: "g\(id % 3)", digest: Self.digest(id),
                    status: Int.random(in: 1...2, using: &random))
                tokens[id] = row
                news.tokens.append(row)
            case 3:
                let name = "g\(id % 3)"
                news.groups.removeAll { $0.id == name }
                groups[name] = nil
                if isRemoved { news.removedGroups.append(name) }
                guard !isRemoved else { continue }
                let row = SnapshotGroup(
                    id: name, status: Int.random(in: 1...2, using: &random),
                    availableSets: (0..<Int.random(in: 0...2, using: &random)).compactMap { _ in
                        sets.randomElement(using: &random)
                    })
                groups[name] = row
                news.groups.append(row)
            default:
                owners["o3"] = isRemoved ? nil : "maker \(revision)"
                news.owners["o3"] = owners["o3"] ?? ""
                options["RetryTimes"] = "\(id)"
                news.options = options
            }
        }
        return news
    }
}

@Suite("Changes of the routing table")
struct RoutingChangesTests {
    /// Everything that the relay can learn from a table.
    private func view(_ table: RoutingTable) -> [String] {
        var lines = ["\(table.revision) \(table.retryTimes ?? -1) \(table.unreadableChannels) \(table.counts)"]
        var callers: [(String, Caller)] = [("operator", .operatorKey)]
        for id in 1...9 {
            lines.append("\(id) \(table.channel(id).map { "\($0.name) \($0.models) \($0.key?.reveal ?? "-")" } ?? "")")
            guard let digest = KeyDigest(hex: Rows.digest(id)), let tenant = table.tenant(digest) else { continue }
            callers.append(
                ("tenant \(tenant.tokenName) \(tenant.isTokenEnabled) \(tenant.isGroupEnabled)", .tenant(tenant)))
        }
        for (name, caller) in callers {
            lines.append("\(name) \(table.models(for: caller))")
            for model in table.models(for: caller) {
                lines.append(
                    "  \(model) \(table.candidates(model, for: caller).map(\.id)) \(table.owner(of: model) ?? "")")
            }
            lines += ["gpt-4O", "O3", "CLAUDE"].map { "  \($0) is \(table.canonicalModel($0, for: caller) ?? "")" }
        }
        return lines
    }

    private func open(_ channel: SnapshotChannel) -> Redacted<String>? {
        channel.sealedKey == "k0" ? nil : Redacted("opened \(channel.sealedKey)")
    }

    @Test(
        "a table that followed every change is the one that is built from everything",
        arguments: 0..<20 as Range<UInt64>)
    func randomWalk(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var rows = Rows()
        var table = RoutingTable(rows.whole(1), openKey: open)
        for revision in 2...150 as ClosedRange<Int64> {
            let changes = rows.change(revision, &random)
            table = RoutingTable(rows.whole(revision), changes: changes, previous: table, openKey: open)
            let whole = RoutingTable(rows.whole(revision), openKey: open)
            #expect(view(table) == view(whole))
        }
    }

    @Test("a table is left as it is by those that follow on it, and an unchanged key is not opened again")
    func isImmutable() {
        let channel = SnapshotChannel(id: 1, type: 1, name: "one", sealedKey: "k1", models: ["a"])
        let first = RoutingTable(
            Snapshot(epoch: "e", revision: 1, isWhole: true, channels: [channel]), openKey: open)
        var changed = channel
        changed.models = ["b"]
        let changes = Snapshot(epoch: "e", revision: 2, isWhole: false, channels: [changed])
        let whole = Snapshot(epoch: "e", revision: 2, isWhole: true, channels: [changed])
        let second = RoutingTable(whole, changes: changes, previous: first) { _ in
            Issue.record("the key is opened again")
            return nil
        }
        #expect(first.models(for: .operatorKey) == ["a"] && second.models(for: .operatorKey) == ["b"])
        #expect(second.channel(1)?.key?.reveal == "opened k1" && second.revision == 2)
    }

    @Test("an option that stands in for what channels leave open reaches those that did not change")
    func options() {
        let channel = SnapshotChannel(id: 1, type: 1, name: "one")
        func whole(_ options: [String: String]) -> Snapshot {
            Snapshot(epoch: "e", revision: 2, isWhole: true, channels: [channel], options: options)
        }
        let first = RoutingTable(whole([:]), openKey: open)
        let options = ["DefaultWarnNotifyErrorRate": "0.25"]
        let second = RoutingTable(
            whole(options), changes: Snapshot(epoch: "e", revision: 2, isWhole: false, options: options),
            previous: first, openKey: open)
        #expect(first.channel(1)?.banPolicy.warnErrorRate == 0.5)
        #expect(second.channel(1)?.banPolicy.warnErrorRate == 0.25)
    }

    @Test("of two spellings of a model either is found under its own, and any other under the first in order")
    func spellings() {
        func channel(_ id: Int, _ models: String...) -> SnapshotChannel {
            SnapshotChannel(id: id, type: 1, name: "\(id)", models: models)
        }
        let both = RoutingTable(
            Snapshot(epoch: "e", revision: 1, isWhole: true, channels: [channel(1, "claude"), channel(2, "Claude")]),
            openKey: open)
        #expect(both.canonicalModel("claude", for: .operatorKey) == "claude")
        #expect(both.canonicalModel("CLAUDE", for: .operatorKey) == "Claude")
        let one = RoutingTable(
            Snapshot(epoch: "e", revision: 2, isWhole: true, channels: [channel(1, "claude")]),
            changes: Snapshot(epoch: "e", revision: 2, isWhole: false, removedChannels: [2]), previous: both,
            openKey: open)
        #expect(one.canonicalModel("Claude", for: .operatorKey) == "claude")
    }

    @Test("a digest is 64 hexadecimal digits of either case, the same as its bytes")
    func digests() {
        let bytes = (0..<32).map { UInt8($0 * 7 + 3) }
        let hex = bytes.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
        #expect(KeyDigest(hex: hex) != nil && KeyDigest(hex: hex) == KeyDigest(bytes: bytes))
        #expect(KeyDigest(hex: hex.uppercased()) == KeyDigest(bytes: bytes))
        #expect(KeyDigest(hex: "a" + hex) == nil && KeyDigest(hex: String(hex.dropLast())) == nil)
        #expect(KeyDigest(hex: String(hex.dropLast()) + "g") == nil && KeyDigest(hex: "") == nil)
    }
}
