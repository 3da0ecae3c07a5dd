extension OpenAICompatible {
    /// Kuaishou's StreamLake (contract providers §21): its coding models have a route for Claude clients.
    static let streamLake = OpenAICompatible(
        "streamlake", traits: OpenAITraits().with { $0.errors = .streamLake },
        anthropic: AnthropicRoute("/{model}/claude-code-proxy/v1/messages", models: ["kat", "coder"]))
}
