import EventLoop
import Synchronization

/// Waits for blocking work no longer than promised.
enum Deadline {
    /// The one answer of a wait; what comes second is dropped.
    private final class Answer<Value: Sendable>: Sendable {
        private let waiting: Mutex<CheckedContinuation<Value, any Error>?>

        init(_ continuation: CheckedContinuation<Value, any Error>) {
            waiting = Mutex(continuation)
        }

        func give(_ result: Result<Value, any Error>) {
            let continuation = waiting.withLock { held in
                defer { held = nil }
                return held
            }
            continuation?.resume(with: result)
        }
    }

    /// Does `body` on a thread of the pool.
    ///
    /// A call that hangs keeps its thread until it ends by itself; what it then brings is released.
    ///
    /// - Throws: `ImportError.timedOut` after `limit`, `ImportError.busy` when no thread is to be had, what `body` throws.
    static func run<Value: Sendable>(
        _ limit: Duration, on pool: BlockingPool, loop: EventLoop, _ body: @escaping @Sendable () throws -> Value
    ) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            let answer = Answer<Value>(continuation)
            loop.execute {
                let timer = loop.schedule(after: limit) { answer.give(.failure(ImportError.timedOut)) }
                loop.spawn {
                    do {
                        answer.give(.success(try await pool.run(body)))
                    } catch is BlockingPoolError {
                        answer.give(.failure(ImportError.busy))
                    } catch {
                        answer.give(.failure(error))
                    }
                    loop.cancel(timer)
                }
            }
        }
    }
}
