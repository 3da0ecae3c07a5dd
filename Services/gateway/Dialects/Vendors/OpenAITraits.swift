/// What vendors of OpenAI's protocol do differently, as data (contract providers §3.2, §3.7, §21).
///
/// A vendor states what differs from a plain compatible server; `for(model:)` adds what the model's name says. That happens once per route, not per call.
package struct OpenAITraits: Equatable, Sendable {
    /// How a request says how much the model should think (contract providers §3.7).
    package enum ReasoningForm: Equatable, Sendable {
        /// `reasoning_effort`, any word.
        case effort
        /// `reasoning_effort`, one of these in the order of their strength; empty for models that do not think, which refuse the member.
        case oneOf([String])
        /// `thinking: {"type": "enabled" | "disabled"}` (Zhipu, DeepSeek, Ark, some of Moonshot's and Qianfan's models), and `thinking_budget` where the model
        /// takes one of this range.
        case thinking(budget: ClosedRange<Int>? = nil)
        /// `enable_thinking` (DashScope, Qianfan), and the budget as above.
        case enableThinking(budget: ClosedRange<Int>? = nil)
        /// `reasoning: {"effort" | "max_tokens" | "enabled"}` (OpenRouter).
        case object
        /// The model cannot be told.
        case nothing
    }

    /// Which assistant messages carry `reasoning_content` back to the vendor.
    package enum ReasoningBack: Equatable, Sendable {
        case never
        /// Those with calls of tools (DeepSeek).
        case withCalls
        case always
    }

    /// What the limit of output tokens is called.
    package enum LimitName: Equatable, Sendable {
        case maxTokens
        case maxCompletionTokens
        /// Both are understood; a pass-through leaves what the caller wrote.
        case either
    }

    /// Which values `tool_choice` may have.
    package enum ToolChoiceForm: Equatable, Sendable {
        case full
        /// All but a choice among several.
        case plain
        /// `any` where OpenAI says `required` (Mistral).
        case any
        /// `auto` alone (Zhipu).
        case autoOnly
    }

    /// Where the counts of a stream are looked for when the top of an event has none.
    package enum UsagePlace: Equatable, Sendable {
        case top
        /// `choices[0].usage` (Moonshot).
        case choice
        /// `x_groq.usage` (Groq).
        case xGroq
        /// `bot_usage.model_usage[0]` (Ark's bots).
        case botUsage
    }

    /// How a request for embeddings is written.
    package enum EmbeddingForm: Equatable, Sendable {
        case openAI
        /// Inputs are objects, `encoding_format` is `embedding_type` (Jina).
        case jina
    }

    /// How the upstream's name of the model is written.
    package enum ModelName: Equatable, Sendable {
        case asIs
        /// iFlytek's domains (contract providers §22).
        case spark
        /// Without its dots, as the deprecated type of Azure names deployments (contract providers §7).
        case dotless
        /// Qianfan's, in small letters (contract providers §11.2).
        case baidu
    }

    /// Whether the vendor takes `stream_options`.
    package var takesStreamOptions = true
    /// Whether the address names the model, and images refuse it in the body too (Azure, contract providers §7).
    package var namesModelInAddress = false
    /// Whether it is OpenAI's own service: it knows the role `developer`, `metadata`, `service_tier`, `prompt_cache_key`, `verbosity` and `refusal`.
    package var isOpenAI = false
    /// The role of what the model is told before the conversation.
    package var systemRole = "system"
    /// What the model is told before everything else; `nil` for nothing.
    package var systemPrefix: String?
    package var limitName = LimitName.maxTokens
    /// The most output tokens the model allows; `nil` for no known limit.
    package var limit: Int?
    /// The most stop sequences; `nil` for no known limit.
    package var maxStops: Int?
    package var reasoning = ReasoningForm.effort
    /// Whether the model answers as a stream only; callers that want no stream get it collected (DashScope).
    package var streamsOnly = false
    /// Whether the model refuses to think in an answer that is no stream; it is told not to (DashScope).
    package var thinksInStreamsOnly = false
    /// Whether a `thinking` object of the caller's goes before everything else that it says of reasoning (Qianfan).
    package var thinkingWins = false
    package var reasoningBack = ReasoningBack.never
    package var toolChoice = ToolChoiceForm.plain
    package var modelName = ModelName.asIs
    package var embeddings = EmbeddingForm.openAI
    /// Members that the vendor or model refuses; removed from every request.
    package var drops: [String] = []
    /// Members that have another name here.
    package var renames: [String: String] = [:]
    /// Whether `tool_choice: "auto"` is left out (Gemini 3).
    package var dropsAutoChoice = false
    /// Whether `top_k` is taken.
    package var takesTopK = false
    /// Whether `response_format` may be a schema; else the schema is told as an instruction.
    package var takesSchema = true
    /// Whether sounds are sent as `audio_url`.
    package var hasAudioURL = false
    /// Whether calls carry Google's thought signature in `extra_content`.
    package var takesThoughtSignature = false
    /// The length of the ids of tool calls, letters and digits alone (Mistral: 9); `nil` for any.
    package var callIDLength: Int?
    /// Whether `do_sample: false` stands for a temperature of 0 (Zhipu).
    package var hasDoSample = false
    /// Whether answers tell thoughts as `reasoning`, which is copied to `reasoning_content`.
    package var copiesReasoning = false
    /// Whether events without choices and usage are dropped (Azure).
    package var dropsEmptyChoices = false
    /// Whether the last event repeats the whole message (MiniMax).
    package var repeatsMessage = false
    /// Where the counts of a stream stand when they are not at the top of an event.
    package var usagePlace = UsagePlace.top
    /// Whether output counts may leave the reasoning out, so that the total tells more (xAI).
    package var totalCounts = false
    /// How the vendor's errors are understood.
    package var errors = VendorErrors.openAI

    /// A plain compatible server.
    package init(takesStreamOptions: Bool = true, namesModelInAddress: Bool = false) {
        self.takesStreamOptions = takesStreamOptions
        self.namesModelInAddress = namesModelInAddress
    }

    /// The same with changes.
    package func with(_ change: (inout OpenAITraits) -> Void) -> OpenAITraits {
        var traits = self
        change(&traits)
        return traits
    }
}
