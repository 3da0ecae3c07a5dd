extension OpenAICompatible {
    /// Moonshot (contract providers §21, §3.7): counts of streams stand in the choice; only its newer models can be told whether to think.
    static let moonshot = OpenAICompatible(
        "moonshot",
        traits: OpenAITraits().with { $0.usagePlace = .choice },
        adapt: { traits, model, _ in
            let name = model.lowercased()
            let isNew = name.contains("kimi-k2.5") || name.contains("kimi-k2.6")
            traits.reasoning = isNew ? .thinking() : .nothing
            traits.reasoningBack = isNew || name.contains("thinking") ? .always : .never
        })
}
