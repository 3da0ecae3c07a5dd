import Contracts
import JSON

/// Events of a stream that pass in another form than the vendor gave them.
enum EventRewrite {
    private static let messageKeys = JSONKeys("object")

    /// The event anew, as `data: …` with its blank line; `nil` when it passes as it is.
    static func applied(
        _ bytes: [UInt8], _ block: SSEBlock, _ traits: OpenAITraits, _ parser: JSONParser
    ) -> [UInt8]? {
        guard traits.copiesReasoning || traits.repeatsMessage, let payload = block.payload else { return nil }
        var text: [UInt8]?
        if traits.copiesReasoning { text = ReasoningCopy.applied(bytes, payload, parser) }
        if traits.repeatsMessage { text = withoutMessage(bytes, payload, parser) ?? text }
        return text.map { Array("data: ".utf8) + $0 + [10, 10] }
    }

    /// The last event of MiniMax says the whole answer again; what remains of it are the counts.
    private static func withoutMessage(_ bytes: [UInt8], _ payload: Range<Int>, _ parser: JSONParser) -> [UInt8]? {
        guard let scan = try? parser.scan(bytes, in: payload, for: messageKeys), let object = scan[0],
            bytes[object.range.shifted(by: payload.lowerBound)].elementsEqual(#""chat.completion""#.utf8),
            var tree = (try? parser.parse(bytes, in: payload))?.object
        else { return nil }
        tree["object"] = "chat.completion.chunk"
        tree["choices"] = []
        return JSONValue.object(tree).serialized()
    }
}

extension OpenAITraits.UsagePlace {
    private static let keys = JSONKeys("choices", "x_groq", "bot_usage")

    /// The counts of an event or answer where the vendor hides them.
    func read(_ bytes: [UInt8], _ range: Range<Int>, _ parser: JSONParser) -> TokenUsage? {
        guard self != .top, let scan = try? parser.scan(bytes, in: range, for: Self.keys) else { return nil }
        let place =
            switch self {
            case .top, .choice: 0
            case .xGroq: 1
            case .botUsage: 2
            }
        guard let field = scan[place], field.kind == .array || field.kind == .object else { return nil }
        let inside = field.range.shifted(by: range.lowerBound)
        // Most events have none, and need no tree.
        guard ByteSearch.has(#"_tokens""#, in: bytes, inside), let tree = try? parser.parse(bytes, in: inside) else {
            return nil
        }
        let usage = place == 0 ? tree[0]?["usage"] : place == 1 ? tree["usage"] : tree["model_usage"]?[0]
        guard let text = usage?.serialized() else { return nil }
        return UsageReader.read(text, text.indices)
    }
}

extension OpenAITraits {
    /// The counts as they are meant.
    func meant(_ counts: TokenUsage?) -> TokenUsage? {
        guard totalCounts, var counts, counts.totalTokens > counts.inputTokens + counts.outputTokens else {
            return counts
        }
        counts.outputTokens = counts.totalTokens - counts.inputTokens
        return counts
    }
}
