extension OpenAICompatible {
    /// OpenRouter (contract providers §21): thoughts come as `reasoning`, and are asked for by an object of that name.
    static let openRouter = OpenAICompatible(
        "openrouter",
        traits: OpenAITraits().with {
            $0.reasoning = .object
            $0.copiesReasoning = true
            $0.takesTopK = true
        },
        hasResponses: true)
}
