import EventLoop
package import HTTPCore
package import HTTPServer

/// The door in front of admin routes: checks the key, runs the handler, puts its answer or its error into an envelope.
///
/// A service registers every `/api` route through one gate and makes the gate's `unknownRoute` the router's answer to everything else, so that nothing is
/// served without a key by mistake.
package struct AdminGate: Sendable {
    /// Answers a request with a whole envelope; a throw becomes a failure.
    package typealias Body = @Sendable (ServerRequest) async throws -> [UInt8]

    private let auth: AdminAuth
    private let failure: @Sendable (any Error, ServerRequest) -> AdminFailure
    private let answered: @Sendable (ServerRequest, HTTPStatus) -> Void

    /// - Parameters:
    ///   - auth: Who may pass.
    ///   - failure: Turns an error of a handler into what the caller is told, and logs what only the operator should know.
    ///   - answered: Told of each answer before it is sent, refused requests too; for metrics and the request line of the log.
    package init(
        auth: AdminAuth, failure: @escaping @Sendable (any Error, ServerRequest) -> AdminFailure,
        answered: @escaping @Sendable (ServerRequest, HTTPStatus) -> Void = { _, _ in }
    ) {
        self.auth = auth
        self.failure = failure
        self.answered = answered
    }

    /// A handler behind the gate.
    package func guarded(_ body: @escaping Body) -> Handler {
        { request, response in
            guard auth.admits(request.head.headers, request.head.target) else {
                answered(request, AdminFailure.unauthorized.status)
                return try Self.refuse(.unauthorized, request, response)
            }
            try await answer(body, request, response)
        }
    }

    /// A handler behind the gate that writes its answer by itself, piece by piece.
    ///
    /// An error before the head becomes a failure as elsewhere; after it the connection is cut, so that nobody takes a part for the whole.
    package func streamed(_ body: @escaping Handler) -> Handler {
        { request, response in
            guard auth.admits(request.head.headers, request.head.target) else {
                answered(request, AdminFailure.unauthorized.status)
                return try Self.refuse(.unauthorized, request, response)
            }
            do {
                try await body(request, response)
            } catch let error as BodyError {
                throw error
            } catch is WriteError {
                return
            } catch {
                let failure = failure(error, request)
                answered(request, failure.status)
                guard !response.headSent else { return response.abort() }
                return try Self.refuse(failure, request, response)
            }
            answered(request, .ok)
        }
    }

    /// A handler for everybody.
    package func open(_ body: @escaping Body) -> Handler {
        { request, response in try await answer(body, request, response) }
    }

    /// Answers paths and methods that nobody serves; as the reference does, with 404 for both.
    package static var unknownRoute: Handler {
        { request, response in try refuse(.unknownRoute, request, response) }
    }

    /// Answers with a failure.
    package static func refuse(
        _ failure: AdminFailure, _ request: ServerRequest, _ response: ResponseWriter
    ) throws(WriteError) {
        var headers = headers(for: request)
        if let seconds = failure.retryAfter { headers.append("retry-after", String(seconds)) }
        try response.respond(failure.status, headers, AdminEnvelope.failure(failure.message))
    }

    private func answer(_ body: Body, _ request: ServerRequest, _ response: ResponseWriter) async throws {
        let envelope: [UInt8]
        do {
            envelope = try await body(request)
        } catch let error as BodyError {
            throw error
        } catch {
            let failure = failure(error, request)
            answered(request, failure.status)
            return try Self.refuse(failure, request, response)
        }
        answered(request, .ok)
        try response.respond(.ok, Self.headers(for: request), envelope)
    }

    /// Answers `OPTIONS`: browsers of any origin may call admin routes (contract admin-api §1.2); the key is what protects them.
    package static var preflight: Handler {
        { request, response in
            try response.respond(
                .noContent,
                [
                    "access-control-allow-origin": "*",
                    "access-control-allow-methods": "GET, POST, PUT, DELETE, OPTIONS",
                    "access-control-allow-headers": "authorization, content-type, *", "access-control-max-age": "600",
                    "x-request-id": requestID(of: request),
                ], [])
        }
    }

    /// The fields that every admin answer has.
    package static func headers(for request: ServerRequest) -> HTTPHeaders {
        [
            "content-type": AdminEnvelope.contentType, "x-request-id": requestID(of: request),
            "access-control-allow-origin": "*",
        ]
    }

    /// The id of a request: what the gateway in front of us gave it, else its arrival in Unix microseconds, 16 digits.
    package static func requestID(of request: ServerRequest) -> String {
        let given = request.head.headers.first("x-request-id") ?? ""
        let isGood = (1...64).contains(given.utf8.count) && given.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F }
        return isGood ? given : String(request.receivedAt)
    }
}
