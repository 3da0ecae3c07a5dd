extension OpenAICompatible {
    /// Cloudflare Workers AI (contract providers §17): the account is a part of the address, errors hide in good answers.
    static let cloudflare = OpenAICompatible(
        "cloudflare", addressing: .cloudflare, traits: OpenAITraits().with { $0.errors = .cloudflare },
        hasResponses: true)
}
