import CloudAuth
import EventLoop
import HTTPClient
import InferenceModel
import JSON
import Routing

/// The token of one attempt on a channel whose credential is one: at hand, or fetched, and fetched anew once when the upstream does not take the first.
///
/// Confined to the loop of its call.
final class AttemptToken {
    private let grant: TokenGrant
    private let channel: RoutedChannel
    private let relay: Relay
    private let loop: EventLoop
    /// The token, when it is at hand.
    private(set) var value: String?
    private var isRenewed = false
    private var fetching: Task<Result<String, TokenError>, Never>?

    init(_ grant: TokenGrant, of channel: RoutedChannel, relay: Relay, loop: EventLoop) {
        self.grant = grant
        self.channel = channel
        self.relay = relay
        self.loop = loop
        value = relay.tokens.current(grant)
    }

    /// Fetches the token, as the channel's own upstream is reached; why there is none.
    func fetch() async -> TokenError? {
        let relay = relay
        let grant = grant
        let way = TokenCache.Way(proxy: channel.proxyURL, verifiesTLS: channel.verifiesTLS)
        let client = relay.clients.client(on: loop)
        let task = Task.immediate(executorPreference: loop) { () -> Result<String, TokenError> in
            do throws(TokenError) {
                return .success(try await relay.tokens.token(grant, over: way, client: client))
            } catch {
                return .failure(error)
            }
        }
        fetching = task
        defer { fetching = nil }
        switch await task.value {
        case .success(let token):
            value = token
            return nil
        case .failure(let error):
            return error
        }
    }

    /// Nobody waits for it any more. What others wait for goes on.
    func cancel() { fetching?.cancel() }

    /// Whether the attempt is to be made again with a new token: the upstream does not take this one, for the first time.
    func isRenewed(after error: RelayError) -> Bool {
        guard !isRenewed, let token = value, case .upstream(let refusal, .upstreamStatus) = error,
            refusal.status == 401 || refusal.code.string.map(grant.expiredCodes.contains) ?? false
        else { return false }
        isRenewed = true
        relay.tokens.drop(token, of: grant)
        value = nil
        return true
    }
}

extension RelayError {
    /// Why a channel's token could not be had, as a failure of the attempt.
    static func token(_ error: TokenError, _ channel: RoutedChannel) -> RelayError {
        func upstream(_ status: Int, _ code: Code, _ message: String) -> RelayError {
            .upstream(
                UpstreamError(
                    status: status, message: message, type: "upstream_error", code: .string(tokenCode)), code: code)
        }
        switch error {
        case .unusable(let reason): return .unusable(channel, reason)
        case .refused(let status, let reason):
            let own = status == 429 || status == 503 ? status : status >= 500 ? 502 : 401
            return upstream(own, .upstreamStatus, "no token was given for the channel's key: \(reason)")
        case .badAnswer:
            return upstream(502, .upstreamBadAnswer, "the issuer of tokens for the channel's key gave no token")
        case .transport(let fault):
            guard let mapped = transport(fault) else {
                return .ours(code: .notReady, message: "the gateway is shutting down; please try again")
            }
            guard case .upstream(var fault, let code) = mapped else { return mapped }
            fault.message = "a token for the channel's key could not be fetched: \(fault.message)"
            fault.code = .string(tokenCode)
            return .upstream(fault, code: code)
        case .cancelled: return .refused(code: .clientGone, message: "the caller went away")
        }
    }

    /// The code that tells the issuer of tokens from the upstream itself.
    private static let tokenCode = "token_refused"
}
