import Contracts
package import HTTPCore
package import InferenceModel
package import JSON

/// OpenAI's protocol on both sides: the bytes pass with the listed edits (design §3).
package final class OpenAIExchange: Exchange, Sendable {
    private let call: OpenAIRequest
    private let requestedModel: String
    private let traits: OpenAITraits
    package let request: UpstreamBody

    /// Prepares one attempt.
    ///
    /// - Parameters:
    ///   - requestedModel: The name that answers carry.
    ///   - hasStreams: Whether it is a chat or completions call, to which all traits of the vendor apply; else one for embeddings.
    package init(
        _ call: OpenAIRequest, upstreamModel: String, requestedModel: String, hasStreams: Bool,
        traits: OpenAITraits = OpenAITraits(), parser: JSONParser
    ) {
        self.call = call
        self.requestedModel = requestedModel
        self.traits = traits
        let body =
            hasStreams
            ? call.body(upstreamModel: upstreamModel, traits: traits, parser: parser)
            : call.embeddingBody(upstreamModel, traits.embeddings, parser)
        request = UpstreamBody(body, headers: call.isStream ? Self.streamHeaders : Self.plainHeaders)
    }

    static let plainHeaders: HTTPHeaders = [
        "content-type": "application/json", "accept": "application/json",
    ]
    static let streamHeaders: HTTPHeaders = [
        "content-type": "application/json", "accept": "text/event-stream, application/json",
    ]

    package func answer(_ bytes: [UInt8], parser: JSONParser) throws(UpstreamError) -> RelayedAnswer {
        let answer = try OpenAIAnswer(bytes, requestedModel: requestedModel, traits: traits, parser: parser)
        return RelayedAnswer(body: answer.body, usage: answer.usage, id: answer.id)
    }

    package func makeStream() -> any StreamRelay {
        OpenAIStream(
            requestedModel: requestedModel, withholdsUsage: call.includesUsage != true,
            joinsUsage: call.includesUsage != false, traits: traits)
    }

    package func refusal(status: Int, headers: HTTPHeaders, body: [UInt8], parser: JSONParser) -> UpstreamError {
        traits.errors.read(status: status, body: body, parser: parser)
    }
}
