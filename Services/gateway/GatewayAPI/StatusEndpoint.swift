import HTTPCore
import HTTPServer
import JSON
import Relay

/// `GET /api/status`, the health check of FastGPT's compose file: open, and 200 as long as the gateway runs.
struct StatusEndpoint: Sendable {
    /// Start of the process in Unix milliseconds.
    let startedAt: Int64
    let ids: RequestIDSource

    @Sendable func get(_ request: ServerRequest, _ writer: ResponseWriter) async throws {
        try WireAnswer.json(
            .ok, request, writer, id: ids.next(arrival: request.receivedAt),
            Array(#"{"data":{"startTime":\#(startedAt)},"success":true}"#.utf8))
    }
}
