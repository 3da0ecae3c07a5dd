import CLinux
import EventLoop
import Glibc
import HTTPCore

/// One connection of our own client: sends the request of its call, reads the answer, and goes back to its origin.
///
/// In the common case a request is one `send` and one `recv`: it leaves without waiting for writability, the descriptor stays registered for reading
/// while the connection lives, and idle connections that the peer closes are noticed by that.
final class PlainConnection: ReadinessHandler, @unchecked Sendable {
    // SAFETY: confined to its loop.

    let origin: PlainDriver.Origin
    var idleSince = MonotonicTime(nanoseconds: 0)

    private let descriptor: Int32
    private unowned let driver: PlainDriver
    private let loop: EventLoop
    private var call: PlainCall?
    private var parser = ResponseParser(isHead: false, headLimit: 0)
    private var isReused = false
    private var hasReceived = false
    private var isHeld = false
    private var isClosed = false
    /// What the loop watches; empty: the descriptor is not registered.
    private var watched = Interest()

    // The sending side.
    private enum Sending {
        /// Head, then the body that is at hand.
        case bytes
        /// Head, then the caller's stream.
        case stream(isChunked: Bool)
        case done
        /// The peer takes no more; what it has to say may still come.
        case broken
    }
    private var sending = Sending.done
    /// The head, or a chunk, as far as it was not taken yet.
    private var pending: [UInt8] = []
    private var pendingSent = 0
    private var bodySent = 0
    private var hasEndedChunks = false

    /// Bodies up to this size are copied behind the head, which is cheaper than a second piece.
    private static let copiedBody = 4096
    private static let chunkSize = 64 * 1024

    init(_ descriptor: Int32, to origin: PlainDriver.Origin, driver: PlainDriver) {
        self.descriptor = descriptor
        self.origin = origin
        self.driver = driver
        loop = driver.loop
    }

    /// Closes the descriptor. The call, if there is one, hears nothing.
    func close() {
        guard !isClosed else { return }
        isClosed = true
        call = nil
        if !watched.isEmpty { loop.unwatch(descriptor) }
        watched = []
        Glibc.close(descriptor)
    }

    // MARK: Sending

    /// Sends the request of a call.
    func begin(_ call: PlainCall, reused: Bool) {
        let request = call.exchange.request
        self.call = call
        isReused = reused
        hasReceived = false
        isHeld = false
        hasEndedChunks = false
        bodySent = 0
        parser = ResponseParser(isHead: request.method == .head, headLimit: request.maxHeaderBytes)
        switch request.body {
        case .stream(let length, _): sending = .stream(isChunked: length == nil)
        case .none, .bytes: sending = .bytes
        }
        driver.headBuffer.removeAll(keepingCapacity: true)
        RequestEncoder.append(request, to: call.target, into: &driver.headBuffer)
        if case .bytes(let body) = request.body, body.count <= Self.copiedBody {
            driver.headBuffer.append(contentsOf: body)
            bodySent = body.count
        }
        if case .bytes(let body) = request.body, bodySent < body.count {
            pending = driver.headBuffer
            pendingSent = 0
        } else {
            sendHead()
        }
        push()
    }

    /// Sends the written head at once; what the kernel does not take goes to `pending`.
    private func sendHead() {
        let (count, code) = transmit(driver.headBuffer, from: 0)
        guard count < driver.headBuffer.count else { return }
        if count < 0, code != EAGAIN {
            sending = .broken
            return
        }
        pending = driver.headBuffer
        pendingSent = max(0, count)
    }

    func resumeWriting() {
        guard case .stream = sending else { return }
        push()
    }

    /// Sends as much as the kernel takes, and watches for room when it does not take all.
    private func push() {
        guard !isClosed, let exchange = call?.exchange else { return }
        var isBlocked = false
        sending: while !isBlocked {
            switch sending {
            case .done, .broken:
                break sending
            case .bytes:
                isBlocked = !pushBytes(exchange.request.body)
                if !isBlocked { sending = .done }
            case .stream(let isChunked):
                guard pushPending() else {
                    isBlocked = true
                    break
                }
                guard let upload = exchange.upload, nextPiece(of: upload, isChunked) else {
                    exchange.didStarve()
                    break sending
                }
            }
            if case .broken = sending { break sending }
            if case .done = sending { exchange.didSendRequest() }
        }
        if case .broken = sending { pending = [] }
        watch(writable: isBlocked)
    }

    /// Answers false when the kernel takes no more now.
    private func pushBytes(_ body: ClientBody) -> Bool {
        guard case .bytes(let bytes) = body, bodySent < bytes.count else { return pushPending() }
        while bodySent < bytes.count {
            let (count, code) = transmit(pending, from: pendingSent, and: bytes, from: bodySent)
            guard count >= 0 else { return refused(code) }
            call?.exchange.didProgress()
            let ofPending = min(count, pending.count - pendingSent)
            pendingSent += ofPending
            bodySent += count - ofPending
        }
        clearPending()
        return true
    }

    /// Answers false when the kernel takes no more now.
    private func pushPending() -> Bool {
        while pendingSent < pending.count {
            let (count, code) = transmit(pending, from: pendingSent)
            guard count >= 0 else { return refused(code) }
            call?.exchange.didProgress()
            pendingSent += count
        }
        clearPending()
        return true
    }

