package import HTTPCore

/// Why the server answers by itself, without or in place of the handler.
package enum ServerFault: Error, Equatable, Sendable {
    /// The head was refused by the parser.
    case badRequest(RequestFault)
    /// The body is against the grammar of its coding.
    case badBody(String)
    /// The body is, or says it is, longer than the limit.
    case bodyTooLarge(limit: Int)
    /// The head did not arrive in time.
    case headerTimeout
    /// The body stopped arriving.
    case bodyTimeout
    /// There are as many connections as allowed.
    case tooManyConnections
    /// The handler failed before it answered; `String` says how, for the log and never for the caller.
    case handlerFailed(String)

    /// The status of the answer.
    package var status: HTTPStatus {
        switch self {
        case .badRequest(let fault): fault.status
        case .badBody: .badRequest
        case .bodyTooLarge: .contentTooLarge
        case .headerTimeout, .bodyTimeout: .requestTimeout
        case .tooManyConnections: .serviceUnavailable
        case .handlerFailed: .internalServerError
        }
    }

    /// A word from a closed set, for the wire and metric labels.
    package var code: String {
        switch self {
        case .badRequest(let fault):
            switch fault {
            case .malformed: "bad_request"
            case .requestLineTooLong: "uri_too_long"
            case .headersTooLarge, .tooManyHeaders: "headers_too_large"
            case .versionNotSupported: "http_version_not_supported"
            case .expectationFailed: "expectation_failed"
            case .notImplemented: "not_implemented"
            }
        case .badBody: "bad_request"
        case .bodyTooLarge: "request_too_large"
        case .headerTimeout, .bodyTimeout: "request_timeout"
        case .tooManyConnections: "too_many_connections"
        case .handlerFailed: "internal_error"
        }
    }

    /// One sentence that the caller may read.
    package var message: String {
        switch self {
        case .badRequest(let fault): fault.message
        case .badBody(let reason): reason
        case .bodyTooLarge(let limit): "the request body is longer than \(limit) bytes"
        case .headerTimeout: "the request head did not arrive in time"
        case .bodyTimeout: "the request body stopped arriving"
        case .tooManyConnections: "the server has as many connections as it takes"
        case .handlerFailed: "the request could not be handled"
        }
    }
}

/// A whole answer of the server's own.
package struct Refusal: Sendable, Equatable {
    /// The status of the answer.
    package var status: HTTPStatus
    /// Its fields, without framing and connection.
    package var headers: HTTPHeaders
    /// Its whole body.
    package var body: [UInt8]

    /// An answer put together by hand.
    package init(status: HTTPStatus, headers: HTTPHeaders, body: [UInt8]) {
        self.status = status
        self.headers = headers
        self.body = body
    }

    /// The default: the error object that clients of the OpenAI API read.
    ///
    /// Every text in it is our own and free of characters that JSON escapes.
    package static func json(_ fault: ServerFault) -> Refusal {
        let type = fault.status.code < 500 ? "invalid_request_error" : "server_error"
        let text = #"{"error":{"message":"\#(fault.message)","type":"\#(type)","code":"\#(fault.code)"}}"#
        return Refusal(status: fault.status, headers: ["content-type": "application/json"], body: Array(text.utf8))
    }
}
