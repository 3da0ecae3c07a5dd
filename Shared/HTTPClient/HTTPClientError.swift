/// Which limit of time ran out.
package enum ClientPhase: String, Equatable, Sendable, CaseIterable {
    /// Resolving the name, connecting, and the TLS or proxy handshake.
    case connect
    /// From the request sent to the head of the answer received.
    case firstByte
    /// Between two pieces of the body, in either direction.
    case idle
    /// The whole transfer.
    case total
}

/// Why a transfer failed.
///
/// The texts are for logs: they may name hosts and come from libcurl or the system; never show them to a caller.
package enum HTTPClientError: Error, Equatable, Sendable {
    /// The name of the host (or of the proxy) has no address.
    case resolve(String)
    /// The request's own rule (`allowsAddress`) allows none of the addresses.
    case addressRefused
    /// No connection: refused, unreachable, or the proxy refused.
    case connect(String)
    /// The TLS handshake failed, or the certificate was not accepted.
    case tls(String)
    /// A limit of time ran out.
    case timedOut(ClientPhase)
    /// The connection broke before the answer was complete.
    case reset(String)
    /// The peer closed in an orderly way in the middle of a body.
    case truncated
    /// The answer's head, or a collected body, is over its limit of bytes.
    case tooLarge(limit: Int)
    /// The answer is not HTTP, or contradicts itself.
    case malformed(String)
    /// The caller's own source of the request body failed or did not keep its declared length.
    case requestBody(String)
    /// `cancel()` was called, the task was cancelled, or the client shut down.
    case cancelled
    /// The request cannot be sent as it is: bad URL, scheme, or header.
    case invalidRequest(String)
    /// The client already runs as many transfers as it may.
    case exhausted

    /// A name from a closed set, for metric labels and log fields.
    package var code: String {
        switch self {
        case .resolve: "resolve"
        case .addressRefused: "address_refused"
        case .connect: "connect"
        case .tls: "tls"
        case .timedOut(.connect): "timeout_connect"
        case .timedOut(.firstByte): "timeout_first_byte"
        case .timedOut(.idle): "timeout_idle"
        case .timedOut(.total): "timeout_total"
        case .reset: "reset"
        case .truncated: "truncated"
        case .tooLarge: "too_large"
        case .malformed: "malformed"
        case .requestBody: "request_body"
        case .cancelled: "cancelled"
        case .invalidRequest: "invalid_request"
        case .exhausted: "exhausted"
        }
    }

    /// Whether the request cannot have reached the upstream's application, so that sending it elsewhere cannot do the work twice.
    package var isBeforeRequest: Bool {
        switch self {
        case .resolve, .addressRefused, .connect, .tls, .timedOut(.connect), .invalidRequest, .exhausted: true
        case .timedOut, .reset, .truncated, .tooLarge, .malformed, .requestBody, .cancelled: false
        }
    }
}