    /// Moves the next bytes of the stream to `pending`, or ends the sending. Answers false when the source has nothing now.
    private func nextPiece(of upload: UploadSource, _ isChunked: Bool) -> Bool {
        guard upload.hasBytes else {
            guard upload.isComplete else { return false }
            guard isChunked, !hasEndedChunks else {
                sending = .done
                return true
            }
            hasEndedChunks = true
            pending.append(contentsOf: "0\r\n\r\n".utf8)
            return true
        }
        let count = min(upload.piece.count - upload.used, Self.chunkSize)
        if isChunked { pending.append(contentsOf: "\(String(count, radix: 16))\r\n".utf8) }
        pending.append(contentsOf: upload.piece[upload.used..<upload.used + count])
        if isChunked { pending.append(contentsOf: "\r\n".utf8) }
        upload.use(count)
        return true
    }

    private func clearPending() {
        pendingSent = 0
        if pending.capacity > 4 * Self.chunkSize { pending = [] } else { pending.removeAll(keepingCapacity: true) }
    }

    /// A send failed: false means try again when there is room.
    private func refused(_ code: Int32) -> Bool {
        if code == EAGAIN { return false }
        sending = .broken
        return true
    }

    private func transmit(_ bytes: [UInt8], from start: Int) -> (count: Int, code: Int32) {
        unsafe bytes.withUnsafeBytes { bytes in
            let rest = unsafe UnsafeRawBufferPointer(rebasing: bytes[start...])
            let count = unsafe send(descriptor, rest.baseAddress, rest.count, Int32(MSG_NOSIGNAL))
            return (count, count < 0 ? errno : 0)
        }
    }

    private func transmit(
        _ first: [UInt8], from firstStart: Int, and second: [UInt8], from secondStart: Int
    ) -> (count: Int, code: Int32) {
        unsafe first.withUnsafeBytes { first in
            unsafe second.withUnsafeBytes { second in
                let first = unsafe UnsafeRawBufferPointer(rebasing: first[firstStart...])
                let second = unsafe UnsafeRawBufferPointer(rebasing: second[secondStart...])
                let count = unsafe clinux_send_pair(
                    descriptor, first.baseAddress, first.count, second.baseAddress, second.count)
                return (count, count < 0 ? errno : 0)
            }
        }
    }

    // MARK: Receiving

    func ready(_ readiness: Readiness) {
        guard call != nil else {
            // Idle: the peer closed, or speaks without being asked. Either way the connection is of no more use.
            driver.dropIdle(self)
            close()
            return
        }
        if readiness.contains(.writable) { push() }
        guard !isHeld else {
            // The peer's end would be reported again and again while nothing is read; `resumeReading` finds it.
            if !readiness.isDisjoint(with: .ended) { unwatch() }
            return
        }
        if !readiness.isDisjoint(with: .readableOrEnded) { receive() }
    }

    func resumeReading() {
        guard isHeld, !isClosed else { return }
        isHeld = false
        watch(writable: watched.contains(.writable))
    }

    private func receive() {
        guard !isClosed, call != nil else { return }
        let scratch = unsafe loop.scratch
        let count = unsafe recv(descriptor, scratch.baseAddress, scratch.count, 0)
        let code = errno
        if count > 0 {
            hasReceived = true
            unsafe parse(UnsafeRawBufferPointer(rebasing: scratch[..<count]))
        } else if count == 0 {
            peerClosed()
        } else if code != EAGAIN && code != EINTR {
            fail(.reset(HTTPClientError.text(ofErrno: code)))
        }
    }

    private func parse(_ bytes: UnsafeRawBufferPointer) {
        let input = unsafe bytes.assumingMemoryBound(to: UInt8.self)
        var place = 0
        do throws(HTTPClientError) {
            while let exchange = call?.exchange, !exchange.isEnded {
                switch try parser.next(unsafe input.span, from: &place) {
                case .needMore: return
                case .head(let head): exchange.didReceiveHead(head)
                case .body(let range):
                    if unsafe exchange.take(UnsafeRawBufferPointer(rebasing: bytes[range])) == .hold { hold() }
                case .end:
                    exchange.trailers = parser.trailers
                    finish(hasExcess: place < bytes.count)
                    return
                }
            }
        } catch {
            fail(error)
        }
    }

    private func hold() {
        isHeld = true
        watch(writable: watched.contains(.writable))
    }

    private func peerClosed() {
        switch parser.closed() {
        case .complete: finish(hasExcess: true)
        case .truncated: fail(.truncated)
        case .noAnswer: fail(.reset("closed before the head of the answer was complete"))
        }
    }

    /// The answer is complete. The connection is kept only if the request is too, and nothing came that was not asked for.
    private func finish(hasExcess: Bool) {
        let call = call
        self.call = nil
        isHeld = false
        if case .done = sending, parser.keepsAlive, !hasExcess, !isClosed {
            watch(writable: false)
            if pending.capacity > 0 { pending = [] }
            driver.keep(self)
        } else {
            close()
        }
        call?.finished()
    }

    private func fail(_ error: HTTPClientError) {
        let call = call
        let mayRetry = isReused && !hasReceived
        close()
        call?.broken(error, mayRetry: mayRetry)
    }

    // MARK: Watching

    private func watch(writable: Bool) {
        guard !isClosed else { return }
        var interest = isHeld ? Interest() : .readable
        if writable { interest.insert(.writable) }
        guard interest != watched else { return }
        do throws(EventLoopError) {
            if interest.isEmpty {
                unwatch()
            } else if watched.isEmpty {
                try loop.watch(descriptor, interest, self)
            } else {
                try loop.update(descriptor, interest)
            }
            watched = interest
        } catch {
            fail(.reset("\(error)"))
        }
    }

    private func unwatch() {
        if !watched.isEmpty { loop.unwatch(descriptor) }
        watched = []
    }
}
