import EventLoop
import Glibc
import HTTPCore

/// What the connections of one loop share: the listener, the list of connections, spare buffers, the date, the work at the end of a pass.
final class LoopServer: ReadinessHandler, @unchecked Sendable {
    // SAFETY: confined to `loop`, except for the constants and the counters, which are atomic.

    let loop: EventLoop
    let configuration: ServerConfiguration
    let limits: MachineLimits
    let handler: Handler
    private let onRefused: @Sendable (ServerFault) -> Refusal
    private let counters: ServerCounters

    private var listener: Int32
    private var connections: [Connection] = []
    private var dirty: [Connection] = []
    private var buffers: [[UInt8]] = []
    private var running = 0
    private var isDraining = false
    private var onIdle: (@Sendable () -> Void)?
    private var dateSecond: Int64 = -1
    private var dateBytes: [UInt8] = []

    private static let acceptsPerPass = 64
    private static let spareBuffers = 64
    private static let spareBufferSize = 64 * 1024
    /// Connections over the bound that may wait for their refusal to be read; beyond these the refusal is sent and forgotten.
    private static let lingeringRefusals = 128

    init(
        loop: EventLoop, listener: Int32, configuration: ServerConfiguration, counters: ServerCounters,
        handler: @escaping Handler, onRefused: @escaping @Sendable (ServerFault) -> Refusal
    ) {
        self.loop = loop
        self.listener = listener
        self.configuration = configuration
        self.counters = counters
        self.handler = handler
        self.onRefused = onRefused
        limits = MachineLimits(configuration)
    }

    // MARK: Accepting

    /// Starts to accept.
    ///
    /// - Throws: when the kernel refuses to watch the listener.
    func listen() throws(EventLoopError) {
        try loop.watch(listener, .readable, self)
    }

    func ready(_ readiness: Readiness) {
        accept(atMost: Self.acceptsPerPass)
    }

    private func accept(atMost bound: Int) {
        for _ in 0..<bound where listener >= 0 {
            switch Sockets.accept(listener) {
            case .connection(let fd, let peer): add(fd, peer)
            case .nothing: return
            case .again: continue
            case .exhausted:
                pauseAccepting()
                return
            }
        }
    }

    /// Out of descriptors or memory: a level-triggered listener would spin, so it rests; clients wait in the kernel's queue.
    private func pauseAccepting() {
        loop.unwatch(listener)
        _ = loop.schedule(after: .milliseconds(100)) { [weak self] in self?.resumeAccepting() }
    }

    private func resumeAccepting() {
        guard listener >= 0 else { return }
        do throws(EventLoopError) {
            try listen()
        } catch {
            pauseAccepting()
        }
    }

    private func add(_ fd: Int32, _ peer: PeerAddress) {
        let isOver = counters.opened() > configuration.maxConnections
        if isOver, counters.open > configuration.maxConnections + Self.lingeringRefusals {
            counters.closed()
            Sockets.refuseAndClose(fd, refusal(.tooManyConnections))
            return
        }
        let connection = Connection(fd: fd, peer: peer, server: self)
        do throws(EventLoopError) {
            try connection.start()
        } catch {
            counters.closed()
            Glibc.close(fd)
            return
        }
        connection.slot = connections.count
        connections.append(connection)
        if isOver { connection.refuse(.tooManyConnections) }
    }

    /// A connection has ended.
    func remove(_ connection: Connection) {
        counters.closed()
        let slot = connection.slot
        let last = connections.removeLast()
        if last !== connection {
            connections[slot] = last
            last.slot = slot
        }
        checkIdle()
    }

    // MARK: For connections

    func refusal(_ fault: ServerFault) -> Refusal {
        onRefused(fault)
    }

    func exchangeBegan() {
        running += 1
        counters.requestBegan()
    }

    func exchangeEnded() {
        running -= 1
        counters.requestEnded()
        checkIdle()
    }

    func flushAtEndOfPass(_ connection: Connection) {
        if dirty.isEmpty { loop.atEndOfPass { self.flushDirty() } }
        dirty.append(connection)
    }

    private func flushDirty() {
        // Flushing may resume producers, but those run in the next pass; so the list does not grow here.
        let batch = dirty
        dirty.removeAll(keepingCapacity: true)
        for connection in batch { connection.endOfPass() }
    }

    func takeBuffer() -> [UInt8] {
        if let buffer = buffers.popLast() { return buffer }
        var buffer: [UInt8] = []
        buffer.reserveCapacity(2048)
        return buffer
    }

    func giveBuffer(_ buffer: consuming [UInt8]) {
        guard buffer.capacity > 0, buffer.capacity <= Self.spareBufferSize, buffers.count < Self.spareBuffers else {
            return
        }
        buffers.append(buffer)
    }

    /// The wall clock in microseconds; also keeps the text of the date current.
    func wallClockMicroseconds() -> Int64 {
        var time = timespec()
        unsafe clock_gettime(CLOCK_REALTIME, &time)
        let second = Int64(time.tv_sec)
        if second != dateSecond {
            dateSecond = second
            dateBytes = HTTPDate.bytes(secondsSince1970: second)
        }
        return second * 1_000_000 + Int64(time.tv_nsec) / 1000
    }

    /// The value of the `Date` field.
    func date() -> [UInt8] {
        if dateBytes.isEmpty { _ = wallClockMicroseconds() }
        return dateBytes
    }

    // MARK: Draining

    /// Stops accepting and lets every connection end; `onIdle` is called once when nothing runs any more, or when the time is over and everything was cut.
    func drain(deadline: Duration, onIdle: @escaping @Sendable () -> Void) {
        isDraining = true
        self.onIdle = onIdle
        if listener >= 0 {
            // Whoever the kernel has already connected is served, not reset.
            accept(atMost: Self.acceptsPerPass * 16)
            closeListener()
        }
        for connection in connections { connection.drain() }
        checkIdle()
        if self.onIdle != nil { _ = loop.schedule(after: deadline) { [weak self] in self?.cut() } }
    }

    private func closeListener() {
        loop.unwatch(listener)
        Glibc.close(listener)
        listener = -1
    }

    private func cut() {
        for connection in connections { connection.lose() }
        let body = onIdle
        onIdle = nil
        body?()
    }

    private func checkIdle() {
        guard isDraining, connections.isEmpty, running == 0, let body = onIdle else { return }
        onIdle = nil
        body()
    }
}
