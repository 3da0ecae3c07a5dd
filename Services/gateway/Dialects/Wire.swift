package import InferenceModel
package import JSON

/// What is spoken at an address of a vendor: the family, and what writes and reads it when the caller speaks another one.
package struct Wire: Sendable {
    package let family: ProtocolFamily
    /// For calls that are converted; `nil` where nothing but the same protocol can be sent.
    package let inference: (any UpstreamDialect)?
    package let embedding: (any EmbeddingDialect)?
    package let rerank: (any RerankDialect)?
    /// What a vendor takes or refuses beyond the protocol; for pass-throughs.
    package let traits: OpenAITraits

    /// A protocol for chat models.
    package init(
        _ family: ProtocolFamily, _ inference: (any UpstreamDialect)?, traits: OpenAITraits = OpenAITraits()
    ) {
        self.family = family
        self.inference = inference
        embedding = nil
        rerank = nil
        self.traits = traits
    }

    /// A protocol for embeddings.
    package init(
        embedding family: ProtocolFamily, _ embedding: (any EmbeddingDialect)?, traits: OpenAITraits = OpenAITraits()
    ) {
        self.family = family
        inference = nil
        self.embedding = embedding
        rerank = nil
        self.traits = traits
    }

    /// A vendor's own protocol for rerank.
    package init(rerank: any RerankDialect) {
        family = .vendor
        inference = nil
        embedding = nil
        self.rerank = rerank
        traits = OpenAITraits()
    }

    /// Whether an upstream is asked for a call; else the gateway answers it by itself.
    package func asksUpstream(_ call: any CallerCall) -> Bool {
        call.family == family || !(call is any LocalCall)
    }

    /// The media whose addresses must become bytes before a call is put to this; of calls that pass only where that can be done in their bytes.
    package func inlinedMedia(of call: any CallerCall) -> Set<Media.Kind> {
        guard call.family == family ? call is any MediaCall : call is any InferenceCall else { return [] }
        return inference?.inlinedMedia ?? []
    }

    /// The exchange of a call with an upstream that speaks this; `nil` when it cannot be put to it.
    ///
    /// - Parameter neutral: The whole request, when it was read already, and perhaps changed; only for a call that is converted.
    /// - Throws: `InvalidRequest` for a request that is malformed, or that the target cannot take.
    package func exchange(
        _ call: any CallerCall, neutral: InferenceRequest? = nil, _ context: UpstreamContext, parser: JSONParser
    ) throws(InvalidRequest) -> (any Exchange)? {
        if call.family == family {
            guard traits.streamsOnly, !call.isStream, let inference, let chat = call as? ChatCall else {
                return try call.passThrough(self, context, parser: parser)
            }
            return ConvertedInference(
                folding: chat, chat.streamed(to: context.upstreamModel, traits, parser: parser), to: inference, context)
        }
        if let inference, let call = call as? any InferenceCall {
            return try ConvertedInference(
                call, neutral: neutral, to: inference, streamsOnly: traits.streamsOnly, context, parser: parser)
        }
        if let embedding, let call = call as? any EmbeddingCall {
            return try ConvertedEmbedding(call, to: embedding, context, parser: parser)
        }
        if let rerank, let call = call as? RerankCall {
            return try ConvertedRerank(call, to: rerank, context, parser: parser)
        }
        if let call = call as? any LocalCall {
            return LocalExchange(try call.answerLocally(context, parser: parser))
        }
        return nil
    }
}
