import CloudAuth
import Contracts
import Dialects
import EventLoop
import HTTPClient
import HTTPCore
import HTTPServer
import InferenceModel
import JSON
import Routing

/// Makes the attempts of one call until one answers, the plan or the budget is used up, or the caller leaves.
///
/// Nothing is retried after the first byte went to the caller; the request is let go then. Confined to the loop of its connection.
///
/// What runs while a stream does is the frames of its suspended functions: work without a wait is kept out of them by functions that are never inlined, and what
/// seldom happens stands behind a reference (`indirect`). That is several KB per stream.
final class AttemptLoop {
    /// How one attempt ended.
    enum Result {
        /// Something was sent to the caller; the call is over.
        case answered(CallEnding)
        /// Nothing was sent; another channel may be tried.
        indirect case failed(RelayError, FailureClass, status: Int?, retryAfter: Duration?)
        /// The caller left.
        case callerGone
    }

    let relay: Relay
    let scope: CallScope
    let writer: ResponseWriter
    private let plan: [PlannedAttempt]
    private let policy: RetryPolicy
    private let isStream: Bool
    /// The request as it was read, and the exchange of the attempt under way; `nil` once the answer begins.
    private var call: (any CallerCall)?
    private var exchange: (any Exchange)?
    private var isCallerGone = false
    /// Whether the gateway answered by itself: no channel was tried then.
    private var isLocal = false
    /// What was fetched for the call; `nil` for nearly all calls.
    private var media: CallMedia?
    /// The token of the attempt under way; `nil` where the channel needs none.
    private var token: AttemptToken?
    private var transfer: Transfer?
    private var pause: Task<Void, Never>?

    init(
        relay: Relay, scope: CallScope, call: any CallerCall, plan: [PlannedAttempt], policy: RetryPolicy,
        writer: ResponseWriter
    ) {
        self.policy = policy
        self.relay = relay
        self.scope = scope
        self.call = call
        isStream = call.isStream
        self.plan = plan
        self.writer = writer
    }

    /// Runs the attempts.
    ///
    /// - Throws: the last failure when nothing was sent to the caller.
    func run() async throws(RelayError) -> CallEnding {
        // The writer lets go of the closure when the answer ends or the caller leaves.
        writer.onClientGone { self.callerLeft() }
        var history = RetryPolicy.History()
        var place = 0
        while true {
            let attempt = plan[place]
            let started = scope.request.loop.now
            let result = await tryOnce(attempt)
            note(attempt, result, started: started)
            switch result {
            case .answered(let ending):
                return ending
            case .callerGone:
                return CallEnding(status: 499, outcome: .cancelledByClient, failure: [])
            case .failed(let error, let failure, _, let retryAfter):
                scope.retryAfter = retryAfter
                history.add(place: place, failure, retryAfter: retryAfter)
                switch step(after: history) {
                case .stop:
                    throw error
                case .retry(let next, let delay):
                    guard await wait(delay) else {
                        return CallEnding(status: 499, outcome: .cancelledByClient, failure: [])
                    }
                    place = next
                    scope.retryAt = scope.wallClock(.now())
                }
            }
        }
    }

    @inline(never)
    private func step(after history: RetryPolicy.History) -> RetryPolicy.Step {
        let jitter = Double(relay.state(of: scope.request).random.next() >> 11) / Double(1 << 53)
        return policy.step(after: history, planned: plan.count, jitter: jitter)
    }

    private func callerLeft() {
        isCallerGone = true
        transfer?.cancel()
        media?.cancel()
        token?.cancel()
        pause?.cancel()
    }

    /// Waits; false when the caller left meanwhile.
    func wait(_ delay: Duration) async -> Bool {
        guard delay > .zero, !isCallerGone else { return !isCallerGone }
        let loop = scope.request.loop
        let sleeper = Task.immediate(executorPreference: loop) { _ = try? await loop.sleep(for: delay) }
        pause = sleeper
        await sleeper.value
        pause = nil
        return !isCallerGone
    }

    private func tryOnce(_ attempt: PlannedAttempt) async -> Result {
        token = nil
        // Media, a token, the request; once more the last two when the token is not taken.
        for _ in 0..<Self.longestAttempt {
            switch begin(attempt.channel) {
            case .over(let result): return result
            case .scripted(let script): return await play(script)
            case .lacksMedia: if let failure = await fetchMedia() { return failure }
            case .lacksToken: if let failure = await fetchToken(attempt.channel) { return failure }
            case .sent(let transfer):
                let result = await relayed(transfer)
                guard renewsToken(after: result) else { return result }
            }
        }
        return failed(.ours(code: .internalError, message: "what the request needs was fetched and is not there"))
    }

