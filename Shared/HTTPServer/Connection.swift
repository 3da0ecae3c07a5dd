import CLinux
import EventLoop
import Glibc
import HTTPCore

/// Moves bytes between one socket and its `ConnectionMachine`, and runs the handler; the only file that reads and writes client sockets.
///
/// Bounds: the inbox holds an incomplete head, or up to `readAhead` and one read of requests that came early; a body that nobody reads stops the reading at the
/// high-water mark; the output stops its producer at the high-water mark and is cut far above it. Idle, a connection holds no buffer.
final class Connection: ReadinessHandler, @unchecked Sendable {
    // SAFETY: confined to `loop`; readiness, timers, handlers and end-of-pass work all run there.

    /// One request and its answer.
    struct Exchange {
        let request: ServerRequest
        let writer: ResponseWriter
    }

    /// How the connection ends once its output is flushed.
    enum Closing {
        case linger, plain
    }

    /// The place in the loop's list of connections.
    var slot = 0
    /// Whether the connection waits for the flush at the end of the pass.
    var isDirty = false

    private let fd: Int32
    private let peer: PeerAddress
    /// Written once per connection: every request asks for it.
    private let peerText: String
    let server: LoopServer
    let loop: EventLoop
    var machine: ConnectionMachine

    private var inbox: [UInt8] = []
    private var inboxStart = 0
    var output = OutputQueue()
    var exchange: Exchange?
    var task: Task<Void, Never>?
    var isServing = false
    var turn: Waiter?
    var closing: Closing?
    private(set) var isClosed = false

    private var interest: Interest = .readable
    var isBodyPaused = false
    var ignoresHangup = false
    private var timer: TimerID?
    private var timerDue = MonotonicTime.never

    private static let readAhead = 64 * 1024

    init(fd: Int32, peer: PeerAddress, server: LoopServer) {
        self.fd = fd
        self.peer = peer
        peerText = peer.description
        self.server = server
        loop = server.loop
        machine = ConnectionMachine(limits: server.limits, at: server.loop.now)
    }

    /// Starts to listen to the client.
    ///
    /// - Throws: when the kernel refuses to watch the descriptor, which the caller then closes.
    func start() throws(EventLoopError) {
        try loop.watch(fd, interest, self)
        armTimer()
    }

    // MARK: Readiness

    func ready(_ readiness: Readiness) {
        guard !isClosed else { return }
        if readiness.has(.error) || readiness.has(.hangup) { return lose() }
        if readiness.has(.writable) { flush() }
        if readiness.has(.readable) {
            read(untilEnd: readiness.has(.readHangup))
        } else if readiness.has(.readHangup), !wantsRead {
            // More may wait to be read in front of the end; it is met when reading goes on.
            ignoresHangup = true
        }
        settle()
    }

    /// Brings task, timer and interest in line with what has happened.
    func settle() {
        guard !isClosed else { return }
        if exchange != nil, !isServing { serve() }
        guard !isClosed else { return }
        armTimer()
        updateInterest()
    }

    private var wantsRead: Bool {
        guard !machine.inputEnded else { return false }
        if isBodyPaused { return false }
        return exchange == nil || inbox.count - inboxStart < Self.readAhead
    }

    private func updateInterest() {
        var bits: UInt8 = 0
        if wantsRead { bits |= Interest.readable.rawValue }
        if !output.isEmpty, !isDirty { bits |= Interest.writable.rawValue }
        if machine.inputEnded || (ignoresHangup && !wantsRead) { bits |= Interest.withoutReadHangup.rawValue }
        guard bits != interest.rawValue else { return }
        let wanted = Interest(rawValue: bits)
        interest = wanted
        do throws(EventLoopError) {
            try loop.update(fd, wanted)
        } catch {
            // A connection that cannot be heard can only be given up.
            lose()
        }
    }

    // MARK: Input

