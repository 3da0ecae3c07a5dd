import CLinux
import Glibc
import Synchronization

/// One thread that waits for descriptors, timers and jobs, and runs them one after the other.
///
/// It is both a serial executor and a task executor: a task started with `spawn` runs every one of its steps on this thread, also after each
/// `await`. Without that preference each resumed continuation would first visit the global pool, at thirty times the cost.
///
/// A pass is: wait in `epoll`, deliver readiness, fire due timers, run the jobs that were queued meanwhile, then the end-of-pass work. Jobs that a job
/// enqueues run in the same pass, up to a bound, so that descriptors are never starved.
@safe
package final class EventLoop: SerialExecutor, TaskExecutor, @unchecked Sendable {
    // SAFETY: `watchers`, `timers`, `localJobs`, `endOfPass`, `clock` and `scratch` are touched only on the loop's thread (`isCurrent`);
    // everything that other threads touch is behind `inbox` or is atomic.

    /// The place of this loop in its group; names per-loop state in arrays.
    package let index: Int
    /// The name of the thread, for debuggers and metrics.
    package let name: String
    /// A 64 KiB buffer that every read on this loop may use; its bytes are valid until the next read on the loop.
    package let scratch: UnsafeMutableRawBufferPointer

    private struct Inbox {
        var jobs: [UnownedJob] = []
        var bodies: [@Sendable () -> Void] = []
        var isSignalled = false
    }

    private struct Watcher {
        var handler: (any ReadinessHandler)?
        var generation: UInt32 = 0
        var interest: Interest = []
    }

    private let epoll: Int32
    private let wakeup: Int32
    private let inbox = Mutex(Inbox())
    private let isStopping = Atomic<Bool>(false)
    private let owner = Atomic<UInt>(0)
    private let thread = Mutex<pthread_t?>(nil)

    private var watchers: [Watcher] = []
    private var timers = TimerQueue<() -> Void>()
    private var localJobs: [UnownedJob] = []
    private var endOfPass: [() -> Void] = []
    private var clock = MonotonicTime.now()

    private static let eventsPerPass: Int32 = 256
    private static let jobsPerPass = 4096
    private static let scratchSize = 64 * 1024
    private static let wakeupTag = UInt64.max

    /// Makes a loop that does not run yet.
    ///
    /// - Throws: `.system` when the kernel refuses a descriptor.
    package init(name: String, index: Int = 0) throws(EventLoopError) {
        self.name = name
        self.index = index
        epoll = clinux_epoll_create()
        guard epoll >= 0 else { throw .system(call: "epoll_create1", errno: errno) }
        wakeup = clinux_eventfd()
        guard wakeup >= 0 else {
            let code = errno
            close(epoll)
            throw .system(call: "eventfd", errno: code)
        }
        unsafe scratch = .allocate(byteCount: Self.scratchSize, alignment: 64)
        guard clinux_epoll_ctl(epoll, EPOLL_CTL_ADD, wakeup, clinux_EPOLLIN, Self.wakeupTag) == 0 else {
            throw .system(call: "epoll_ctl", errno: errno)
        }
    }

    deinit {
        close(epoll)
        close(wakeup)
        unsafe scratch.deallocate()
    }

    // MARK: Running

    /// Starts the loop on a thread of its own.
    ///
    /// - Throws: `.system` when no thread can be made.
    package func start() throws(EventLoopError) {
        let box = unsafe Unmanaged.passRetained(self)
        var identifier = pthread_t()
        let code = unsafe pthread_create(&identifier, nil, loopThreadMain, box.toOpaque())
        guard code == 0 else {
            unsafe box.release()
            throw .system(call: "pthread_create", errno: code)
        }
        thread.withLock { $0 = identifier }
    }

    /// Ends the loop after its current pass; jobs that are still queued are run first. Any thread.
    package func stop() {
        isStopping.store(true, ordering: .releasing)
        signal()
    }

    /// Waits until the thread of `start()` has ended. Not on the loop itself.
    package func join() {
        let identifier = thread.withLock { held in
            defer { held = nil }
            return held
        }
        if let identifier { pthread_join(identifier, nil) }
    }

    /// Runs the loop on the calling thread until `stop()`.
    package func run() {
        owner.store(currentThread(), ordering: .releasing)
        unsafe clinux_name_thread(String(name.prefix(15)))
        currentLoop = self
        let events = UnsafeMutablePointer<epoll_event>.allocate(capacity: Int(Self.eventsPerPass))
        defer {
            unsafe events.deallocate()
            currentLoop = nil
            owner.store(0, ordering: .releasing)
        }
        while !isStopping.load(ordering: .acquiring) {
            let count = unsafe epoll_wait(epoll, events, Self.eventsPerPass, waitMilliseconds())
            clock = .now()
            if count > 0 { unsafe deliver(events, count) }
            fireTimers()
            runJobs()
            runEndOfPass()
        }
        runJobs()
        runEndOfPass()
    }

    private func waitMilliseconds() -> Int32 {
        guard localJobs.isEmpty, endOfPass.isEmpty else { return 0 }
        guard let deadline = timers.nextDeadline else { return -1 }
        let now = MonotonicTime.now()
        guard deadline > now else { return 0 }
        let wait = (deadline.nanoseconds - now.nanoseconds + 999_999) / 1_000_000
        return Int32(clamping: min(wait, 60_000))
    }

    private func deliver(_ events: UnsafeMutablePointer<epoll_event>, _ count: Int32) {
        for position in 0..<count {
            let tag = unsafe clinux_event_tag(events, position)
            if tag == Self.wakeupTag {
                var counter: UInt64 = 0
                unsafe _ = read(wakeup, &counter, 8)
                continue
            }
            let descriptor = Int(tag & 0xFFFF_FFFF)
            guard descriptor < watchers.count, watchers[descriptor].generation == UInt32(tag >> 32),
                let handler = watchers[descriptor].handler
            else { continue }
            handler.ready(Readiness(epollMask: unsafe clinux_event_mask(events, position)))
        }
    }

    private func fireTimers() {
        while let body = timers.popDue(at: clock) { body() }
    }

    private func runJobs() {
        var budget = Self.jobsPerPass
        repeat {
            let (jobs, bodies) = inbox.withLock { inbox in
                defer {
                    inbox.jobs = []
                    inbox.bodies = []
                    inbox.isSignalled = false
                }
                return (inbox.jobs, inbox.bodies)
            }
            for body in bodies { body() }
            for job in jobs { run(job) }
            while !localJobs.isEmpty, budget > 0 {
                let batch = localJobs
                localJobs.removeAll(keepingCapacity: true)
                for job in batch { run(job) }
                budget -= batch.count
            }
            if jobs.isEmpty && bodies.isEmpty { return }
        } while budget > 0
    }

    private func run(_ job: UnownedJob) {
        unsafe job.runSynchronously(isolatedTo: asUnownedSerialExecutor(), taskExecutor: asUnownedTaskExecutor())
    }

    private func runEndOfPass() {
        guard !endOfPass.isEmpty else { return }
        let bodies = endOfPass
        endOfPass.removeAll(keepingCapacity: true)
        for body in bodies { body() }
    }

    // MARK: Executor

    package func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        if isCurrent {
            localJobs.append(job)
            return
        }
        let mustWake = inbox.withLock { inbox in
            inbox.jobs.append(job)
            defer { inbox.isSignalled = true }
            return !inbox.isSignalled
        }
        if mustWake { signal() }
    }

    package func asUnownedSerialExecutor() -> UnownedSerialExecutor {
        unsafe UnownedSerialExecutor(ordinary: self)
    }

    package func asUnownedTaskExecutor() -> UnownedTaskExecutor {
        unsafe UnownedTaskExecutor(ordinary: self)
    }

    package func checkIsolated() {
        precondition(isCurrent, "work that belongs to loop \(name) ran on another thread")
    }

    package func isIsolatingCurrentContext() -> Bool? {
        isCurrent
    }

    /// Whether the caller runs on this loop's thread.
    package var isCurrent: Bool {
        owner.load(ordering: .relaxed) == currentThread()
    }

    /// Traps in debug builds when the caller is not on this loop's thread.
    package func assertCurrent() {
        assert(isCurrent, "work that belongs to loop \(name) ran on another thread")
    }

    /// The loop whose thread the caller runs on; `nil` on any other thread.
    package static var current: EventLoop? {
        currentLoop
    }

    // MARK: Work from any thread

    /// Runs `body` on the loop in its next pass; also from the loop itself. Any thread.
    package func execute(_ body: @escaping @Sendable () -> Void) {
        let mustWake = inbox.withLock { inbox in
            inbox.bodies.append(body)
            defer { inbox.isSignalled = true }
            return !inbox.isSignalled
        }
        if mustWake { signal() }
    }

    /// Starts a task all of whose steps run on this loop; at once when called on the loop. Any thread.
    @discardableResult
    package func spawn(_ body: @escaping @Sendable () async -> Void) -> Task<Void, Never> {
        isCurrent
            ? Task.immediate(executorPreference: self) { await body() }
            : Task(executorPreference: self) { await body() }
    }

    private func signal() {
        var one: UInt64 = 1
        unsafe _ = write(wakeup, &one, 8)
    }

    // MARK: Descriptors (loop thread only)

    /// Watches a descriptor; the handler is held until `unwatch`. Watching a watched descriptor replaces its handler.
    ///
    /// - Throws: `.system` when the kernel refuses (for example a plain file, or no memory).
    package func watch(_ fd: Int32, _ interest: Interest, _ handler: any ReadinessHandler) throws(EventLoopError) {
        assertCurrent()
        let place = Int(fd)
        if place >= watchers.count {
            watchers.append(contentsOf: repeatElement(Watcher(), count: place + 1 - watchers.count))
        }
        let isNew = watchers[place].handler == nil
        watchers[place].generation &+= 1
        watchers[place].handler = handler
        watchers[place].interest = interest
        try control(isNew ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, fd, interest)
    }

    /// Changes what is heard of a watched descriptor; nothing happens when it is the same.
    ///
    /// - Throws: `.system` when the kernel refuses.
    package func update(_ fd: Int32, _ interest: Interest) throws(EventLoopError) {
        assertCurrent()
        guard Int(fd) < watchers.count, watchers[Int(fd)].handler != nil, watchers[Int(fd)].interest != interest else {
            return
        }
        watchers[Int(fd)].interest = interest
        try control(EPOLL_CTL_MOD, fd, interest)
    }

    /// Stops watching; call it before `close`. Readiness of the current pass that was not delivered yet is dropped.
    package func unwatch(_ fd: Int32) {
        assertCurrent()
        guard Int(fd) < watchers.count, watchers[Int(fd)].handler != nil else { return }
        watchers[Int(fd)].handler = nil
        watchers[Int(fd)].generation &+= 1
        _ = clinux_epoll_ctl(epoll, EPOLL_CTL_DEL, fd, 0, 0)
    }

    private func control(_ operation: Int32, _ fd: Int32, _ interest: Interest) throws(EventLoopError) {
        let tag = UInt64(watchers[Int(fd)].generation) << 32 | UInt64(UInt32(bitPattern: fd))
        guard clinux_epoll_ctl(epoll, operation, fd, interest.epollMask, tag) == 0 else {
            let code = errno
            if operation == EPOLL_CTL_ADD { watchers[Int(fd)].handler = nil }
            throw .system(call: "epoll_ctl", errno: code)
        }
    }

    // MARK: Time (loop thread only)

    /// The time at the start of this pass; costs nothing.
    package var now: MonotonicTime {
        assertCurrent()
        return clock
    }

    /// Calls `body` once on the loop, not before `delay` has passed and at most about a millisecond later on an idle loop.
    package func schedule(after delay: Duration, _ body: @escaping () -> Void) -> TimerID {
        assertCurrent()
        return timers.add(body, at: MonotonicTime.now().advanced(by: delay))
    }

    /// Forgets a timer; nothing happens when it already fired.
    package func cancel(_ id: TimerID) {
        assertCurrent()
        timers.cancel(id)
    }

    /// Calls `body` once at the end of this pass; what many events of one pass produced can leave in one write.
    package func atEndOfPass(_ body: @escaping () -> Void) {
        assertCurrent()
        endOfPass.append(body)
    }
}

/// The loop of the running thread, for `EventLoop.current`.
private var currentLoop: EventLoop? {
    get {
        guard let raw = unsafe pthread_getspecific(loopKey) else { return nil }
        return unsafe Unmanaged<EventLoop>.fromOpaque(raw).takeUnretainedValue()
    }
    set {
        unsafe pthread_setspecific(
            loopKey, newValue.map { unsafe UnsafeRawPointer(Unmanaged.passUnretained($0).toOpaque()) })
    }
}

private let loopKey: pthread_key_t = {
    var key = pthread_key_t()
    unsafe pthread_key_create(&key, nil)
    return key
}()

private func currentThread() -> UInt {
    UInt(pthread_self())
}

private func loopThreadMain(_ argument: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    guard let argument = unsafe argument else { return nil }
    unsafe Unmanaged<EventLoop>.fromOpaque(argument).takeRetainedValue().run()
    return nil
}
