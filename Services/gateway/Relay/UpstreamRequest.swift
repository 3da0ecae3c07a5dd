import Contracts
import Dialects
import HTTPClient
import HTTPCore
import InferenceModel
import Routing

/// Forms requests to upstreams and reads the fields of their answers; pure.
enum UpstreamRequest {
    /// The request of one attempt.
    ///
    /// No header of the caller is passed on: they carry its credential, its address and its network's details.
    ///
    /// - Throws: `RelayError` when the channel lacks what the call needs.
    static func make(
        _ request: OpenAIRequest, scope: CallScope, channel: RoutedChannel, targets: TargetBook,
        timeouts: ClientTimeouts
    ) throws(RelayError) -> (ClientRequest, any Exchange) {
        guard let (dialect, target) = targets.find(channel, scope.mode, model: scope.upstreamModel) else {
            throw .ours(
                code: .channelMisconfigured,
                message: "channel \(channel.id) is not complete: its key or address does not fit its type")
        }
        let exchange = OpenAIExchange(
            request, upstreamModel: scope.upstreamModel, requestedModel: scope.model,
            asksForUsage: scope.mode != .embeddings && dialect.takesStreamOptions)
        var headers = exchange.request.headers
        if let credential = target.credential { headers.append(credential.name, credential.value) }
        let upstream = ClientRequest(
            method: .post, url: target.url, headers: headers, body: .bytes(exchange.request.bytes), timeouts: timeouts,
            proxy: channel.proxyURL, verifiesTLS: channel.verifiesTLS, poolKey: target.url)
        return (upstream, exchange)
    }

    private static let requestIDFields = [
        "x-request-id", "request-id", "x-amzn-requestid", "x-goog-request-id", "x-ds-request-id",
    ]

    /// The upstream's own id of the call, cut to 256 bytes.
    static func requestID(_ headers: HTTPHeaders) -> String? {
        for field in requestIDFields {
            if let id = headers.first(field), !id.isEmpty {
                return String(decoding: id.utf8.prefix(256), as: UTF8.self)
            }
        }
        return nil
    }

    /// `Retry-After` in seconds, or OpenAI's `retry-after-ms`; the form with a date is not used by model vendors.
    static func retryAfter(_ headers: HTTPHeaders) -> Duration? {
        if let text = headers.first("retry-after-ms"), let milliseconds = Double(text), milliseconds >= 0 {
            return .milliseconds(Int64(min(milliseconds, 86_400_000)))
        }
        guard let text = headers.first("retry-after"), let seconds = Double(text), seconds >= 0 else { return nil }
        return .milliseconds(Int64(min(seconds, 86_400) * 1000))
    }
}
