import Glibc
import Synchronization

/// Hands lines to a thread of its own that writes them, so that a slow reader of the log never blocks a loop.
///
/// Lines of a few milliseconds leave in one `write(2)`. At most ``capacity`` bytes wait; at the bound new lines are
/// dropped and counted, and the count is written as soon as there is room. A `kill -9` loses what was logged in the last
/// few milliseconds.
package final class BufferedSink: LogSink {
    /// Most bytes that wait.
    package let capacity: Int

    private struct State: Sendable {
        var waiting: [UInt8] = []
        var droppedSinceNotice = 0
        /// Whether the writer sleeps, so that the next line must wake it.
        var isIdle = true
    }

    private let descriptor: Int32
    private let state = Mutex(State())
    /// Held while bytes are written, so that a flush waits for the batch before it.
    private let output = Mutex<Void>(())
    private let dropped = Atomic<Int>(0)
    private let wake = WakeSemaphore()
    /// How long the writer gathers lines after the first.
    private static let gatherMicroseconds: UInt32 = 5000

    /// A sink on an open descriptor, which stays the caller's; starts the thread, which lasts as long as the process.
    package init(descriptor: Int32 = STDOUT_FILENO, capacity: Int = 4 << 20) {
        self.descriptor = descriptor
        self.capacity = capacity
        let retained = unsafe Unmanaged.passRetained(self)
        var thread = pthread_t()
        let code = unsafe pthread_create(&thread, nil, writerMain, retained.toOpaque())
        precondition(code == 0, "the log's thread cannot be started")
        pthread_detach(thread)
    }

    /// How many lines were dropped so far, for a metric.
    package var droppedLines: Int { dropped.load(ordering: .relaxed) }

    package func write(_ line: [UInt8]) {
        let mustWake = state.withLock { state in
            guard state.waiting.count + line.count <= capacity else {
                state.droppedSinceNotice += 1
                dropped.wrappingAdd(1, ordering: .relaxed)
                return false
            }
            state.waiting.append(contentsOf: line)
            defer { state.isIdle = false }
            return state.isIdle
        }
        if mustWake { wake.signal() }
    }

    /// Writes what waits on the calling thread; blocks as long as the reader of the log does.
    package func flush() {
        _ = writeWaiting()
    }

    fileprivate func writeLoop() -> Never {
        while true {
            wake.wait()
            repeat { usleep(Self.gatherMicroseconds) } while writeWaiting()
        }
    }

    /// Writes one batch; false when there was none, and then the next line wakes the writer.
    private func writeWaiting() -> Bool {
        output.withLock { _ in
            let (lines, missed) = state.withLock { state in
                defer {
                    if state.waiting.isEmpty { state.isIdle = true }
                    state.waiting = []
                    state.droppedSinceNotice = 0
                }
                return (state.waiting, state.droppedSinceNotice)
            }
            guard !lines.isEmpty else { return false }
            _ = DescriptorWriter.writeAll(missed > 0 ? lines + notice(missed) : lines, to: descriptor)
            return true
        }
    }

    private func notice(_ missed: Int) -> [UInt8] {
        LogLine.render(
            microseconds: WallClock.microseconds(), level: .warning, service: "log", message: "log lines dropped",
            context: [], fields: ["lines": .integer(missed)])
    }
}

private func writerMain(_ argument: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    guard let argument = unsafe argument else { return nil }
    unsafe Unmanaged<BufferedSink>.fromOpaque(argument).takeUnretainedValue().writeLoop()
}

/// A POSIX semaphore at a fixed address.
@safe
private final class WakeSemaphore: Sendable {
    // SAFETY: initialised in init, destroyed in deinit; the calls on it are safe from any thread.
    nonisolated(unsafe) private let semaphore = UnsafeMutablePointer<sem_t>.allocate(capacity: 1)

    init() {
        unsafe semaphore.initialize(to: sem_t())
        unsafe sem_init(semaphore, 0, 0)
    }

    deinit {
        unsafe sem_destroy(semaphore)
        unsafe semaphore.deallocate()
    }

    func signal() {
        unsafe sem_post(semaphore)
    }

    func wait() {
        while unsafe sem_wait(semaphore) != 0, errno == EINTR {}
    }
}
