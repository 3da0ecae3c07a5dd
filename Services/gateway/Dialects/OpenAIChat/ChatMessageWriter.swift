import InferenceModel
import JSON

/// Writes the messages of a chat request (contract providers §4.6).
struct ChatMessageWriter {
    let traits: OpenAITraits

    /// Writes all messages into an array.
    ///
    /// - Parameter schema: An instruction that joins the system texts.
    func write(_ request: InferenceRequest, schema: String?, to list: inout JSONWriter) {
        let told = request.system.map(\.text)
        let texts = (traits.systemPrefix.map { [$0] } ?? []) + told + (schema.map { [$0] } ?? [])
        let system = texts.filter { !$0.isEmpty }.joined(separator: "\n")
        if !system.isEmpty {
            list.object { message in
                message.field("role", traits.systemRole)
                message.field("content", system)
            }
        }
        for turn in request.turns {
            switch turn.role {
            case .user: writeUser(turn, to: &list)
            case .assistant: writeAssistant(turn, to: &list)
            }
        }
    }

    // MARK: The user's side

    /// Results of tools come first, each a message of its own; their media follow in the user's message, before what the user says.
    private func writeUser(_ turn: Turn, to list: inout JSONWriter) {
        var rest: [Part] = []
        for part in turn.parts {
            guard case .toolResult(let result) = part else { continue }
            write(result, to: &list)
            rest += result.parts.filter { if case .media = $0 { true } else { false } }
        }
        rest += turn.parts.filter { if case .toolResult = $0 { false } else { true } }
        let parts = rest.compactMap(Self.shown)
        guard !parts.isEmpty else { return }
        list.object { message in
            message.field("role", "user")
            write(parts, to: &message)
            message.field("name", turn.name)
        }
    }

    /// What of a part has a place in a message of the user.
    private static func shown(_ part: Part) -> Part? {
        switch part {
        case .text(let text, _): text.isEmpty ? nil : part
        case .media(let media): ChatMedia.text(of: media).map { .text($0) } ?? part
        case .refusal(let text): .text(text)
        case .thinking, .toolCall, .toolResult: nil
        }
    }

    /// `content`: one text where there is nothing else, for vendors that know no parts.
    private func write(_ parts: [Part], to message: inout JSONWriter) {
        var texts: [String] = []
        for part in parts {
            if case .text(let text, _) = part { texts.append(text) }
        }
        message.key("content")
        if texts.count == parts.count { return message.string(texts.joined(separator: "\n")) }
        message.array { content in
            for part in parts {
                switch part {
                case .text(let text, _):
                    content.object { member in
                        member.field("type", "text")
                        member.field("text", text)
                    }
                case .media(let media): ChatMedia.write(media, hasAudioURL: traits.hasAudioURL, to: &content)
                case .thinking, .toolCall, .toolResult, .refusal: break
                }
            }
        }
    }

    private func write(_ result: ToolResult, to list: inout JSONWriter) {
        var text = result.parts.compactMap { part in
            switch part {
            case .text(let text, _), .refusal(let text): text
            case .media(let media): ChatMedia.text(of: media)
            case .thinking, .toolCall, .toolResult: nil
            }
        }.joined(separator: "\n")
        if result.isError { text = "Error: " + text }
        list.object { message in
            message.field("role", "tool")
            message.field("tool_call_id", callID(result.callID))
            message.field("content", text)
        }
    }

    // MARK: The model's side

    private func writeAssistant(_ turn: Turn, to list: inout JSONWriter) {
        var texts: [String] = []
        var refusals: [String] = []
        var thought = ""
        var calls: [ToolCall] = []
        for part in turn.parts {
            switch part {
            case .text(let text, _): if !text.isEmpty { texts.append(text) }
            case .refusal(let text): if traits.isOpenAI { refusals.append(text) } else { texts.append(text) }
            case .thinking(let thinking): thought += thinking.text
            case .toolCall(let call): calls.append(call)
            case .media, .toolResult: break
            }
        }
        let isThoughtWanted =
            switch traits.reasoningBack {
            case .never: false
            case .withCalls: !calls.isEmpty
            case .always: true
            }
        guard !texts.isEmpty || !refusals.isEmpty || !calls.isEmpty || (isThoughtWanted && !thought.isEmpty) else {
            return
        }
        list.object { message in
            message.field("role", "assistant")
            message.key("content")
            if texts.isEmpty, !calls.isEmpty || !refusals.isEmpty {
                message.null()
            } else {
                message.string(texts.joined(separator: "\n"))
            }
            if !refusals.isEmpty { message.field("refusal", refusals.joined(separator: "\n")) }
            if isThoughtWanted, !thought.isEmpty { message.field("reasoning_content", thought) }
            message.field("name", turn.name)
            guard !calls.isEmpty else { return }
            message.key("tool_calls")
            message.array { list in
                for var call in calls {
                    call.id = callID(call.id)
                    list.object {
                        ChatAnswerWriter.write(call, hasSignature: traits.takesThoughtSignature, to: &$0)
                    }
                }
            }
        }
    }

    private func callID(_ id: String) -> String {
        traits.callIDLength.map { CallID(length: $0).written(id) } ?? id
    }
}
