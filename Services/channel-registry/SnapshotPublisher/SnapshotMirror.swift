package import Contracts
import ModelCatalogue
package import RegistryStore

/// The configuration in memory with the revision of each entry; answers gateways without asking PostgreSQL.
///
/// Pure: it is built from what ``ChangeFeed`` reads and only ever replaced as a whole, so that readers share it without a lock.
package struct SnapshotMirror: Equatable, Sendable {
    /// What became of changes that were given to ``apply(_:)``.
    package enum Outcome: Equatable, Sendable {
        case applied
        case unchanged
        /// The changes do not follow on what is held (another database, an older one, forgotten deletions): read everything.
        case needsWhole
    }

    /// How many deletions are remembered for gateways that were away; older ones are forgotten.
    package static let rememberedDeletions = 50_000

    /// Where the configuration stands.
    package private(set) var position: FeedPosition
    /// Changes up to this revision cannot be told apart any more.
    private(set) var floor: Int64
    private var channels: StampedTable<Int, SnapshotChannel>
    private var tokens: StampedTable<Int, SnapshotToken>
    private var groups: StampedTable<String, SnapshotGroup>
    private var modelConfigs: StampedTable<String, ModelConfig>
    private var options: PublishedOptions

    /// A mirror of everything, read after revision 0.
    ///
    /// - Parameters:
    ///   - whole: What was read.
    ///   - overrides: Options that win over the stored ones, by key.
    package init(whole: FeedChanges, overrides: [String: String] = [:]) {
        position = whole.position
        floor = whole.position.tombstonesAfter
        channels = StampedTable(whole.channels, at: position.revision)
        tokens = StampedTable(whole.tokens, at: position.revision)
        groups = StampedTable(whole.groups, at: position.revision)
        modelConfigs = StampedTable(whole.modelConfigs, at: position.revision)
        options = PublishedOptions(stored: whole.options, overrides: overrides)
        forget(above: Self.rememberedDeletions)
    }

    /// Takes in what was read after the revision that is held.
    package mutating func apply(_ changes: FeedChanges) -> Outcome {
        guard changes.position.epoch == position.epoch, changes.position.revision >= position.revision,
            changes.position.tombstonesAfter <= position.revision
        else { return .needsWhole }
        guard changes.position.revision > position.revision else { return .unchanged }
        position = changes.position
        channels.merge(changes.channels)
        tokens.merge(changes.tokens)
        groups.merge(changes.groups)
        modelConfigs.merge(changes.modelConfigs)
        options.merge(changes.options)
        forget(above: Self.rememberedDeletions)
        return .applied
    }

    /// What gateways know the revisions by: another one when the environment's options are others, since those take no revision.
    package var epoch: String { position.epoch + options.mark }

    /// What services that take no snapshot are told, and nothing when they know it.
    package func answer(to query: OptionsQuery) -> OptionsAnswer {
        let mark = "\(epoch):\(options.revision)"
        return OptionsAnswer(mark: mark, options: query.mark == mark ? nil : options.inForce)
    }

    /// Whether a gateway has something to learn.
    package func isNews(for query: SnapshotQuery) -> Bool {
        query.epoch != epoch || query.after != position.revision
    }

    /// What a gateway must learn: everything when it holds nothing or something else, otherwise what changed since.
    package func answer(to query: SnapshotQuery) -> Snapshot {
        let knows =
            query.epoch == epoch && query.after > 0 && query.after >= floor
            && query.after <= position.revision
        let after = knows ? query.after : 0
        var snapshot = Snapshot(epoch: epoch, revision: position.revision, isWhole: !knows)
        guard after < position.revision else { return snapshot }
        let defaults = options.defaults
        (snapshot.channels, snapshot.removedChannels) = channels.changes(
            after: after, or: options.defaultsRevision > after ? { defaults.concern($0) } : nil)
        snapshot.channels = snapshot.channels.map(defaults.applied)
        (snapshot.tokens, snapshot.removedTokens) = tokens.changes(after: after)
        (snapshot.groups, snapshot.removedGroups) = groups.changes(after: after)
        let configs: [ModelConfig]
        (configs, snapshot.removedModelConfigs) = modelConfigs.changes(after: after)
        snapshot.modelConfigs = configs.map(SnapshotModelConfig.init)
        if snapshot.isWhole || options.revision > after { snapshot.options = options.inForce }
        snapshot.owners = owners(in: snapshot)
        if snapshot.isWhole {
            snapshot.removedModelConfigs = []
            snapshot.removedChannels = []
            snapshot.removedTokens = []
            snapshot.removedGroups = []
        }
        return snapshot
    }

    /// How many entries there are, deleted ones left out.
    package var counts: (channels: Int, tokens: Int, groups: Int) { (channels.count, tokens.count, groups.count) }

    /// The owners of all models that a snapshot names. Those whose config is gone are named too, so that what gateways knew of them ends.
    private func owners(in snapshot: Snapshot) -> [String: String] {
        var owners: [String: String] = [:]
        for model in snapshot.removedModelConfigs { owners[model] = owner(of: model) ?? "" }
        for config in snapshot.modelConfigs { owners[config.model] = owner(of: config.model) ?? "" }
        for channel in snapshot.channels {
            for model in channel.models where owners[model] == nil { owners[model] = owner(of: model) }
        }
        return snapshot.isWhole ? owners.filter { !$0.value.isEmpty } : owners
    }

    private func owner(of model: String) -> String? {
        if let owner = modelConfigs[model]?.owner, !owner.isEmpty { return owner }
        return ModelCatalogue.find(model)?.owner
    }

    /// Drops the oldest deletions when there are too many.
    mutating func forget(above limit: Int) {
        let count =
            channels.deletionCount + tokens.deletionCount + groups.deletionCount + modelConfigs.deletionCount
        guard count > limit else { return }
        let deletions = (channels.deletions + tokens.deletions + groups.deletions + modelConfigs.deletions).sorted()
        // Half of them at once, so that the sorting is not repeated with each change.
        floor = max(floor, deletions[deletions.count - limit / 2 - 1])
        channels.forgetDeletions(upTo: floor)
        tokens.forgetDeletions(upTo: floor)
        groups.forgetDeletions(upTo: floor)
        modelConfigs.forgetDeletions(upTo: floor)
    }
}
