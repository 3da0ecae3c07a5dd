import CLinux
import Glibc
import Synchronization

/// Why blocking work was not done.
package enum BlockingPoolError: Error, Equatable, Sendable {
    /// As many pieces of work wait as the pool allows.
    case full
    /// The pool was shut down.
    case closed
}

/// A few named threads for calls that block (name resolution, files on slow disks), so that no loop ever does.
///
/// Bound: `maxQueued` pieces of work wait; one more is refused with `.full`.
package final class BlockingPool: Sendable {
    private struct State {
        var queue: [@Sendable () -> Void] = []
        var head = 0
        var isClosed = false

        var waiting: Int { queue.count - head }

        mutating func take() -> (@Sendable () -> Void)? {
            guard head < queue.count else { return nil }
            let work = queue[head]
            head += 1
            if head == queue.count {
                queue.removeAll(keepingCapacity: true)
                head = 0
            }
            return work
        }
    }

    private let name: String
    private let maxQueued: Int
    private let state = Mutex(State())
    private let condition = PoolCondition()
    private let threads: Mutex<[pthread_t]>

    /// Makes the pool and starts its threads.
    package init(name: String, threads count: Int, maxQueued: Int) {
        self.name = name
        self.maxQueued = maxQueued
        threads = Mutex([])
        for _ in 0..<max(1, count) {
            let box = unsafe Unmanaged.passRetained(self)
            var identifier = pthread_t()
            if unsafe pthread_create(&identifier, nil, poolThreadMain, box.toOpaque()) == 0 {
                threads.withLock { $0.append(identifier) }
            } else {
                unsafe box.release()
            }
        }
    }

    /// Does `body` on one of the pool's threads and waits for it without blocking the caller.
    ///
    /// - Throws: `BlockingPoolError` when it was not done, else what `body` throws.
    package func run<T: Sendable>(_ body: @escaping @Sendable () throws -> T) async throws -> T {
        try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<T, any Error>) in
            let refusal = state.withLock { state -> BlockingPoolError? in
                guard !state.isClosed else { return .closed }
                guard state.waiting < maxQueued else { return .full }
                state.queue.append { continuation.resume(with: Result { try body() }) }
                return nil
            }
            if let refusal {
                continuation.resume(throwing: refusal)
            } else {
                condition.signal()
            }
        }
    }

    /// Refuses new work, finishes what waits, and ends the threads. Blocks; not on a loop.
    package func shutdown() {
        state.withLock { $0.isClosed = true }
        condition.broadcast()
        let held = threads.withLock { threads in
            defer { threads = [] }
            return threads
        }
        for thread in held { pthread_join(thread, nil) }
    }

    /// Refuses new work and lets the threads end by themselves when what waits is done. Does not block; any thread.
    package func close() {
        state.withLock { $0.isClosed = true }
        condition.broadcast()
        let held = threads.withLock { threads in
            defer { threads = [] }
            return threads
        }
        for thread in held { pthread_detach(thread) }
    }

    fileprivate func work() {
        unsafe clinux_name_thread(String(name.prefix(15)))
        while true {
            var seen = condition.ticket()
            while true {
                let (work, isClosed) = state.withLock { ($0.take(), $0.isClosed) }
                if let work {
                    work()
                    continue
                }
                if isClosed { return }
                break
            }
            condition.wait(after: &seen)
        }
    }
}

/// A condition with a counter, so that a signal between looking and waiting is never missed.
@safe
private final class PoolCondition: @unchecked Sendable {
    // SAFETY: `counter` is read and written only under `lock`; both C objects live in storage that never moves.
    private let lock = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    private var counter: UInt64 = 0

    init() {
        unsafe pthread_mutex_init(lock, nil)
        unsafe pthread_cond_init(condition, nil)
    }

    deinit {
        unsafe pthread_cond_destroy(condition)
        unsafe pthread_mutex_destroy(lock)
        unsafe condition.deallocate()
        unsafe lock.deallocate()
    }

    func ticket() -> UInt64 {
        unsafe pthread_mutex_lock(lock)
        defer { unsafe pthread_mutex_unlock(lock) }
        return counter
    }

    func signal() { bump { unsafe pthread_cond_signal(condition) } }

    func broadcast() { bump { unsafe pthread_cond_broadcast(condition) } }

    func wait(after seen: inout UInt64) {
        unsafe pthread_mutex_lock(lock)
        while counter == seen { unsafe pthread_cond_wait(condition, lock) }
        seen = counter
        unsafe pthread_mutex_unlock(lock)
    }

    private func bump(_ notify: () -> Int32) {
        unsafe pthread_mutex_lock(lock)
        counter &+= 1
        _ = notify()
        unsafe pthread_mutex_unlock(lock)
    }
}

private func poolThreadMain(_ argument: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    guard let argument = unsafe argument else { return nil }
    unsafe Unmanaged<BlockingPool>.fromOpaque(argument).takeRetainedValue().work()
    return nil
}
