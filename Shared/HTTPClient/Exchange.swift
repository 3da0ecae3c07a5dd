import EventLoop
import HTTPCore

/// What moves the bytes of one exchange: libcurl or our own connection. Loop only, and never from inside one of its own callbacks into `Exchange`.
protocol ExchangeBackend: AnyObject {
    /// The reader made room after `.hold`.
    func resumeReading()
    /// The source of the request body has something, or ended.
    func resumeWriting()
    /// Stop at once; no further event may follow.
    func abort()
}

/// One request and its answer: the meeting point of the caller's task and the backend.
///
/// The backend calls the `did…` functions; the caller's side waits in `wake()`. Resuming a waiter only queues its task on the loop, so no caller code ever runs
/// inside a backend's callback.
@safe
final class Exchange: @unchecked Sendable {
    // SAFETY: confined to its loop; `Transfer` checks `loop.assertCurrent()` at every entry.

    /// As the caller gave it; headers and body that were sent and can no longer be sent again are let go when the answer begins.
    private(set) var request: ClientRequest
    let loop: EventLoop
    private(set) var machine: TransferMachine
    private(set) var timing: TransferTiming
    private(set) var head: ResponseHead?
    /// The streamed request body, if there is one.
    private(set) var upload: UploadSource?

    /// Its place in the client's table of running exchanges; -1 when it is not there.
    var place = -1
    /// Held while the exchange runs.
    private var client: HTTPClient?

    /// The fields behind a chunked body.
    var trailers = HTTPHeaders()

    private var backend: (any ExchangeBackend)?
    private var bytes: [UInt8] = []
    private var waiter: UnsafeContinuation<Void, Never>?

    init(_ request: ClientRequest, client: HTTPClient) {
        self.request = request
        self.client = client
        loop = client.loop
        let now = MonotonicTime.now()
        machine = TransferMachine(limits: TransferLimits(request.timeouts), at: now)
        timing = TransferTiming(started: now)
        if case .stream(let length, let next) = request.body {
            upload = UploadSource(length: length, next: next, loop: loop)
        }
    }

    func attach(_ backend: any ExchangeBackend) {
        self.backend = backend
        upload?.start(for: self)
    }

    var isEnded: Bool { machine.stage == .ended }

    // MARK: From the backend

    func didConnect(reused: Bool) {
        let now = MonotonicTime.now()
        timing.connected = now
        timing.reusedConnection = reused
        machine.connected(at: now)
        watchDeadline()
    }

    func didSendRequest() {
        guard machine.stage == .sending || machine.stage == .connecting else { return }
        let now = MonotonicTime.now()
        timing.requestSent = now
        machine.requestSent(at: now)
        watchDeadline()
    }

    /// The connection was dead; the backend starts over with a new one.
    func didRestart() {
        timing.connected = nil
        timing.requestSent = nil
        machine.restarted(at: .now())
        watchDeadline()
    }

    func didProgress() {
        machine.progressed(at: loop.now)
    }

    func didReceiveHead(_ head: ResponseHead) {
        let now = MonotonicTime.now()
        guard machine.headArrived(at: now) else { return }
        timing.firstByte = now
        self.head = head
        if timing.requestSent != nil {
            request.body = .none
            request.headers = HTTPHeaders()
        }
        watchDeadline()
        wakeWaiter()
    }

    /// A line behind a chunked body.
    func didReceiveTrailer(_ line: Span<UInt8>) {
        if trailers.count < Self.mostTrailers { trailers.append(trailerLine: line) }
    }

    private static let mostTrailers = 32

    /// Body bytes that the backend can keep; they are copied only when the answer is `.accept`.
    func offer(_ piece: UnsafeRawBufferPointer) -> TransferMachine.Offer {
        guard !isEnded else { return .accept }
        let answer = machine.offer(piece.count, at: loop.now)
        if answer == .accept { unsafe append(piece) }
        return answer
    }

    /// Body bytes that the backend cannot keep; `.hold` asks it to read no more.
    func take(_ piece: UnsafeRawBufferPointer) -> TransferMachine.Offer {
        guard !isEnded else { return .accept }
        unsafe append(piece)
        return machine.take(piece.count, at: loop.now)
    }

    func didFinish() { end(.complete) }

    func didFail(_ error: HTTPClientError) { end(.failed(error)) }

    private func append(_ piece: UnsafeRawBufferPointer) {
        unsafe bytes.append(contentsOf: piece)
        wakeWaiter()
    }

    private func end(_ outcome: TransferMachine.Outcome) {
        guard machine.ended(outcome) else { return }
        timing.finished = .now()
        backend = nil
        upload?.stop()
        upload = nil
        client?.exchangeEnded(self)
        client = nil
        wakeWaiter()
    }

    // MARK: From our own side

    /// Ends the exchange with an error and stops the backend.
    func fail(_ error: HTTPClientError) {
        guard !isEnded else { return }
        let backend = backend
        if error == .cancelled { bytes = [] }
        end(.failed(error))
        backend?.abort()
    }

    func uploadMoved() {
        guard !isEnded else { return }
        machine.sourceAwaited(false, at: loop.now)
        watchDeadline()
        backend?.resumeWriting()
    }

    /// The backend would send, but the caller's source has nothing.
    func didStarve() {
        machine.sourceAwaited(true, at: loop.now)
    }

    /// Fails the exchange when it is over its time; else answers when to look again.
    func checkDeadline(at now: MonotonicTime) -> UInt64? {
        guard let deadline = machine.deadline else { return nil }
        guard deadline.at <= now.nanoseconds else { return deadline.at }
        fail(.timedOut(deadline.phase))
        return nil
    }

    private func watchDeadline() {
        if let deadline = machine.deadline { client?.sweep.consider(deadline.at) }
    }

    // MARK: For the reader

    var error: HTTPClientError? {
        if case .failed(let error) = machine.outcome { error } else { nil }
    }

    /// All bytes that wait, or `nil` when there are none.
    func takeBytes() -> [UInt8]? {
        guard !bytes.isEmpty else { return nil }
        var taken: [UInt8] = []
        swap(&taken, &bytes)
        if machine.drained(at: loop.now) {
            watchDeadline()
            backend?.resumeReading()
        }
        return taken
    }

    /// Waits until something changed. One waiter at a time.
    func wake() async {
        await withTaskCancellationHandler {
            await unsafe withUnsafeContinuation { continuation in
                precondition(unsafe waiter == nil, "an answer has one reader")
                guard !Task.isCancelled else {
                    fail(.cancelled)
                    unsafe continuation.resume()
                    return
                }
                unsafe waiter = continuation
            }
        } onCancel: {
            if loop.isCurrent { fail(.cancelled) } else { loop.execute { self.fail(.cancelled) } }
        }
    }

    private func wakeWaiter() {
        guard let waiter = unsafe waiter else { return }
        unsafe self.waiter = nil
        unsafe waiter.resume()
    }
}
