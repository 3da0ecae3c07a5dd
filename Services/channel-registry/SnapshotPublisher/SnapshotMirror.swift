package import Contracts
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
    private var channels: [Int: Stamped<SnapshotChannel>]
    private var tokens: [Int: Stamped<SnapshotToken>]
    private var groups: [String: Stamped<SnapshotGroup>]

    /// A mirror of everything, read after revision 0.
    package init(whole: FeedChanges) {
        position = whole.position
        floor = whole.position.tombstonesAfter
        channels = whole.channels
        tokens = whole.tokens
        groups = whole.groups
        forget(above: Self.rememberedDeletions)
    }

    /// Takes in what was read after the revision that is held.
    package mutating func apply(_ changes: FeedChanges) -> Outcome {
        guard changes.position.epoch == position.epoch, changes.position.revision >= position.revision,
            changes.position.tombstonesAfter <= position.revision
        else { return .needsWhole }
        guard changes.position.revision > position.revision else { return .unchanged }
        position = changes.position
        channels.merge(changes.channels) { _, new in new }
        tokens.merge(changes.tokens) { _, new in new }
        groups.merge(changes.groups) { _, new in new }
        forget(above: Self.rememberedDeletions)
        return .applied
    }

    /// Whether a gateway has something to learn.
    package func isNews(for query: SnapshotQuery) -> Bool {
        query.epoch != position.epoch || query.after != position.revision
    }

    /// What a gateway must learn: everything when it holds nothing or something else, otherwise what changed since.
    package func answer(to query: SnapshotQuery) -> Snapshot {
        let knows =
            query.epoch == position.epoch && query.after > 0 && query.after >= floor
            && query.after <= position.revision
        let after = knows ? query.after : 0
        var snapshot = Snapshot(epoch: position.epoch, revision: position.revision, isWhole: !knows)
        guard after < position.revision else { return snapshot }
        (snapshot.channels, snapshot.removedChannels) = Self.split(channels, after: after)
        (snapshot.tokens, snapshot.removedTokens) = Self.split(tokens, after: after)
        (snapshot.groups, snapshot.removedGroups) = Self.split(groups, after: after)
        if snapshot.isWhole {
            snapshot.removedChannels = []
            snapshot.removedTokens = []
            snapshot.removedGroups = []
        }
        return snapshot
    }

    /// How many entries there are, deleted ones left out.
    package var counts: (channels: Int, tokens: Int, groups: Int) {
        (
            channels.count { $0.value.value != nil }, tokens.count { $0.value.value != nil },
            groups.count { $0.value.value != nil }
        )
    }

    private static func split<Key: Comparable, Value>(
        _ entries: [Key: Stamped<Value>], after revision: Int64
    ) -> (present: [Value], removed: [Key]) {
        var present: [(Key, Value)] = []
        var removed: [Key] = []
        for (key, entry) in entries where entry.revision > revision {
            if let value = entry.value { present.append((key, value)) } else { removed.append(key) }
        }
        present.sort { $0.0 < $1.0 }
        return (present.map(\.1), removed.sorted())
    }

    /// Drops the oldest deletions when there are too many.
    mutating func forget(above limit: Int) {
        var deletions = channels.values.compactMap { $0.value == nil ? $0.revision : nil }
        deletions += tokens.values.compactMap { $0.value == nil ? $0.revision : nil }
        deletions += groups.values.compactMap { $0.value == nil ? $0.revision : nil }
        guard deletions.count > limit else { return }
        deletions.sort()
        // Half of them at once, so that the sorting is not repeated with each change.
        floor = max(floor, deletions[deletions.count - limit / 2 - 1])
        let oldest = floor
        channels = channels.filter { $0.value.value != nil || $0.value.revision > oldest }
        tokens = tokens.filter { $0.value.value != nil || $0.value.revision > oldest }
        groups = groups.filter { $0.value.value != nil || $0.value.revision > oldest }
    }
}
