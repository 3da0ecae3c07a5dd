import RegistryStore
import Testing

@testable import SnapshotPublisher

@Suite("A table with revisions")
struct StampedTableTests {
    private func stamped(_ revision: Int, _ value: String?) -> Stamped<String> {
        Stamped(revision: Int64(revision), value: value)
    }

    @Test("what changed is found for readers from before and after what is listed")
    func listing() {
        var table = StampedTable([1: stamped(3, "a"), 2: stamped(5, "b")], at: 5)
        let limit = StampedTable<Int, String>.listedChanges
        for revision in 6...(limit + 106) {
            table.merge([revision % 7 + 10: stamped(revision, revision.isMultiple(of: 2) ? "v\(revision)" : nil)])
        }
        let last = limit + 106
        for after in [0, 3, 5, 6, 50, 107, limit / 2 + 100, last - 10, last - 1, last] {
            let found = table.changes(after: Int64(after))
            let scanned = table.changes(after: Int64(after)) { _ in false }
            #expect(found.present == scanned.present && found.removed == scanned.removed)
        }
        #expect(table.changes(after: Int64(last)).present.isEmpty)
        #expect(table.changes(after: Int64(last - 1)).present == ["v\(last)"])
        #expect(table.changes(after: 3).present.contains("b") && !table.changes(after: 3).present.contains("a"))
    }

    @Test("one batch that is larger than the list is found whole")
    func largeBatch() {
        var table = StampedTable<Int, String>([:], at: 1)
        let count = StampedTable<Int, String>.listedChanges * 2
        table.merge(Dictionary(uniqueKeysWithValues: (0..<count).map { ($0, stamped(2, "v")) }))
        table.merge([-1: stamped(3, "last")])
        #expect(table.changes(after: 1).present.count == count + 1)
        #expect(table.changes(after: 2).present == ["last"])
    }

    @Test("a deleted entry is told as deleted until that is forgotten, and one that is made anew is present")
    func deletions() {
        var table = StampedTable([1: stamped(1, "a"), 2: stamped(1, "b")], at: 1)
        table.merge([1: stamped(2, nil)])
        table.merge([2: stamped(3, nil)])
        table.merge([2: stamped(4, "again")])
        #expect(table.changes(after: 1).removed == [1] && table.changes(after: 1).present == ["again"])
        #expect(table.count == 1 && table.deletions == [2] && table[2] == "again" && table[1] == nil)
        table.forgetDeletions(upTo: 2)
        #expect(table.changes(after: 1).removed.isEmpty && table.deletionCount == 0)
    }
}
