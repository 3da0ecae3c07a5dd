import Contracts
import Dialects
import EventLoop
import HTTPClient
import HTTPCore
import HTTPServer
import InferenceModel
import Routing

/// Relays one streamed answer, event by event, from the upstream to the caller.
///
/// The head goes out with the first event, so that an error before it is still an ordinary answer and another channel can be tried. A slow caller pauses the
/// upstream; memory is one read and one event. Confined to the loop of its connection.
final class StreamPump {
    private let attempt: AttemptLoop
    private let response: ClientResponse
    private let scope: CallScope
    private let writer: ResponseWriter
    private let relay: Relay
    private var stream: any StreamRelay
    private var out: [UInt8] = []
    private var lastWrite: MonotonicTime
    private var timer: TimerID?
    private var graceTimer: TimerID?

    /// How long the end of the upstream's body is waited for after `[DONE]`, so that its connection can be used again.
    private static let tailGrace = Duration.seconds(1)

    init(loop attempt: AttemptLoop, response: ClientResponse, stream: any StreamRelay) {
        self.attempt = attempt
        self.response = response
        scope = attempt.scope
        writer = attempt.writer
        relay = attempt.relay
        self.stream = stream
        lastWrite = .now()
    }

    func run() async -> AttemptLoop.Result {
        armKeepAlive()
        defer { disarm() }
        do throws(HTTPClientError) {
            while let bytes = try await response.next() {
                if let failure = feed(bytes) { return failure }
                guard await flush() else { return callerLeft() }
                if stream.isDone { break }
                if let limit = stream.holding { armRelease(after: limit) }
            }
        } catch {
            return broken(error)
        }
        if let failure = endStream() { return failure }
        guard await flush() else { return callerLeft() }
        takeUsage()
        writer.finish()
        await drainTail()
        return .answered(CallEnding(status: 200, outcome: .completed))
    }

    // Never inlined: what they need for a moment would stand in the frame of `run` for as long as the stream does.

    /// Relays bytes of the upstream; how the attempt ended when they were an error.
    @inline(never)
    private func feed(_ bytes: [UInt8]) -> AttemptLoop.Result? {
        do throws(UpstreamError) {
            try stream.feed(bytes, parser: relay.state(of: scope.request).parser, into: &out)
            return nil
        } catch {
            return fail(.upstream(error, code: .upstreamStatus), outcome: .failed)
        }
    }

    /// Appends the end of the answer; how the attempt ended when it was not complete.
    @inline(never)
    private func endStream() -> AttemptLoop.Result? {
        let isComplete: Bool
        do throws(UpstreamError) {
            isComplete = try stream.end(parser: relay.state(of: scope.request).parser, into: &out)
        } catch {
            return fail(.upstream(error, code: .upstreamStatus), outcome: .failed)
        }
        guard isComplete else {
            let cut = RelayError.transport(.truncated) ?? .ours(code: .internalError, message: "")
            return fail(cut, outcome: .upstreamCut)
        }
        return nil
    }

    /// How the attempt ended when the upstream's connection did.
    @inline(never)
    private func broken(_ error: HTTPClientError) -> AttemptLoop.Result {
        if case .cancelled = error, writer.isClosed { return callerLeft() }
        let mapped = RelayError.transport(error) ?? .ours(code: .notReady, message: "the gateway is shutting down")
        return fail(mapped, outcome: mapped.attemptOutcome)
    }

    /// Writes what is ready, the head before it; false when the caller left.
    private func flush() async -> Bool {
        switch writeOut() {
        case .open: return true
        case .closed: return false
        case .full:
            do throws(WriteError) {
                try await writer.drained()
                return true
            } catch {
                return false
            }
        }
    }

    @inline(never)
    private func writeOut() -> WriteState {
        guard !out.isEmpty else { return writer.isClosed ? .closed : .open }
        guard sendHead() else { return .closed }
        let state = writer.write(out)
        scope.keepAnswer(out, contentType: stream.contentType)
        out.removeAll(keepingCapacity: out.capacity <= 64 * 1024)
        lastWrite = scope.request.loop.now
        if scope.firstByteAt == nil { scope.firstByteAt = lastWrite }
        return state
    }