    /// How often an attempt begins at most.
    private static let longestAttempt = 5

    /// Relays what an upstream answers.
    private func relayed(_ transfer: Transfer) async -> Result {
        self.transfer = transfer
        defer {
            self.transfer = nil
            exchange = nil
        }
        do throws(HTTPClientError) {
            return try await relayAnswer(transfer.response())
        } catch {
            transfer.cancel()
            return failure(of: error)
        }
    }

    /// How an attempt begins.
    private enum Beginning {
        case sent(Transfer)
        /// Media must be fetched before the request can be formed.
        case lacksMedia
        /// A token must be fetched before the request can be formed.
        case lacksToken
        /// The channel has no network: this is its answer.
        indirect case scripted(ScriptedAnswer)
        /// It ended without a request to the upstream.
        indirect case over(Result)
    }

    /// Forms the request of an attempt and sends it.
    @inline(never)
    private func begin(_ channel: RoutedChannel) -> Beginning {
        scope.channel = channel.id
        scope.upstreamModel = channel.upstreamModel(for: scope.model)
        guard !isCallerGone, !writer.isClosed, let call else { return .over(.callerGone) }
        let upstream: ClientRequest
        let exchange: any Exchange
        do throws(RelayError) {
            let state = relay.state(of: scope.request)
            let route = try UpstreamRequest.route(call, scope: scope, channel: channel, state: state)
            if let grant = route.credential.grant, route.wire.asksUpstream(call) {
                let token = token ?? AttemptToken(grant, of: channel, relay: relay, loop: scope.request.loop)
                self.token = token
                if token.value == nil { return .lacksToken }
            }
            let kinds = route.wire.inlinedMedia(of: call)
            var sent = CallMedia.Inlined(call: call)
            if !kinds.isEmpty {
                let media = media ?? CallMedia(relay: relay, scope: scope)
                self.media = media
                guard let inlined = try media.inlined(kinds, of: call, passes: call.family == route.wire.family)
                else { return .lacksMedia }
                sent = inlined
            }
            (upstream, exchange) = try UpstreamRequest.make(
                sent.call, neutral: sent.neutral, over: route, token: token?.value, scope: scope, channel: channel,
                state: state,
                timeouts: relay.configuration.timeouts(isStream: isStream))
        } catch {
            return .over(failed(error))
        }
        if let answer = exchange.localAnswer {
            isLocal = true
            scope.channel = nil
            scope.upstreamModel = ""
            return .over(deliver(answer))
        }
        if let script = exchange.script { return .scripted(script) }
        self.exchange = exchange
        return .sent(relay.clients.client(on: scope.request.loop).begin(upstream))
    }

    /// Fetches what the request names by address; the failure when something cannot be had.
    @inline(never)
    private func fetchMedia() async -> Result? {
        do throws(RelayError) {
            try await media?.fetch()
            return isCallerGone ? .callerGone : nil
        } catch {
            return isCallerGone ? .callerGone : failed(error)
        }
    }

    /// Fetches the token of the channel; the failure when it cannot be had.
    @inline(never)
    private func fetchToken(_ channel: RoutedChannel) async -> Result? {
        guard let error = await token?.fetch(), !isCallerGone else { return isCallerGone ? .callerGone : nil }
        let mapped = RelayError.token(error, channel)
        switch error {
        case .unusable: return failed(mapped)
        case .refused(let status, _):
            return .failed(mapped, FailureClass(status: mapped.status), status: status, retryAfter: nil)
        case .badAnswer, .transport, .cancelled: return .failed(mapped, .fault, status: nil, retryAfter: nil)
        }
    }

    /// Whether the attempt goes on with a new token. Nothing was sent to the caller then, and the request is still there.
    @inline(never)
    private func renewsToken(after result: Result) -> Bool {
        guard let token, !scope.hasMoreBody, case .failed(let error, _, _, _) = result else { return false }
        return token.isRenewed(after: error)
    }

    /// An attempt that ended before its request was sent.
    private func failed(_ error: RelayError) -> Result {
        let failure: FailureClass = if case .caller = error { .caller } else { .noPermission }
        return .failed(error, failure, status: nil, retryAfter: nil)
    }

    /// Lets the request go, but for what the record keeps of it: the answer has begun, so that no other attempt follows.
    func answerBegan() {
        call = nil
        media = nil
        exchange = nil
        scope.trimBody()
    }

