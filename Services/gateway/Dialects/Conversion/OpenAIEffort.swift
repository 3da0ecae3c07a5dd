import InferenceModel

/// Reasoning effort in OpenAI's words, clamped to what a model knows (contract providers §3.7).
enum OpenAIEffort {
    /// The word for an effort; `nil` when the model has no way to say it.
    static func word(_ reasoning: Reasoning, model: String) -> String? {
        let allowed = self.allowed(model)
        let wanted = reasoning.effort.map { Reasoning.Effort.allCases.firstIndex(of: $0) ?? 0 } ?? -1
        guard let allowed else { return wanted < 0 ? "none" : reasoning.effort?.rawValue }
        // The nearest of those that the model knows; ties go up.
        let nearest = allowed.min { left, right in
            let (near, far) = (abs(left - wanted), abs(right - wanted))
            return near == far ? left > right : near < far
        }
        guard let nearest else { return nil }
        return nearest < 0 ? "none" : Reasoning.Effort.allCases[nearest].rawValue
    }

    /// The places of the efforts that a model knows, -1 for none; `nil` for a model of which nothing is known.
    private static func allowed(_ model: String) -> [Int]? {
        let name = model.lowercased()
        guard let start = name.range(of: "gpt-5")?.lowerBound else { return nil }
        let family = name[start...]
        func isOne(of prefixes: String...) -> Bool { prefixes.contains { family.hasPrefix($0) } }
        if isOne(of: "gpt-5.2-pro", "gpt-5.4-pro", "gpt-5.5-pro") { return [2, 3, 4] }
        if isOne(of: "gpt-5.2", "gpt-5.3", "gpt-5.4", "gpt-5.5") { return [-1, 1, 2, 3, 4] }
        if isOne(of: "gpt-5-pro") { return [3] }
        if isOne(of: "gpt-5.1") { return [-1, 1, 2, 3] }
        return [0, 1, 2, 3]
    }
}

extension String {
    /// The first place of a text in another; without Foundation.
    fileprivate func range(of text: String) -> Range<String.Index>? { firstRange(of: text) }
}
