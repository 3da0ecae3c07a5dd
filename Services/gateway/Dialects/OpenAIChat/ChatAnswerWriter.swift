import InferenceModel
import JSON

/// Writes whole answers as `chat.completion` (contract providers §4.4, §5.6, §6.3).
enum ChatAnswerWriter {
    /// The body of an answer.
    ///
    /// - Parameter customTools: The names of the caller's tools that take text.
    static func write(
        _ response: InferenceResponse, _ context: UpstreamContext, customTools: Set<String> = []
    ) -> [UInt8] {
        var writer = JSONWriter(reserving: 1024)
        writer.object { root in
            root.field("id", response.id.isEmpty ? "chatcmpl-\(context.nonce)" : response.id)
            root.field("object", "chat.completion")
            root.field("created", response.created == 0 ? context.now : response.created)
            root.field("model", response.model)
            root.key("choices")
            root.array { choices in
                for (index, choice) in response.choices.enumerated() {
                    write(choice, index, context, customTools, to: &choices)
                }
            }
            if let usage = response.usage { root.field("usage", raw: ChatWords.usage(usage)) }
            root.field("service_tier", response.serviceTier)
        }
        return writer.bytes
    }

    private static func write(
        _ choice: Choice, _ index: Int, _ context: UpstreamContext, _ customTools: Set<String>,
        to writer: inout JSONWriter
    ) {
        writer.object { root in
            root.field("index", index)
            root.key("message")
            root.object { message in
                write(choice.parts, context, customTools, to: &message)
                write(choice.citations, to: &message)
            }
            root.field("logprobs", choice.logprobs ?? .null)
            root.field("finish_reason", ChatWords.finish(choice.finish))
        }
    }

    /// The members of a message.
    private static func write(
        _ parts: [Part], _ context: UpstreamContext, _ customTools: Set<String>, to message: inout JSONWriter
    ) {
        var text = ""
        var thought = ""
        var signature: String?
        /// Of what was said without a thought that is shown (Gemini).
        var textSignature: String?
        var refusal = ""
        var shown: [Media] = []
        var sound: Media?
        var calls: [ToolCall] = []
        for part in parts {
            switch part {
            case .text(let more, _): text += more
            case .refusal(let more): refusal += more
            case .thinking(let thinking):
                thought += thinking.text
                if thinking.text.isEmpty {
                    textSignature = thinking.signature ?? textSignature
                } else {
                    signature = thinking.signature ?? signature
                }
            case .toolCall(let call): calls.append(call)
            case .media(let media) where media.kind == .audio: sound = media
            case .media(let media): shown.append(media)
            case .toolResult: break
            }
        }
        message.field("role", "assistant")
        message.key("content")
        if !shown.isEmpty {
            message.array { content in
                if !text.isEmpty {
                    content.object {
                        $0.field("type", "text")
                        $0.field("text", text)
                    }
                }
                for media in shown { ChatMedia.write(media, to: &content) }
            }
        } else if text.isEmpty, !calls.isEmpty || !refusal.isEmpty || sound != nil {
            message.null()
        } else {
            message.string(text)
        }
        if !thought.isEmpty { message.field("reasoning_content", thought) }
        message.field("signature", signature)
        write(thoughtSignature: textSignature, to: &message)
        if !refusal.isEmpty { message.field("refusal", refusal) }
        if let sound { ChatAnswerWriter.write(sound, context, to: &message) }
        guard !calls.isEmpty else { return }
        message.key("tool_calls")
        message.array { list in
            for call in calls {
                list.object { customTools.contains(call.name) ? write(custom: call, to: &$0) : write(call, to: &$0) }
            }
        }
    }

    /// The sources of a message's text, or of a delta's; nothing when there are none.
    static func write(_ citations: [Citation], to message: inout JSONWriter) {
        guard !citations.isEmpty else { return }
        message.key("annotations")
        message.array { list in
            for citation in citations {
                list.object { annotation in
                    annotation.field("type", "url_citation")
                    annotation.key("url_citation")
                    annotation.object { OpenAICitation.write(citation, to: &$0) }
                }
            }
        }
    }

    /// The members of a call.
    static func write(_ call: ToolCall, hasSignature: Bool = true, to member: inout JSONWriter) {
        member.field("id", call.id)
        member.field("type", "function")
        member.key("function")
        member.object { function in
            function.field("name", call.name)
            function.field("arguments", call.arguments)
        }
        if hasSignature { write(thoughtSignature: call.signature, to: &member) }
    }

    /// The members of a call of a tool that takes text.
    static func write(custom call: ToolCall, to member: inout JSONWriter) {
        member.field("id", call.id)
        member.field("type", "custom")
        member.key("custom")
        member.object { custom in
            custom.field("name", call.name)
            custom.field("input", CustomTool.input(call.arguments))
        }
    }

    /// Google's `extra_content.google.thought_signature` of a call, or of a message; nothing when there is none.
    static func write(thoughtSignature signature: String?, to member: inout JSONWriter) {
        guard let signature else { return }
        member.key("extra_content")
        member.object { extra in
            extra.key("google")
            extra.object { $0.field("thought_signature", signature) }
        }
    }

    /// OpenAI's `audio` member.
    private static func write(_ sound: Media, _ context: UpstreamContext, to message: inout JSONWriter) {
        message.key("audio")
        message.object { audio in
            audio.field("id", "audio_\(context.nonce)")
            if case .base64(let data) = sound.source { audio.field("data", data) }
            if case .url(let url) = sound.source { audio.field("url", url) }
            audio.field("expires_at", context.now)
            audio.field("transcript", "")
        }
    }
}
