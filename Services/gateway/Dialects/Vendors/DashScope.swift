extension OpenAICompatible {
    /// Alibaba's DashScope, its part of OpenAI's form (contract providers §10, §3.7).
    static let dashScope = OpenAICompatible(
        "dashscope", addressing: .plain(prefix: "/compatible-mode/v1"),
        traits: OpenAITraits().with { $0.takesTopK = true }, hasResponses: true,
        anthropic: AnthropicRoute("/apps/anthropic/v1/messages"),
        adapt: { traits, model, _ in
            let name = model.lowercased()
            let hasBudget =
                name.hasPrefix("qwen3-") || name.hasPrefix("qwq-") || name.contains("glm") || name.contains("kimi")
            traits.reasoning = .enableThinking(budget: hasBudget ? 1...32768 : nil)
        })
}
