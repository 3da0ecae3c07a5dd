import Contracts

extension OpenAICompatible {
    /// Volcengine's Ark (contract providers §14.1): bots have a path and counts of their own.
    static let ark = OpenAICompatible(
        "ark", addressing: .plain(prefix: "/api/v3"),
        traits: OpenAITraits().with {
            $0.reasoning = .thinking()
            $0.errors = .ark
        },
        hasResponses: true,
        path: { mode, model, _ in
            mode == .chatCompletions && model.hasPrefix("bot-") ? "/bots/chat/completions" : nil
        },
        adapt: { traits, model, _ in
            if model.hasPrefix("bot-") { traits.usagePlace = .botUsage }
            if model.hasPrefix("deepseek-reasoner") {
                traits.systemPrefix = "Before you answer, write down what you think between <think> and </think>."
            }
        })
}
