import EventLoop
import Glibc

/// One connection: takes requests off it and writes what `Answer` says, in its own time.
final class MockConnection: ReadinessHandler, @unchecked Sendable {
    // SAFETY: confined to its loop from `start()` on; the listener only makes it.

    private let descriptor: Int32
    private let loop: EventLoop
    private let stats: MockStats
    private var input: [UInt8] = []
    private var offset = 0
    private var output: [UInt8] = []
    private var sent = 0
    private var isClosed = false
    /// The answer under way: its number in the stats, and the steps that are left.
    private var answer: (id: Int, steps: any Steps)?
    private var timer: TimerID?

    /// More waiting output than this pauses the steps.
    private static let highWater = 256 * 1024

    init(_ descriptor: Int32, loop: EventLoop, stats: MockStats) {
        self.descriptor = descriptor
        self.loop = loop
        self.stats = stats
    }

    func start() {
        stats.connected()
        do {
            try loop.watch(descriptor, .readable, self)
        } catch {
            isClosed = true
            close(descriptor)
            stats.disconnected()
        }
    }

    func ready(_ readiness: Readiness) {
        if readiness.contains(.writable) {
            flush()
            if !isClosed { advance() }
        }
        guard !isClosed, !readiness.isDisjoint(with: [.readable, .readHangup, .hangup, .error]) else { return }
        while true {
            let scratch = unsafe loop.scratch
            let count = unsafe recv(descriptor, scratch.baseAddress, scratch.count, 0)
            if count > 0 {
                unsafe input.append(contentsOf: scratch[..<count])
                if count < scratch.count { break }
            } else if count == 0 {
                return finish(.aborted)
            } else if errno == EAGAIN || errno == EINTR {
                break
            } else {
                return finish(.aborted)
            }
        }
        takeRequests()
    }

    private func takeRequests() {
        while !isClosed, answer == nil, offset < input.count,
            let request = MockRequest.take(from: input, at: &offset)
        {
            if offset == input.count {
                input.removeAll(keepingCapacity: true)
                offset = 0
            }
            if request.path.hasPrefix("/__mock/") {
                write(Control.answer(request, stats))
                continue
            }
            answer = (stats.began(request), Answer.steps(for: request))
            advance()
        }
    }

    /// Runs the steps of the answer until one waits, the output is full, or the answer has ended.
    private func advance() {
        while !isClosed, timer == nil, let (id, steps) = answer, output.count - sent < Self.highWater {
            switch steps.next() {
            case .write(let bytes, let isChunk):
                if isChunk { stats.sentChunk(id) }
                write(bytes)
            case .wait(let duration):
                timer = loop.schedule(after: duration) { [self] in
                    timer = nil
                    advance()
                    takeRequests()
                }
            case .stall:
                return
            case .done:
                stats.ended(id, .completed)
                answer = nil
            case .close:
                return endAfterFlush()
            case .cut:
                return endAfterFlush(.cut)
            case .reset:
                var linger = Glibc.linger(l_onoff: 1, l_linger: 0)
                unsafe _ = setsockopt(
                    descriptor, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout<Glibc.linger>.size))
                return finish(.cut)
            }
        }
    }

    /// Ends the connection in order; what waits is small here, so it is sent blocking.
    private func endAfterFlush(_ outcome: MockStats.Outcome = .completed) {
        _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) & ~O_NONBLOCK)
        flush()
        if !isClosed { finish(outcome) }
    }

    private func write(_ bytes: [UInt8]) {
        guard !isClosed else { return }
        if output.isEmpty {
            let count = unsafe bytes.withUnsafeBytes {
                unsafe send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            if count == bytes.count { return }
            if count < 0, errno != EAGAIN { return finish(.aborted) }
            output.append(contentsOf: bytes[max(0, count)...])
            listenFor([.readable, .writable])
        } else {
            output.append(contentsOf: bytes)
        }
    }

    private func flush() {
        while sent < output.count {
            let count = unsafe output.withUnsafeBytes {
                unsafe send(
                    descriptor, $0.baseAddress.map { unsafe $0 + sent }, $0.count - sent, Int32(MSG_NOSIGNAL))
            }
            if count < 0 {
                if errno == EAGAIN { return }
                return finish(.aborted)
            }
            sent += count
        }
        output.removeAll(keepingCapacity: true)
        sent = 0
        listenFor(.readable)
    }

    private func listenFor(_ interest: Interest) {
        do {
            try loop.update(descriptor, interest)
        } catch {
            finish(.aborted)
        }
    }

    private func finish(_ outcome: MockStats.Outcome) {
        guard !isClosed else { return }
        isClosed = true
        if let timer { loop.cancel(timer) }
        timer = nil
        loop.unwatch(descriptor)
        close(descriptor)
        if let answer { stats.ended(answer.id, outcome) }
        answer = nil
        stats.disconnected()
    }
}
