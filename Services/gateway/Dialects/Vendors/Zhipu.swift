extension OpenAICompatible {
    /// Zhipu's platform (contract providers §12).
    static let zhipu = OpenAICompatible("zhipu", traits: zhipuTraits)

    /// Zhipu's coding plan, which also has a route for Claude clients.
    static let zhipuCoding = OpenAICompatible(
        "zhipu-coding", addressing: .plain(prefix: "/api/coding/paas/v4"), traits: zhipuTraits,
        anthropic: AnthropicRoute("/api/anthropic/v1/messages"))

    private static let zhipuTraits = OpenAITraits().with {
        $0.reasoning = .thinking()
        $0.reasoningBack = .always
        $0.toolChoice = .autoOnly
        $0.hasDoSample = true
        $0.maxStops = 1
        $0.takesSchema = false
        $0.errors = .zhipu
    }
}
