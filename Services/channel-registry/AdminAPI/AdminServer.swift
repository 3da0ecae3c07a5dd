package import AdminHTTP
import EventLoop
import HTTPCore
package import HTTPServer
package import Telemetry

/// Serves the rows of ``AdminRoute`` over HTTP, all of them through one gate.
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
        let gate = AdminGate(auth: auth, failure: failure, answered: record)
        for route in AdminRoute.all {
            let body: AdminGate.Body = { request in try await answer(route, request) }
            switch route.role {
            case .administrator: router.on(route.method, route.path, gate.guarded(body))
            case .anyone: router.on(route.method, route.path, gate.open(body))
            }
            router.on(.options, route.path, AdminGate.preflight)
        }
        let unknown = AdminGate.unknownRoute
        router.notFound = unknown
        router.methodNotAllowed = { request, response, _ in try await unknown(request, response) }
    }

    private func answer(_ route: AdminRoute, _ request: ServerRequest) async throws -> [UInt8] {
        let body: [UInt8]
        do throws(BodyError) {
            body = try await request.body.collect(upTo: Self.maxBodyBytes)
        } catch {
            guard case .tooLarge(let limit) = error else { throw error }
            throw AdminFailure(.contentTooLarge, "the request body is longer than \(limit) bytes")
        }
        let call = AdminCall(
            stores: stores, parameters: request.parameters, query: AdminQuery(request.head.target), body: body)
        return try await route.handler(call).envelope
    }

    private func failure(_ error: any Error, _ request: ServerRequest) -> AdminFailure {
        if let cause = WireErrors.cause(error) {
            logger.warning(
                "an admin request failed",
                [
                    "request_id": .string(AdminGate.requestID(of: request)), "route": .string(request.route ?? ""),
                    "error": .string(cause),
                ])
        }
        return WireErrors.failure(error)
    }

    private func record(_ request: ServerRequest, _ status: HTTPStatus) {
        let duration = request.arrivedAt.duration(to: .now())
        let method = request.head.method.rawValue
        let route = request.route ?? ""
        metrics.answered(method: method, route: route, status: status.code, after: duration)
        logger.info(
            "admin request",
            [
                "request_id": .string(AdminGate.requestID(of: request)), "method": .string(method),
                "route": .string(route), "status": .integer(status.code), "duration_ms": .milliseconds(duration),
                "remote": .string(request.remoteAddress),
            ])
    }
}
