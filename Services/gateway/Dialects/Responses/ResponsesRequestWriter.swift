import InferenceModel
import JSON

/// Writes requests in the Responses protocol (contract providers §6.2); the upstream keeps nothing.
enum ResponsesRequestWriter {
    /// - Parameter traits: What the vendor and model do differently: the name, and members that are refused.
    static func write(_ request: InferenceRequest, _ traits: OpenAITraits, into writer: inout JSONWriter) {
        func takes(_ member: String) -> Bool { !traits.drops.contains(member) }
        let custom = CustomNames(request)
        writer.object { root in
            root.field("model", traits.modelName.written(request.model))
            root.key("input")
            root.array { items in
                for block in request.system { message("developer", [.text(block.text)], "input_text", into: &items) }
                for turn in request.turns { self.turn(turn, custom, into: &items) }
            }
            root.field("store", false)
            if request.isStream { root.field("stream", true) }
            // The API wants at least 16.
            root.field("max_output_tokens", request.maxOutputTokens.map { max(16, $0) })
            if let value = request.sampling.temperature, takes("temperature") {
                root.field("temperature", .number(value))
            }
            if let value = request.sampling.topP, takes("top_p") { root.field("top_p", .number(value)) }
            let effort = effort(request)
            let wantsLogprobs = request.sampling.logprobs == true && takes("logprobs")
            if wantsLogprobs { root.field("top_logprobs", request.sampling.topLogprobs) }
            include(logprobs: wantsLogprobs, thoughts: effort.tellsThoughts, into: &root)
            tools(request, custom, into: &root)
            format(request, into: &root)
            reasoning(effort, into: &root)
            root.field("parallel_tool_calls", request.allowsParallelCalls)
            root.field("service_tier", request.serviceTier)
            root.field("prompt_cache_key", request.promptCacheKey)
            root.field("prompt_cache_retention", request.promptCacheRetention)
            if let user = request.user, user.utf8.count <= 64 { root.field("user", user) }
            if !request.metadata.isEmpty {
                root.key("metadata")
                root.object { pairs in
                    for key in request.metadata.keys.sorted() { pairs.field(key, request.metadata[key]) }
                }
            }
        }
    }

    /// The tools that take text, and the calls of them.
    private struct CustomNames {
        let tools: Set<String>
        let calls: Set<String>

        init(_ request: InferenceRequest) {
            let tools = Set(
                request.tools.compactMap { tool in
                    if case .function(let function) = tool, function.textInput != nil { function.name } else { nil }
                })
            self.tools = tools
            guard !tools.isEmpty else {
                calls = []
                return
            }
            calls = Set(
                request.turns.flatMap(\.parts).compactMap { part in
                    if case .toolCall(let call) = part, tools.contains(call.name) { call.id } else { nil }
                })
        }
    }

    // MARK: Items

    private static func turn(_ turn: Turn, _ custom: CustomNames, into items: inout JSONWriter) {
        let textType = turn.role == .assistant ? "output_text" : "input_text"
        var waiting: [Part] = []
        for part in turn.parts {
            switch part {
            case .toolCall(let call):
                flush(&waiting, turn.role, textType, into: &items)
                items.object { item in
                    let isCustom = custom.tools.contains(call.name)
                    item.field("type", isCustom ? "custom_tool_call" : "function_call")
                    item.field("call_id", call.id)
                    item.field("name", call.name)
                    if isCustom {
                        item.field("input", CustomTool.input(call.arguments))
                    } else {
                        item.field("arguments", call.arguments)
                    }
                }
            case .toolResult(let result):
                flush(&waiting, turn.role, textType, into: &items)
                output(result, isCustom: custom.calls.contains(result.callID), into: &items)
            case .thinking(let thinking):
                // Only a thought of the same vendor can be proved, by its encrypted text; other protocols carry no id beside it.
                guard let proof = thinking.signature else { continue }
                let id = thinking.id.flatMap { $0.hasPrefix("rs_") ? $0 : nil }
                guard id != nil || proof.hasPrefix(sealMark) else { continue }
                flush(&waiting, turn.role, textType, into: &items)
                items.object { item in
                    item.field("type", "reasoning")
                    item.field("id", id)
                    item.key("summary")
                    item.array { list in
                        guard !thinking.text.isEmpty else { return }
                        list.object { part in
                            part.field("type", "summary_text")
                            part.field("text", thinking.text)
                        }
                    }
                    item.field("encrypted_content", proof)
                }
            // The protocol has no place for what the model showed.
            case .media where turn.role == .assistant: break
            case .text, .media, .refusal: waiting.append(part)
            }
        }
        flush(&waiting, turn.role, textType, into: &items)
    }

