package import AdminHTTP
import EventLoop
import HTTPCore
package import HTTPServer
package import Telemetry

/// Serves the rows of ``AdminRoute`` over HTTP: key, body, handler, envelope, one log line.
package struct AdminServer: Sendable {
    /// The longest body of an admin request; a channel with ten thousand keys has less.
    package static let maxBodyBytes = 8 * 1024 * 1024

    private let stores: AdminStores
    private let auth: AdminAuth
    private let logger: Logger
    private let metrics: AdminMetrics

    /// A server over stores.
    package init(stores: AdminStores, auth: AdminAuth, logger: Logger, metrics: AdminMetrics) {
        self.stores = stores
        self.auth = auth
        self.logger = logger
        self.metrics = metrics
    }

    /// Puts all admin routes on a router, and the envelope's 404 in place of its own answers.
    package func install(on router: inout Router) {
        for route in AdminRoute.all {
            router.on(route.method, route.path) { request, response in
                try await serve(route, request, response)
            }
        }
        for path in Set(AdminRoute.all.map(\.path)) {
            router.on(.options, path) { request, response in
                try send(.noContent, [], Self.preflight, request, response)
            }
        }
        router.notFound = { request, response in
            try refuse(.unknownRoute, method: request.head.method, route: "", request, response)
        }
        router.methodNotAllowed = { request, response, _ in
            try refuse(.unknownRoute, method: request.head.method, route: "", request, response)
        }
    }

    private func serve(_ route: AdminRoute, _ request: ServerRequest, _ response: ResponseWriter) async throws {
        do {
            if route.role == .administrator, !auth.admits(request.head.headers, request.head.target) {
                throw AdminFailure.unauthorized
            }
            let body = try await request.body.collect(upTo: Self.maxBodyBytes)
            let call = AdminCall(
                stores: stores, parameters: request.parameters, query: AdminQuery(request.head.target), body: body)
            let answer = try await route.handler(call)
            try send(.ok, answer.envelope, [:], request, response)
            record(.ok, route.method, route.path, nil, request)
        } catch BodyError.tooLarge(let limit) {
            let failure = AdminFailure(.contentTooLarge, "the request body is longer than \(limit) bytes")
            try refuse(failure, method: route.method, route: route.path, request, response)
        } catch let error as BodyError {
            throw error
        } catch let error as WriteError {
            throw error
        } catch {
            let failure = WireErrors.failure(error)
            try refuse(
                failure, method: route.method, route: route.path, cause: WireErrors.cause(error), request, response)
        }
    }

    private func refuse(
        _ failure: AdminFailure, method: HTTPMethod, route: String, cause: String? = nil, _ request: ServerRequest,
        _ response: ResponseWriter
    ) throws(WriteError) {
        record(failure.status, method, route, cause, request)
        var headers: HTTPHeaders = [:]
        if let seconds = failure.retryAfter { headers.append("retry-after", String(seconds)) }
        try send(failure.status, AdminEnvelope.failure(failure.message), headers, request, response)
    }

    private func send(
        _ status: HTTPStatus, _ body: [UInt8], _ more: HTTPHeaders, _ request: ServerRequest,
        _ response: ResponseWriter
    ) throws(WriteError) {
        var headers = more
        if !body.isEmpty { headers.append("content-type", AdminEnvelope.contentType) }
        headers.append("x-request-id", Self.requestID(request))
        headers.append("access-control-allow-origin", "*")
        try response.respond(status, headers, body)
    }

    private func record(
        _ status: HTTPStatus, _ method: HTTPMethod, _ route: String, _ cause: String?, _ request: ServerRequest
    ) {
        let duration = request.arrivedAt.duration(to: .now())
        // An unknown method is the caller's text: it is no label.
        let method = route.isEmpty ? "" : method.rawValue
        metrics.answered(method: method, route: route, status: status.code, after: duration)
        var fields: LogFields = [
            "request_id": .string(Self.requestID(request)), "method": .string(method), "route": .string(route),
            "status": .integer(status.code), "duration_ms": .milliseconds(duration),
            "remote": .string(request.remoteAddress),
        ]
        fields.append("error", ifPresent: cause)
        logger.log(status.code >= 500 ? .warning : .info, "admin request", fields)
    }

    /// The start of the request in microseconds (contract admin-api §1.2).
    private static func requestID(_ request: ServerRequest) -> String {
        String(request.receivedAt)
    }

    /// The contract lets browsers of any origin call the admin API; the key is what protects it.
    private static let preflight: HTTPHeaders = [
        "access-control-allow-methods": "GET, POST, PUT, DELETE, OPTIONS",
        "access-control-allow-headers": "authorization, content-type, *",
        "access-control-max-age": "600",
    ]
}
