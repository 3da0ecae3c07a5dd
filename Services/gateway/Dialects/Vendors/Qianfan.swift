import JSON

extension OpenAICompatible {
    /// Baidu's Qianfan with an API key (contract providers §11.3): models are told in three ways how to think.
    static let qianfan = OpenAICompatible(
        "qianfan",
        traits: OpenAITraits().with {
            $0.thinkingWins = true
            $0.errors = .unsafeIs400
        },
        hasResponses: true,
        fields: { configs in
            configs["appid"]?.string.map { [CredentialField(name: "appid", value: $0)] } ?? []
        },
        adapt: { traits, model, _ in
            let name = ModelNames.bare(model)
            let hasBudget =
                ["qwen3-", "ernie-5.0-thinking", "deepseek-v4-", "deepseek-r1"].contains { name.hasPrefix($0) }
                || name == "deepseek-v3.1-250821" || name.contains("think")
            let budget = hasBudget ? 100...16384 : nil
            if ["qwen3-", "ernie-5.0-thinking"].contains(where: name.hasPrefix) || name.contains("vl") {
                traits.reasoning = .enableThinking(budget: budget)
            } else if ["deepseek", "kimi-k2.5", "glm-5", "glm-4.7"].contains(where: name.hasPrefix) {
                traits.reasoning = .thinking(budget: budget)
            } else {
                traits.reasoning = .nothing
            }
        })
}
