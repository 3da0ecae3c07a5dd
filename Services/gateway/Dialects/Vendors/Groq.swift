extension OpenAICompatible {
    /// Groq (contract providers §21): thoughts come as `reasoning`, counts in `x_groq`.
    static let groq = OpenAICompatible(
        "groq",
        traits: OpenAITraits().with {
            $0.copiesReasoning = true
            $0.usagePlace = .xGroq
            $0.drops = ["logit_bias", "logprobs", "top_logprobs"]
        },
        hasResponses: true)
}
