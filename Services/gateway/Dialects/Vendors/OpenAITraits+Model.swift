/// What the name of a model says (contract providers §3.2, §3.7), matched as the reference does: by parts of the upstream's name.
extension OpenAITraits {
    /// The traits for one model of the vendor.
    package func `for`(model: String) -> OpenAITraits {
        var traits = self
        let name = ModelNames.bare(model)
        if name.contains("deepseek-v3.1") || name.contains("deepseek-chat") {
            traits.limit = 8192
        } else if name.contains("deepseek-v3") {
            traits.limit = 16384
        }
        if name.contains("gpt-5") {
            traits.limitName = .maxCompletionTokens
            traits.drops += ["temperature", "top_p"]
        } else if ModelNames.isOSeries(name) {
            traits.limitName = .maxCompletionTokens
            traits.drops += ["temperature", "top_p", "presence_penalty", "frequency_penalty", "logprobs"]
        }
        if name.contains("gemini-3") { traits.dropsAutoChoice = true }
        if isOpenAI {
            if name.hasPrefix("o1-mini") || name.hasPrefix("o1-preview") {
                traits.systemRole = "user"
            } else if name.contains("gpt-5") || ModelNames.isOSeries(name) {
                traits.systemRole = "developer"
            }
            if traits.reasoning == .effort, let efforts = ModelNames.efforts(name) {
                traits.reasoning = .oneOf(efforts)
            }
        }
        return traits
    }
}

/// Names of models, as far as their parts have a meaning.
enum ModelNames {
    /// The name in small letters, without the owner before a slash.
    static func bare(_ model: String) -> String {
        let name = model.lowercased()
        guard let slash = name.lastIndex(of: "/") else { return name }
        return String(name[name.index(after: slash)...])
    }

    /// OpenAI's first models that think: `o1`, `o3-mini`, `o4-mini-2025-04-16`, …
    static func isOSeries(_ name: String) -> Bool {
        for family in ["o1", "o3", "o4"] where name.hasPrefix(family) {
            let rest = name.utf8.dropFirst(2)
            if rest.isEmpty || rest.first == UInt8(ascii: "-") { return true }
        }
        return false
    }

    /// The words for effort that one of OpenAI's models takes, from weak to strong; `nil` for a model that is not known.
    static func efforts(_ name: String) -> [String]? {
        if isOSeries(name) {
            return name.hasPrefix("o1-mini") || name.hasPrefix("o1-preview") ? [] : ["low", "medium", "high"]
        }
        let known = name.replacing(".", with: "")
        if known.hasPrefix("gpt-52-pro") || known.hasPrefix("gpt-54-pro") { return ["medium", "high", "xhigh"] }
        if ["gpt-52", "gpt-54", "gpt-55"].contains(where: known.hasPrefix) {
            return ["none", "low", "medium", "high", "xhigh"]
        }
        if known.hasPrefix("gpt-51") { return ["none", "low", "medium", "high"] }
        if known.hasPrefix("gpt-5-pro") { return ["high"] }
        if known == "gpt-5" || known.hasPrefix("gpt-5-") {
            return known.hasPrefix("gpt-5-chat") ? [] : ["minimal", "low", "medium", "high"]
        }
        return ["gpt-4", "gpt-35", "chatgpt-"].contains(where: known.hasPrefix) ? [] : nil
    }

    /// Qianfan's name of a model (contract providers §11.2).
    static func qianfan(_ model: String) -> String {
        let name = model.lowercased()
        switch name {
        case "ernie-character-8k": return "ernie-char-8k"
        case "ernie-character-fiction-8k": return "ernie-char-fiction-8k"
        default: return name
        }
    }

    /// iFlytek's domain of a model, by what stands behind the first hyphen (contract providers §22).
    static func sparkDomain(_ model: String) -> String {
        guard let hyphen = model.firstIndex(of: "-") else { return model }
        switch model[model.index(after: hyphen)...].lowercased() {
        case "lite": return "lite"
        case "pro": return "generalv3"
        case "pro-128k": return "pro-128k"
        case "max": return "generalv3.5"
        case "max-32k": return "max-32k"
        case "4.0-ultra": return "4.0Ultra"
        default: return model
        }
    }
}

extension OpenAITraits.ModelName {
    /// The name that is written into the request.
    package func written(_ model: String) -> String {
        switch self {
        case .asIs: model
        case .dotless: model.filter { $0 != "." }
        case .baidu: ModelNames.qianfan(model)
        case .spark: ModelNames.sparkDomain(model)
        }
    }
}