    private func read(untilEnd: Bool) {
        var rounds = untilEnd ? 16 : 1
        while rounds > 0, wantsRead, !isClosed {
            rounds -= 1
            let count = unsafe recv(fd, loop.scratch.baseAddress, loop.scratch.count, 0)
            if count < 0 {
                let code = errno
                if code == EINTR { continue }
                if code != EAGAIN && code != EWOULDBLOCK { lose() }
                return
            }
            if count == 0 { return endOfInput() }
            unsafe UnsafeRawBufferPointer(rebasing: loop.scratch[0..<count]).withMemoryRebound(to: UInt8.self) {
                unsafe receive($0.span)
            }
        }
    }

    private func receive(_ bytes: Span<UInt8>) {
        if closing != nil || machine.isLingering {
            machine.lingerRead(at: loop.now)
        } else if inbox.isEmpty {
            let consumed = process(bytes)
            if consumed < bytes.count, !isClosed { inbox.append(bytes.extracting(consumed..<bytes.count)) }
        } else {
            inbox.append(bytes)
            processInbox()
        }
        if let exchange { pauseBody(exchange.request.body) }
    }

    /// Goes on with bytes that were kept.
    func processInbox() {
        guard exchange == nil || !inbox.isEmpty else { return }
        let held = inbox
        inbox = []
        let start = inboxStart + process(held.span.extracting(inboxStart..<held.count))
        guard start < held.count, !isClosed else {
            inboxStart = 0
            return
        }
        inbox = held
        inboxStart = start
        if start >= Self.readAhead {
            inbox = Array(held[start...])
            inboxStart = 0
        }
    }

    /// Lets the machine read and does what it says.
    ///
    /// - Returns: how many bytes are done with.
    private func process(_ bytes: Span<UInt8>) -> Int {
        var start = 0
        while !isClosed, closing == nil {
            let base = start
            let (consumed, action) = machine.consume(bytes.extracting(start..<bytes.count), at: loop.now)
            start += consumed
            switch action {
            case .needMore, .hold: return start
            case .request(let parsed, let hasBody): begin(parsed, hasBody: hasBody)
            case .body(let range, let isLast):
                exchange?.request.body.receive(
                    bytes.extracting(base + range.lowerBound..<base + range.upperBound), isLast: isLast)
            case .bodyFailed(let error): exchange?.request.body.fail(error)
            case .refuse(let fault): refuse(fault)
            case .end: close(.plain)
            case .abandon: close(.linger)
            }
        }
        return bytes.count
    }

    private func begin(_ parsed: ParsedHead, hasBody: Bool) {
        let declared: Int? =
            switch parsed.framing {
            case .none: 0
            case .length(let length): length
            case .chunked: nil
            }
        let body = RequestBody(connection: self, declaredLength: declared, isComplete: !hasBody)
        let request = ServerRequest(
            head: parsed.head, body: body, loop: loop, arrivedAt: loop.now, receivedAt: server.wallClockMicroseconds(),
            peer: peer, peerText: peerText, trustedProxies: server.configuration.trustedProxies)
        exchange = Exchange(request: request, writer: ResponseWriter(connection: self))
        server.exchangeBegan()
    }

    private func endOfInput() {
        switch machine.endOfInput(at: loop.now) {
        case .close: if closing == nil, output.isEmpty { teardown() } else { close(.plain) }
        case .gone: lose()
        case .keepAnswering: break
        case .probe: probe()
        }
    }

    private func probe() {
        output.append { ResponseEncoder.appendContinue(to: &$0) }
        markDirty()
    }

    // MARK: Body of the request

    /// The handler waits for more of the body.
    func bodyWanted(by body: RequestBody) {
        guard !isClosed, body === exchange?.request.body else { return body.fail(.clientGone) }
        if machine.bodyWanted(at: loop.now) {
            output.append { ResponseEncoder.appendContinue(to: &$0) }
            markDirty()
        }
        bodyTaken(from: body)
    }

    /// The handler took what had arrived.
    func bodyTaken(from body: RequestBody) {
        guard isBodyPaused, !isClosed, body === exchange?.request.body else { return }
        isBodyPaused = false
        ignoresHangup = false
        machine.readingPaused(false, at: loop.now)
        armTimer()
        updateInterest()
    }

