/// Everything before the body of a request.
package struct RequestHead: Sendable, Equatable {
    /// What is to be done.
    package var method: HTTPMethod
    /// With what.
    package var target: RequestTarget
    /// How the client speaks.
    package var version: HTTPVersion
    /// The fields, in order.
    package var headers: HTTPHeaders

    /// A head put together by hand.
    package init(method: HTTPMethod, target: RequestTarget, version: HTTPVersion = .http11, headers: HTTPHeaders = [:])
    {
        self.method = method
        self.target = target
        self.version = version
        self.headers = headers
    }
}

/// Everything before the body of an answer.
package struct ResponseHead: Sendable, Equatable {
    /// How it went.
    package var status: HTTPStatus
    /// The fields, in order.
    package var headers: HTTPHeaders

    /// A head put together by hand.
    package init(status: HTTPStatus, headers: HTTPHeaders = [:]) {
        self.status = status
        self.headers = headers
    }
}

/// How the body of a request is delimited; a request never ends with its connection.
package enum RequestFraming: Sendable, Equatable {
    case none
    case length(Int)
    case chunked
}

/// A head with what the parser found out while reading it.
package struct ParsedHead: Sendable, Equatable {
    /// The head itself.
    package var head: RequestHead
    /// How the body that follows is delimited.
    package var framing: RequestFraming
    /// Whether the connection may serve another request after this one, as far as the client wishes.
    package var keepsAlive: Bool
    /// Whether the client holds its body back until it is asked for (`Expect: 100-continue`).
    package var expectsContinue: Bool
    /// How many bytes the head took, with empty lines before it.
    package var length: Int
}

/// Why a request is refused before anybody looks at it; the connection closes after the answer.
package enum RequestFault: Error, Equatable, Sendable {
    /// Against the grammar of RFC 9112, or ambiguous; the text is safe to show.
    case malformed(String)
    /// The request line is longer than the limit.
    case requestLineTooLong(limit: Int)
    /// The header block is longer than the limit.
    case headersTooLarge(limit: Int)
    /// There are more fields than the limit.
    case tooManyHeaders(limit: Int)
    /// Neither HTTP/1.0 nor HTTP/1.1.
    case versionNotSupported
    /// An `Expect` other than `100-continue`.
    case expectationFailed
    /// Understood, but not offered.
    case notImplemented(String)

    /// The status of the answer.
    package var status: HTTPStatus {
        switch self {
        case .malformed: .badRequest
        case .requestLineTooLong: .uriTooLong
        case .headersTooLarge, .tooManyHeaders: .headerFieldsTooLarge
        case .versionNotSupported: .versionNotSupported
        case .expectationFailed: .expectationFailed
        case .notImplemented: .notImplemented
        }
    }

    /// One sentence for the caller.
    package var message: String {
        switch self {
        case .malformed(let reason): reason
        case .requestLineTooLong(let limit): "the request line is longer than \(limit) bytes"
        case .headersTooLarge(let limit): "the header block is longer than \(limit) bytes"
        case .tooManyHeaders(let limit): "there are more than \(limit) header fields"
        case .versionNotSupported: "only HTTP/1.1 and HTTP/1.0 are spoken here"
        case .expectationFailed: "only the expectation 100-continue can be met"
        case .notImplemented(let reason): reason
        }
    }
}

/// The sizes up to which a request head is read.
package struct HeadLimits: Sendable, Equatable {
    /// Bytes of the request line, without its line end.
    package var requestLine = 16 * 1024
    /// Bytes of all header lines, with their line ends.
    package var headerBlock = 64 * 1024
    /// Number of header fields.
    package var headerCount = 200

    /// The limits of the house, or others.
    package init(requestLine: Int = 16 * 1024, headerBlock: Int = 64 * 1024, headerCount: Int = 200) {
        self.requestLine = requestLine
        self.headerBlock = headerBlock
        self.headerCount = headerCount
    }
}
