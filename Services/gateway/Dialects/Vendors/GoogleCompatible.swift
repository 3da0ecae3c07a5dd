extension OpenAICompatible {
    /// Google's endpoint of OpenAI's form (contract providers §5.8): thought signatures travel in `extra_content` of calls.
    static let google = OpenAICompatible(
        "google-openai", traits: OpenAITraits().with { $0.takesThoughtSignature = true })
}
