/// What is known of a Claude model from its name (contract providers §4.1, §4.2, §4.3).
///
/// Names come in many forms: `claude-3-5-sonnet-20241022`, `claude-opus-4.6`, `anthropic.claude-sonnet-4-5-20250929-v1:0`, `claude-opus-4@20250514`.
package struct AnthropicModel: Equatable, Sendable {
    /// A generation, such as 4.6.
    package struct Version: Comparable, Sendable {
        package let major: Int
        package let minor: Int

        package init(_ major: Int, _ minor: Int) {
            self.major = major
            self.minor = minor
        }

        package static func < (left: Self, right: Self) -> Bool {
            (left.major, left.minor) < (right.major, right.minor)
        }
    }

    /// The name in lower case.
    package let name: String
    package let isClaude: Bool
    /// The generation; `nil` when the name tells none.
    package let version: Version?
    /// The words of the name behind `claude`.
    private let words: [Substring]

    /// Reads a name.
    package init(_ name: String) {
        let lowered = name.lowercased()
        self.name = lowered
        let all = lowered.split { !$0.isLetter && !$0.isNumber }
        guard let start = all.lastIndex(of: "claude") else {
            isClaude = false
            version = nil
            words = all
            return
        }
        isClaude = true
        words = Array(all[(start + 1)...])
        version = Self.version(of: words)
    }

    /// The model of a call: the requested name where it is Claude's, else the upstream's.
    package init(requested: String, upstream: String) {
        let asked = AnthropicModel(requested)
        self = asked.isClaude ? asked : AnthropicModel(upstream)
    }

    /// The first number of at most two digits is the generation, one that follows it the step; longer ones are dates.
    private static func version(of words: [Substring]) -> Version? {
        func number(_ word: Substring) -> Int? { word.utf8.count <= 2 ? Int(word) : nil }
        if let old = words.first, old.first == "v", let major = number(old.dropFirst()) { return Version(major, 0) }
        guard let place = words.firstIndex(where: { number($0) != nil }), let major = number(words[place]) else {
            return nil
        }
        let minor = place + 1 < words.count ? number(words[place + 1]) : nil
        return Version(major, minor ?? 0)
    }

    private func isFamily(_ family: Substring) -> Bool { words.contains(family) }

    private func isAtLeast(_ major: Int, _ minor: Int) -> Bool {
        version.map { $0 >= Version(major, minor) } ?? isClaude
    }

    /// Whether the model decides itself how much it thinks, and takes an effort instead of a budget; also true of names that tell no generation, which are newer.
    package var thinksAdaptively: Bool { isAtLeast(4, 6) }

    /// Whether the model thinks at all.
    package var thinks: Bool { version.map { $0 >= Version(3, 7) } ?? true }

    /// Whether the model shows its thoughts only when it is asked to.
    package var hidesThoughts: Bool { isAtLeast(4, 7) }

    /// Whether the model takes `temperature`, `top_p` and `top_k`; newer ones refuse them.
    package var takesSampling: Bool { !isAtLeast(4, 7) }

    /// Whether the model takes a schema for its answer.
    package var takesSchema: Bool {
        isAtLeast(4, 5) || (isFamily("opus") && isAtLeast(4, 1))
    }

    /// The `max_tokens` of a call that names none, which is also the most the model gives.
    package var maxTokens: Int {
        guard let version else { return 4096 }
        if version >= Version(4, 5) { return 64000 }
        if version >= Version(4, 0) { return isFamily("opus") ? 32000 : 64000 }
        return version == Version(3, 7) ? 64000 : 4096
    }

    /// Whether a beta may be asked of this model; betas that nobody knows may.
    package func takes(beta: String) -> Bool {
        switch beta {
        case "computer-use-2025-01-24", "output-128k-2025-02-19":
            version == Version(3, 7) && isFamily("sonnet")
        case "token-efficient-tools-2025-02-19": version == Version(3, 7) || isAtLeast(4, 0)
        case "interleaved-thinking-2025-05-14", "dev-full-thinking-2025-05-14": isAtLeast(4, 0)
        case "context-1m-2025-08-07": isFamily("sonnet") && isAtLeast(4, 0)
        case "context-management-2025-06-27": isAtLeast(4, 5)
        default: true
        }
    }
}
