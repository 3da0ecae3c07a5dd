/// The registry deleted a group: its records go.
package struct GroupPurge: Codable, Sendable, Equatable {
    /// What is to go besides the records.
    package enum Scope: String, Codable, Sendable {
        /// The group is gone: all its sums and totals go.
        case everything
        /// A group of the same name is there again: its totals start from nothing, and so do the sums of the spans in which that happened.
        case restart
        /// As before, later: only what came late of the old group, whose spans are over.
        case leftovers
    }

    package var group: String
    /// Calls that arrived before this go; Unix microseconds.
    package var before: Int64
    package var scope: Scope

    package init(group: String, before: Int64, scope: Scope) {
        self.group = group
        self.before = before
        self.scope = scope
    }
}

/// How far a purge came.
package struct GroupPurgeResult: Codable, Sendable, Equatable {
    /// How many records went now.
    package var records: Int
    /// Whether nothing is left; otherwise the same purge is asked for again.
    package var isDone: Bool

    package init(records: Int, isDone: Bool) {
        self.records = records
        self.isDone = isDone
    }
}

extension Endpoint where Input == GroupPurge, Output == GroupPurgeResult {
    /// Deletes the records of a group in the collector, a bounded number at once.
    package static var purgeGroup: Self { Self(method: .post, path: "/internal/v1/groups/purge") }
}
