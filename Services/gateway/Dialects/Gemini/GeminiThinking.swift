import InferenceModel
import JSON

/// Thinking in Gemini's words (contract providers §3.7, §5.4).
enum GeminiThinking {
    /// Reads a `thinkingConfig`; `nil` for one that says nothing.
    static func read(_ config: JSONObject, _ place: String) throws(InvalidRequest) -> Reasoning? {
        let fields = GeminiFields(config, place)
        if let level = try fields.string("thinkingLevel", "thinking_level"), let reasoning = Reasoning(word: level) {
            return reasoning
        }
        if let budget = try fields.int("thinkingBudget", "thinking_budget") { return Reasoning(budget: budget) }
        let includes = try fields.bool("includeThoughts", "include_thoughts") ?? false
        return includes ? .enabled(effort: .medium) : nil
    }

    /// The `thinkingConfig` for a model; `nil` when it takes or needs none.
    static func config(_ reasoning: Reasoning?, _ model: GeminiModel) -> JSONValue? {
        guard model.thinks else { return nil }
        guard let reasoning else {
            guard !model.isFlashLite else { return .none }
            return ["includeThoughts": true]
        }
        if model.isThird {
            return ["includeThoughts": .bool(reasoning.effort != nil), "thinkingLevel": level(reasoning, model)]
        }
        guard let wanted = reasoning.budget else {
            return ["includeThoughts": false, "thinkingBudget": model.isPro ? 128 : 0]
        }
        let budget: Int
        if model.isPro {
            budget = min(max(wanted, 128), 32768)
        } else {
            budget = min(max(wanted, model.isFlashLite ? 512 : 1), 24576)
        }
        return ["includeThoughts": true, "thinkingBudget": .int(budget)]
    }

    private static func level(_ reasoning: Reasoning, _ model: GeminiModel) -> JSONValue {
        switch reasoning.effort {
        case nil: model.isPro ? "low" : "minimal"
        case .high?, .xhigh?: "high"
        case .medium?: model.isPro ? "low" : "medium"
        case .low?: "low"
        case .minimal?: model.isPro ? "low" : "minimal"
        }
    }
}
