package import Contracts

/// Decides what becomes of each snapshot that arrives; does no I/O and reads no clock.
///
/// ```
///            whole                        delta of the same epoch, newer
/// nothing ─────────▶ holding a whole one ────────────────────────────────▶ holding the next whole one
///                      │ anything that does not follow on it
///                      ▼
///                    asks for the whole one, and goes on serving what it holds
/// ```
///
/// A whole snapshot that is older than what is held comes from a replica that lags or from a database that was put back from a backup. The two look
/// alike, so it is believed only when the registry insists.
package struct SnapshotMachine: Equatable, Sendable {
    /// What to do with what arrived.
    package enum Verdict: Equatable, Sendable {
        /// Publish this whole snapshot; rows are in the order of their ids, each id once.
        case replace(Snapshot)
        /// Nothing is new.
        case unchanged
        /// It does not follow on what is held; ask for everything.
        case refetchWhole(Reason)
    }

    /// Why a snapshot does not follow on what is held; a closed set, for log fields and metric labels.
    package enum Reason: String, Equatable, Sendable, CaseIterable {
        /// Changes came, but there is nothing that they could change.
        case nothingHeld = "nothing_held"
        /// The changes are of another database.
        case otherEpoch = "other_epoch"
        /// It is older than what is held.
        case older
        /// It changes something but has the revision that is held.
        case sameRevision = "same_revision"
    }

    /// How often in a row a whole snapshot that is older than what is held must come until it is taken.
    package static let insistence = 5

    /// What is published now; always whole.
    package private(set) var held: Snapshot?
    private var mustFetchWhole = false
    private var olderInRow = 0

    /// A machine that holds nothing.
    package init() {}

    /// What to ask the registry for next.
    package func query(waitMilliseconds: Int) -> SnapshotQuery {
        guard let held, !mustFetchWhole else { return SnapshotQuery(epoch: "", after: 0, waitMilliseconds: 0) }
        return SnapshotQuery(epoch: held.epoch, after: held.revision, waitMilliseconds: waitMilliseconds)
    }

    /// Takes in an answer of the registry, or what a file held.
    package mutating func take(_ incoming: Snapshot) -> Verdict {
        incoming.isWhole ? takeWhole(incoming) : takeChanges(incoming)
    }

    private mutating func takeWhole(_ incoming: Snapshot) -> Verdict {
        if let held, held.epoch == incoming.epoch, incoming.revision < held.revision {
            olderInRow += 1
            guard olderInRow >= Self.insistence else { return refetch(.older) }
        }
        mustFetchWhole = false
        olderInRow = 0
        let whole = incoming.inOrder
        guard whole != held else { return .unchanged }
        held = whole
        return .replace(whole)
    }

    private mutating func takeChanges(_ incoming: Snapshot) -> Verdict {
        guard let held else { return refetch(.nothingHeld) }
        guard held.epoch == incoming.epoch else { return refetch(.otherEpoch) }
        guard incoming.revision >= held.revision else { return refetch(.older) }
        guard incoming.revision > held.revision else {
            guard incoming.isEmpty else { return refetch(.sameRevision) }
            olderInRow = 0
            return .unchanged
        }
        olderInRow = 0
        let whole = held.applying(incoming)
        self.held = whole
        return .replace(whole)
    }

    private mutating func refetch(_ reason: Reason) -> Verdict {
        mustFetchWhole = true
        return .refetchWhole(reason)
    }
}
