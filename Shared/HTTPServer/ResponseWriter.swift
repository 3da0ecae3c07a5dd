package import HTTPCore

/// How the handler delimits the body of its answer.
package enum BodyFraming: Sendable, Equatable {
    /// Exactly this many bytes follow.
    case length(Int)
    /// The length is not known yet.
    case chunked
    /// There is no body.
    case none
}

/// Whether more bytes are welcome.
package enum WriteState: Sendable, Equatable {
    /// Go on.
    case open
    /// The client is slow: wait for `drained()` before writing more.
    case full
    /// Nobody reads any more; bytes are dropped.
    case closed
}

/// Why an answer cannot be written.
package enum WriteError: Error, Equatable, Sendable {
    /// The client left.
    case clientGone
    /// The head was sent already.
    case headAlreadySent
}

/// The answer to one request; used on the loop of the connection.
///
/// What is written in one pass of the loop leaves in one system call at its end.
package final class ResponseWriter: @unchecked Sendable {
    // SAFETY: confined to its loop; the connection and the handler both run there.

    /// Whether the head is on its way.
    package private(set) var headSent = false
    /// Bytes of the body that were taken, without framing.
    package private(set) var bytesWritten = 0

    private var connection: Connection?
    private(set) var isFinished = false
    private var clientGone: (() -> Void)?
    private var waiter: Waiter?

    init(connection: Connection?) {
        self.connection = connection
    }

    /// Whether nothing can be written any more: finished, aborted, or the client left.
    package var isClosed: Bool { connection == nil || isFinished }

    /// Sends the head.
    ///
    /// `Content-Length`, `Transfer-Encoding` and `Connection` among the fields are ignored, except that `Connection: close` closes after the answer.
    ///
    /// - Throws: when the head was sent already or the client left.
    package func head(_ status: HTTPStatus, _ headers: HTTPHeaders, _ body: BodyFraming) throws(WriteError) {
        guard !headSent else { throw .headAlreadySent }
        guard let connection, !isFinished else { throw .clientGone }
        headSent = true
        // An interim status is no answer; a client would wait on.
        let final = status.code < 200 ? HTTPStatus.internalServerError : status
        connection.sendHead(ResponseHead(status: final, headers: headers), body, wantsClose: false)
    }

    /// Sends a whole answer.
    ///
    /// - Throws: when the head was sent already or the client left.
    package func respond(_ status: HTTPStatus, _ headers: HTTPHeaders, _ body: [UInt8]) throws(WriteError) {
        try head(status, headers, .length(body.count))
        write(body)
        finish()
    }

    /// Takes bytes of the body; never waits.
    @discardableResult
    package func write(_ bytes: [UInt8]) -> WriteState {
        guard headSent, !isFinished, let connection else { return .closed }
        bytesWritten += bytes.count
        return connection.send(bytes)
    }

    /// Takes bytes of the body from a buffer that is not kept; never waits.
    @discardableResult
    package func write(_ bytes: UnsafeRawBufferPointer) -> WriteState {
        guard headSent, !isFinished, let connection else { return .closed }
        bytesWritten += bytes.count
        return unsafe bytes.withMemoryRebound(to: UInt8.self) { unsafe connection.send($0.span) }
    }

    /// Waits until few enough bytes wait for the client.
    ///
    /// - Throws: `.clientGone` when the client left.
    package func drained() async throws(WriteError) {
        while let connection, !connection.isDrained {
            precondition(waiter == nil, "an answer has one producer at a time")
            await Waiter.park { waiter = $0 }
        }
        if connection == nil { throw .clientGone }
    }

    /// Ends the body. A body of a declared length that is not complete cuts the connection: the client must not take it for whole.
    package func finish() { finish(trailers: HTTPHeaders()) }

    /// Ends the body; the fields follow a chunked one as trailers, which a `Trailer` field in the head announces, and are left out of any other.
    package func finish(trailers: HTTPHeaders) {
        guard headSent, !isFinished, let connection else { return }
        isFinished = true
        clientGone = nil
        connection.finishAnswer(trailers: trailers)
    }

    /// Cuts the connection, so that the client sees that the answer is not whole.
    package func abort() {
        guard !isFinished, let connection else { return }
        isFinished = true
        clientGone = nil
        connection.abort()
    }

    /// Sets what is called, on the loop and once, as soon as the client left before the answer ended; replaces an earlier one. Called at once when
    /// it left already.
    package func onClientGone(_ body: @escaping () -> Void) {
        if connection == nil, !isFinished { return body() }
        clientGone = body
    }

    // MARK: For the connection

    /// Sends a whole answer of the server's own and ends the exchange.
    func refuse(_ refusal: Refusal, wantsClose: Bool) {
        guard !headSent, !isFinished, let connection else { return }
        headSent = true
        connection.sendHead(
            ResponseHead(status: refusal.status, headers: refusal.headers), .length(refusal.body.count),
            wantsClose: wantsClose)
        bytesWritten += refusal.body.count
        connection.send(refusal.body)
        finish()
    }

    func resumeProducer() {
        waiter.takeAndResume()
    }

    /// The client left.
    func lose() {
        connection = nil
        resumeProducer()
        let body = clientGone
        clientGone = nil
        if !isFinished { body?() }
    }

    /// The exchange is over.
    func detach() {
        isFinished = true
        connection = nil
        clientGone = nil
        resumeProducer()
    }
}
