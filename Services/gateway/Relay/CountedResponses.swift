import Synchronization

/// The responses that upstreams made in the background and keep, and whose counts stand in a record of this gateway: a response is read as often as its caller
/// likes, and counted once (contract providers §6.5).
///
/// Bound: the last 16 384. Each gateway knows its own alone, until it ends: a response that is read to its end through several of them, or long after, is
/// counted by each. One that nobody reads is not counted.
final class CountedResponses: Sendable {
    private struct State {
        var known: Set<String> = []
        /// In the order in which they came, as a ring.
        var order: [String] = []
        var oldest = 0
    }

    private let state = Mutex(State())
    private let limit: Int

    init(limit: Int = 16_384) {
        self.limit = limit
    }

    /// Whether the response was not counted before; from now on it was.
    func isFirst(_ id: String, channel: Int) -> Bool {
        let key = "\(channel) \(id.prefix(256))"
        return state.withLock { state in
            guard state.known.insert(key).inserted else { return false }
            if state.order.count < limit {
                state.order.append(key)
            } else {
                state.known.remove(state.order[state.oldest])
                state.order[state.oldest] = key
                state.oldest = (state.oldest + 1) % limit
            }
            return true
        }
    }
}
