extension OpenAICompatible {
    /// xAI (contract providers §21): output counts may leave the reasoning out.
    static let xAI = OpenAICompatible(
        "xai",
        traits: OpenAITraits().with {
            $0.totalCounts = true
            $0.errors = .xAI
        },
        hasResponses: true)
}
