extension OpenAICompatible {
    /// Tencent's Hunyuan (contract providers §22): errors may hide in good answers.
    static let tencent = OpenAICompatible("tencent", traits: OpenAITraits().with { $0.errors = .tencent })
}