    /// How OpenAI's encrypted thoughts begin: they are tokens of Fernet, version 0x80.
    private static let sealMark = "gAAAA"

    private static func flush(
        _ parts: inout [Part], _ role: Turn.Role, _ textType: String, into items: inout JSONWriter
    ) {
        guard !parts.isEmpty else { return }
        message(role.rawValue, parts, textType, into: &items)
        parts.removeAll()
    }

    private static func message(_ role: String, _ parts: [Part], _ textType: String, into items: inout JSONWriter) {
        items.object { item in
            item.field("type", "message")
            item.field("role", role)
            item.key("content")
            item.array { content in
                for part in parts { self.part(part, textType, into: &content) }
            }
        }
    }

    private static func part(_ part: Part, _ textType: String, into content: inout JSONWriter) {
        switch part {
        case .text(let text, _):
            content.object { object in
                object.field("type", textType)
                object.field("text", text)
            }
        case .refusal(let text):
            content.object { object in
                object.field("type", "refusal")
                object.field("refusal", text)
            }
        case .media(let media): self.media(media, into: &content)
        case .thinking, .toolCall, .toolResult: break
        }
    }

    private static func media(_ media: Media, into content: inout JSONWriter) {
        content.object { object in
            switch (media.kind, media.source) {
            case (.image, .file(let id)):
                object.field("type", "input_image")
                object.field("file_id", id)
                object.field("detail", media.detail ?? "auto")
            case (.image, .url(let address)):
                object.field("type", "input_image")
                object.field("image_url", address)
                object.field("detail", media.detail ?? "auto")
            case (.image, .base64(let data)):
                object.field("type", "input_image")
                object.field("image_url", DataURL.text(mediaType: media.mediaType ?? "image/png", base64: data))
                object.field("detail", media.detail ?? "auto")
            case (.audio, .base64(let data)):
                object.field("type", "input_audio")
                object.key("input_audio")
                object.object { sound in
                    sound.field("data", data)
                    sound.field("format", AudioFormat.name(media.mediaType))
                }
            case (_, .file(let id)):
                object.field("type", "input_file")
                object.field("file_id", id)
            case (_, .url(let address)):
                object.field("type", "input_file")
                object.field("file_url", address)
            case (_, .base64(let data)):
                object.field("type", "input_file")
                object.field("filename", media.fileName ?? "file")
                object.field("file_data", DataURL.text(mediaType: media.mediaType ?? "application/pdf", base64: data))
            }
        }
    }

    private static func output(_ result: ToolResult, isCustom: Bool, into items: inout JSONWriter) {
        var texts: [String] = []
        var isText = true
        for part in result.parts {
            if case .text(let text, _) = part { texts.append(text) } else { isText = false }
        }
        items.object { item in
            item.field("type", isCustom ? "custom_tool_call_output" : "function_call_output")
            item.field("call_id", result.callID)
            if isText {
                item.field("output", (result.isError ? "Error: " : "") + texts.joined(separator: "\n"))
            } else {
                item.key("output")
                item.array { list in
                    if result.isError { part(.text("Error:"), "input_text", into: &list) }
                    for value in result.parts { part(value, "input_text", into: &list) }
                }
            }
        }
    }

    // MARK: The rest

    /// What the answer must hold beside itself: the upstream keeps nothing, so that a thought comes back only as the caller returns it.
    private static func include(logprobs: Bool, thoughts: Bool, into root: inout JSONWriter) {
        guard logprobs || thoughts else { return }
        root.key("include")
        root.array { list in
            if logprobs { list.string("message.output_text.logprobs") }
            if thoughts { list.string("reasoning.encrypted_content") }
        }
    }

