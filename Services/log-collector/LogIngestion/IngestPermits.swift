import Synchronization

/// How many shipments may be worked on at once. There is no queue: one more is told to come again, and waits in its gateway's spool.
final class IngestPermits: Sendable {
    private let limit: Int
    private let taken = Mutex(0)

    init(limit: Int) {
        self.limit = max(1, limit)
    }

    /// Takes a permit; false when all are taken.
    func take() -> Bool {
        taken.withLock { taken in
            guard taken < limit else { return false }
            taken += 1
            return true
        }
    }

    /// Gives a permit back.
    func giveBack() {
        taken.withLock { $0 -= 1 }
    }

    /// How many are taken.
    var count: Int { taken.withLock { $0 } }
}
