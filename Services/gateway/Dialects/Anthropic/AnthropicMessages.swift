import InferenceModel
import JSON

/// The messages of a request in Anthropic's order: turns of one role joined, so that the roles alternate; results of tools first; what Anthropic refuses left out.
struct AnthropicMessages {
    private let turns: [Turn]
    private let keepsTTL: Bool
    /// Whether some calls of the history come without the signed thoughts that Anthropic wants before them.
    let lacksThoughts: Bool
    /// The names of the tools that were called, each once, in order.
    let calledTools: [String]

    /// Whether nothing is left to be sent.
    var isEmpty: Bool { turns.isEmpty }
    /// Whether the last turn is the beginning of the answer.
    var endsWithAnswer: Bool { turns.last?.role == .assistant }

    init(_ request: InferenceRequest, keepsTTL: Bool) {
        self.keepsTTL = keepsTTL
        var joined: [Turn] = []
        var names: [String] = []
        var lacks = false
        joined.reserveCapacity(request.turns.count)
        for turn in request.turns {
            let parts = turn.role == .user ? Self.userParts(turn.parts) : Self.assistantParts(turn.parts)
            guard !parts.isEmpty else { continue }
            var hasCalls = false
            var hasThoughts = false
            for part in parts {
                switch part {
                case .toolCall(let call):
                    hasCalls = true
                    if !names.contains(call.name) { names.append(call.name) }
                case .thinking: hasThoughts = true
                default: break
                }
            }
            if hasCalls, !hasThoughts { lacks = true }
            if joined.last?.role == turn.role {
                joined[joined.count - 1].parts += parts
            } else {
                joined.append(Turn(turn.role, parts))
            }
        }
        turns = joined
        lacksThoughts = lacks
        calledTools = names
    }

    // MARK: What is sent of a turn

    private static func userParts(_ parts: [Part]) -> [Part] {
        parts.filter { part in
            switch part {
            case .text(let text, _): !AnthropicText.isBlank(text)
            case .media, .toolResult: true
            case .thinking, .toolCall, .refusal: false
            }
        }
    }

    /// Thoughts that Anthropic signed, then texts, then calls.
    private static func assistantParts(_ parts: [Part]) -> [Part] {
        var thoughts: [Part] = []
        var texts: [Part] = []
        var calls: [Part] = []
        for part in parts {
            switch part {
            case .thinking(let thinking):
                if thinking.signature != nil || thinking.redacted != nil { thoughts.append(part) }
            case .text(let text, _):
                if !AnthropicText.isBlank(text) { texts.append(part) }
            case .refusal(let text):
                if !AnthropicText.isBlank(text) { texts.append(.text(text)) }
            case .toolCall: calls.append(part)
            case .media, .toolResult: break
            }
        }
        return texts.isEmpty && calls.isEmpty ? [] : thoughts + texts + calls
    }

    /// The results of calls that were just made stand before everything else.
    private static func resultsFirst(_ parts: [Part], of called: Set<String>) -> [Part] {
        func isAnswer(_ part: Part) -> Bool {
            if case .toolResult(let result) = part { called.contains(result.callID) } else { false }
        }
        guard !called.isEmpty else { return parts }
        return parts.filter(isAnswer) + parts.filter { !isAnswer($0) }
    }

    // MARK: Writing

    /// Writes the array of messages.
    ///
    /// - Parameters:
    ///   - keepsThinking: Whether thoughts are sent back; only while the model thinks.
    ///   - system: What stands in for the messages where there are none.
    /// - Throws: `InvalidRequest` for media that Claude cannot take, and for a request without any text.
    func write(keepsThinking: Bool, system: [SystemBlock], _ json: inout JSONWriter) throws(InvalidRequest) {
        guard !turns.isEmpty || !system.isEmpty else {
            throw InvalidRequest(message: "at least one message with content is required", field: "messages")
        }
        json.beginArray()
        if turns.isEmpty {
            let parts = system.map { Part.text($0.text, cache: $0.cache) }
            try write(Turn(.user, parts), called: [], isLast: true, keepsThinking: false, &json)
        }
        var called: Set<String> = []
        for (place, turn) in turns.enumerated() {
            let isLast = place + 1 == turns.count
            try write(turn, called: called, isLast: isLast, keepsThinking: keepsThinking, &json)
            called = Set(turn.parts.compactMap { if case .toolCall(let call) = $0 { call.id } else { nil } })
        }
        json.endArray()
    }

    private func write(
        _ turn: Turn, called: Set<String>, isLast: Bool, keepsThinking: Bool, _ json: inout JSONWriter
    ) throws(InvalidRequest) {
        json.beginObject()
        json.field("role", turn.role.rawValue)
        json.key("content")
        json.beginArray()
        // An answer that is only begun must not end in white space.
        let isPrefill = isLast && turn.role == .assistant
        let parts = turn.role == .user ? Self.resultsFirst(turn.parts, of: called) : turn.parts
        for (place, part) in parts.enumerated() {
            switch part {
            case .text(let text, let cache):
                let isEnd = isPrefill && place + 1 == parts.count
                write(text: isEnd ? AnthropicText.trimmedEnd(text) : text, cache, &json)
            case .media(let media): try AnthropicMedia.write(media, keepsTTL: keepsTTL, &json)
            case .thinking(let thinking):
                if keepsThinking { write(thinking, &json) }
            case .toolCall(let call): write(call, &json)
            case .toolResult(let result):
                if called.contains(result.callID) {
                    try write(result, &json)
                } else {
                    // A result without its call is refused; what it says is kept.
                    try write(orphan: result, &json)
                }
            case .refusal: break
            }
        }
        json.endArray()
        json.endObject()
    }

