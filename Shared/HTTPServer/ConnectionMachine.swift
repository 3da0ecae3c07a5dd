import EventLoop
import HTTPCore

/// Decides what happens on one connection: which bytes are what, when a request is refused, when the connection stays, lingers or closes. Does no I/O and
/// reads no clock.
///
/// ```
///            bytes                    head complete           answer ended, handler returned
///   idle ───────────▶ reading a head ──────────────▶ exchange ──────────────────────────────▶ idle   (keep-alive; a rest of the body is dropped)
///    │ end, 75 s       │ 10 s, fault                    │ fault, close, 1.0, drain ─▶ lingering ─▶ closed
///    ▼                 ▼                                ▼ reset, departure
///  closed       408 or 4xx, lingering                 gone
/// ```
///
/// **The end of the client's stream** looks the same whether the client closed (it will read nothing more) or only finished sending (RFC 9112 §9.6 lets it
/// still read). Both must be served well: a client that left must cancel costly upstream work at once, a client that half-closed must get its answer.
/// - An end within `halfCloseWindow` of the end of the request is taken for a half-close while no answer has begun. When none has begun after
///   `halfCloseProbeDelay`, the client is probed.
/// - A later end while no answer has begun: the client is probed at once.
/// - The probe is a `100 Continue`, which every HTTP/1.1 client must skip. A peer that closed answers it with a reset, within one round trip, and is
///   gone; one that only half-closed stays silent and gets its answer. An HTTP/1.0 client cannot be probed: a later end means that it left.
/// - An end in the middle of an answer means that the client left, as in other proxies, unless it comes so close behind the request
///   (`halfCloseAnswerWindow`) that the answer was only faster than it.
/// - A reset is always a departure, and so is any end before the request was complete.
struct ConnectionMachine {
    /// What bytes of the client mean.
    enum InputAction: Equatable {
        /// Keep what was not consumed and read on.
        case needMore
        /// A request is being answered; keep what was not consumed for later.
        case hold
        /// A request begins; its body, if any, follows.
        case request(ParsedHead, hasBody: Bool)
        /// These bytes of the input belong to the body of the current request.
        case body(Range<Int>, isLast: Bool)
        /// The body of the current request will never be complete.
        case bodyFailed(BodyError)
        /// Answer by yourself, then linger.
        case refuse(ServerFault)
        /// The client has said everything and everything is answered: close.
        case end
        /// The way to the next request is too long or broken, and the current one is answered: linger.
        case abandon
    }

    /// What the end of the client's stream means.
    enum EndAction: Equatable {
        /// Nothing is going on: close.
        case close
        /// The client left in the middle of something.
        case gone
        /// The client only finished sending.
        case keepAnswering
        /// Send the probe.
        case probe
    }

    /// What an expired deadline means.
    enum DeadlineAction: Equatable {
        /// Nothing is due.
        case none
        /// Close without a word.
        case close
        /// Answer by yourself, then linger.
        case refuse(ServerFault)
        /// The body of the current request will never be complete.
        case bodyFailed(BodyError)
        /// Send the probe.
        case probe
        /// The client takes no bytes or left.
        case gone
    }

    /// How an answer goes out.
    struct AnswerPlan: Equatable {
        var framing: ResponseFraming
        var notice: ConnectionNotice
    }

    /// What becomes of bytes that the handler writes.
    enum WriteAction: Equatable {
        case raw(Int)
        case chunk
        case discard
    }

    /// What follows the end of an answer.
    enum FinishAction: Equatable {
        /// The connection stays.
        case stay
        /// Flush, then linger.
        case linger
        /// The answer is shorter than it said: cut the connection.
        case cut
    }

    private enum Reading: Equatable {
        case head, length(Int), chunked, complete, shut
    }

    private enum Answer: Equatable {
        case none, waiting, sending, finished
    }

    /// A body that nobody read is dropped up to this size to keep the connection; a longer rest is not worth it.
    static let discardLimit = 256 * 1024

