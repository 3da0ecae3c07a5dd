import Contracts
import InferenceModel
import JSON

/// Writes a whole answer in Anthropic's protocol (contract providers §4.7): thoughts, then text, then calls. Anthropic has one candidate; further ones are dropped.
enum AnthropicAnswerWriter {
    static func write(_ response: InferenceResponse, _ context: UpstreamContext) -> [UInt8] {
        let choice = response.choices.first ?? Choice(parts: [], finish: .stop)
        var json = JSONWriter(reserving: 1024)
        json.object { root in
            root.field("id", id(response.id, context))
            root.field("type", "message")
            root.field("role", "assistant")
            root.field("model", context.requestedModel)
            root.key("content")
            root.array { content in write(choice.parts, &content) }
            root.field("stop_reason", stopReason(of: choice))
            root.key("stop_sequence")
            if choice.finish == .stopSequence, let stop = choice.stopSequence { root.string(stop) } else { root.null() }
            root.key("usage")
            AnthropicUsage.write(response.usage, &root)
        }
        return json.bytes
    }

    /// An id as Anthropic forms them.
    static func id(_ upstream: String, _ context: UpstreamContext) -> String {
        if upstream.hasPrefix("msg_") { return upstream }
        return "msg_" + (context.nonce.isEmpty ? AnthropicText.id(upstream) : context.nonce)
    }

    private static func write(_ parts: [Part], _ content: inout JSONWriter) {
        var count = 0
        for part in parts {
            guard case .thinking(let thinking) = part else { continue }
            if let redacted = thinking.redacted {
                count += 1
                content.object { block in
                    block.field("type", "redacted_thinking")
                    block.field("data", redacted)
                }
            }
            guard !thinking.text.isEmpty || thinking.signature != nil else { continue }
            count += 1
            content.object { block in
                block.field("type", "thinking")
                block.field("thinking", thinking.text)
                block.field("signature", thinking.signature ?? "")
            }
        }
        for part in parts {
            switch part {
            case .text(let text, _), .refusal(let text):
                guard !text.isEmpty else { continue }
                count += 1
                write(text: text, &content)
            default: continue
            }
        }
        for part in parts {
            guard case .toolCall(let call) = part else { continue }
            count += 1
            content.object { block in
                block.field("type", "tool_use")
                block.field("id", AnthropicText.id(call.id))
                block.field("name", call.name)
                block.field("input", raw: AnthropicText.input(call.arguments))
                block.field("signature", call.signature)
            }
        }
        if count == 0 { write(text: "", &content) }
    }

    private static func write(text: String, _ content: inout JSONWriter) {
        content.object { block in
            block.field("type", "text")
            block.field("text", text)
        }
    }

    private static func stopReason(of choice: Choice) -> String {
        var hasCalls = false
        var hasRefusal = false
        for part in choice.parts {
            if case .toolCall = part { hasCalls = true }
            if case .refusal = part { hasRefusal = true }
        }
        return stopReason(choice.finish, hasCalls: hasCalls, hasRefusal: hasRefusal)
    }

    /// Anthropic's word for the end of an answer; some vendors say `stop` when tools are called.
    static func stopReason(_ finish: FinishReason, hasCalls: Bool, hasRefusal: Bool) -> String {
        switch finish {
        case .stop: hasCalls ? "tool_use" : hasRefusal ? "refusal" : "end_turn"
        case .length: "max_tokens"
        case .toolCalls: "tool_use"
        case .contentFilter: "refusal"
        case .stopSequence: "stop_sequence"
        }
    }
}

/// Texts in the forms that Anthropic asks for.
enum AnthropicText {
    /// An id of letters, digits, `_` and `-`; the same for a call and its result.
    static func id(_ id: String) -> String {
        func isGood(_ byte: UInt8) -> Bool {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"):
                true
            default: false
            }
        }
        if !id.isEmpty, id.utf8.allSatisfy(isGood) { return id }
        if id.isEmpty { return "toolu_0" }
        return String(decoding: id.utf8.map { isGood($0) ? $0 : UInt8(ascii: "_") }, as: UTF8.self)
    }

    /// The arguments of a call as an object; what is none becomes an empty one.
    static func input(_ arguments: String) -> [UInt8] {
        let bytes = Array(arguments.utf8)
        if bytes == [UInt8(ascii: "{"), UInt8(ascii: "}")] { return bytes }
        guard let tree = try? JSONValue.parse(bytes), tree.object != nil else { return Array("{}".utf8) }
        return bytes
    }

    /// Whether a text has anything but white space; Anthropic refuses blocks without.
    static func isBlank(_ text: String) -> Bool {
        text.allSatisfy(\.isWhitespace)
    }

    /// The text without white space at its end.
    static func trimmedEnd(_ text: String) -> String {
        guard let last = text.lastIndex(where: { !$0.isWhitespace }) else { return "" }
        return String(text[...last])
    }
}
