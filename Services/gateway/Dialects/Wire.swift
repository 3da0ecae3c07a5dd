package import InferenceModel
package import JSON

/// What is spoken at an address of a vendor: the family, and what writes and reads it when the caller speaks another one.
package struct Wire: Sendable {
    /// What writes and reads calls that do not pass.
    private enum Conversion: Sendable {
        /// Nothing but the same protocol can be sent.
        case none
        case inference(any UpstreamDialect)
        case embedding(any EmbeddingDialect)
        case rerank(any RerankDialect)
        case images(any ImageDialect)
        case speech(any SpeechDialect)
        /// No network: the gateway answers.
        case fake(FakeUpstream)
    }

    package let family: ProtocolFamily
    private let conversion: Conversion
    /// What a vendor takes or refuses beyond the protocol; for pass-throughs.
    package let traits: OpenAITraits

    private init(_ family: ProtocolFamily, _ conversion: Conversion, _ traits: OpenAITraits = OpenAITraits()) {
        self.family = family
        self.conversion = conversion
        self.traits = traits
    }

    /// A protocol for chat models.
    package init(
        _ family: ProtocolFamily, _ inference: (any UpstreamDialect)?, traits: OpenAITraits = OpenAITraits()
    ) {
        self.init(family, inference.map { .inference($0) } ?? .none, traits)
    }

    /// A protocol for embeddings.
    package init(
        embedding family: ProtocolFamily, _ embedding: (any EmbeddingDialect)?, traits: OpenAITraits = OpenAITraits()
    ) {
        self.init(family, embedding.map { .embedding($0) } ?? .none, traits)
    }

    /// A vendor's own protocol for rerank.
    package init(rerank: any RerankDialect) {
        self.init(.vendor, .rerank(rerank))
    }

    /// A vendor's own protocol for pictures from a text.
    package init(images: any ImageDialect) {
        self.init(.vendor, .images(images))
    }

    /// A vendor's own protocol for speech.
    package init(speech: any SpeechDialect) {
        self.init(.vendor, .speech(speech))
    }

    /// No protocol at all: the gateway answers.
    package init(fake: FakeUpstream) {
        self.init(.vendor, .fake(fake))
    }

    /// What writes and reads the protocol for chat models; `nil` where nothing does.
    package var inference: (any UpstreamDialect)? {
        if case .inference(let dialect) = conversion { dialect } else { nil }
    }

    /// What writes and reads the protocol for embeddings; `nil` where nothing does.
    package var embedding: (any EmbeddingDialect)? {
        if case .embedding(let dialect) = conversion { dialect } else { nil }
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
        if case .fake(let fake) = conversion { return try fake.exchange(call, context, parser: parser) }
        if call.family == family {
            guard traits.streamsOnly, !call.isStream, let inference, let chat = call as? ChatCall else {
                return try call.passThrough(self, context, parser: parser)
            }
            return ConvertedInference(
                folding: chat, chat.streamed(to: context.upstreamModel, traits, parser: parser), to: inference, context)
        }
        switch (conversion, call) {
        case (.inference(let dialect), let call as any InferenceCall):
            return try ConvertedInference(
                call, neutral: neutral, to: dialect, streamsOnly: traits.streamsOnly, context, parser: parser)
        case (.embedding(let dialect), let call as any EmbeddingCall):
            return try ConvertedEmbedding(call, to: dialect, context, parser: parser)
        case (.rerank(let dialect), let call as RerankCall):
            return try ConvertedRerank(call, to: dialect, context, parser: parser)
        case (.images(let dialect), let call as ImageCall):
            return try ConvertedImages(call, to: dialect, context, parser: parser)
        case (.speech(let dialect), let call as SpeechCall):
            return try ConvertedSpeech(call, to: dialect, context, parser: parser)
        default: break
        }
        if let call = call as? any LocalCall {
            return LocalExchange(try call.answerLocally(context, parser: parser))
        }
        return nil
    }
}
