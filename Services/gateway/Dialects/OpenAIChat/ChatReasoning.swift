import InferenceModel
import JSON

/// How much a model should think, in the words of the vendor (contract providers §3.7).
enum ChatReasoning {
    /// The members that say it; empty when nothing can be said.
    ///
    /// They replace whatever members of `members` a request has for it.
    static func members(_ reasoning: Reasoning, _ form: OpenAITraits.ReasoningForm) -> [(key: String, raw: [UInt8])] {
        let isOn = reasoning.effort != nil
        switch form {
        case .nothing: return []
        case .effort: return [("reasoning_effort", JSONWriter.quoted(reasoning.effort?.rawValue ?? "none"))]
        case .oneOf(let known):
            return nearest(reasoning.effort?.rawValue ?? "none", known).map {
                [("reasoning_effort", JSONWriter.quoted($0))]
            } ?? []
        case .thinking(let range):
            let type = Array((isOn ? #"{"type":"enabled"}"# : #"{"type":"disabled"}"#).utf8)
            return [("thinking", type)] + budget(reasoning, range)
        case .enableThinking(let range):
            return [("enable_thinking", Array((isOn ? "true" : "false").utf8))] + budget(reasoning, range)
        case .object:
            switch reasoning {
            case .disabled: return [("reasoning", Array(#"{"enabled":false}"#.utf8))]
            case .enabled(_, let budget?): return [("reasoning", Array(#"{"max_tokens":\#(budget)}"#.utf8))]
            case .enabled(let effort, nil): return [("reasoning", Array(#"{"effort":"\#(effort.rawValue)"}"#.utf8))]
            }
        }
    }

    private static func budget(_ reasoning: Reasoning, _ range: ClosedRange<Int>?) -> [(key: String, raw: [UInt8])] {
        guard let range, let budget = reasoning.budget else { return [] }
        return [("thinking_budget", Array(String(min(max(budget, range.lowerBound), range.upperBound)).utf8))]
    }

    private static let order = ["none", "minimal", "low", "medium", "high", "xhigh"]

    /// The word of those that a model knows which is nearest to the wanted one; of two equally near ones the stronger. `nil` when it knows none.
    static func nearest(_ wanted: String, _ known: [String]) -> String? {
        guard let place = order.firstIndex(of: wanted) else { return nil }
        var best: (word: String, distance: Int)?
        for word in known {
            guard let other = order.firstIndex(of: word) else { continue }
            let distance = abs(other - place)
            if best == nil || distance < best?.distance ?? 0 || (distance == best?.distance && other > place) {
                best = (word, distance)
            }
        }
        return best?.word
    }
}
