extension OpenAICompatible {
    /// Alibaba's DashScope, its part of OpenAI's form (contract providers §10, §3.7): some models stream only, others think in streams only.
    static let dashScope = OpenAICompatible(
        "dashscope", addressing: .plain(prefix: "/compatible-mode/v1"),
        traits: OpenAITraits().with {
            $0.takesTopK = true
            $0.errors = .dashScope
        }, hasResponses: true,
        anthropic: AnthropicRoute("/apps/anthropic/v1/messages"),
        adapt: { traits, model, _ in
            let name = model.lowercased()
            let hasBudget =
                name.hasPrefix("qwen3-") || name.hasPrefix("qwq-") || name.contains("glm") || name.contains("kimi")
            traits.reasoning = .enableThinking(budget: hasBudget ? 1...32768 : nil)
            let onlyThinks = name.hasPrefix("qwen3-") && name.contains("-thinking")
            traits.streamsOnly = name.hasPrefix("qwq-") || name.hasPrefix("qvq-") || onlyThinks
            // The open models are named by their size.
            let isOpen = name.hasPrefix("qwen3-") && name.dropFirst(6).first?.isNumber ?? false
            traits.thinksInStreamsOnly = isOpen && !onlyThinks && !name.contains("-instruct")
        })
}
