package import JSON

/// A chat request in the neutral shape in which all dialects meet.
///
/// It holds what any of the four protocols can say. A dialect reads its own protocol into it and writes its own protocol from it; what a target cannot express is
/// dropped by the rules of `LossTable`, never by accident.
package struct InferenceRequest: Equatable, Sendable {
    /// The model under the name that the reader found; the relay sets the upstream's name before the request is written.
    package var model: String
    /// What the caller told the model before the conversation, in order: system and developer messages, `system`, `instructions`, `systemInstruction`.
    package var system: [SystemBlock]
    package var turns: [Turn]
    package var tools: [Tool]
    package var toolChoice: ToolChoice?
    /// Whether several calls in one turn are welcome; `nil` when the caller did not say.
    package var allowsParallelCalls: Bool?
    package var sampling: Sampling
    package var maxOutputTokens: Int?
    package var stop: [String]
    /// `nil` when the caller did not say.
    package var reasoning: Reasoning?
    /// Whether the caller is to be told what the model thinks; `nil` when it did not say.
    package var wantsThoughts: Bool?
    package var format: OutputFormat?
    package var isStream: Bool
    /// Whether the caller asked for the usage of a stream in its own protocol; meaningful only to OpenAI chat.
    package var includesStreamUsage: Bool
    /// The caller's own name for its end user.
    package var user: String?
    package var metadata: [String: String]
    package var serviceTier: String?
    package var promptCacheKey: String?
    /// How long the vendor should keep the prompt in its cache (OpenAI's `prompt_cache_retention`).
    package var promptCacheRetention: String?
    /// How wordy the answer should be (`low`, `medium`, `high`).
    package var verbosity: String?
    /// `text`, `image`, `audio`; empty when the caller did not say.
    package var modalities: [String]
    /// Members of the caller's protocol that have no place here, kept for a target of the same protocol only.
    package var extras: JSONObject

    package init(model: String, turns: [Turn] = []) {
        self.model = model
        system = []
        self.turns = turns
        tools = []
        toolChoice = nil
        allowsParallelCalls = nil
        sampling = Sampling()
        maxOutputTokens = nil
        stop = []
        reasoning = nil
        wantsThoughts = nil
        format = nil
        isStream = false
        includesStreamUsage = false
        user = nil
        metadata = [:]
        serviceTier = nil
        promptCacheKey = nil
        promptCacheRetention = nil
        verbosity = nil
        modalities = []
        extras = JSONObject()
    }
}

/// One piece of what the model is told before the conversation.
package struct SystemBlock: Equatable, Sendable {
    package var text: String
    package var cache: CacheMarker?

    package init(_ text: String, cache: CacheMarker? = nil) {
        self.text = text
        self.cache = cache
    }
}

/// A place up to which the vendor should cache the prompt (Anthropic's `cache_control`).
package struct CacheMarker: Equatable, Sendable {
    /// `5m`, `1h`; `nil` for the vendor's default.
    package var ttl: String?

    package init(ttl: String? = nil) {
        self.ttl = ttl
    }
}

/// What one side said at once. Results of tools are parts of a user turn.
package struct Turn: Equatable, Sendable {
    /// Who said it.
    package enum Role: String, Sendable {
        case user
        case assistant
    }

    package var role: Role
    package var parts: [Part]
    /// The name of the speaker (OpenAI's `name`).
    package var name: String?

    package init(_ role: Role, _ parts: [Part], name: String? = nil) {
        self.role = role
        self.parts = parts
        self.name = name
    }
}

/// How the next token is chosen.
package struct Sampling: Equatable, Sendable {
    package var temperature: JSONNumber?
    package var topP: JSONNumber?
    package var topK: Int?
    package var seed: Int?
    package var presencePenalty: JSONNumber?
    package var frequencyPenalty: JSONNumber?
    /// How many answers are wanted; `nil` for one.
    package var candidates: Int?
    /// Whether log probabilities are wanted, and of how many alternatives.
    package var logprobs: Bool?
    package var topLogprobs: Int?
    /// OpenAI's map from token to bias, as it was written.
    package var logitBias: JSONValue?

    package init() {}
}

/// What the answer must look like.
package enum OutputFormat: Equatable, Sendable {
    case text
    case jsonObject
    case jsonSchema(name: String?, schema: JSONValue, strict: Bool?, description: String?)
}
