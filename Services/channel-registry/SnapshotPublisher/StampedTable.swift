import RegistryStore

/// The entries of one kind with the revision of the last change of each, deleted ones apart.
///
/// Entries are boxed, so that to copy a table of a hundred thousand for one change costs a count for each and no more; and the newest changes
/// are listed in order, so that what a reader who is nearly up to date must learn is found without looking at the others.
struct StampedTable<Key: Hashable & Comparable & Sendable, Value: Equatable & Sendable>: Sendable {
    private final class Entry: Sendable {
        let revision: Int64
        let value: Value

        init(_ revision: Int64, _ value: Value) {
            self.revision = revision
            self.value = value
        }
    }

    private struct Change: Sendable {
        let revision: Int64
        let key: Key
    }

    /// How many changes are listed; for readers from before them the whole table is looked through.
    static var listedChanges: Int { 10_000 }

    private var present: [Key: Entry] = [:]
    private var deleted: [Key: Int64] = [:]
    private var changes: [Change] = []
    /// Every change after this revision is listed.
    private var listedAfter: Int64

    /// A table of what was read, as of a revision.
    init(_ entries: [Key: Stamped<Value>], at revision: Int64) {
        listedAfter = revision
        present.reserveCapacity(entries.count)
        for (key, entry) in entries { set(key, entry) }
    }

    /// How many entries there are, deleted ones left out.
    var count: Int { present.count }

    /// The revisions of the deletions that are remembered.
    var deletions: [Int64] { Array(deleted.values) }

    /// How many there are of those.
    var deletionCount: Int { deleted.count }

    /// The value of an entry; `nil` when there is none or it was deleted.
    subscript(key: Key) -> Value? { present[key]?.value }

    /// Takes in what changed after everything that is held.
    mutating func merge(_ news: [Key: Stamped<Value>]) {
        guard !news.isEmpty else { return }
        for (key, entry) in news.sorted(by: { $0.value.revision < $1.value.revision }) {
            set(key, entry)
            changes.append(Change(revision: entry.revision, key: key))
        }
        guard changes.count > Self.listedChanges else { return }
        // Half of them at once, so that this is not repeated with each change.
        let dropped = changes.count - Self.listedChanges / 2
        listedAfter = changes[dropped - 1].revision
        changes.removeFirst(dropped)
    }

    /// Forgets the deletions up to a revision.
    mutating func forgetDeletions(upTo revision: Int64) {
        deleted = deleted.filter { $0.value > revision }
    }

    /// What changed after a revision, each in the order of the keys.
    ///
    /// - Parameters:
    ///   - revision: 0 for everything.
    ///   - isNews: Says which others belong to the changes too; makes the whole table be looked through.
    func changes(after revision: Int64, or isNews: ((Value) -> Bool)? = nil) -> (present: [Value], removed: [Key]) {
        guard revision >= listedAfter, isNews == nil else {
            let found = present.filter { $0.value.revision > revision || isNews?($0.value.value) ?? false }
            return (
                found.sorted { $0.key < $1.key }.map(\.value.value),
                deleted.filter { $0.value > revision }.keys.sorted()
            )
        }
        let keys = Set(changes.reversed().prefix { $0.revision > revision }.map(\.key)).sorted()
        return (keys.compactMap { present[$0]?.value }, keys.filter { deleted[$0] != nil })
    }

    private mutating func set(_ key: Key, _ entry: Stamped<Value>) {
        if let value = entry.value {
            present[key] = Entry(entry.revision, value)
            deleted[key] = nil
        } else {
            present[key] = nil
            deleted[key] = entry.revision
        }
    }
}

extension StampedTable: Equatable {
    /// Whether both hold the same entries and deletions; how they came there does not matter.
    static func == (left: Self, right: Self) -> Bool {
        left.deleted == right.deleted && left.present.count == right.present.count
            && left.present.allSatisfy { key, entry in
                right.present[key].map { $0.revision == entry.revision && $0.value == entry.value } ?? false
            }
    }
}
