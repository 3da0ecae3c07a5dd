import Synchronization

/// A flag that is raised once and can be waited for; for the `run()` of a service that works by callbacks.
package final class StopSignal: Sendable {
    private struct State {
        var isRaised = false
        var waiters: [Int: CheckedContinuation<Void, Never>] = [:]
        var nextWaiter = 0
    }

    private let state = Mutex(State())

    /// A signal that is not raised.
    package init() {}

    /// Whether the signal was raised.
    package var isRaised: Bool { state.withLock(\.isRaised) }

    /// Raises the signal and resumes all who wait; nothing happens the second time. Any thread.
    package func raise() {
        let waiters = state.withLock { state in
            defer {
                state.isRaised = true
                state.waiters = [:]
            }
            return state.waiters
        }
        for waiter in waiters.values { waiter.resume() }
    }

    /// Returns when the signal is raised or the task is cancelled, whichever comes first.
    package func wait() async {
        let id = state.withLock { state in
            state.nextWaiter += 1
            return state.nextWaiter
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let mustWait = state.withLock { state in
                    guard !state.isRaised, !Task.isCancelled else { return false }
                    state.waiters[id] = continuation
                    return true
                }
                if !mustWait { continuation.resume() }
            }
        } onCancel: {
            state.withLock { $0.waiters.removeValue(forKey: id) }?.resume()
        }
    }
}
