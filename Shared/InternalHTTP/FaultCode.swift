package import Contracts
package import HTTPCore

/// The fault codes that every internal route may answer, and the status that goes with each.
///
/// A route may have more codes of its own; those go out as 422: the peer understood the call and will refuse it again.
package enum FaultCode: String, CaseIterable, Sendable {
    /// The call is not what the route takes.
    case malformed
    /// The internal key is missing or wrong.
    case unauthorized
    case notFound = "not_found"
    case conflict
    case tooLarge = "too_large"
    /// The peer has as much to do as it takes; later it has not.
    case busy
    /// The peer failed in a way that nobody foresaw.
    case failed = "internal"
    /// The peer lacks what it needs (its database) at the moment.
    case unavailable

    /// The status of an answer with this code.
    package var status: HTTPStatus {
        switch self {
        case .malformed: .badRequest
        case .unauthorized: .unauthorized
        case .notFound: .notFound
        case .conflict: .conflict
        case .tooLarge: .contentTooLarge
        case .busy: .tooManyRequests
        case .failed: .internalServerError
        case .unavailable: .serviceUnavailable
        }
    }
}

extension Fault {
    /// A fault with one of the common codes.
    package init(_ code: FaultCode, _ message: String) {
        self.init(code: code.rawValue, message: message)
    }

    /// The status with which the fault is answered.
    package var status: HTTPStatus {
        FaultCode(rawValue: code)?.status ?? .unprocessableContent
    }
}
