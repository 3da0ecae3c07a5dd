extension OpenAICompatible {
    /// DeepSeek (contract providers §21): it wants the thoughts of turns with calls back, and knows no schemas of answers.
    static let deepSeek = OpenAICompatible(
        "deepseek",
        traits: OpenAITraits().with {
            $0.reasoning = .thinking()
            $0.reasoningBack = .withCalls
            $0.takesSchema = false
        }, anthropic: AnthropicRoute("/anthropic/v1/messages", from: .host, auth: .header("x-api-key")))
}
