import EventLoop
import HTTPCore

/// Running handlers and writing their answers.
extension Connection {
    /// A producer that goes on writing although it was told to wait is cut here.
    private static let outputLimit = 16 * 1024 * 1024

    // MARK: Exchange

    /// Runs handlers as long as there are requests; one task per burst, so that an idle connection has none.
    func serve() {
        isServing = true
        let started = loop.spawn { await self.serveAll() }
        guard isServing else { return }
        task = started
        // It left while the handler ran its first steps, before there was a task to cancel.
        if isClosed, exchange?.writer.isFinished == false { started.cancel() }
    }

    private func serveAll() async {
        while let exchange, !isClosed {
            while !isClosed, output.count >= server.configuration.highWaterMark { await Waiter.park { turn = $0 } }
            if !isClosed { await run(exchange) }
            end(exchange)
        }
        isServing = false
        task = nil
        settle()
    }

    private func run(_ exchange: Exchange) async {
        let writer = exchange.writer
        do {
            try await server.handler(exchange.request, writer)
            if writer.headSent {
                writer.finish()
            } else {
                refuse(.handlerFailed("the handler did not answer"), on: writer)
            }
        } catch {
            guard !writer.headSent else { return writer.abort() }
            switch error {
            case BodyError.tooLarge(let limit): refuse(.bodyTooLarge(limit: limit), on: writer)
            case BodyError.malformed(let reason): refuse(.badBody(reason), on: writer)
            case BodyError.timedOut: refuse(.bodyTimeout, on: writer)
            case let fault as ServerFault: refuse(fault, on: writer)
            default: refuse(.handlerFailed(String(describing: error)), on: writer)
            }
        }
    }

    private func refuse(_ fault: ServerFault, on writer: ResponseWriter) {
        guard !writer.isClosed else { return }
        writer.refuse(server.refusal(fault), wantsClose: fault.status.code < 500)
    }

    func end(_ exchange: Exchange) {
        exchange.request.body.detach()
        exchange.writer.detach()
        self.exchange = nil
        server.exchangeEnded()
        guard !isClosed, closing == nil else { return }
        if isBodyPaused {
            isBodyPaused = false
            ignoresHangup = false
        }
        switch machine.exchangeEnded(at: loop.now) {
        case .stay: processInbox()
        case .linger: close(.linger)
        case .cut: close(.plain)
        }
    }

    /// Answers in the place of a handler and ends the connection.
    func refuse(_ fault: ServerFault) {
        let refusal = server.refusal(fault)
        let head = ResponseHead(status: refusal.status, headers: refusal.headers)
        borrowBuffer()
        output.append {
            ResponseEncoder.append(
                head, framing: .length(refusal.body.count), connection: .close, date: server.date().span, to: &$0)
        }
        output.append(refusal.body)
        if let exchange { exchange.request.body.fail(.clientGone) }
        close(.linger)
    }

    // MARK: Answer

    func sendHead(_ head: ResponseHead, _ body: BodyFraming, wantsClose: Bool) {
        loop.assertCurrent()
        let saysClose = wantsClose || (!head.headers.isEmpty && head.headers.containsToken("connection", "close"))
        let plan = machine.beginAnswer(status: head.status, body: body, wantsClose: saysClose)
        borrowBuffer()
        output.append {
            ResponseEncoder.append(
                head, framing: plan.framing, connection: plan.notice, date: server.date().span, to: &$0)
        }
        markDirty()
    }

    @discardableResult
    func send(_ bytes: [UInt8]) -> WriteState {
        loop.assertCurrent()
        let before = output.count
        switch machine.write(bytes.count) {
        case .discard: return .open
        case .raw(let allowed): output.append(allowed == bytes.count ? bytes : Array(bytes[0..<allowed]))
        case .chunk:
            guard !bytes.isEmpty else { break }
            borrowBuffer()
            output.append { ChunkedEncoder.appendHead(length: bytes.count, to: &$0) }
            output.append(bytes)
            output.append { ChunkedEncoder.appendTail(to: &$0) }
        }
        return written(before: before)
    }

    func send(_ bytes: Span<UInt8>) -> WriteState {
        loop.assertCurrent()
        let before = output.count
        borrowBuffer()
        switch machine.write(bytes.count) {
        case .discard: return .open
        case .raw(let allowed): output.append(bytes.extracting(0..<allowed))
        case .chunk:
            guard !bytes.isEmpty else { break }
            output.append { ChunkedEncoder.appendHead(length: bytes.count, to: &$0) }
            output.append(bytes)
            output.append { ChunkedEncoder.appendTail(to: &$0) }
        }
        return written(before: before)
    }

    private func written(before: Int) -> WriteState {
        let mark = server.configuration.highWaterMark
        if output.count >= mark {
            flush()
            if isClosed { return .closed }
            if before >= mark, output.count > Self.outputLimit {
                lose()
                return .closed
            }
            settleOutput()
            return output.count >= mark ? .full : .open
        }
        markDirty()
        return .open
    }

    /// Whether a producer that was told to wait may go on.
    var isDrained: Bool { output.count <= server.configuration.lowWaterMark }

    func finishAnswer(trailers: HTTPHeaders = HTTPHeaders()) {
        if machine.owesLastChunk {
            borrowBuffer()
            output.append { ChunkedEncoder.appendEnd(trailers: trailers, to: &$0) }
        }
        switch machine.finishAnswer(at: loop.now) {
        case .stay: markDirty()
        case .linger: close(.linger)
        case .cut: close(.plain)
        }
    }
}