    /// Sends the head of a stream unless it was sent; false when the caller left.
    func beginStream(contentType: String) -> Bool {
        guard !writer.headSent else { return true }
        var headers = AnswerHeaders.make(scope.request, id: scope.id, contentType: contentType)
        headers.append("cache-control", "no-cache")
        headers.append("x-accel-buffering", "no")
        do {
            try writer.head(.ok, headers, .chunked)
            answerBegan()
            return true
        } catch {
            return false
        }
    }

    /// A fault on the way, as the result of an attempt of which nothing was sent.
    @inline(never)
    private func failure(of error: HTTPClientError) -> Result {
        if isCallerGone { return .callerGone }
        if case .requestBody = error, let fault = scope.bodyFault {
            return fault == .clientGone ? .callerGone : failed(Relay.bodyFault(fault))
        }
        guard let mapped = RelayError.transport(error) else {
            return .failed(
                .ours(code: .notReady, message: "the gateway is shutting down; please try again"), .fault, status: nil,
                retryAfter: nil)
        }
        return .failed(mapped, .fault, status: nil, retryAfter: nil)
    }

    private func relayAnswer(_ response: ClientResponse) async throws(HTTPClientError) -> Result {
        switch kind(of: response) {
        case .refusal(let exchange): return try await refusal(response, exchange)
        case .stream(let pump): return await pump.run()
        case .whole(let exchange, let isJSON): return try await wholeAnswer(response, exchange, isJSON: isJSON)
        case .unknown:
            let error = RelayError.ours(code: .internalError, message: "an answer came without a request")
            return .failed(error, .fault, status: nil, retryAfter: nil)
        }
    }

    /// What an upstream answers with, and what is done with it.
    private enum AnswerKind {
        case stream(StreamPump)
        indirect case whole(any Exchange, isJSON: Bool)
        indirect case refusal(any Exchange)
        /// An answer to nothing that was asked.
        case unknown
    }

    @inline(never)
    private func kind(of response: ClientResponse) -> AnswerKind {
        if let id = UpstreamRequest.requestID(response.headers) { scope.upstreamID = id }
        guard let exchange else { return .unknown }
        switch response.status {
        case 200, 201: break
        // Nothing to read, as some answer a deletion.
        case 204: return .whole(exchange, isJSON: true)
        default: return .refusal(exchange)
        }
        switch MediaType(response.headers) {
        case .stream: return .stream(StreamPump(loop: self, response: response, stream: exchange.makeStream()))
        case .json: return .whole(exchange, isJSON: true)
        case .other:
            let type = response.headers.first("content-type") ?? "application/octet-stream"
            if let stream = exchange.makeByteStream(contentType: type) {
                return .stream(StreamPump(loop: self, response: response, stream: stream))
            }
            return .whole(exchange, isJSON: false)
        }
    }

    /// An upstream's error answer (contract relay §2.8).
    private func refusal(_ response: ClientResponse, _ exchange: any Exchange) async throws(HTTPClientError) -> Result {
        let retryAfter = UpstreamRequest.retryAfter(response.headers)
        guard !(300..<400).contains(response.status) else {
            response.cancel()
            let error = UpstreamError(
                status: 502,
                message: "the upstream answered with a redirect (\(response.status)), which is never followed",
                type: "upstream_error", code: .string(RelayError.Code.upstreamBadAnswer.rawValue))
            return .failed(
                .upstream(error, code: .upstreamBadAnswer), .fault, status: response.status, retryAfter: nil)
        }
        var body: [UInt8] = []
        do {
            body = try await response.collect(upTo: 1024 * 1024)
        } catch .tooLarge {
            response.cancel()
        }
        let parser = relay.state(of: scope.request).parser
        let error = exchange.refusal(
            status: response.status, headers: response.headers, body: body, parser: parser)
        return .failed(
            .upstream(error, code: .upstreamStatus), FailureClass(status: error.status), status: response.status,
            retryAfter: retryAfter ?? error.retryAfter)
    }

