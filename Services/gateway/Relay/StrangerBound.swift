import Synchronization

/// Bounds how many records per second are written of calls without a good key; pure but for its lock.
final class StrangerBound: Sendable {
    private let state = Mutex((second: UInt64(0), count: 0))
    private static let perSecond = 20

    /// Whether one more may be kept in this second.
    func admit(atSecond second: UInt64) -> Bool {
        state.withLock { state in
            if state.second != second { state = (second, 0) }
            state.count += 1
            return state.count <= Self.perSecond
        }
    }
}
