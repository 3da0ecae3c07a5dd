/// A task that waits on its loop to be resumed once.
///
/// A continuation without the checks: they would cost a third of the whole wait, twice per request.
@safe
struct Waiter {
    // SAFETY: whoever stores a waiter takes it out before resuming it (`take`), all on one loop, so it is resumed exactly once.
    private let continuation: UnsafeContinuation<Void, Never>

    /// Suspends the caller; `store` gets what resumes it.
    static func park(_ store: (Waiter) -> Void) async {
        await unsafe withUnsafeContinuation { (continuation: UnsafeContinuation<Void, Never>) in
            store(unsafe Waiter(continuation: continuation))
        }
    }

    func resume() {
        unsafe continuation.resume()
    }
}

extension Waiter? {
    /// Resumes the waiter, if there is one, and forgets it.
    mutating func takeAndResume() {
        let waiter = self
        self = nil
        waiter?.resume()
    }
}