    /// A whole JSON answer.
    private func wholeAnswer(_ response: ClientResponse, _ exchange: any Exchange, isJSON: Bool)
        async throws(HTTPClientError) -> Result
    {
        let bytes = try await response.collect(upTo: relay.configuration.maxAnswerBytes)
        let parser = relay.state(of: scope.request).parser
        var answer: RelayedAnswer
        do throws(UpstreamError) {
            answer = try exchange.answer(bytes, parser: parser)
        } catch {
            var error = error
            let isForeign = error.code == .string(UpstreamError.badResponse)
            if isForeign, !isJSON, let type = response.headers.first("content-type") {
                error.message = "the upstream answered \(type.prefix(80)), not JSON"
            }
            return .failed(
                .upstream(error, code: isForeign ? .upstreamBadAnswer : .upstreamStatus),
                FailureClass(status: error.status), status: response.status, retryAfter: error.retryAfter)
        }
        if !answer.addresses.isEmpty {
            do throws(RelayError) {
                answer = try await fetched(answer, exchange)
            } catch {
                // The upstream has done its work; another would do it, and ask its price, again.
                return isCallerGone ? .callerGone : .failed(error, .caller, status: response.status, retryAfter: nil)
            }
        }
        return deliver(answer)
    }

    /// The answer with the bytes of what it names.
    private func fetched(_ answer: RelayedAnswer, _ exchange: any Exchange) async throws(RelayError) -> RelayedAnswer {
        let media = CallMedia(relay: relay, scope: scope)
        self.media = media
        try await media.fetch(answered: answer.addresses)
        let parser = relay.state(of: scope.request).parser
        return exchange.inlined(answer, parser: parser) { media.base64($0) }
    }

    /// Sends a whole answer to the caller.
    @inline(never)
    func deliver(_ answer: RelayedAnswer) -> Result {
        if scope.upstreamID.isEmpty { scope.upstreamID = answer.id }
        note(
            answer.usage, answer.usageSource, id: answer.id, countsOnce: answer.countsOnce, model: answer.answeredModel)
        scope.firstByteAt = scope.request.loop.now
        let headers = AnswerHeaders.make(
            scope.request, id: scope.id, contentType: answer.contentType)
        do {
            try writer.respond(.ok, headers, answer.body)
            scope.keepAnswer(answer.body, contentType: answer.contentType)
        } catch {
            return .callerGone
        }
        return .answered(CallEnding(status: 200, outcome: .completed))
    }

    /// Keeps what was counted, for the record.
    ///
    /// - Parameters:
    ///   - id: The upstream's id of the answer.
    ///   - countsOnce: Whether other calls tell the same counts.
    ///   - model: The model of an answer to a call that named none.
    func note(_ usage: TokenUsage?, _ source: UsageSource, id: String, countsOnce: Bool, model: String) {
        scope.usageSource = source
        scope.answeredModel = model
        guard usage != nil, countsOnce, let channel = scope.channel else {
            scope.usage = usage
            return
        }
        scope.usage = relay.counted.isFirst(id, channel: channel) ? usage : nil
    }

    /// Keeps what the attempt was, for the record, the health of the channel and the metrics.
    @inline(never)
    private func note(_ attempt: PlannedAttempt, _ result: Result, started: MonotonicTime) {
        guard !isLocal else { return }
        let now = scope.request.loop.now
        var kept = CallAttempt(
            channel: attempt.channel.id, reason: attempt.reason, outcome: .completed,
            startedAt: scope.wallClock(started),
            durationMicroseconds: Int64((now.nanoseconds - started.nanoseconds) / 1000))
        var health = AttemptHealth.success
        var tokens = 0
        switch result {
        case .answered(let ending):
            tokens = scope.usage?.totalTokens ?? 0
            kept.status = 200
            kept.outcome = ending.outcome
            if ending.outcome == .cancelledByClient {
                health = .neutral
                kept.error = RelayError.Code.clientGone.rawValue
            } else if ending.outcome != .completed {
                health = .error
                let code: RelayError.Code =
                    switch ending.outcome {
                    case .timedOut: .upstreamTimeout
                    case .upstreamCut: .upstreamLost
                    default: .upstreamStatus
                    }
                kept.error = code.rawValue
                relay.metrics.countUpstreamError(channel: attempt.channel.id, code: code)
            }
        case .failed(let error, _, let status, _):
            kept.status = status
            kept.outcome = error.attemptOutcome
            kept.error = error.code.rawValue
            health = error.health
            relay.metrics.countUpstreamError(channel: attempt.channel.id, code: error.code)
        case .callerGone:
            kept.outcome = .cancelledByClient
            kept.error = RelayError.Code.clientGone.rawValue
            health = .neutral
        }
        let event = relay.health.record(
            health, channel: attempt.channel, model: scope.model, tokens: tokens,
            atSecond: now.nanoseconds / 1_000_000_000)
        if let event { relay.report(event, of: attempt.channel, model: scope.model, requestID: scope.id) }
        scope.attempts.append(kept)
    }
}