    private static func tools(
        _ request: InferenceRequest, _ custom: CustomNames, into root: inout JSONWriter
    ) {
        let tools = request.tools.filter { tool in
            switch tool {
            case .function: true
            case .hosted(let hosted): hosted.dialect == "responses" || hosted.kind == .webSearch
            }
        }
        guard !tools.isEmpty else { return }
        root.key("tools")
        root.array { list in
            for tool in tools {
                switch tool {
                case .function(let function): self.function(function, into: &list)
                case .hosted(let hosted) where hosted.dialect == "responses": list.value(hosted.definition)
                case .hosted: list.object { $0.field("type", "web_search") }
                }
            }
        }
        switch request.toolChoice {
        case nil: break
        case .auto?: root.field("tool_choice", "auto")
        case .some(.none): root.field("tool_choice", "none")
        case .required?: root.field("tool_choice", "required")
        case .function(let name)?:
            root.key("tool_choice")
            root.object { Self.tool(name, custom, into: &$0) }
        case .oneOf(let names)?:
            root.key("tool_choice")
            root.object { choice in
                choice.field("type", "allowed_tools")
                choice.field("mode", "required")
                choice.key("tools")
                choice.array { list in
                    for name in names { list.object { Self.tool(name, custom, into: &$0) } }
                }
            }
        }
    }

    private static func tool(_ name: String, _ custom: CustomNames, into choice: inout JSONWriter) {
        choice.field("type", custom.tools.contains(name) ? "custom" : "function")
        choice.field("name", name)
    }

    private static func function(_ function: FunctionTool, into list: inout JSONWriter) {
        list.object { tool in
            if let text = function.textInput {
                tool.field("type", "custom")
                tool.field("name", function.name)
                tool.field("description", text.description)
                tool.field("format", text.format)
                return
            }
            tool.field("type", "function")
            tool.field("name", function.name)
            tool.field("description", function.description)
            tool.key("parameters")
            if let schema = function.parameters {
                tool.value(schema)
            } else {
                tool.raw(#"{"type":"object","properties":{}}"#.utf8)
            }
            // The API's own default is strict.
            tool.field("strict", function.strict ?? false)
        }
    }

    private static func format(_ request: InferenceRequest, into root: inout JSONWriter) {
        guard request.format != nil || request.verbosity != nil else { return }
        root.key("text")
        root.object { text in
            text.field("verbosity", request.verbosity)
            switch request.format {
            case nil, .text?: break
            case .jsonObject?:
                text.key("format")
                text.object { $0.field("type", "json_object") }
            case .jsonSchema(let name, let schema, let strict, let description)?:
                text.key("format")
                text.object { format in
                    format.field("type", "json_schema")
                    format.field("name", name ?? "answer")
                    format.field("schema", schema)
                    format.field("strict", strict)
                    format.field("description", description)
                }
            }
        }
    }

    /// How much the model is to think, and whether it is to tell.
    private struct Effort {
        /// The word that the model takes; `nil` when nothing is said.
        var word: String?
        var tellsThoughts = false
    }

    /// A model that does not think refuses to be told of it.
    private static func effort(_ request: InferenceRequest) -> Effort {
        let known = ModelNames.efforts(ModelNames.bare(request.model))
        guard known?.isEmpty != true else { return Effort() }
        let wanted = request.reasoning.map { $0.effort?.rawValue ?? "none" }
        return Effort(
            word: wanted.flatMap { word in known.map { ChatReasoning.nearest(word, $0) } ?? word },
            tellsThoughts: request.wantsThoughts == true && request.reasoning != .disabled)
    }

    /// Summaries are only for callers that want them: OpenAI gives them to none but verified organizations.
    private static func reasoning(_ effort: Effort, into root: inout JSONWriter) {
        guard effort.word != nil || effort.tellsThoughts else { return }
        root.key("reasoning")
        root.object { reasoning in
            reasoning.field("effort", effort.word)
            if effort.tellsThoughts { reasoning.field("summary", "auto") }
        }
    }
}
