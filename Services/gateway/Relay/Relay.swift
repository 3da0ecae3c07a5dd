import CloudAuth
package import Contracts
import Dialects
import EventLoop
package import HTTPClient
import HTTPCore
package import HTTPServer
import InferenceModel
import JSON
import MediaFetch
package import Routing
package import Telemetry

/// Answers calls through channels: who calls, which channels may serve, the attempts, the record at the end.
///
/// One for the process; what a loop owns (parser, generator of draws, client) is held per loop.
package final class Relay: Sendable {
    package let configuration: RelayConfiguration
    /// What is known of channels' errors, and their bans.
    package let health = HealthBook()
    /// The calls of tenants that are to be reported.
    package let callers = CallerTraffic()
    let clients: HTTPClientGroup
    let media: MediaFetcher
    /// The kept responses whose counts are in a record already.
    let counted = CountedResponses()
    /// The tokens that channels' keys are exchanged for.
    let tokens = TokenCache()
    let metrics: RelayMetrics
    let logger: Logger
    private let authenticator: Authenticator
    private let table: @Sendable () -> RoutingTable?
    private let ledger: any Ledger
    private let states: [LoopState]
    private let strangers: StrangerBound

    /// Makes the relay.
    ///
    /// - Parameters:
    ///   - table: The current routing table; `nil` before the first snapshot.
    ///   - loops: How many loops call it; their indexes are below this number.
    ///   - seed: A random number, for draws between channels.
    package init(
        configuration: RelayConfiguration, table: @escaping @Sendable () -> RoutingTable?, clients: HTTPClientGroup,
        ledger: any Ledger, metrics: RelayMetrics, logger: Logger, loops: Int, seed: UInt64
    ) {
        self.configuration = configuration
        self.table = table
        self.clients = clients
        self.ledger = ledger
        media = MediaFetcher(policy: configuration.mediaPolicy)
        self.metrics = metrics
        self.logger = logger
        authenticator = Authenticator(adminKey: configuration.adminKey)
        states = (0..<loops).map { LoopState(seed: seed &+ UInt64($0)) }
        strangers = StrangerBound()
    }

    /// Calls that are being answered.
    package var inFlight: Gauge { metrics.inFlight }

    /// Counts a refusal of a request that leaves no record.
    package func countRefusal(_ error: RelayError) {
        metrics.countRefusal(error.code)
    }

    /// What the loop of a request owns.
    func state(of request: ServerRequest) -> LoopState {
        states[request.loop.index]
    }

    /// The caller of a request, and the table that is used for all of it.
    ///
    /// - Parameter takesKeyInQuery: Whether the protocol also has the key as `?key=`, where no header has one.
    /// - Throws: `RelayError` when the request carries no good key, or there is no configuration yet.
    package func authenticate(
        _ request: ServerRequest, takesKeyInQuery: Bool = false
    ) throws(RelayError) -> (Caller, RoutingTable) {
        let table = table()
        let caller = try authenticator.caller(
            request.head.headers, queryKey: takesKeyInQuery ? request.head.target.query("key") : nil,
            address: { request.remoteAddress }, table: table)
        guard let table else {
            throw .ours(code: .notReady, message: "the gateway has no configuration yet; please try again")
        }
        return (caller, table)
    }

    /// Answers a call: finds the channels, makes the attempts, relays the answer.
    ///
    /// - Throws: `RelayError` when nothing was sent to the caller; the call's record is not written then, see `settle`.
    /// - Returns: How the call ended, for `settle`, when the answer was sent.
    package func answer(_ scope: CallScope, writer: ResponseWriter) async throws(RelayError) -> CallEnding {
        let (caller, table) = try authenticate(scope.request, takesKeyInQuery: scope.takesKeyInQuery)
        scope.caller = caller
        scope.details = configuration.details.over(table.details)
        guard !table.refusesCalls else {
            throw .ours(code: .maintenance, message: "service is under maintenance")
        }
        scope.ids = configuration.storedIDs
        try await receive(scope)
        return try await attempts(scope, caller: caller, table: table, writer: writer).run()
    }

    /// Reads the request and plans its attempts. Never inlined: what it needs for a moment would stand in the frame of `answer` for as long as a stream does.
    @inline(never)
    private func attempts(
        _ scope: CallScope, caller: Caller, table: RoutingTable, writer: ResponseWriter
    ) throws(RelayError) -> AttemptLoop {
        let call: any CallerCall
        do throws(InvalidRequest) {
            call = try scope.dialect.read(
                CallerRequest(
                    mode: scope.mode, body: scope.body, pathModel: scope.pathModel, action: scope.action,
                    headers: scope.request.head.headers, query: scope.request.head.target.rawQuery),
                parser: state(of: scope.request).parser)
        } catch {
            throw .caller(code: .invalidRequest, message: error.message, field: error.field)
        }
        scope.model = call.model
        scope.isStream = call.isStream
        scope.user = call.user
        if let form = call as? FormCall { scope.bodySummary = form.summary }
        // What was streamed through once cannot be sent again.
        let retries =
            scope.hasMoreBody
            ? 0 : min(configuration.retryTimes ?? table.retryTimes ?? 0, RelayConfiguration.mostRetries)
        let plan = try plan(call, scope, caller: caller, table: table, attempts: retries + 1)
        return AttemptLoop(
            relay: self, scope: scope, call: call, plan: plan, policy: RetryPolicy(maxRetries: retries),
            writer: writer)
    }

    /// Takes the body of a call: all of it, or of a large form its beginning with the model.
    private func receive(_ scope: CallScope) async throws(RelayError) {
        do {
            guard scope.dialect is FormDialect else {
                scope.body = try await scope.request.body.collect(upTo: configuration.maxBodyBytes)
                return
            }
            scope.bodySummary = "form"
            var reader = try FormReader(contentType: scope.request.head.headers.first("content-type"))
            while let bytes = try await scope.request.body.next() {
                scope.body += bytes
                guard scope.body.count <= configuration.maxBodyBytes else {
                    throw BodyError.tooLarge(limit: configuration.maxBodyBytes)
                }
                try reader.read(scope.body)
                if scope.body.count >= RelayConfiguration.heldFormBytes, reader.text("model", in: scope.body) != nil {
                    scope.hasMoreBody = true
                    return
                }
            }
            guard reader.isComplete else {
                throw RelayError.caller(
                    code: .invalidRequest, message: "the form ends before its last delimiter", field: nil)
            }
        } catch let error as BodyError {
            throw Self.bodyFault(error)
        } catch let error as InvalidRequest {
            throw .caller(code: .invalidRequest, message: error.message, field: error.field)
        } catch let error as RelayError {
            throw error
        } catch {
            throw .ours(code: .internalError, message: "the request body could not be read")
        }
    }

    /// The attempts that may be made for a call.
    private func plan(
        _ call: any CallerCall, _ scope: CallScope, caller: Caller, table: RoutingTable, attempts: Int
    ) throws(RelayError) -> [PlannedAttempt] {
        if let id = call.storedID { return [try keeper(of: id, call, scope: scope, caller: caller, table: table)] }
        let pinned = scope.request.head.headers.first("aiproxy-channel")
        if let pinned, !pinned.isEmpty {
            let channel = try pinnedChannel(pinned, scope: scope, caller: caller, table: table)
            return [PlannedAttempt(channel: channel, reason: "pinned by Aiproxy-Channel")]
        }
        guard let model = table.canonicalModel(scope.model, for: caller) else {
            throw .caller(
                code: .modelNotFound,
                message: "The model `\(scope.model)` does not exist or you do not have access to it.", field: "model")
        }
        scope.model = model
        let mode = scope.mode
        let candidates = table.candidates(model, for: caller).filter { channel in
            DialectCatalog.vendor(of: channel.type)?.serves(mode, of: channel.type) ?? false
        }
        guard !candidates.isEmpty else {
            throw .caller(
                code: .modelNotOnEndpoint, message: "The model `\(model)` does not exist on this endpoint.",
                field: "model")
        }
        let state = state(of: scope.request)
        let second = scope.arrivedAt.nanoseconds / 1_000_000_000
        while true {
            let standings =
                candidates.count > 1 || health.hasBans
                ? health.standings(candidates, model: model, atSecond: second) : []
            let plan = Planner.order(candidates, standings: standings, limit: attempts, using: &state.random)
            guard let first = plan.first, first.isTrial else { return plan }
            // Another loop may have been faster; then the channel counts as banned in the next plan.
            if health.beginTrial(channel: first.channel.id, model: model, atSecond: second) { return plan }
        }
    }

    /// The one channel that keeps what the call goes on from (contract relay §8.4).
    private func keeper(
        of id: String, _ call: any CallerCall, scope: CallScope, caller: Caller, table: RoutingTable
    ) throws(RelayError) -> PlannedAttempt {
        let field = call.model.isEmpty ? "response_id" : "previous_response_id"
        guard let (channelID, upstreamID) = configuration.storedIDs.open(id, for: caller) else {
            guard call.model.isEmpty || isKept(call, scope, caller: caller, table: table) else {
                throw .caller(
                    code: .invalidRequest,
                    message: "'\(field)' is not possible here: no channel of this model keeps responses",
                    field: field)
            }
            throw .caller(code: .notFound, message: "Response with id '\(id.prefix(200))' not found.", field: field)
        }
        guard let channel = table.channel(channelID), channel.isEnabled, channel.key != nil,
            caller.tenant.map({ !Set($0.sets).isDisjoint(with: channel.sets) }) ?? true
        else {
            throw .ours(code: .noChannel, message: "the channel that keeps this response is not available")
        }
        scope.storedID = upstreamID
        if !call.model.isEmpty {
            guard let model = table.canonicalModel(scope.model, for: caller), channel.models.contains(model) else {
                throw .caller(
                    code: .modelNotFound,
                    message: "The model `\(scope.model)` does not exist or you do not have access to it.",
                    field: "model")
            }
            scope.model = model
        }
        return PlannedAttempt(channel: channel, reason: "keeps the response")
    }

    /// Whether any channel of the call's model speaks the call's own protocol, and so keeps what it answers; true for a model that there is not.
    private func isKept(_ call: any CallerCall, _ scope: CallScope, caller: Caller, table: RoutingTable) -> Bool {
        guard let model = table.canonicalModel(scope.model, for: caller) else { return true }
        let routes = state(of: scope.request).routes
        return table.candidates(model, for: caller).contains { channel in
            let wanted = VendorCall(
                mode: scope.mode, family: call.family, model: channel.upstreamModel(for: model), isStream: call.isStream
            )
            return routes.find(channel, wanted)?.wire.family == call.family
        }
    }

    /// The channel that the operator asked for, also a disabled one (contract relay §1.3).
    private func pinnedChannel(
        _ text: String, scope: CallScope, caller: Caller, table: RoutingTable
    ) throws(RelayError) -> RoutedChannel {
        guard case .operatorKey = caller else {
            throw .refused(code: .channelNotAllowed, message: "Aiproxy-Channel is only for the admin key")
        }
        guard let id = Int(text), let channel = table.channel(id) else {
            throw .ours(code: .noChannel, message: "channel not found: \(text.prefix(32))")
        }
        let lowered = scope.model.lowercased()
        guard let model = channel.models.first(where: { $0.lowercased() == lowered }) else {
            throw .ours(
                code: .noChannel,
                message: "no available channel: channel \(id) does not have the model `\(scope.model)`")
        }
        scope.model = model
        guard channel.key != nil else {
            throw .ours(
                code: .channelMisconfigured, message: "the key of channel \(id) cannot be read with SECRETS_KEY")
        }
        guard DialectCatalog.vendor(of: channel.type)?.serves(scope.mode, of: channel.type) ?? false else {
            throw .ours(
                code: .noChannel,
                message: "no available channel: channels of type \(channel.type.name) do not serve this endpoint")
        }
        return channel
    }

    /// Ends a call: its record goes to the ledger, its numbers to the metrics, a failure to the log.
    package func settle(_ scope: CallScope, _ ending: CallEnding) {
        let record = scope.record(
            status: ending.status, outcome: ending.outcome, failure: ending.failure,
            details: scope.details ?? configuration.details, now: scope.request.loop.now)
        metrics.count(record)
        if let tenant = scope.caller?.tenant, !record.attempts.isEmpty || record.code == 429 {
            callers.record(
                CallerTraffic.Key(group: tenant.group, token: tenant.tokenName, model: record.model),
                tokens: record.usage.totalTokens, atSecond: scope.request.loop.now.nanoseconds / 1_000_000_000)
        }
        if let code = ending.refusal { metrics.countRefusal(code) }
        // Anyone can send a wrong key; so that nobody fills the log with them, only some are kept, and all are counted.
        if scope.caller != nil || strangers.admit(atSecond: scope.arrivedAt.nanoseconds / 1_000_000_000) {
            ledger.append(record)
        }
        guard record.outcome != .completed else { return }
        logger.info(
            "call failed",
            [
                "request_id": .string(record.requestID), "status": .integer(record.code),
                "outcome": .string(record.outcome.rawValue), "endpoint": .string(record.endpoint),
                "model": .string(record.model), "channel": .integer(record.channel ?? 0),
                "attempts": .integer(record.attempts.count), "ip": .string(record.ip),
                "duration_ms": .integer((record.finishedAt - record.requestAt) / 1000),
            ])
    }

    static func bodyFault(_ error: BodyError) -> RelayError {
        switch error {
        case .tooLarge(let limit):
            .caller(code: .bodyTooLarge, message: "the request body is larger than \(limit) bytes", field: nil)
        case .clientGone: .refused(code: .clientGone, message: "the caller went away before its request was complete")
        case .malformed(let reason):
            .caller(code: .invalidRequest, message: "the request body is malformed: \(reason)", field: nil)
        case .timedOut:
            .caller(code: .invalidRequest, message: "the request body did not arrive in time", field: nil)
        }
    }
}