    private let limits: MachineLimits
    private var parser: RequestParser
    private var decoder = ChunkedDecoder()
    private var reading = Reading.head
    private var answer = Answer.none
    private var headBegan = false
    private var servedOne = false
    private var isDraining = false
    private(set) var inputEnded = false
    private(set) var isLingering = false

    private var method = HTTPMethod.get
    private var version = HTTPVersion.http11
    private var keepsAlive = true
    private var owesContinue = false
    private var bodyBytes = 0
    private var dropsBody = false
    private var dropped = 0
    private var sendsBody = true
    private var framing = ResponseFraming.none
    private var answerRemaining = 0
    private var requestEndedAt = MonotonicTime(nanoseconds: 0)

    private var deadlines = Deadlines()
    private var lingerEnd = MonotonicTime(nanoseconds: 0)

    init(limits: MachineLimits, at now: MonotonicTime) {
        self.limits = limits
        parser = RequestParser(limits: limits.head)
        deadlines.read = now + limits.headerTimeout
    }

    // MARK: Input

    /// Looks at all bytes that were not consumed yet.
    ///
    /// - Returns: how many bytes are done with, and what they mean; ranges count from the start of `bytes`. Call again until `needMore`, `hold` or an end.
    mutating func consume(_ bytes: Span<UInt8>, at now: MonotonicTime) -> (consumed: Int, action: InputAction) {
        switch reading {
        case .head: consumeHead(bytes, now)
        case .length(let remaining): consumeLength(bytes, remaining, now)
        case .chunked: consumeChunks(bytes, now)
        case .complete: bytes.isEmpty ? (0, .needMore) : (0, .hold)
        case .shut: (bytes.count, .needMore)
        }
    }

    private mutating func consumeHead(_ bytes: Span<UInt8>, _ now: MonotonicTime) -> (Int, InputAction) {
        guard !bytes.isEmpty else { return (0, inputEnded ? .end : .needMore) }
        do throws(RequestFault) {
            guard let parsed = try parser.parse(bytes) else {
                if inputEnded { return (0, .end) }
                if !headBegan {
                    headBegan = true
                    deadlines.read = now + limits.headerTimeout
                }
                return (0, .needMore)
            }
            return (parsed.length, begin(parsed, now))
        } catch {
            refuse()
            return (bytes.count, .refuse(.badRequest(error)))
        }
    }

    private mutating func begin(_ parsed: ParsedHead, _ now: MonotonicTime) -> InputAction {
        method = parsed.head.method
        version = parsed.head.version
        keepsAlive = parsed.keepsAlive
        owesContinue = parsed.expectsContinue
        headBegan = false
        servedOne = true
        bodyBytes = 0
        dropsBody = false
        deadlines.read = .never
        answer = .waiting
        switch parsed.framing {
        case .none:
            reading = .complete
            requestEndedAt = now
        case .length(let length):
            guard length <= limits.maxBodyBytes else {
                refuse()
                return .refuse(.bodyTooLarge(limit: limits.maxBodyBytes))
            }
            reading = .length(length)
        case .chunked:
            decoder = ChunkedDecoder()
            reading = .chunked
        }
        if reading != .complete, !owesContinue { deadlines.read = now + limits.bodyIdleTimeout }
        return .request(parsed, hasBody: parsed.framing != .none)
    }

    private mutating func consumeLength(_ bytes: Span<UInt8>, _ remaining: Int, _ now: MonotonicTime) -> (
        Int, InputAction
    ) {
        guard !bytes.isEmpty else { return (0, .needMore) }
        owesContinue = false
        let taken = min(remaining, bytes.count)
        reading = .length(remaining - taken)
        return note(0..<taken, isLast: taken == remaining, consumed: taken, now)
    }

