import CLinux
import Glibc
import Synchronization

/// One thread that waits for descriptors, timers and jobs, and runs them one after the other.
///
/// It is both a serial executor and a task executor: a task started with `spawn` runs every one of its steps on this thread, also after each
/// `await`. Without that preference each resumed continuation would first visit the global pool, at thirty times the cost.
///
/// A pass is: wait in `epoll`, deliver readiness, fire due timers, run the work that was queued meanwhile, then the end-of-pass work. Work that work
/// queues runs in the same pass, up to a bound, so that descriptors are never starved. Steps of tasks and bodies given to `execute` share one queue
/// and run in the order in which a thread queued them. What is queued on the loop's own thread takes no lock and makes no system call.
@safe
package final class EventLoop: SerialExecutor, TaskExecutor, @unchecked Sendable {
    // SAFETY: `watchers`, `timers`, `queue`, `endOfPass`, their spare arrays, `clock` and `scratch` are touched only on the loop's thread
    // (`isCurrent`); everything that other threads touch is behind `inbox` or is atomic.

    /// The place of this loop in its group; names per-loop state in arrays.
    package let index: Int
    /// The name of the thread, for debuggers and metrics.
    package let name: String
    /// A 64 KiB buffer that every read on this loop may use; its bytes are valid until the next read on the loop.
    package let scratch: UnsafeMutableRawBufferPointer

    private enum Work {
        case step(UnownedJob)
        case body(@Sendable () -> Void)
    }

    private struct Watcher {
        var handler: (any ReadinessHandler)?
        var generation: UInt32 = 0
        var interest: Interest = []
        /// Whether the end of the peer's stream was told; it is level triggered, and telling it again would spin the loop.
        var knowsHangup = false

        var epollMask: UInt32 {
            knowsHangup ? interest.epollMask & ~clinux_EPOLLRDHUP : interest.epollMask
        }
    }

    private let epoll: Int32
    private let wakeup: Int32
    /// Work from other threads.
    private let inbox = Mutex<[Work]>([])
    /// Whether `inbox` holds anything. Set and cleared under its lock; read without, so that a pass without mail takes no lock.
    private let hasMail = Atomic<Bool>(false)
    private let isStopping = Atomic<Bool>(false)
    private let owner = Atomic<UInt>(0)
    private let thread = Mutex<pthread_t?>(nil)

    private var watchers: [Watcher] = []
    private var timers = TimerQueue<() -> Void>()
    private var queue: [Work] = []
    private var endOfPass: [() -> Void] = []
    // The arrays that are being emptied; they are exchanged with the filling ones, so that neither copies nor grows again.
    private var spareMail: [Work] = []
    private var spareQueue: [Work] = []
    private var spareEndOfPass: [() -> Void] = []
    private var clock = MonotonicTime.now()

    private static let eventsPerPass: Int32 = 256
    private static let workPerPass = 4096
    private static let passesAfterStop = 1024
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

    /// Ends the loop after its current pass. Any thread.
    ///
    /// Work that is queued by then runs first, and what that work queues; timers fire no more. What is queued after the end never runs.
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
            runQueue()
            runEndOfPass()
        }
        for _ in 0..<Self.passesAfterStop {
            runQueue()
            runEndOfPass()
            if queue.isEmpty, endOfPass.isEmpty, !hasMail.load(ordering: .acquiring) { break }
        }
    }

    private func waitMilliseconds() -> Int32 {
        guard queue.isEmpty, endOfPass.isEmpty else { return 0 }
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
            let happened = unsafe clinux_event_mask(events, position)
            tell(Int32(truncatingIfNeeded: tag), generation: UInt32(tag >> 32), happened)
        }
    }

    /// Tells a watcher what happened to its descriptor, unless it was unwatched or watched anew since the kernel said so.
    private func tell(_ descriptor: Int32, generation: UInt32, _ happened: UInt32) {
        let place = Int(descriptor)
        guard place < watchers.count, watchers[place].generation == generation, let handler = watchers[place].handler
        else { return }
        let told = happened & (watchers[place].epollMask | clinux_EPOLLERR | clinux_EPOLLHUP)
        guard told != 0 else { return }
        handler.ready(Readiness(epollMask: told))
        guard told & clinux_EPOLLRDHUP != 0, watchers[place].generation == generation, watchers[place].handler != nil
        else { return }
        watchers[place].knowsHangup = true
        let tag = UInt64(generation) << 32 | UInt64(UInt32(bitPattern: descriptor))
        _ = clinux_epoll_ctl(epoll, EPOLL_CTL_MOD, descriptor, watchers[place].epollMask, tag)
    }

    private func fireTimers() {
        while let body = timers.popDue(at: clock) { body() }
    }

    private func runQueue() {
        var budget = Self.workPerPass
        repeat {
            takeMail()
            guard !queue.isEmpty else { return }
            budget -= queue.count
            swap(&queue, &spareQueue)
            for work in spareQueue {
                switch work {
                case .step(let job):
                    unsafe job.runSynchronously(
                        isolatedTo: asUnownedSerialExecutor(), taskExecutor: asUnownedTaskExecutor())
                case .body(let body):
                    body()
                }
            }
            spareQueue.removeAll(keepingCapacity: true)
        } while budget > 0
    }

    /// Puts what other threads sent behind what is queued.
    private func takeMail() {
        guard hasMail.load(ordering: .acquiring) else { return }
        inbox.withLock { mail in
            swap(&mail, &spareMail)
            hasMail.store(false, ordering: .relaxed)
        }
        queue.append(contentsOf: spareMail)
        spareMail.removeAll(keepingCapacity: true)
    }

    private func runEndOfPass() {
        guard !endOfPass.isEmpty else { return }
        swap(&endOfPass, &spareEndOfPass)
        for body in spareEndOfPass { body() }
        spareEndOfPass.removeAll(keepingCapacity: true)
    }

    // MARK: Executor

    package func enqueue(_ job: consuming ExecutorJob) {
        put(.step(UnownedJob(job)))
    }

    private func put(_ work: Work) {
        if isCurrent {
            queue.append(work)
            return
        }
        let mustWake = inbox.withLock { mail in
            mail.append(work)
            return !hasMail.exchange(true, ordering: .releasing)
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

    /// Runs `body` on the loop, after what the caller queued before and never inside this call. Any thread.
    package func execute(_ body: @escaping @Sendable () -> Void) {
        put(.body(body))
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
    /// Readiness is level triggered, except that the end of the peer's stream (`.readHangup`) is told once, and once more after an `update` that turns reading
    /// on. `.hangup` and `.error` cannot be turned off: a handler that hears them unwatches.
    ///
    /// - Throws: `.system` when the kernel refuses (for example a plain file, or no memory).
    package func watch(_ fd: Int32, _ interest: Interest, _ handler: any ReadinessHandler) throws(EventLoopError) {
        assertCurrent()
        guard fd >= 0 else { throw .system(call: "epoll_ctl", errno: EBADF) }
        let place = Int(fd)
        if place >= watchers.count {
            watchers.append(contentsOf: repeatElement(Watcher(), count: place + 1 - watchers.count))
        }
        let isNew = watchers[place].handler == nil
        watchers[place] = Watcher(
            handler: handler, generation: watchers[place].generation &+ 1, interest: interest)
        do throws(EventLoopError) {
            try control(isNew ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, fd)
        } catch {
            watchers[place].handler = nil
            throw error
        }
    }

    /// Changes what is heard of a watched descriptor; nothing happens when it is the same.
    ///
    /// - Throws: `.system` when the kernel refuses.
    package func update(_ fd: Int32, _ interest: Interest) throws(EventLoopError) {
        assertCurrent()
        guard isWatched(fd), watchers[Int(fd)].interest != interest else { return }
        watchers[Int(fd)].interest = interest
        if interest.contains(.readable) { watchers[Int(fd)].knowsHangup = false }
        try control(EPOLL_CTL_MOD, fd)
    }

    /// Stops watching; call it before `close`. Readiness of the current pass that was not delivered yet is dropped.
    package func unwatch(_ fd: Int32) {
        assertCurrent()
        guard isWatched(fd) else { return }
        watchers[Int(fd)].handler = nil
        watchers[Int(fd)].generation &+= 1
        _ = clinux_epoll_ctl(epoll, EPOLL_CTL_DEL, fd, 0, 0)
    }

    private func isWatched(_ fd: Int32) -> Bool {
        watchers.indices.contains(Int(fd)) && watchers[Int(fd)].handler != nil
    }

    private func control(_ operation: Int32, _ fd: Int32) throws(EventLoopError) {
        let watcher = watchers[Int(fd)]
        let tag = UInt64(watcher.generation) << 32 | UInt64(UInt32(bitPattern: fd))
        guard clinux_epoll_ctl(epoll, operation, fd, watcher.epollMask, tag) != 0 else { return }
        let code = errno
        throw .system(call: "epoll_ctl", errno: code)
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
        return timers.add(body, at: MonotonicTime.now().advanced(by: max(delay, .zero)))
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
