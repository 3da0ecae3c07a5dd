import Contracts
package import InferenceModel
package import JSON

/// OpenAI's protocol as callers speak it; the route says which operation.
package struct OpenAIDialect: CallerDialect {
    package init() {}

    package func read(_ request: CallerRequest, parser: JSONParser) throws(InvalidRequest) -> any CallerCall {
        let read = try OpenAIRequest(request.body, pathModel: request.pathModel, parser: parser)
        switch request.mode {
        case .chatCompletions: return ChatCall(read)
        case .completions: return CompletionsCall(read)
        case .embeddings: return EmbeddingsCall(read)
        case .rerank: return try RerankCall(read)
        case .imagesGenerations: return try ImageCall(read)
        case .audioSpeech: return try SpeechCall(read)
        default: return try OperationCall(read, mode: request.mode)
        }
    }

    package func write(_ error: WireError) -> [UInt8] {
        OpenAIErrors.body(error)
    }
}

/// A call that is one JSON body in OpenAI's form.
package protocol OpenAICall: CallerCall {
    var request: OpenAIRequest { get }
    /// Whether a stream of this operation has `stream_options`.
    var hasStreamOptions: Bool { get }
}

extension OpenAICall {
    package var model: String { request.model }
    package var isStream: Bool { request.isStream }
    package var user: String { request.user }
    package var hasStreamOptions: Bool { false }

    package func passThrough(_ wire: Wire, _ context: UpstreamContext, parser: JSONParser) throws(InvalidRequest)
        -> any Exchange
    {
        OpenAIExchange(
            request, upstreamModel: context.upstreamModel, requestedModel: context.requestedModel,
            hasStreams: hasStreamOptions, traits: wire.traits, parser: parser)
    }
}

/// `POST /v1/embeddings`.
package final class EmbeddingsCall: OpenAICall {
    package let request: OpenAIRequest
    package var family: ProtocolFamily { .embeddings }

    package init(_ request: OpenAIRequest) {
        self.request = request
    }
}
