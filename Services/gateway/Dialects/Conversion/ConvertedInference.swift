import Contracts
package import HTTPCore
package import InferenceModel
package import JSON

/// A call in one protocol put to an upstream of another: request, answer and stream go through the neutral shape.
package final class ConvertedInference: Exchange, Sendable {
    private let call: any InferenceCall
    private let upstream: any UpstreamDialect
    private let context: UpstreamContext
    /// Whether a stream of the upstream becomes a whole answer.
    private let folds: Bool
    /// The caller's names of tools that were sent under other names, by the sent name.
    private let callersNames: [String: String]
    package let request: UpstreamBody

    /// Prepares one attempt.
    ///
    /// - Parameters:
    ///   - neutral: The whole request, when it was read already; else it is read from the call.
    ///   - streamsOnly: Whether the upstream answers as a stream only; a caller that wants no stream gets it collected.
    /// - Throws: `InvalidRequest` for a request that is malformed, or that the target cannot take.
    package init(
        _ call: any InferenceCall, neutral: InferenceRequest? = nil, to upstream: any UpstreamDialect,
        streamsOnly: Bool = false, _ context: UpstreamContext, parser: JSONParser
    ) throws(InvalidRequest) {
        self.call = call
        self.upstream = upstream
        folds = streamsOnly && !call.isStream
        var request = if let neutral { neutral } else { try call.neutral(parser: parser) }
        request.model = context.upstreamModel
        if folds { request.isStream = true }
        var names = upstream.toolNames.map { ToolNames(of: request, $0) }
        let body = try upstream.write(names?.applied(to: request) ?? request, context)
        callersNames = names?.changed ?? [:]
        self.request = body
        var context = context
        context.toolNames = body.toolNames
        context.promptEstimate = body.promptEstimate
        self.context = context
    }

    /// A call of the upstream's own protocol, whose body passes, to be answered by a stream that is collected.
    init(
        folding call: any InferenceCall, _ body: UpstreamBody, to upstream: any UpstreamDialect,
        _ context: UpstreamContext
    ) {
        self.call = call
        self.upstream = upstream
        self.context = context
        folds = true
        callersNames = [:]
        request = body
    }

    package func answer(_ bytes: [UInt8], parser: JSONParser) throws(UpstreamError) -> RelayedAnswer {
        let response = try upstream.read(bytes, context, parser: parser).naming(callersNames)
        guard call.isStream else {
            return RelayedAnswer(
                body: call.write(response, context), usage: response.usage, id: response.id,
                isEstimated: response.isUsageEstimated)
        }
        // Some upstreams answer a stream request as a whole; the caller gets the stream it asked for.
        var writer = call.makeEventWriter(context)
        var body: [UInt8] = []
        for event in response.events { writer.write(event, into: &body) }
        return RelayedAnswer(
            body: body, usage: response.usage, id: response.id, contentType: writer.contentType,
            isEstimated: response.isUsageEstimated)
    }

    package func makeStream() -> any StreamRelay {
        let reader = NamingReader.named(upstream.makeEventReader(context), callersNames)
        guard folds else { return ConvertedStream(reader: reader, writer: call.makeEventWriter(context)) }
        return FoldedStream(reader: reader, call: call, context: context)
    }

    package func refusal(status: Int, headers: HTTPHeaders, body: [UInt8], parser: JSONParser) -> UpstreamError {
        upstream.readError(status: status, headers: headers, body: body, parser: parser)
    }
}

/// Embeddings of one protocol asked of an upstream of another; where that counts nothing, the tokens are estimated.
package final class ConvertedEmbedding: Exchange, Sendable {
    private let call: any EmbeddingCall
    private let upstream: any EmbeddingDialect
    private let context: UpstreamContext
    private let estimate: TokenUsage
    private let count: Int
    package let request: UpstreamBody

    /// Prepares one attempt.
    ///
    /// - Throws: `InvalidRequest` as `ConvertedInference`.
    package init(
        _ call: any EmbeddingCall, to upstream: any EmbeddingDialect, _ context: UpstreamContext, parser: JSONParser
    ) throws(InvalidRequest) {
        self.call = call
        self.upstream = upstream
        self.context = context
        var neutral = try call.neutral(parser: parser)
        neutral.model = context.upstreamModel
        let tokens = TokenEstimate.tokens(of: neutral.inputs)
        estimate = TokenUsage(inputTokens: tokens, totalTokens: tokens)
        count = neutral.inputs.count
        request = try upstream.write(neutral, context)
    }

    package func answer(_ bytes: [UInt8], parser: JSONParser) throws(UpstreamError) -> RelayedAnswer {
        var response = try upstream.read(bytes, context, parser: parser)
        guard response.vectors.count == count else {
            throw UpstreamError.foreign("\(response.vectors.count) vectors for \(count) texts")
        }
        let isEstimated = response.usage == nil
        response.usage = response.usage ?? estimate
        return RelayedAnswer(
            body: call.write(response, context), usage: response.usage, id: "", isEstimated: isEstimated)
    }

    package func makeStream() -> any StreamRelay { UnexpectedStream() }

    package func refusal(status: Int, headers: HTTPHeaders, body: [UInt8], parser: JSONParser) -> UpstreamError {
        upstream.readError(status: status, headers: headers, body: body, parser: parser)
    }
}
