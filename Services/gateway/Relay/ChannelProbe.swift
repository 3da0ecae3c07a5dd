package import Contracts
import Dialects
import EventLoop
import HTTPClient
import HTTPCore
package import HTTPServer
import InferenceModel
import JSON
package import Routing

/// Sends one small call to one given channel, on the relay's own path to upstreams, for a channel test.
///
/// One attempt: nothing is retried, no other channel is asked, no record is written. An answer may have 16 MiB, as pictures do, and take a minute, or less when the
/// operator's limits for calls are lower.
package struct ChannelProbe: Sendable {
    /// What came of a probe.
    package struct Outcome: Equatable, Sendable {
        /// Whether the upstream answered as it should.
        package var isSuccess: Bool
        /// The status that a caller would have got.
        package var status: Int
        /// The body that a caller would have got.
        package var response: [UInt8]
        /// In microseconds.
        package var took: Int64
    }

    /// The id that stands in for a request's own (contract admin-api §4.1).
    package static let requestID = "channel-test"
    private static let longest: Duration = .seconds(60)
    private static let maxAnswerBytes = 16 * 1024 * 1024
    private static let maxErrorBytes = 1024 * 1024

    private let relay: Relay

    /// Probes on the relay's clients.
    package init(relay: Relay) {
        self.relay = relay
    }

    /// Whether the relay can send calls of this mode to the channel's vendor.
    package static func serves(_ mode: RelayMode, _ channel: RoutedChannel) -> Bool {
        DialectCatalog.vendor(of: channel.type)?.serves(mode, of: channel.type) ?? false
    }

    /// The protocol in which a call of a mode is put.
    private static func dialect(_ mode: RelayMode) -> any CallerDialect {
        switch mode {
        case .anthropic: AnthropicDialect()
        case .responses: ResponsesDialect()
        case .gemini: GeminiDialect()
        default: OpenAIDialect()
        }
    }

    /// Sends a call and takes its whole answer. On the request's loop.
    ///
    /// - Parameters:
    ///   - body: The call in the protocol of its mode.
    ///   - request: The operator's own request, on whose loop the work is done.
    ///   - isSaved: Whether the channel is one of the configuration: only then its health is told.
    ///   - stop: Ends the probe early.
    /// - Returns: `nil` when the probe was ended early, by `stop` or because the gateway goes.
    package func send(
        _ body: [UInt8], mode: RelayMode, model: String, to channel: RoutedChannel, for request: ServerRequest,
        isSaved: Bool, stop: ProbeStop
    ) async -> Outcome? {
        guard !stop.isRaised else { return nil }
        let scope = CallScope(id: Self.requestID, mode: mode, dialect: Self.dialect(mode), request: request)
        scope.model = model
        scope.upstreamModel = channel.upstreamModel(for: model)
        let started = MonotonicTime.now()
        let result: Result<[UInt8], RelayError>
        do throws(RelayError) {
            result = .success(try await attempt(body, scope, channel, stop))
        } catch {
            guard error.code != .clientGone else { return nil }
            result = .failure(error)
        }
        let now = MonotonicTime.now()
        if isSaved { note(result, scope, channel, atSecond: now.nanoseconds / 1_000_000_000) }
        let took = Int64(clamping: (now.nanoseconds - started.nanoseconds) / 1000)
        switch result {
        case .success(let bytes): return Outcome(isSuccess: true, status: 200, response: bytes, took: took)
        case .failure(let error):
            return Outcome(
                isSuccess: false, status: error.status, response: scope.body(of: error), took: took)
        }
    }

    /// The one attempt; `.clientGone` when it was ended early.
    private func attempt(
        _ body: [UInt8], _ scope: CallScope, _ channel: RoutedChannel, _ stop: ProbeStop
    ) async throws(RelayError) -> [UInt8] {
        guard channel.key != nil else {
            throw .ours(
                code: .channelMisconfigured,
                message: "the key of channel \(channel.id) cannot be read with SECRETS_KEY")
        }
        let state = relay.state(of: scope.request)
        let call: any CallerCall
        do throws(InvalidRequest) {
            // Gemini's calls name the model and what is asked of it in the path.
            let action = scope.mode == .gemini ? GeminiAction.generate.rawValue : nil
            call = try scope.dialect.read(
                CallerRequest(mode: scope.mode, body: body, pathModel: action.map { _ in scope.model }, action: action),
                parser: state.parser)
        } catch {
            throw .caller(code: .invalidRequest, message: error.message, field: error.field)
        }
        let route = try UpstreamRequest.route(call, scope: scope, channel: channel, state: state)
        guard let grant = route.credential.grant else { return try await send(call, route, nil, scope, channel, stop) }
        let token = AttemptToken(grant, of: channel, relay: relay, loop: scope.request.loop)
        do throws(RelayError) {
            return try await send(call, route, token, scope, channel, stop)
        } catch {
            guard token.isRenewed(after: error), !stop.isRaised else { throw error }
            return try await send(call, route, token, scope, channel, stop)
        }
    }

    /// Sends the request and takes its answer; fetches the token first where it needs one.
    private func send(
        _ call: any CallerCall, _ route: UpstreamRoute, _ token: AttemptToken?, _ scope: CallScope,
        _ channel: RoutedChannel, _ stop: ProbeStop
    ) async throws(RelayError) -> [UInt8] {
        if let token, token.value == nil {
            let id = stop.add { token.cancel() }
            let fault = await token.fetch()
            stop.remove(id)
            if let fault { throw .token(fault, channel) }
        }
        let (upstream, exchange) = try UpstreamRequest.make(
            call, over: route, token: token?.value, scope: scope, channel: channel,
            state: relay.state(of: scope.request), timeouts: timeouts)
        if let script = exchange.script { return try Self.played(script) }
        let transfer = relay.clients.client(on: scope.request.loop).begin(upstream)
        let id = stop.add { transfer.cancel() }
        defer { stop.remove(id) }
        let answer: Result<[UInt8], RelayError>
        do throws(HTTPClientError) {
            answer = try await read(try await transfer.response(), exchange, scope)
        } catch {
            transfer.cancel()
            throw RelayError.transport(error) ?? .refused(code: .clientGone, message: "the test was ended early")
        }
        return try answer.get()
    }

    /// Lower than the limits of calls, so that an operator is not left waiting.
    private var timeouts: ClientTimeouts {
        let limits = relay.configuration.timeouts(isStream: false)
        func bounded(_ limit: Duration?) -> Duration { min(limit ?? Self.longest, Self.longest) }
        return ClientTimeouts(
            connect: bounded(limits.connect), firstByte: bounded(limits.firstByte), idle: bounded(limits.idle),
            total: bounded(limits.total))
    }

    private func read(
        _ response: ClientResponse, _ exchange: any Exchange, _ scope: CallScope
    ) async throws(HTTPClientError) -> Result<[UInt8], RelayError> {
        let parser = relay.state(of: scope.request).parser
        guard response.status == 200 || response.status == 201 else {
            guard !(300..<400).contains(response.status) else {
                response.cancel()
                return .failure(Self.redirected(response.status))
            }
            var body: [UInt8] = []
            do {
                body = try await response.collect(upTo: Self.maxErrorBytes)
            } catch .tooLarge {
                // The status says enough.
            }
            let error = exchange.refusal(status: response.status, headers: response.headers, body: body, parser: parser)
            return .failure(.upstream(error, code: .upstreamStatus))
        }
        let bytes = try await response.collect(upTo: Self.maxAnswerBytes)
        let type = response.headers.first("content-type") ?? "application/octet-stream"
        if MediaType(response.headers) == .other, exchange.makeByteStream(contentType: type) != nil {
            return .success(bytes)
        }
        do throws(UpstreamError) {
            return .success(try exchange.answer(bytes, parser: parser).body)
        } catch {
            let isForeign = error.code == .string(UpstreamError.badResponse)
            return .failure(.upstream(error, code: isForeign ? .upstreamBadAnswer : .upstreamStatus))
        }
    }

    /// What a channel without a network answers; a test does not wait for it.
    private static func played(_ script: ScriptedAnswer) throws(RelayError) -> [UInt8] {
        switch script {
        case .whole(let answer, _): return answer.body
        case .stream(let stream): return Array(stream.pieces.joined())
        case .refusal(let error, _): throw .upstream(error, code: .upstreamStatus)
        }
    }

    private static func redirected(_ status: Int) -> RelayError {
        let code = RelayError.Code.upstreamBadAnswer
        return .upstream(
            UpstreamError(
                status: 502, message: "the upstream answered with a redirect (\(status)), which is never followed",
                type: "upstream_error", code: .string(code.rawValue)), code: code)
    }

    /// Tells the health of the channel and the metrics, as for an attempt of a call.
    private func note(
        _ result: Result<[UInt8], RelayError>, _ scope: CallScope, _ channel: RoutedChannel, atSecond second: UInt64
    ) {
        var health = AttemptHealth.success
        if case .failure(let error) = result {
            relay.metrics.countUpstreamError(channel: channel.id, code: error.code)
            health = error.health
        }
        let event = relay.health.record(
            health, channel: channel, model: scope.model, tokens: 0, atSecond: second)
        if let event { relay.report(event, of: channel, model: scope.model, requestID: scope.id) }
    }
}

/// Ends probes early: those that run at once, and those that have not begun do not begin. Confined to one loop.
package final class ProbeStop: @unchecked Sendable {
    // SAFETY: confined to the loop of one request; the probes of that request and its connection run there.

    /// Whether probes are to end.
    package private(set) var isRaised = false
    private var running: [Int: () -> Void] = [:]
    private var nextID = 0

    package init() {}

    /// Ends them.
    package func raise() {
        isRaised = true
        let ends = running.values
        running = [:]
        for end in ends { end() }
    }

    /// Notes how to end something that runs; the answer takes it back.
    func add(_ end: @escaping () -> Void) -> Int {
        nextID += 1
        running[nextID] = end
        return nextID
    }

    func remove(_ id: Int) {
        running[id] = nil
    }
}
