package import Contracts
package import Telemetry

/// A snapshot, precomputed for the hot path: every question of a request is one dictionary read.
package final class RoutingTable: Sendable {
    /// The models of some channels: canonical name to enabled channels, and lower-case name to canonical name.
    private struct ModelIndex: Sendable {
        var channels: [String: [RoutedChannel]] = [:]
        var spelling: [String: String] = [:]

        mutating func add(_ channel: RoutedChannel) {
            for model in Set(channel.models) {
                channels[model, default: []].append(channel)
                let lowered = model.lowercased()
                if spelling[lowered] == nil { spelling[lowered] = model }
            }
        }

        func canonical(_ name: String) -> String? {
            channels[name] != nil ? name : spelling[name.lowercased()]
        }
    }

    package let epoch: String
    package let revision: Int64
    /// The names of the channels whose key our secrets cannot open; for an operator's eye.
    package let unreadableChannels: [String]
    private let channels: [Int: RoutedChannel]
    private let tenants: [KeyDigest: Tenant]
    private let sets: [String: ModelIndex]
    private let everything: ModelIndex
    private let owners: [String: String]
    /// The option `RetryTimes`; `nil` when it is not set.
    package let retryTimes: Int?
    /// The option `DisableServe`: calls are refused while it is set.
    package let refusesCalls: Bool

    /// Builds the table; keys that were opened for `previous` and did not change are not opened again.
    package init(
        _ snapshot: Snapshot, previous: RoutingTable? = nil, openKey: (SnapshotChannel) -> Redacted<String>?
    ) {
        epoch = snapshot.epoch
        revision = snapshot.revision
        var channels: [Int: RoutedChannel] = [:]
        var sets: [String: ModelIndex] = [:]
        var everything = ModelIndex()
        var unreadable: [String] = []
        let warnErrorRate = snapshot.options?["DefaultWarnNotifyErrorRate"].flatMap { Double($0) } ?? 0.5
        for row in snapshot.channels.sorted(by: { $0.id < $1.id }) {
            var key: Redacted<String>? = Redacted("")
            if !row.sealedKey.isEmpty {
                let known = previous?.channels[row.id]
                key = known?.sealedKey == row.sealedKey ? known?.key : openKey(row)
            }
            guard let channel = RoutedChannel(row, key: key, warnErrorRate: warnErrorRate) else { continue }
            channels[channel.id] = channel
            if key == nil { unreadable.append(channel.name) }
            guard channel.isEnabled, key != nil else { continue }
            everything.add(channel)
            for set in Set(channel.sets) { sets[set, default: ModelIndex()].add(channel) }
        }
        let groups = Dictionary(snapshot.groups.map { ($0.id, $0) }, uniquingKeysWith: { $1 })
        var tenants: [KeyDigest: Tenant] = [:]
        for token in snapshot.tokens {
            guard let digest = KeyDigest(hex: token.digest) else { continue }
            tenants[digest] = Tenant(token, group: groups[token.group])
        }
        self.channels = channels
        self.tenants = tenants
        self.sets = sets
        self.everything = everything
        owners = snapshot.owners
        retryTimes = snapshot.options?["RetryTimes"].flatMap { Int($0) }
        refusesCalls = snapshot.options?["DisableServe"].map { $0.lowercased() == "true" } ?? false
        unreadableChannels = unreadable
    }

    /// The tenant whose key has this digest.
    package func tenant(_ digest: KeyDigest) -> Tenant? {
        tenants[digest]
    }

    /// A channel by id, also a disabled one.
    package func channel(_ id: Int) -> RoutedChannel? {
        channels[id]
    }

    /// The configured spelling of a model for this caller; `nil` when no enabled channel that the caller may use has it.
    package func canonicalModel(_ name: String, for caller: Caller) -> String? {
        guard let tenant = caller.tenant else { return everything.canonical(name) }
        for set in tenant.sets {
            if let model = sets[set]?.canonical(name) { return tenant.allows(model: model) ? model : nil }
        }
        return nil
    }

    /// The enabled channels that have the model, by its configured spelling, in the order of their ids.
    package func candidates(_ model: String, for caller: Caller) -> [RoutedChannel] {
        guard let tenant = caller.tenant else { return everything.channels[model] ?? [] }
        if tenant.sets.count == 1 { return sets[tenant.sets[0]]?.channels[model] ?? [] }
        var seen: Set<Int> = []
        return tenant.sets.flatMap { sets[$0]?.channels[model] ?? [] }.filter { seen.insert($0.id).inserted }
    }

    /// Every model that the caller may use, sorted.
    package func models(for caller: Caller) -> [String] {
        guard let tenant = caller.tenant else { return everything.channels.keys.sorted() }
        let names = tenant.sets.reduce(into: Set<String>()) { names, set in
            if let index = sets[set] { names.formUnion(index.channels.keys) }
        }
        return names.filter { tenant.allows(model: $0) }.sorted()
    }

    /// Who made a model; `nil` when nobody says.
    package func owner(of model: String) -> String? {
        owners[model].flatMap { $0.isEmpty ? nil : $0 }
    }

    /// How many channels and tenant keys the table holds.
    package var counts: (channels: Int, tenants: Int) {
        (channels.count, tenants.count)
    }
}