    private mutating func consumeChunks(_ bytes: Span<UInt8>, _ now: MonotonicTime) -> (Int, InputAction) {
        guard !bytes.isEmpty else { return (0, .needMore) }
        owesContinue = false
        do throws(ChunkFault) {
            switch try decoder.step(bytes, from: 0) {
            case .needMore:
                deadlines.read = now + limits.bodyIdleTimeout
                return (bytes.count, .needMore)
            case .end(let end):
                return note(end..<end, isLast: true, consumed: end, now)
            case .data(let range):
                bodyBytes += range.count
                guard bodyBytes <= limits.maxBodyBytes else {
                    return (bytes.count, failBody(.tooLarge(limit: limits.maxBodyBytes)))
                }
                return note(range, isLast: false, consumed: range.upperBound, now)
            }
        } catch {
            return (bytes.count, failBody(.malformed(error.message)))
        }
    }

    private mutating func note(
        _ range: Range<Int>, isLast: Bool, consumed: Int, _ now: MonotonicTime
    ) -> (Int, InputAction) {
        if isLast {
            reading = .complete
            deadlines.read = .never
            requestEndedAt = now
        } else {
            deadlines.read = now + limits.bodyIdleTimeout
        }
        guard dropsBody else { return (consumed, .body(range, isLast: isLast)) }
        dropped += range.count
        if isLast {
            reset(now)
        } else if dropped > Self.discardLimit {
            shut()
            return (consumed, .abandon)
        }
        return (consumed, .body(range.upperBound..<range.upperBound, isLast: false))
    }

    private mutating func refuse() {
        shut()
        answer = .finished
    }

    private mutating func failBody(_ error: BodyError) -> InputAction {
        shut()
        return dropsBody ? .abandon : .bodyFailed(error)
    }

    private mutating func shut() {
        reading = .shut
        keepsAlive = false
        owesContinue = false
        deadlines.read = .never
    }

    /// Whether to send `100 Continue`, now that the handler asks for the body.
    mutating func bodyWanted(at now: MonotonicTime) -> Bool {
        guard owesContinue, answer == .waiting else { return false }
        owesContinue = false
        deadlines.read = now + limits.bodyIdleTimeout
        return true
    }

    /// The driver stopped or went on reading a body: silence is the client's fault only while we listen.
    mutating func readingPaused(_ isPaused: Bool, at now: MonotonicTime) {
        switch reading {
        case .length, .chunked: deadlines.read = isPaused || owesContinue ? .never : now + limits.bodyIdleTimeout
        case .head, .complete, .shut: break
        }
    }

    /// The client ended its stream.
    mutating func endOfInput(at now: MonotonicTime) -> EndAction {
        inputEnded = true
        switch answer {
        case .none: return .close
        case .finished: return isLingering || reading != .complete ? .close : .keepAnswering
        case .waiting, .sending: break
        }
        switch reading {
        case .complete: break
        case .shut: return .keepAnswering
        case .head, .length, .chunked:
            shut()
            return .gone
        }
        let window = answer == .waiting ? limits.halfCloseWindow : limits.halfCloseAnswerWindow
        if now <= requestEndedAt + window {
            if answer == .waiting { deadlines.probe = now + limits.halfCloseProbeDelay }
            return .keepAnswering
        }
        return answer == .waiting && version == .http11 ? .probe : .gone
    }

    // MARK: Answer

    /// The handler begins its answer.
    mutating func beginAnswer(
        status: HTTPStatus, body: BodyFraming, wantsClose: Bool
    ) -> AnswerPlan {
        answer = .sending
        deadlines.probe = .never
        // The client was never asked for its body; whether it sends it anyway cannot be known, so the next head could not be found.
        if wantsClose || isDraining || owesContinue { keepsAlive = false }
        owesContinue = false
        sendsBody = method != .head && !status.forbidsBody
        switch body {
        case _ where status.forbidsBody: framing = .none
        case .none: framing = .length(0)
        case .length(let length): framing = .length(max(0, length))
        case .chunked where version == .http10:
            framing = .untilClose
            keepsAlive = false
        case .chunked: framing = .chunked
        }
        if case .length(let length) = framing, sendsBody { answerRemaining = length } else { answerRemaining = 0 }
        let notice: ConnectionNotice = keepsAlive ? (version == .http10 ? .keepAlive : .implied) : .close
        return AnswerPlan(framing: framing, notice: notice)
    }

