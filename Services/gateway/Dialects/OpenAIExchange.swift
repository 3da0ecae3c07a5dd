import Contracts
package import HTTPCore
package import InferenceModel
package import JSON

/// OpenAI's protocol on both sides: the bytes pass with the listed edits (design §3).
package final class OpenAIExchange: Exchange, Sendable {
    private let call: OpenAIRequest
    private let requestedModel: String
    package let request: UpstreamBody

    /// Prepares one attempt.
    ///
    /// - Parameters:
    ///   - requestedModel: The name that answers carry.
    ///   - asksForUsage: Whether a stream must end with its usage; false for modes without streams and vendors that refuse the option.
    package init(_ call: OpenAIRequest, upstreamModel: String, requestedModel: String, asksForUsage: Bool) {
        self.call = call
        self.requestedModel = requestedModel
        request = UpstreamBody(
            call.body(upstreamModel: upstreamModel, asksForUsage: asksForUsage),
            headers: call.isStream ? Self.streamHeaders : Self.plainHeaders)
    }

    static let plainHeaders: HTTPHeaders = [
        "content-type": "application/json", "accept": "application/json",
    ]
    static let streamHeaders: HTTPHeaders = [
        "content-type": "application/json", "accept": "text/event-stream, application/json",
    ]

    package func answer(_ bytes: [UInt8], parser: JSONParser) throws(UpstreamError) -> RelayedAnswer {
        let answer = try OpenAIAnswer(bytes, requestedModel: requestedModel, parser: parser)
        return RelayedAnswer(body: answer.body, usage: answer.usage, id: answer.id)
    }

    package func makeStream() -> any StreamRelay {
        OpenAIStream(
            requestedModel: requestedModel, withholdsUsage: call.includesUsage != true,
            joinsUsage: call.includesUsage != false)
    }

    package func refusal(status: Int, headers: HTTPHeaders, body: [UInt8], parser: JSONParser) -> UpstreamError {
        UpstreamError(status: status, body: body, parser: parser)
    }
}
