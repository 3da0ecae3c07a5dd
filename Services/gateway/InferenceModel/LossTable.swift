/// What each protocol cannot say of the neutral shape, and what a writer does about it.
///
/// The one place where losses are listed: `Services/gateway/Dialects/LOSSES.md` is generated from it, and the property tests of conversions hold every writer to it.
/// A feature without a row for a target is kept. Each dialect's rows stand in a file of their own.
package enum LossTable {
    /// All rows, in the order of the targets.
    package static let rows: [LossRow] = [
        chatRows,
        responsesRows,
        anthropicRows,
        geminiRows,
        cohereRows,
        ollamaRows,
        baiduV1Rows,
    ].flatMap(\.self)

    /// What becomes of a feature in requests or answers written for a target.
    package static func effect(of feature: LossFeature, in target: LossTarget) -> LossEffect {
        rows.first { $0.feature == feature && $0.target == target }?.effect ?? .kept
    }

    /// Whether a feature reaches a target unchanged.
    package static func keeps(_ feature: LossFeature, in target: LossTarget) -> Bool {
        effect(of: feature, in: target) == .kept
    }
}

/// One exception: what becomes of a feature in a target.
package struct LossRow: Equatable, Sendable {
    package let feature: LossFeature
    package let target: LossTarget
    package let effect: LossEffect

    package init(_ feature: LossFeature, _ target: LossTarget, _ effect: LossEffect) {
        self.feature = feature
        self.target = target
        self.effect = effect
    }
}

/// What becomes of a feature.
package enum LossEffect: Equatable, Sendable {
    case kept
    case dropped
    /// Something remains of it; how, in a clause without a full stop.
    case changed(String)
}

/// A protocol that requests and answers are written in.
package enum LossTarget: String, CaseIterable, Sendable {
    case chat = "OpenAI chat"
    case completions = "OpenAI completions"
    case responses = "OpenAI Responses"
    case anthropic = "Anthropic"
    case gemini = "Gemini"
    case cohere = "Cohere"
    case ollama = "Ollama"
    case baiduV1 = "Baidu v1"
}

/// One thing that the neutral shape can say.
package enum LossFeature: String, CaseIterable, Sendable {
    // Requests.
    case text
    case systemTexts = "several system texts, apart and in order"
    case systemCache = "cache markers of system texts"
    case speakerName = "name of the speaker"
    case turnBounds = "adjacent turns of one speaker stay apart"
    case textBounds = "several texts of one turn stay apart"
    case textCache = "cache markers of texts"
    case imageURL = "image by address"
    case imageData = "image as data"
    case imageFile = "image by the vendor's file id"
    case imageDetail = "detail of an image"
    case audioURL = "sound by address"
    case audioData = "sound as data"
    case videoURL = "film by address"
    case videoData = "film as data"
    case documentURL = "document by address"
    case documentData = "document as data"
    case documentFile = "document by the vendor's file id"
    case mediaFileName = "file name of a document"
    case mediaCache = "cache markers of media"
    case historyThinking = "earlier thoughts sent back"
    case historySignature = "signature of an earlier thought"
    case historyRedacted = "encrypted earlier thought"
    case historyThinkingID = "id of an earlier thought"
    case historyRefusal = "earlier refusal"
    case toolCalls = "calls of tools"
    case toolResults = "results of tools"
    case toolCallID = "ids of tool calls"
    case toolCallSignature = "signature of a tool call"
    case toolCallArguments = "arguments that are no JSON object"
    case toolCallCache = "cache markers of tool calls and results"
    case toolResultName = "tool's name with its result"
    case toolResultMedia = "media in a tool's result"
    case toolResultError = "a tool's result is an error"
    case toolSchema = "every keyword of a tool's JSON schema"
    case toolStrict = "strict tools"
    case toolCache = "cache markers of tools"
    case hostedTools = "tools that the vendor runs"
    case toolChoiceNone = "tool choice: none"
    case toolChoiceRequired = "tool choice: any"
    case toolChoiceFunction = "tool choice: one tool"
    case toolChoiceOneOf = "tool choice: one of several"
    case parallelCalls = "whether parallel calls are welcome"
    case temperature
    case topP = "top_p"
    case topK = "top_k"
    case seed
    case presencePenalty = "presence penalty"
    case frequencyPenalty = "frequency penalty"
    case candidates = "several candidates"
    case wantsLogprobs = "request of log probabilities"
    case logitBias = "logit bias"
    case maxOutputTokens = "limit of output tokens"
    case stop = "stop sequences"
    case reasoningEffort = "reasoning effort"
    case reasoningBudget = "reasoning budget in tokens"
    case reasoningDisabled = "reasoning switched off"
    case formatJSON = "answer as any JSON"
    case formatSchema = "answer by a JSON schema"
    case user = "name of the end user"
    case metadata
    case wantedServiceTier = "wanted service tier"
    case promptCacheKey = "prompt cache key"
    case verbosity
    case modalities = "wanted modalities"
    // Answers.
    case answerText = "text of the answer"
    case answerToolCalls = "calls of tools in the answer"
    case answerThinking = "thoughts"
    case answerSignature = "signature of a thought"
    case answerRedacted = "encrypted thought"
    case answerThinkingID = "id of a thought"
    case answerRefusal = "refusal apart from text"
    case answerPartOrder = "order of text, thoughts and calls"
    case answerToolCallSignature = "signature of a call"
    case answerToolArguments = "a call's arguments that are no JSON object"
    case answerImage = "image"
    case answerAudio = "sound"
    case answerLogprobs = "log probabilities"
    case answerCitations = "sources of the text"
    case answerCandidates = "several answers"
    case finishContentFilter = "finish: content filter"
    case finishStopSequence = "finish: which stop sequence"
    case usageCached = "count of cached tokens"
    case usageCacheCreation = "count of tokens written to the cache"
    case usageReasoning = "count of reasoning tokens"
    case usageAudio = "counts of audio tokens"
    case usageImage = "counts of image tokens"
    case answerServiceTier = "service tier"

    /// Whether it is part of an answer; else of a request.
    package var isAnswer: Bool {
        switch self {
        case .answerText, .answerToolCalls, .answerThinking, .answerSignature, .answerRedacted, .answerThinkingID,
            .answerRefusal, .answerPartOrder,
            .answerToolCallSignature, .answerToolArguments, .answerImage, .answerAudio, .answerLogprobs,
            .answerCitations, .answerCandidates, .finishContentFilter, .finishStopSequence, .usageCached,
            .usageCacheCreation,
            .usageReasoning, .usageAudio, .usageImage, .answerServiceTier:
            true
        default: false
        }
    }
}
