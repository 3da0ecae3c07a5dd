package import HTTPCore
package import InferenceModel
package import JSON

/// OpenAI chat as upstreams speak it, for callers of other protocols.
package struct ChatUpstream: UpstreamDialect {
    /// What this vendor and model do differently.
    package let traits: OpenAITraits

    package init(_ traits: OpenAITraits) {
        self.traits = traits
    }

    /// Sounds and documents go as data; pictures and films as addresses.
    package var inlinedMedia: Set<Media.Kind> { traits.hasAudioURL ? [.document] : [.audio, .document] }

    package var toolNames: ToolNames.Rule? { .openAI }

    package func write(_ request: InferenceRequest, _ context: UpstreamContext) throws(InvalidRequest) -> UpstreamBody {
        let body = ChatRequestWriter(request: request, traits: traits).body(model: request.model)
        return UpstreamBody(
            body, headers: request.isStream ? OpenAIExchange.streamHeaders : OpenAIExchange.plainHeaders)
    }

    package func read(_ body: [UInt8], _ context: UpstreamContext, parser: JSONParser) throws(UpstreamError)
        -> InferenceResponse
    {
        try ChatAnswerReader(traits: traits, context: context).read(body, parser: parser)
    }

    package func makeEventReader(_ context: UpstreamContext) -> any EventReader {
        ChatEventReader(context, traits: traits)
    }

    package func readError(status: Int, headers: HTTPHeaders, body: [UInt8], parser: JSONParser) -> UpstreamError {
        traits.errors.read(status: status, body: body, parser: parser)
    }
}