    /// The handler writes bytes of the body.
    mutating func write(_ count: Int) -> WriteAction {
        guard answer == .sending, sendsBody else { return .discard }
        switch framing {
        case .none: return .discard
        case .chunked: return .chunk
        case .untilClose: return .raw(count)
        case .length:
            // More bytes than were promised would be read as the next answer.
            let allowed = min(count, answerRemaining)
            answerRemaining -= allowed
            if allowed < count { keepsAlive = false }
            return .raw(allowed)
        }
    }

    /// Whether the end of a chunked body must be written.
    var owesLastChunk: Bool { framing == .chunked && sendsBody && answer == .sending }

    /// The answer is complete, as far as the handler is concerned.
    mutating func finishAnswer(at now: MonotonicTime) -> FinishAction {
        answer = .finished
        deadlines.probe = .never
        if answerRemaining > 0 { return .cut }
        guard keepsAlive, !isDraining else { return .linger }
        return .stay
    }

    /// The handler returned; the connection turns to what follows.
    ///
    /// - Returns: whether it stays; a body that was not read is dropped on the way to the next head, unless the rest is long.
    mutating func exchangeEnded(at now: MonotonicTime) -> FinishAction {
        guard keepsAlive, !isDraining else { return .linger }
        switch reading {
        case .complete:
            reset(now)
            return .stay
        case .length(let remaining) where remaining > Self.discardLimit: return .linger
        case .length, .chunked:
            dropped = 0
            dropsBody = true
            deadlines.read = now + limits.bodyIdleTimeout
            return .stay
        case .head, .shut: return .linger
        }
    }

    private mutating func reset(_ now: MonotonicTime) {
        reading = .head
        answer = .none
        headBegan = false
        deadlines.read = now + limits.idleTimeout
    }

    /// The last byte is flushed and the sending side is shut: only the client's end is awaited.
    mutating func lingerBegan(at now: MonotonicTime) {
        shut()
        isLingering = true
        answer = .finished
        deadlines.write = .never
        deadlines.probe = .never
        lingerEnd = now + limits.lingerTimeout * 5
        deadlines.read = now + limits.lingerTimeout
    }

    /// Bytes came while lingering; they are dropped, within bounds of time.
    mutating func lingerRead(at now: MonotonicTime) {
        deadlines.read = min(lingerEnd, now + limits.lingerTimeout)
    }

    // MARK: Time and drain

    /// The kernel takes no more bytes (`true`), took some (`true` again) or took all (`false`).
    mutating func outputBlocked(_ isBlocked: Bool, at now: MonotonicTime) {
        deadlines.write = isBlocked ? now + limits.writeStallTimeout : .never
    }

    /// When `deadlineReached` must be called next; `.never` when nothing is timed.
    var nextDeadline: MonotonicTime { deadlines.next }

    /// Judges what the passing of time means; harmless when nothing is due.
    mutating func deadlineReached(at now: MonotonicTime) -> DeadlineAction {
        if deadlines.write <= now { return .gone }
        if deadlines.probe <= now {
            deadlines.probe = .never
            return version == .http11 ? .probe : .none
        }
        guard deadlines.read <= now else { return .none }
        deadlines.read = .never
        if isLingering { return .close }
        switch reading {
        case .head:
            guard headBegan else { return .close }
            refuse()
            return .refuse(.headerTimeout)
        case .length, .chunked:
            if dropsBody { return .close }
            shut()
            return .bodyFailed(.timedOut)
        case .complete, .shut: return .none
        }
    }

    /// No further request is taken after the current one.
    ///
    /// - Returns: whether the connection may close at once. One that has not sent its first request yet gets a moment: the request may be on its way.
    mutating func drain(at now: MonotonicTime) -> Bool {
        isDraining = true
        guard answer == .none, !headBegan else { return false }
        if servedOne { return true }
        deadlines.read = min(deadlines.read, now + Nanoseconds(.seconds(1)))
        return false
    }
}
