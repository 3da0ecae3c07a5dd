import Contracts
import Telemetry

/// What a routing table holds; changes are worked into it.
struct RoutingContents: Sendable {
    /// Every channel, also those that are not routed.
    private(set) var channels: [Int: RoutedChannel] = [:]
    private(set) var tenants: [KeyDigest: Tenant] = [:]
    /// The routed channels of each set.
    private(set) var sets: [String: ModelIndex] = [:]
    /// The routed channels of all sets.
    private(set) var everything = ModelIndex()
    private(set) var owners: [String: String] = [:]
    private(set) var modelConfigs: [String: SnapshotModelConfig] = [:]
    /// Those in force; others make other contents.
    let options: [String: String]
    private var groups: [String: SnapshotGroup] = [:]

    /// Contents without any row.
    init(options: [String: String]) {
        self.options = options
    }

    /// Works changes in; a whole snapshot is a change to what holds nothing.
    ///
    /// - Parameters:
    ///   - changes: A row that is both removed and present was made anew, so it is present.
    ///   - known: Channels whose opened keys are good as long as the sealed ones are the same.
    mutating func apply(
        _ changes: Snapshot, known: [Int: RoutedChannel], openKey: (SnapshotChannel) -> Redacted<String>?
    ) {
        applyChannels(changes, known, openKey)
        applyGroups(changes)
        applyTokens(changes)
        for model in changes.removedModelConfigs { modelConfigs[model] = nil }
        for config in changes.modelConfigs { modelConfigs[config.model] = config }
        for (model, owner) in changes.owners { owners[model] = owner.isEmpty ? nil : owner }
    }

    private mutating func applyChannels(
        _ changes: Snapshot, _ known: [Int: RoutedChannel], _ openKey: (SnapshotChannel) -> Redacted<String>?
    ) {
        var old: [RoutedChannel] = []
        var new: [RoutedChannel] = []
        for id in changes.removedChannels {
            if let channel = channels.removeValue(forKey: id) { old.append(channel) }
        }
        let warnErrorRate = options["DefaultWarnNotifyErrorRate"].flatMap { Double($0) } ?? 0.5
        channels.reserveCapacity(max(channels.count, changes.channels.count))
        for row in changes.channels {
            if let channel = channels.removeValue(forKey: row.id) { old.append(channel) }
            var key: Redacted<String>? = Redacted("")
            if !row.sealedKey.isEmpty {
                let before = known[row.id]
                key = before?.sealedKey == row.sealedKey ? before?.key : openKey(row)
            }
            guard let channel = RoutedChannel(row, key: key, warnErrorRate: warnErrorRate) else { continue }
            channels[channel.id] = channel
            new.append(channel)
        }
        old.removeAll { !$0.isRouted }
        new.removeAll { !$0.isRouted }
        guard !old.isEmpty || !new.isEmpty else { return }
        new.sort { $0.id < $1.id }
        everything.replace(old, with: new)
        let (oldBySet, newBySet) = (Self.bySet(old), Self.bySet(new))
        for set in Set(oldBySet.keys).union(newBySet.keys) {
            // Taken out of the dictionary while it is changed, so that it is not copied.
            var index = sets.removeValue(forKey: set) ?? ModelIndex()
            index.replace(oldBySet[set] ?? [], with: newBySet[set] ?? [])
            if !index.isEmpty { sets[set] = index }
        }
    }

    private static func bySet(_ channels: [RoutedChannel]) -> [String: [RoutedChannel]] {
        var found: [String: [RoutedChannel]] = [:]
        for channel in channels {
            for set in Set(channel.sets) { found[set, default: []].append(channel) }
        }
        return found
    }

    /// Also moves the tenants of the groups that changed.
    private mutating func applyGroups(_ changes: Snapshot) {
        guard !changes.groups.isEmpty || !changes.removedGroups.isEmpty else { return }
        for id in changes.removedGroups { groups[id] = nil }
        for group in changes.groups { groups[group.id] = group }
        let changed = Set(changes.removedGroups).union(changes.groups.map(\.id))
        for (digest, tenant) in tenants where changed.contains(tenant.group) {
            tenants[digest] = Tenant(tenant, group: groups[tenant.group])
        }
    }

    private mutating func applyTokens(_ changes: Snapshot) {
        guard !changes.tokens.isEmpty || !changes.removedTokens.isEmpty else { return }
        if !tenants.isEmpty {
            let stale = Set(changes.removedTokens).union(changes.tokens.map(\.id))
            for (digest, tenant) in tenants where stale.contains(tenant.tokenID) { tenants[digest] = nil }
        }
        tenants.reserveCapacity(max(tenants.count, changes.tokens.count))
        for token in changes.tokens {
            guard let digest = KeyDigest(hex: token.digest) else { continue }
            tenants[digest] = Tenant(token, group: groups[token.group])
        }
    }
}
