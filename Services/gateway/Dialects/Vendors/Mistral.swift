extension OpenAICompatible {
    /// Mistral (contract providers §21): ids of calls have nine letters, and members that it does not know are refused.
    static let mistral = OpenAICompatible(
        "mistral",
        traits: OpenAITraits(takesStreamOptions: false).with {
            $0.callIDLength = 9
            $0.renames = ["seed": "random_seed"]
            $0.toolChoice = .any
            $0.reasoning = .nothing
            $0.drops = ["logit_bias", "logprobs", "top_logprobs", "user"]
        })
}
