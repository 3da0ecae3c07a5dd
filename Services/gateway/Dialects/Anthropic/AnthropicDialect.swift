import Contracts
package import InferenceModel
package import JSON

/// Anthropic's Messages protocol as callers speak it: `POST /v1/messages` and `/v1/messages/count_tokens`.
package struct AnthropicDialect: CallerDialect {
    private let counts: Bool

    /// Makes the dialect of one route.
    ///
    /// - Parameter counts: Whether the route counts tokens instead of asking for an answer.
    package init(counts: Bool = false) {
        self.counts = counts
    }

    package func read(_ request: CallerRequest, parser: JSONParser) throws(InvalidRequest) -> any CallerCall {
        let read = try AnthropicRequest(request, parser: parser)
        return counts ? AnthropicCountCall(read) : AnthropicCall(read)
    }

    package func write(_ error: WireError) -> [UInt8] {
        AnthropicErrors.body(error)
    }
}

/// `POST /v1/messages`.
package final class AnthropicCall: InferenceCall {
    package let request: AnthropicRequest
    package var family: ProtocolFamily { .anthropic }
    package var model: String { request.model }
    package var isStream: Bool { request.isStream }
    package var user: String { request.user }

    package init(_ request: AnthropicRequest) {
        self.request = request
    }

    package func passThrough(_ wire: Wire, _ context: UpstreamContext, parser: JSONParser) throws(InvalidRequest)
        -> any Exchange
    {
        AnthropicExchange(request, flavor: wire.anthropicFlavor, context, parser: parser)
    }

    package func neutral(parser: JSONParser) throws(InvalidRequest) -> InferenceRequest {
        try AnthropicReader.read(request, parser: parser)
    }

    package func write(_ response: InferenceResponse, _ context: UpstreamContext) -> [UInt8] {
        AnthropicAnswerWriter.write(response, context)
    }

    package func makeEventWriter(_ context: UpstreamContext) -> any EventWriter {
        AnthropicEventWriter(context)
    }
}

/// `POST /v1/messages/count_tokens`: the upstream's own count where it has a route for it, else an estimate.
package final class AnthropicCountCall: LocalCall {
    package let request: AnthropicRequest
    package var family: ProtocolFamily { .anthropic }
    package var model: String { request.model }
    package var isStream: Bool { false }
    package var user: String { request.user }
    package var action: String? { Self.action }

    /// What vendors see that is asked.
    package static let action = "count_tokens"

    package init(_ request: AnthropicRequest) {
        self.request = request
    }

    package func passThrough(_ wire: Wire, _ context: UpstreamContext, parser: JSONParser) throws(InvalidRequest)
        -> any Exchange
    {
        AnthropicCountExchange(request, flavor: wire.anthropicFlavor, context, parser: parser)
    }

    /// The estimate of `TokenEstimate`.
    package func answerLocally(_ context: UpstreamContext, parser: JSONParser) throws(InvalidRequest) -> RelayedAnswer {
        var json = JSONWriter(reserving: 32)
        let tokens = TokenEstimate.tokens(of: try AnthropicReader.read(request, parser: parser))
        json.object { $0.field("input_tokens", tokens) }
        return RelayedAnswer(body: json.bytes, usage: nil, id: "")
    }
}

extension Wire {
    /// How this place speaks Anthropic's protocol.
    var anthropicFlavor: AnthropicFlavor { (inference as? AnthropicUpstream)?.flavor ?? .compatible }
}