    private func write(text: String, _ cache: CacheMarker?, _ json: inout JSONWriter) {
        json.object { block in
            block.field("type", "text")
            block.field("text", text)
            Self.write(cache, keepsTTL: keepsTTL, &block)
        }
    }

    private func write(_ thinking: Thinking, _ json: inout JSONWriter) {
        if let redacted = thinking.redacted {
            json.object { block in
                block.field("type", "redacted_thinking")
                block.field("data", redacted)
            }
        }
        guard let signature = thinking.signature else { return }
        json.object { block in
            block.field("type", "thinking")
            block.field("thinking", thinking.text)
            block.field("signature", signature)
        }
    }

    private func write(_ call: ToolCall, _ json: inout JSONWriter) {
        json.object { block in
            block.field("type", "tool_use")
            block.field("id", AnthropicText.id(call.id))
            block.field("name", call.name)
            block.field("input", raw: AnthropicText.input(call.arguments))
            Self.write(call.cache, keepsTTL: keepsTTL, &block)
        }
    }

    private func write(_ result: ToolResult, _ json: inout JSONWriter) throws(InvalidRequest) {
        json.beginObject()
        json.field("type", "tool_result")
        json.field("tool_use_id", AnthropicText.id(result.callID))
        let parts = Self.userParts(result.parts)
        if parts.count == 1, case .text(let text, nil) = parts[0] {
            json.field("content", text)
        } else if !parts.isEmpty {
            json.key("content")
            json.beginArray()
            for part in parts {
                switch part {
                case .text(let text, let cache): write(text: text, cache, &json)
                case .media(let media): try AnthropicMedia.write(media, keepsTTL: keepsTTL, &json)
                default: break
                }
            }
            json.endArray()
        }
        if result.isError { json.field("is_error", true) }
        Self.write(result.cache, keepsTTL: keepsTTL, &json)
        json.endObject()
    }

    private func write(orphan result: ToolResult, _ json: inout JSONWriter) throws(InvalidRequest) {
        let parts = Self.userParts(result.parts)
        write(text: "Result of the tool \(result.name ?? result.callID):", nil, &json)
        for part in parts {
            switch part {
            case .text(let text, let cache): write(text: text, cache, &json)
            case .media(let media): try AnthropicMedia.write(media, keepsTTL: keepsTTL, &json)
            default: break
            }
        }
    }

    /// A cache marker as a member of its block.
    static func write(_ cache: CacheMarker?, keepsTTL: Bool, _ json: inout JSONWriter) {
        guard let cache else { return }
        json.key("cache_control")
        json.object { control in
            control.field("type", "ephemeral")
            if keepsTTL { control.field("ttl", cache.ttl) }
        }
    }
}

/// Images and documents as blocks.
enum AnthropicMedia {
    /// Writes one block.
    ///
    /// - Throws: `InvalidRequest` for sounds and films, which Claude does not take.
    static func write(_ media: Media, keepsTTL: Bool, _ json: inout JSONWriter) throws(InvalidRequest) {
        guard media.kind == .image || media.kind == .document else {
            throw InvalidRequest(message: "this model takes no \(media.kind.rawValue)", field: "messages")
        }
        json.object { block in
            block.field("type", media.kind == .image ? "image" : "document")
            block.key("source")
            block.object { source in
                switch media.source {
                case .url(let url):
                    source.field("type", "url")
                    source.field("url", url)
                case .file(let id):
                    source.field("type", "file")
                    source.field("file_id", id)
                case .base64(let data):
                    if media.kind == .document, media.mediaType?.hasPrefix("text/") ?? false,
                        let text = Base64Text.decoded(data).flatMap({ String(validating: $0, as: UTF8.self) })
                    {
                        source.field("type", "text")
                        source.field("media_type", "text/plain")
                        source.field("data", text)
                    } else {
                        source.field("type", "base64")
                        source.field("media_type", media.mediaType ?? guess(media.kind, data))
                        source.field("data", data)
                    }
                }
            }
            if media.kind == .document { block.field("title", media.fileName) }
            AnthropicMessages.write(media.cache, keepsTTL: keepsTTL, &block)
        }
    }

    /// The type that the first bytes tell, in base64.
    private static func guess(_ kind: Media.Kind, _ data: String) -> String {
        if kind == .document { return "application/pdf" }
        if data.hasPrefix("/9j/") { return "image/jpeg" }
        if data.hasPrefix("R0lGO") { return "image/gif" }
        return data.hasPrefix("UklGR") ? "image/webp" : "image/png"
    }
}