    @inline(never)
    private func sendHead() -> Bool {
        attempt.beginStream(contentType: stream.contentType)
    }

    @inline(never)
    private func takeUsage() {
        attempt.note(
            stream.usage, stream.usageSource, id: stream.id, countsOnce: stream.countsOnce, model: stream.answeredModel)
        if scope.upstreamID.isEmpty { scope.upstreamID = stream.id }
    }

    @inline(never)
    private func callerLeft() -> AttemptLoop.Result {
        response.cancel()
        takeUsage()
        guard writer.headSent else { return .callerGone }
        return .answered(CallEnding(status: 499, outcome: .cancelledByClient, failure: []))
    }

    /// Before the first byte the call can still go elsewhere; after it the caller gets the error as an event.
    @inline(never)
    private func fail(_ error: RelayError, outcome: CallOutcome) -> AttemptLoop.Result {
        response.cancel()
        guard writer.headSent || !out.isEmpty else {
            guard case .upstream(let upstream, .upstreamStatus) = error else {
                return .failed(error, .fault, status: 200, retryAfter: nil)
            }
            return .failed(
                error, FailureClass(status: upstream.status), status: 200, retryAfter: upstream.retryAfter)
        }
        takeUsage()
        let body = scope.body(of: error)
        guard sendHead() else { return callerLeft() }
        stream.fail(error.wire(requestID: scope.id), into: &out)
        if out.isEmpty {
            writer.abort()
        } else {
            writer.write(out)
            writer.finish()
        }
        return .answered(CallEnding(status: error.status, outcome: outcome, failure: body))
    }

    // MARK: Time

    /// One timer, armed again when it fires early: a comment after every silent interval.
    @inline(never)
    private func armKeepAlive() {
        let interval = relay.configuration.keepAliveInterval
        guard interval > .zero, !stream.keepAlive.isEmpty else { return }
        schedule(after: interval)
    }

    private func schedule(after delay: Duration) {
        timer = scope.request.loop.schedule(after: delay) { self.keepAlive() }
    }

    private func keepAlive() {
        timer = nil
        guard !writer.isClosed else { return }
        let interval = relay.configuration.keepAliveInterval
        let silence = lastWrite.duration(to: .now())
        guard silence >= interval else { return schedule(after: interval - silence) }
        // Only a complete event may stand before a comment; what the stream holds back is complete or not yet written.
        if sendHead() { writer.write(stream.keepAlive) }
        lastWrite = .now()
        schedule(after: interval)
    }

    /// What is held back goes out in time, also when nothing follows.
    @inline(never)
    private func armRelease(after limit: Duration) {
        guard graceTimer == nil else { return }
        graceTimer = scope.request.loop.schedule(after: limit) {
            self.graceTimer = nil
            guard self.stream.holding != nil, !self.writer.isClosed else { return }
            var late: [UInt8] = []
            self.stream.releaseHeld(into: &late)
            guard self.sendHead() else { return }
            self.writer.write(late)
            self.scope.keepAnswer(late, contentType: self.stream.contentType)
            self.lastWrite = .now()
            if self.scope.firstByteAt == nil { self.scope.firstByteAt = self.lastWrite }
        }
    }

    @inline(never)
    private func disarm() {
        for running in [timer, graceTimer] {
            if let running { scope.request.loop.cancel(running) }
        }
        timer = nil
        graceTimer = nil
    }

    /// Reads the upstream's last bytes in the background of the caller's answer, which is over already.
    private func drainTail() async {
        let watchdog = scope.request.loop.schedule(after: Self.tailGrace) { [response] in response.cancel() }
        while let rest = try? await response.next(), !rest.isEmpty {}
        scope.request.loop.cancel(watchdog)
    }
}