    private func pauseBody(_ body: RequestBody) {
        guard !isBodyPaused, !isClosed, body.isOver(server.configuration.highWaterMark) else { return }
        isBodyPaused = true
        machine.readingPaused(true, at: loop.now)
    }

    // MARK: Output

    func borrowBuffer() {
        if output.wantsBuffer { output.lend(server.takeBuffer()) }
    }

    func markDirty() {
        guard !isDirty, !isClosed else { return }
        isDirty = true
        server.flushAtEndOfPass(self)
    }

    /// The end of the pass: what was written leaves.
    func endOfPass() {
        isDirty = false
        guard !isClosed else { return }
        flush()
        settleOutput()
    }

    func settleOutput() {
        guard !isClosed else { return }
        armTimer()
        updateInterest()
    }

    func flush() {
        let before = output.count
        let code = output.flush(to: fd)
        guard code == 0 else { return lose() }
        if output.isEmpty {
            server.giveBuffer(output.reclaim())
            machine.outputBlocked(false, at: loop.now)
            if closing != nil { return finishClosing() }
        } else if output.count < before || interest.rawValue & Interest.writable.rawValue == 0 {
            machine.outputBlocked(true, at: loop.now)
        }
        if isDrained {
            exchange?.writer.resumeProducer()
            turn.takeAndResume()
        }
    }

    // MARK: The end

    func close(_ how: Closing) {
        guard !isClosed else { return }
        if closing == nil || how == .plain { closing = how }
        isBodyPaused = false
        inbox = []
        inboxStart = 0
        markDirty()
    }

    private func finishClosing() {
        guard closing == .linger, !machine.inputEnded, shutdown(fd, Int32(SHUT_WR)) == 0 else { return teardown() }
        machine.lingerBegan(at: loop.now)
    }

    /// Cuts the connection behind what was written so far.
    func abort() {
        guard !isClosed else { return }
        _ = output.flush(to: fd)
        lose()
    }

    /// The client left, or the connection must be cut.
    func lose() {
        teardown()
    }

    /// Ends the connection and everything that waits for it; nothing happens the second time.
    private func teardown() {
        guard !isClosed else { return }
        isClosed = true
        loop.unwatch(fd)
        Glibc.close(fd)
        if let timer { loop.cancel(timer) }
        timer = nil
        server.remove(self)
        inbox = []
        output = OutputQueue()
        if let exchange {
            let isAnswered = exchange.writer.isFinished
            exchange.request.body.fail(.clientGone)
            exchange.writer.lose()
            // A handler that has answered may still be settling its books.
            if !isAnswered { task?.cancel() }
            // One that was not even started need not be.
            if !isServing { end(exchange) }
        }
        turn.takeAndResume()
    }

    /// No further request is taken.
    func drain() {
        guard !isClosed, closing == nil else { return }
        if machine.drain(at: loop.now) { close(.plain) }
        settle()
    }

    // MARK: Time

    /// One timer per connection, moved only when it would fire too late: most requests never touch it.
    private func armTimer() {
        let deadline = machine.nextDeadline
        guard deadline < timerDue, !isClosed else { return }
        if let timer { loop.cancel(timer) }
        timerDue = deadline
        timer = loop.schedule(after: loop.now.duration(to: deadline)) { self.timerFired() }
    }

    private func timerFired() {
        timer = nil
        timerDue = .never
        guard !isClosed else { return }
        switch machine.deadlineReached(at: loop.now) {
        case .none: break
        case .close: teardown()
        case .refuse(let fault): refuse(fault)
        case .bodyFailed(let error): exchange?.request.body.fail(error)
        case .probe: probe()
        case .gone: lose()
        }
        settle()
    }
}

extension Readiness {
    /// Whether one flag is set. On the raw value: the operations of `OptionSet` are generic and are not specialised across modules.
    fileprivate func has(_ flag: Readiness) -> Bool { rawValue & flag.rawValue != 0 }
}
