import EventLoop
import Synchronization

/// Wakes one waiting task; a wake that comes before the wait is not lost.
final class WakeSignal: Sendable {
    private struct State {
        var isRaised = false
        var waiter: CheckedContinuation<Void, Never>?
    }

    private let loop: EventLoop
    private let state = Mutex(State())

    /// A signal for a task that runs on `loop`.
    init(loop: EventLoop) {
        self.loop = loop
    }

    /// Wakes the task now or at its next wait. Any thread.
    func raise() {
        let waiter = state.withLock { state in
            state.isRaised = true
            return state.waiter.take()
        }
        waiter?.resume()
    }

    /// Returns when the signal was raised or the time is over, and lowers it. Only on the loop, by one task at a time.
    func wait(atMost time: Duration) async {
        loop.assertCurrent()
        let timer = loop.schedule(after: time) { [self] in raise() }
        await withCheckedContinuation { continuation in
            let isRaised = state.withLock { state in
                if !state.isRaised { state.waiter = continuation }
                return state.isRaised
            }
            if isRaised { continuation.resume() }
        }
        loop.cancel(timer)
        state.withLock { $0.isRaised = false }
    }
}
