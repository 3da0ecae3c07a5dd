import Synchronization

/// Wakes one waiting task. A wake that comes before the wait is not lost; several are one.
package final class WakeSignal: Sendable {
    private struct State {
        var isRaised = false
        var waiter: CheckedContinuation<Void, Never>?
    }

    private let state = Mutex(State())

    /// A signal that is not raised.
    package init() {}

    /// Wakes the task that waits, or the next one that does. Any thread; costs a lock when nobody waits.
    package func raise() {
        let waiter = state.withLock { state in
            state.isRaised = true
            return state.waiter.take()
        }
        waiter?.resume()
    }

    /// Returns when the signal is raised, and lowers it, or when the task is cancelled. One task at a time.
    package func wait() async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let mustWait = state.withLock { state in
                    precondition(state.waiter == nil, "a wake signal has one waiter at a time")
                    guard !state.isRaised, !Task.isCancelled else { return false }
                    state.waiter = continuation
                    return true
                }
                if !mustWait { continuation.resume() }
            }
        } onCancel: {
            state.withLock { $0.waiter.take() }?.resume()
        }
        state.withLock { $0.isRaised = false }
    }

    /// As `wait()`, but no longer than `time`; a wait that the clock ended also lowers the signal. Only on `loop`.
    package func wait(atMost time: Duration, on loop: EventLoop) async {
        let timer = loop.schedule(after: time) { [self] in raise() }
        await wait()
        loop.cancel(timer)
    }
}
