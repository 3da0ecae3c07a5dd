import Contracts
import EventLoop
import HTTPServer
import Relay
import Telemetry

/// Chat completions, completions and embeddings in OpenAI's form.
struct CompletionsEndpoint: Sendable {
    private let relay: Relay
    private let ids: RequestIDSource

    init(relay: Relay, ids: RequestIDSource) {
        self.relay = relay
        self.ids = ids
    }

    func handler(_ mode: RelayMode) -> Handler {
        { request, writer in
            let scope = CallScope(id: ids.next(arrival: request.receivedAt), mode: mode, request: request)
            relay.inFlight.add(1)
            defer { relay.inFlight.add(-1) }
            do throws(RelayError) {
                let ending = try await relay.answer(scope, writer: writer)
                relay.settle(scope, ending)
            } catch {
                refuse(scope, error, writer)
            }
        }
    }

    /// Answers and records a call of which nothing was sent yet.
    private func refuse(_ scope: CallScope, _ error: RelayError, _ writer: ResponseWriter) {
        let body = error.openAIBody(requestID: scope.id)
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
