import InferenceModel
import JSON

/// Reads a whole answer of Anthropic's protocol (contract providers §4.4).
enum AnthropicAnswerReader {
    /// Reads an answer of a good status.
    ///
    /// - Throws: `UpstreamError` for bytes that are no message, and for an error in spite of the status.
    static func read(
        _ body: [UInt8], _ context: UpstreamContext, parser: JSONParser, errors: VendorErrors = .openAI
    ) throws(UpstreamError) -> InferenceResponse {
        guard let tree = try? parser.parse(body), tree.object != nil else {
            // Google tells some errors in an array of one.
            throw AnthropicErrors.inside(
                body, parser: parser, errors: errors, "the upstream answered something that is no JSON object")
        }
        guard let content = tree["content"]?.array, tree["type"]?.string != "error" else {
            throw errors.hidden(in: tree) ?? AnthropicErrors.read(tree)
                ?? bad("the upstream's answer is no message of Anthropic's protocol")
        }
        var parts: [Part] = []
        parts.reserveCapacity(content.count)
        for block in content {
            if let part = part(block) { parts.append(part) }
        }
        if let why = tree["stop_details"]?["explanation"]?.string, !why.isEmpty { parts.append(.refusal(why)) }
        let finish = finish(tree["stop_reason"]?.string)
        var usage = AnthropicUsage()
        usage.merge(tree["usage"])
        var response = InferenceResponse(
            id: tree["id"]?.string ?? "", model: context.requestedModel, created: context.now,
            choices: [Choice(parts: parts, finish: finish, stopSequence: tree["stop_sequence"]?.string)],
            usage: usage.counts)
        response.serviceTier = serviceTier(tree["usage"]?["service_tier"]?.string)
        return response
    }

    static func bad(_ message: String) -> UpstreamError {
        UpstreamError(
            status: 502, message: message, type: "upstream_error", code: .string(UpstreamError.badResponse))
    }

    /// A block as a part; tools that Anthropic runs show only in the text around them.
    private static func part(_ block: JSONValue) -> Part? {
        switch block["type"]?.string {
        case "text": return (block["text"]?.string).map { Part.text($0) }
        case "thinking":
            let signature = block["signature"]?.string ?? ""
            return .thinking(Thinking(block["thinking"]?.string ?? "", signature: signature.isEmpty ? nil : signature))
        case "redacted_thinking": return (block["data"]?.string).map { .thinking(Thinking("", redacted: $0)) }
        case "tool_use":
            guard let name = block["name"]?.string else { return nil }
            var input: JSONValue = [:]
            if let given = block["input"], given.object != nil { input = given }
            let signature = block["signature"]?.string ?? ""
            return .toolCall(
                ToolCall(
                    id: block["id"]?.string ?? "", name: name,
                    arguments: String(decoding: input.serialized(), as: UTF8.self),
                    signature: signature.isEmpty ? nil : signature))
        default: return nil
        }
    }

    /// Why an answer ended.
    static func finish(_ reason: String?) -> FinishReason {
        switch reason {
        case "max_tokens", "model_context_window_exceeded": .length
        case "tool_use": .toolCalls
        case "refusal": .contentFilter
        case "stop_sequence": .stopSequence
        default: .stop
        }
    }

    /// The tier in OpenAI's words.
    private static func serviceTier(_ tier: String?) -> String? {
        tier == "standard" ? "default" : tier
    }
}
