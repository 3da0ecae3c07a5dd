import EventLoop
package import HTTPClient
import HTTPCore
package import HTTPServer
import JSON
package import Relay
package import Telemetry

/// Forwards `/api/*` to the service that owns the route, both bodies streamed, nothing followed or rewritten (design §1).
///
/// The owner checks the admin key. What must not come from outside, above all the internal key, is not passed on.
package struct EdgeProxy: Sendable {
    private let registry: String
    private let collector: String
    private let clients: HTTPClientGroup
    private let ids: RequestIDSource
    private let logger: Logger

    /// Hop-by-hop fields (RFC 9110 §7.6.1), fields that the two HTTP ends write themselves, and those that only peers may send.
    private static let heldBack: Set<String> = [
        "connection", "keep-alive", "proxy-connection", "proxy-authenticate", "proxy-authorization", "te", "trailer",
        "transfer-encoding", "upgrade", "host", "content-length", "expect", "x-internal-key", "x-forwarded-for",
    ]

    /// Makes the proxy from the two services' addresses, without slashes at their ends.
    package init(
        registry: String, collector: String, clients: HTTPClientGroup, ids: RequestIDSource, logger: Logger
    ) {
        self.registry = registry
        self.collector = collector
        self.clients = clients
        self.ids = ids
        self.logger = logger
    }

    private static let countedOfGroups: Set<Substring> = ["ranking", "consumption_ranking", "ip_groups"]

    /// The service that owns a path: logs, dashboards and what is counted of groups are the collector's, the rest is the registry's.
    static func isCollectors(_ path: String) -> Bool {
        let segments = path.dropFirst("/api/".count).split(separator: "/")
        guard let first = segments.first else { return false }
        if first.hasPrefix("log") { return true }
        // The models that a group may use stand among the dashboards, but the registry knows them.
        if first.hasPrefix("dashboard") { return !(segments.count == 3 && segments[2] == "models") }
        return first == "groups" && segments.count == 2 && countedOfGroups.contains(segments[1])
    }

    /// Forwards one request.
    @Sendable package func forward(_ request: ServerRequest, _ writer: ResponseWriter) async throws {
        let id = ids.next(arrival: request.receivedAt)
        let path = request.head.target.rawPath
        let isCollectors = Self.isCollectors(path)
        let transfer = clients.client(on: request.loop).begin(
            Self.outgoing(request, base: isCollectors ? collector : registry, id: id))
        writer.onClientGone { transfer.cancel() }
        do throws(HTTPClientError) {
            let response = try await transfer.response()
            try await relay(response, request, writer, id: id)
        } catch {
            transfer.cancel()
            guard !writer.isClosed else { return }
            logger.warning(
                "admin request not answered by its service",
                [
                    "request_id": .string(id), "service": .string(isCollectors ? "log-collector" : "channel-registry"),
                    "error": .string(error.code),
                ])
            guard !writer.headSent else { return writer.abort() }
            var json = JSONWriter()
            json.object { root in
                root.field(
                    "message",
                    "\(isCollectors ? "log-collector" : "channel-registry") does not answer (\(error.code)); is it running?"
                )
                root.field("success", false)
            }
            try? WireAnswer.json(.serviceUnavailable, request, writer, id: id, json.bytes)
        }
    }

    private static func outgoing(_ request: ServerRequest, base: String, id: String) -> ClientRequest {
        let target = request.head.target
        var headers = HTTPHeaders()
        let named = connectionOptions(request.head.headers)
        request.head.headers.forEach { name, value in
            let lowered = name.lowercased()
            guard !heldBack.contains(lowered), !named.contains(lowered), lowered != "x-request-id" else { return }
            headers.append(name, value)
        }
        headers.append("x-forwarded-for", request.remoteAddress)
        headers.append("x-request-id", id)
        let body = request.body
        return ClientRequest(
            method: request.head.method, url: base + target.rawPath + (target.rawQuery.map { "?" + $0 } ?? ""),
            headers: headers,
            body: body.declaredLength == 0
                ? .none : .stream(length: body.declaredLength, next: { try await body.next() }),
            timeouts: ClientTimeouts(
                connect: .seconds(3), firstByte: .seconds(120), idle: .seconds(120), total: nil),
            poolKey: base)
    }

    /// The fields that `Connection` names are hop-by-hop too.
    private static func connectionOptions(_ headers: HTTPHeaders) -> Set<String> {
        Set(
            headers.all("connection").flatMap { $0.split(separator: ",") }.map {
                $0.filter { !$0.isWhitespace }.lowercased()
            })
    }

    private func relay(
        _ response: ClientResponse, _ request: ServerRequest, _ writer: ResponseWriter, id: String
    ) async throws(HTTPClientError) {
        var headers = HTTPHeaders()
        let named = Self.connectionOptions(response.headers)
        response.headers.forEach { name, value in
            let lowered = name.lowercased()
            guard !Self.heldBack.contains(lowered), !named.contains(lowered), lowered != "x-request-id" else { return }
            headers.append(name, value)
        }
        headers.append("x-request-id", id)
        AnswerHeaders.allowOrigin(request, &headers)
        let status = HTTPStatus(code: UInt16(clamping: response.status))
        let length = response.headers.first("content-length").flatMap { Int($0) }
        if length == nil, let names = response.headers.first("trailer") { headers.append("trailer", names) }
        let isBodiless = request.head.method == .head || response.status == 204 || response.status == 304
        do {
            try writer.head(
                status, headers,
                isBodiless ? length.map { .length($0) } ?? .none : length.map { .length($0) } ?? .chunked)
        } catch {
            return response.cancel()
        }
        while let bytes = try await response.next() {
            switch writer.write(bytes) {
            case .open: continue
            case .closed: return response.cancel()
            case .full:
                do {
                    try await writer.drained()
                } catch {
                    return response.cancel()
                }
            }
        }
        var trailers = HTTPHeaders()
        response.trailers.forEach { name, value in
            if !Self.heldBack.contains(name.lowercased()) { trailers.append(name, value) }
        }
        writer.finish(trailers: trailers)
    }
}
