package import InferenceModel
package import JSON

/// Gemini's protocol as callers speak it. The path names the model and what is asked of it.
package struct GeminiDialect: CallerDialect {
    package init() {}

    package func read(_ request: CallerRequest, parser: JSONParser) throws(InvalidRequest) -> any CallerCall {
        guard let model = request.pathModel, !model.isEmpty else {
            throw InvalidRequest(
                message: "the path must name a model, as /v1beta/models/{model}:{action}", field: "model")
        }
        let body = try GeminiBody(request.body, parser: parser)
        switch request.action.flatMap({ GeminiAction(rawValue: $0) }) {
        case .generate?: return GeminiCall(body, model: model, isStream: false, isArray: false)
        case .stream?:
            return GeminiCall(body, model: model, isStream: true, isArray: !Self.asksForEvents(request.query))
        case .count?: return GeminiCountCall(body, model: model)
        case .embed?: return GeminiEmbeddingsCall(body, model: model, isBatch: false)
        case .embedBatch?: return GeminiEmbeddingsCall(body, model: model, isBatch: true)
        case nil:
            throw InvalidRequest(
                message: "'\(request.action ?? "")' is not known; known are "
                    + GeminiAction.allCases.map(\.rawValue).joined(separator: ", "), field: nil)
        }
    }

    package func write(_ error: WireError) -> [UInt8] {
        GeminiErrors.body(error)
    }

    /// Whether the query has `alt=sse`.
    private static func asksForEvents(_ query: String?) -> Bool {
        (query ?? "").split(separator: "&").contains { $0 == "alt=sse" || $0 == "$alt=sse" || $0 == "%24alt=sse" }
    }
}

/// What may be asked of a model in Gemini's protocol.
package enum GeminiAction: String, Sendable, CaseIterable {
    case generate = "generateContent"
    case stream = "streamGenerateContent"
    case count = "countTokens"
    case embed = "embedContent"
    case embedBatch = "batchEmbedContents"
}

/// `generateContent` and `streamGenerateContent`.
package final class GeminiCall: InferenceCall {
    package let model: String
    package let isStream: Bool
    /// Whether a stream is one JSON array: the caller did not ask for `alt=sse`.
    let isArray: Bool
    let body: GeminiBody

    package var family: ProtocolFamily { .gemini }
    package var user: String { body.user }

    init(_ body: GeminiBody, model: String, isStream: Bool, isArray: Bool) {
        self.body = body
        self.model = model
        self.isStream = isStream
        self.isArray = isArray
    }

    package func neutral(parser: JSONParser) throws(InvalidRequest) -> InferenceRequest {
        try GeminiRequestReader.read(body.tree(parser), model: model, isStream: isStream)
    }

    package func write(_ response: InferenceResponse, _ context: UpstreamContext) -> [UInt8] {
        var writer = GeminiAnswerWriter(context)
        return writer.write(response)
    }

    package func makeEventWriter(_ context: UpstreamContext) -> any EventWriter {
        GeminiEventWriter(context, isArray: isArray)
    }

    package func passThrough(_ wire: Wire, _ context: UpstreamContext, parser: JSONParser) throws(InvalidRequest)
        -> any Exchange
    {
        GeminiExchange(self, context, flavour: (wire.inference as? GeminiUpstream)?.flavour ?? .developer)
    }
}

/// `countTokens`: an upstream of the same protocol counts, for others the gateway makes an estimate.
package final class GeminiCountCall: LocalCall {
    package let model: String
    let body: GeminiBody

    package var family: ProtocolFamily { .gemini }
    package var isStream: Bool { false }
    package var user: String { "" }
    package var action: String? { GeminiAction.count.rawValue }

    init(_ body: GeminiBody, model: String) {
        self.body = body
        self.model = model
    }

    package func passThrough(_ wire: Wire, _ context: UpstreamContext, parser: JSONParser) throws(InvalidRequest)
        -> any Exchange
    {
        let isVertex = (wire.inference as? GeminiUpstream)?.flavour == .vertex
        return GeminiPlainExchange(
            isVertex
                ? try body.forVertexCounting(GeminiModel(context.upstreamModel), parser)
                : body.forCounting(upstreamModel: context.upstreamModel), readsUsage: false)
    }

    package func answerLocally(_ context: UpstreamContext, parser: JSONParser) throws(InvalidRequest) -> RelayedAnswer {
        let tree = try body.tree(parser)
        // The request stands in the body, or whole in a member of it.
        let inner = tree["generateContentRequest"] ?? tree["generate_content_request"]
        let request = try GeminiRequestReader.read(inner?.object ?? tree, model: model, isStream: false)
        var json = JSONWriter(reserving: 64)
        json.object { $0.field("totalTokens", TokenEstimate.tokens(of: request)) }
        return RelayedAnswer(body: json.bytes, usage: nil, id: "")
    }
}
