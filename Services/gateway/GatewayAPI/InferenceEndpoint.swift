import Contracts
import Dialects
import EventLoop
import HTTPServer
import Relay
import Telemetry

/// The calls of models, in each protocol that callers speak.
struct InferenceEndpoint: Sendable {
    private let relay: Relay
    private let ids: RequestIDSource

    init(relay: Relay, ids: RequestIDSource) {
        self.relay = relay
        self.ids = ids
    }

    /// The handler of one route.
    func handler(_ mode: RelayMode, _ dialect: any CallerDialect) -> Handler {
        { request, writer in
            let scope = CallScope(
                id: ids.next(arrival: request.receivedAt), mode: mode, dialect: dialect, request: request,
                pathModel: request.parameters["model"] ?? request.parameters["id"])
            await answer(scope, writer)
        }
    }

    /// Answers one call, and sees that it is recorded.
    func answer(_ scope: CallScope, _ writer: ResponseWriter) async {
        relay.inFlight.add(1)
        defer { relay.inFlight.add(-1) }
        do throws(RelayError) {
            let ending = try await relay.answer(scope, writer: writer)
            relay.settle(scope, ending)
        } catch {
            refuse(scope, error, writer)
        }
    }

    /// Answers and records a call of which nothing was sent yet.
    private func refuse(_ scope: CallScope, _ error: RelayError, _ writer: ResponseWriter) {
        let body = scope.body(of: error)
        // A caller that left does not get its answer; the record keeps what it would have been.
        try? WireAnswer.error(
            error, scope.request, writer, id: scope.id, body: body, extra: scope.retryAfterHeaders)
        let isRefusal = scope.attempts.isEmpty
        relay.settle(
            scope,
            CallEnding(
                status: error.status, outcome: isRefusal ? error.refusalOutcome : error.attemptOutcome, failure: body,
                refusal: isRefusal ? error.code : nil))
    }
}
