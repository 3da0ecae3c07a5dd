import InferenceModel
import JSON

/// Writes requests in the Responses protocol (contract providers §6.2); the upstream keeps nothing.
enum ResponsesRequestWriter {
    /// - Parameter traits: What the vendor and model do differently: the name, and members that are refused.
    static func write(_ request: InferenceRequest, _ traits: OpenAITraits, into writer: inout JSONWriter) {
        func takes(_ member: String) -> Bool { !traits.drops.contains(member) }
        writer.object { root in
            root.field("model", traits.modelName.written(request.model))
            root.key("input")
            root.array { items in
                for block in request.system { message("developer", [.text(block.text)], "input_text", into: &items) }
                for turn in request.turns { self.turn(turn, into: &items) }
            }
            root.field("store", false)
            if request.isStream { root.field("stream", true) }
            // The API wants at least 16.
            root.field("max_output_tokens", request.maxOutputTokens.map { max(16, $0) })
            if let value = request.sampling.temperature, takes("temperature") {
                root.field("temperature", .number(value))
            }
            if let value = request.sampling.topP, takes("top_p") { root.field("top_p", .number(value)) }
            if takes("logprobs") { logprobs(request.sampling, into: &root) }
            tools(request, into: &root)
            format(request, into: &root)
            reasoning(request, into: &root)
            root.field("parallel_tool_calls", request.allowsParallelCalls)
            root.field("service_tier", request.serviceTier)
            root.field("prompt_cache_key", request.promptCacheKey)
            root.field("user", request.user)
            if !request.metadata.isEmpty {
                root.key("metadata")
                root.object { pairs in
                    for key in request.metadata.keys.sorted() { pairs.field(key, request.metadata[key]) }
                }
            }
        }
    }

    // MARK: Items

    private static func turn(_ turn: Turn, into items: inout JSONWriter) {
        let textType = turn.role == .assistant ? "output_text" : "input_text"
        var waiting: [Part] = []
        for part in turn.parts {
            switch part {
            case .toolCall(let call):
                flush(&waiting, turn.role, textType, into: &items)
                items.object { item in
                    item.field("type", "function_call")
                    item.field("call_id", call.id)
                    item.field("name", call.name)
                    item.field("arguments", call.arguments)
                }
            case .toolResult(let result):
                flush(&waiting, turn.role, textType, into: &items)
                output(result, into: &items)
            case .thinking(let thinking):
                // Only a thought of the same vendor can be proved, by its id and its encrypted text.
                guard let id = thinking.id, id.hasPrefix("rs_"), let proof = thinking.signature else { continue }
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
            case .text, .media, .refusal: waiting.append(part)
            }
        }
        flush(&waiting, turn.role, textType, into: &items)
    }

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
                    sound.field("format", media.mediaType?.split(separator: "/").last.map(String.init) ?? "wav")
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

    private static func output(_ result: ToolResult, into items: inout JSONWriter) {
        var texts: [String] = []
        var isText = true
        for part in result.parts {
            if case .text(let text, _) = part { texts.append(text) } else { isText = false }
        }
        items.object { item in
            item.field("type", "function_call_output")
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

    private static func logprobs(_ sampling: Sampling, into root: inout JSONWriter) {
        guard sampling.logprobs == true else { return }
        root.key("include")
        root.array { $0.string("message.output_text.logprobs") }
        root.field("top_logprobs", sampling.topLogprobs)
    }

    private static func tools(_ request: InferenceRequest, into root: inout JSONWriter) {
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
            root.object { choice in
                choice.field("type", "function")
                choice.field("name", name)
            }
        case .oneOf(let names)?:
            root.key("tool_choice")
            root.object { choice in
                choice.field("type", "allowed_tools")
                choice.field("mode", "required")
                choice.key("tools")
                choice.array { list in
                    for name in names {
                        list.object { tool in
                            tool.field("type", "function")
                            tool.field("name", name)
                        }
                    }
                }
            }
        }
    }

    private static func function(_ function: FunctionTool, into list: inout JSONWriter) {
        list.object { tool in
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

    private static func reasoning(_ request: InferenceRequest, into root: inout JSONWriter) {
        guard let wanted = request.reasoning, let effort = effort(wanted, model: request.model) else { return }
        root.key("reasoning")
        root.object { reasoning in
            reasoning.field("effort", effort)
            if wanted != .disabled { reasoning.field("summary", "auto") }
        }
    }

    /// The word that the model takes; `nil` for a model that does not think, and refuses the member.
    private static func effort(_ reasoning: Reasoning, model: String) -> String? {
        let word = reasoning.effort?.rawValue ?? "none"
        guard let known = ModelNames.efforts(ModelNames.bare(model)) else { return word }
        return ChatReasoning.nearest(word, known)
    }
}
