import Synchronization

extension EventLoop {
    /// Suspends the caller for `duration`; the caller resumes on its own executor. Any thread.
    ///
    /// - Throws: `CancellationError` as soon as the task is cancelled.
    package func sleep(for duration: Duration) async throws(CancellationError) {
        let nap = Nap()
        await withTaskCancellationHandler {
            await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
                guard nap.begin(continuation) else { return }
                execute {
                    nap.timer.withLock { $0 = self.schedule(after: duration) { nap.end() } }
                    if nap.isOver { self.cancelTimer(of: nap) }
                }
            }
        } onCancel: {
            nap.end()
            execute { self.cancelTimer(of: nap) }
        }
        if Task.isCancelled { throw CancellationError() }
    }

    private func cancelTimer(of nap: Nap) {
        if let timer = nap.timer.withLock({ $0.take() }) { cancel(timer) }
    }
}

/// One sleeper: its continuation is resumed exactly once, by the timer or by cancellation, whichever comes first.
private final class Nap: Sendable {
    private enum State {
        case new
        case asleep(CheckedContinuation<Void, Never>)
        case over
    }

    let timer = Mutex<TimerID?>(nil)
    private let state = Mutex(State.new)

    var isOver: Bool {
        state.withLock { state in
            if case .over = state { true } else { false }
        }
    }

    /// Stores the continuation; resumes it and answers false when the sleep is over already.
    func begin(_ continuation: CheckedContinuation<Void, Never>) -> Bool {
        let isNew = state.withLock { state in
            guard case .new = state else { return false }
            state = .asleep(continuation)
            return true
        }
        if !isNew { continuation.resume() }
        return isNew
    }

    func end() {
        let sleeper: CheckedContinuation<Void, Never>? = state.withLock { state in
            defer { state = .over }
            if case .asleep(let continuation) = state { return continuation }
            return nil
        }
        sleeper?.resume()
    }
}
