package import Contracts
import HTTPClient
package import InferenceModel
import JSON
import Routing

/// Why a call was not answered by an upstream, split by whose fault it is.
package enum RelayError: Error, Equatable, Sendable {
    /// The request is wrong; `field` names the member at fault.
    case caller(code: Code, message: String, field: String?)
    /// The caller may not do this, or not now.
    case refused(code: Code, message: String)
    /// An upstream failed.
    case upstream(UpstreamError, code: Code)
    /// The gateway itself failed.
    case ours(code: Code, message: String)

    /// A closed set: the `code` of the wire, the label of metrics, the field of logs.
    package enum Code: String, Sendable, CaseIterable {
        case invalidRequest = "invalid_request"
        case bodyTooLarge = "request_too_large"
        case modelNotFound = "model_not_found"
        case modelNotOnEndpoint = "model_not_on_endpoint"
        case missingKey = "missing_api_key"
        case invalidKey = "invalid_api_key"
        case keyDisabled = "api_key_disabled"
        case groupDisabled = "group_disabled"
        case addressNotAllowed = "address_not_allowed"
        case channelNotAllowed = "channel_not_allowed"
        case noChannel = "no_available_channel"
        case notReady = "not_ready"
        case maintenance = "under_maintenance"
        case upstreamStatus = "upstream_status"
        case upstreamUnreachable = "upstream_unreachable"
        case upstreamTimeout = "upstream_timeout"
        case upstreamLost = "upstream_connection_lost"
        case upstreamBadAnswer = "upstream_bad_response"
        case channelMisconfigured = "channel_misconfigured"
        case overloaded = "gateway_overloaded"
        case clientGone = "client_closed_request"
        case internalError = "internal_error"
        case notFound = "not_found"
        case methodNotAllowed = "method_not_allowed"
    }

    /// The code for the wire, the log and metrics.
    package var code: Code {
        switch self {
        case .caller(let code, _, _), .refused(let code, _), .upstream(_, let code), .ours(let code, _): code
        }
    }

    /// The status for the caller.
    package var status: Int {
        switch self {
        case .upstream(let error, _): error.status
        case .caller(let code, _, _), .refused(let code, _), .ours(let code, _):
            switch code {
            case .invalidRequest: 400
            case .bodyTooLarge: 413
            case .modelNotFound, .modelNotOnEndpoint, .notFound: 404
            case .methodNotAllowed: 405
            case .missingKey, .invalidKey, .keyDisabled: 401
            case .groupDisabled, .addressNotAllowed, .channelNotAllowed: 403
            case .noChannel, .notReady, .maintenance, .overloaded: 503
            case .upstreamUnreachable, .upstreamLost, .upstreamBadAnswer, .upstreamStatus, .channelMisconfigured: 502
            case .upstreamTimeout: 504
            case .clientGone: 499
            case .internalError: 500
            }
        }
    }

    /// Fit for the caller; names no key, address or file.
    package var message: String {
        switch self {
        case .caller(_, let message, _), .refused(_, let message), .ours(_, let message): message
        case .upstream(let error, _): error.message
        }
    }
}

extension RelayError {
    /// How a call ended that was refused with this error before any attempt.
    package var refusalOutcome: CallOutcome {
        code == .clientGone ? .cancelledByClient : .refused
    }

    /// How a call, or an attempt, ended that failed with this error.
    package var attemptOutcome: CallOutcome {
        switch code {
        case .upstreamTimeout: .timedOut
        case .upstreamLost: .upstreamCut
        case .clientGone: .cancelledByClient
        default: .failed
        }
    }

    /// What an attempt that failed with this error says of the health of its channel.
    var health: AttemptHealth {
        switch self {
        case .upstream(let error, _): FailureClass(status: error.status).health
        // A channel that we cannot even ask has no upstream that lacks a permission.
        case .ours(code: .channelMisconfigured, _): .error
        // Our own lack of room, or our own end, is nobody's fault.
        case .caller, .refused, .ours: .neutral
        }
    }

    /// A channel whose key or address does not do; the text says why, without the key.
    static func unusable(_ channel: RoutedChannel, _ reason: String) -> RelayError {
        .ours(code: .channelMisconfigured, message: "channel \(channel.id) cannot be used: \(reason)")
    }

    /// A fault on the way to an upstream, in words for the caller; `nil` when the transfer was cancelled by ourselves.
    static func transport(_ error: HTTPClientError) -> RelayError? {
        func upstream(_ status: Int, _ code: Code, _ message: String) -> RelayError {
            .upstream(
                UpstreamError(status: status, message: message, type: "upstream_error", code: .string(code.rawValue)),
                code: code)
        }
        switch error {
        case .cancelled: return nil
        case .resolve: return upstream(502, .upstreamUnreachable, "the name of the upstream could not be resolved")
        case .addressRefused:
            return upstream(502, .upstreamUnreachable, "the address of the upstream is not one that may be called")
        case .connect: return upstream(502, .upstreamUnreachable, "no connection to the upstream could be made")
        case .tls: return upstream(502, .upstreamUnreachable, "the TLS handshake with the upstream failed")
        case .timedOut(.connect): return upstream(504, .upstreamTimeout, "connecting to the upstream took too long")
        case .timedOut(.firstByte):
            return upstream(504, .upstreamTimeout, "the upstream did not begin its answer in time")
        case .timedOut(.idle):
            return upstream(504, .upstreamTimeout, "the upstream fell silent in the middle of its answer")
        case .timedOut(.total): return upstream(504, .upstreamTimeout, "the upstream's answer took too long as a whole")
        case .reset: return upstream(502, .upstreamLost, "the upstream broke the connection")
        case .truncated: return upstream(502, .upstreamLost, "the upstream's answer ended too early")
        case .tooLarge:
            return upstream(502, .upstreamBadAnswer, "the upstream's answer is larger than the gateway takes")
        case .malformed: return upstream(502, .upstreamBadAnswer, "the upstream's answer is not valid HTTP")
        case .invalidRequest:
            return upstream(502, .channelMisconfigured, "the channel's address is not a valid URL")
        case .requestBody: return .ours(code: .internalError, message: "the request could not be sent")
        case .exhausted:
            return .ours(code: .overloaded, message: "the gateway runs as many calls as it takes; please try again")
        }
    }
}
