package import Contracts
package import Telemetry

/// A snapshot, precomputed for the hot path: every question of a request is one dictionary read.
///
/// A table that follows on another by some changes shares with it what they do not touch, so one changed channel costs little however many there are.
package final class RoutingTable: Sendable {
    package let epoch: String
    package let revision: Int64
    private let contents: RoutingContents
    /// The option `RetryTimes`; `nil` when it is not set.
    package let retryTimes: Int?
    /// The option `DisableServe`: calls are refused while it is set.
    package let refusesCalls: Bool
    /// What the options say of the bodies that are kept.
    package let details: DetailTerms

    /// Builds the table; keys that were opened for `previous` and did not change are not opened again.
    ///
    /// - Parameters:
    ///   - snapshot: Everything as it is now.
    ///   - changes: All that happened between `previous` and now; `nil` when that is not known, then everything is built anew. So it is
    ///     when options changed: they may concern every channel.
    package init(
        _ snapshot: Snapshot, changes: Snapshot? = nil, previous: RoutingTable? = nil,
        openKey: (SnapshotChannel) -> Redacted<String>?
    ) {
        var contents: RoutingContents
        if let previous, let changes, changes.options == nil {
            contents = previous.contents
            contents.apply(changes, known: contents.channels, openKey: openKey)
        } else {
            contents = RoutingContents(options: snapshot.options ?? [:])
            contents.apply(snapshot, known: previous?.contents.channels ?? [:], openKey: openKey)
        }
        epoch = snapshot.epoch
        revision = snapshot.revision
        self.contents = contents
        retryTimes = contents.options["RetryTimes"].flatMap { Int($0) }
        refusesCalls = contents.options["DisableServe"].map { $0.lowercased() == "true" } ?? false
        details = DetailTerms(options: contents.options)
    }

    /// The names of the channels whose key our secrets cannot open, in the order of their ids; for an operator's eye.
    package var unreadableChannels: [String] {
        contents.channels.values.filter { $0.key == nil }.sorted { $0.id < $1.id }.map(\.name)
    }

    /// The tenant whose key has this digest.
    package func tenant(_ digest: KeyDigest) -> Tenant? {
        contents.tenants[digest]
    }

    /// A channel by id, also a disabled one.
    package func channel(_ id: Int) -> RoutedChannel? {
        contents.channels[id]
    }

    /// Every channel, also disabled ones and those whose key cannot be read, in no order.
    package var everyChannel: [RoutedChannel] {
        Array(contents.channels.values)
    }

    /// What an administrator configured for a model; `nil` when nothing.
    package func modelConfig(_ model: String) -> SnapshotModelConfig? {
        contents.modelConfigs[model]
    }

    /// The configured spelling of a model for this caller; `nil` when no enabled channel that the caller may use has it.
    package func canonicalModel(_ name: String, for caller: Caller) -> String? {
        guard let tenant = caller.tenant else { return contents.everything.canonical(name) }
        for set in tenant.sets {
            if let model = contents.sets[set]?.canonical(name) { return tenant.allows(model: model) ? model : nil }
        }
        return nil
    }

    /// The enabled channels that have the model, by its configured spelling, in the order of their ids.
    package func candidates(_ model: String, for caller: Caller) -> [RoutedChannel] {
        guard let tenant = caller.tenant else { return contents.everything.channels[model] ?? [] }
        if tenant.sets.count == 1 { return contents.sets[tenant.sets[0]]?.channels[model] ?? [] }
        var seen: Set<Int> = []
        return tenant.sets.flatMap { contents.sets[$0]?.channels[model] ?? [] }.filter { seen.insert($0.id).inserted }
    }

    /// Every model that the caller may use, sorted.
    package func models(for caller: Caller) -> [String] {
        guard let tenant = caller.tenant else { return contents.everything.channels.keys.sorted() }
        let names = tenant.sets.reduce(into: Set<String>()) { names, set in
            if let index = contents.sets[set] { names.formUnion(index.channels.keys) }
        }
        return names.filter { tenant.allows(model: $0) }.sorted()
    }

    /// Who made a model; `nil` when nobody says.
    package func owner(of model: String) -> String? {
        contents.owners[model].flatMap { $0.isEmpty ? nil : $0 }
    }

    /// How many channels and tenant keys the table holds.
    package var counts: (channels: Int, tenants: Int) {
        (contents.channels.count, contents.tenants.count)
    }
}