/// How a call ended, for its record.
package struct CallEnding: Sendable {
    /// The status given to the caller.
    package var status: Int
    package var outcome: CallOutcome
    /// The error body as the caller got it, or would have got it; `nil` for a success.
    package var failure: [UInt8]?
    /// The code of a refusal before any attempt.
    package var refusal: RelayError.Code?

    package init(status: Int, outcome: CallOutcome, failure: [UInt8]? = nil, refusal: RelayError.Code? = nil) {
        self.status = status
        self.outcome = outcome
        self.failure = failure
        self.refusal = refusal
    }
}

/// What one loop owns.
final class LoopState: @unchecked Sendable {
    // SAFETY: confined to the loop whose index it has; reached only through a request of that loop.
    let parser = JSONParser()
    let routes = RouteBook()
    var random: SplitMix64

    private static let letters = Array("0123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghjkmnpqrstuvwxyz".utf8)

    init(seed: UInt64) {
        random = SplitMix64(seed: seed)
    }

    /// Random text of 24 letters and digits, for ids; no secret.
    func nonce() -> String {
        let letters = Self.letters
        return unsafe String(unsafeUninitializedCapacity: 24) { text in
            for place in 0..<24 { unsafe text[place] = letters[Int(random.next() % UInt64(letters.count))] }
            return 24
        }
    }
}
