package import Contracts
package import HTTPClient

/// Why a call to a peer gave no value.
package enum PeerError: Error, Equatable, Sendable {
    /// No answer, or not all of it.
    case transport(HTTPClientError)
    /// The peer answered a fault.
    case fault(Fault, status: Int, retryAfter: Duration?)
    /// Something answered that is not the peer as we know it: another status, or a body that is not what the route answers.
    case unexpected(status: Int, String)
    /// The value to be sent cannot be encoded.
    case encoding(String)

    /// A name from a closed set, for metric labels and log fields.
    package var code: String {
        switch self {
        case .transport(let error): error.code
        case .fault(let fault, _, _): FaultCode(rawValue: fault.code)?.rawValue ?? "fault"
        case .unexpected: "unexpected_answer"
        case .encoding: "encoding"
        }
    }

    /// Whether the caller's own task or client ended the call.
    package var isCancellation: Bool {
        self == .transport(.cancelled)
    }
}
