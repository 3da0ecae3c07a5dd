import InferenceModel
import JSON

/// Writes requests in Cohere's chat protocol of version 2 (contract providers §16).
struct CohereRequestWriter {
    private let request: InferenceRequest
    private let functions: [FunctionTool]
    /// The names that the tools are sent under.
    private(set) var names: ToolNames

    init(_ request: InferenceRequest) {
        self.request = request
        let all = request.tools.compactMap { if case .function(let function) = $0 { function } else { nil } }
        // Which tools may be used can only be told by leaving the others out.
        functions =
            switch request.toolChoice {
            case .function(let name)?: all.filter { $0.name == name }
            case .oneOf(let names)?: all.filter { names.contains($0.name) }
            default: all
            }
        names = ToolNames(functions.map(\.name), .cohere)
    }

    mutating func write(into json: inout JSONWriter) {
        json.object { root in
            root.field("model", request.model)
            root.field("stream", request.isStream)
            root.key("messages")
            root.array { list in
                for block in request.system { Self.message("system", block.text, &list) }
                for turn in request.turns {
                    switch turn.role {
                    case .user: writeUser(turn, &list)
                    case .assistant: writeAssistant(turn, &list)
                    }
                }
            }
            writeTools(&root)
            writeFormat(&root)
            writeThinking(&root)
            writeOptions(&root)
        }
    }

    private static func message(_ role: String, _ text: String, _ list: inout JSONWriter) {
        list.object { message in
            message.field("role", role)
            message.field("content", text)
        }
    }

    // MARK: Turns

    /// Results come first, each as a message of its own; their pictures follow in the user's message.
    private func writeUser(_ turn: Turn, _ list: inout JSONWriter) {
        var rest: [Part] = []
        for part in turn.parts {
            guard case .toolResult(let result) = part else { continue }
            Self.write(result, &list)
            rest += result.parts.filter { if case .media = $0 { true } else { false } }
        }
        rest += turn.parts.filter { if case .toolResult = $0 { false } else { true } }
        let parts = rest.compactMap(Self.shown)
        guard !parts.isEmpty else { return }
        list.object { message in
            message.field("role", "user")
            message.key("content")
            if parts.count == 1, case .text(let text, _) = parts[0] { return message.string(text) }
            message.array { content in
                for part in parts { Self.write(part, &content) }
            }
        }
    }

    /// What has a place in a message of the user: texts, also those of documents that are text, and pictures.
    private static func shown(_ part: Part) -> Part? {
        switch part {
        case .text(let text, _), .refusal(let text): return text.isEmpty ? nil : .text(text)
        case .media(let media):
            if let text = ChatMedia.text(of: media) { return .text(text) }
            if case .file = media.source { return nil }
            return media.kind == .image ? part : nil
        case .thinking, .toolCall, .toolResult: return nil
        }
    }

    private static func write(_ part: Part, _ content: inout JSONWriter) {
        switch part {
        case .text(let text, _):
            content.object { block in
                block.field("type", "text")
                block.field("text", text)
            }
        case .media(let media): ChatMedia.write(media, to: &content)
        case .refusal, .thinking, .toolCall, .toolResult: break
        }
    }

    private static func write(_ result: ToolResult, _ list: inout JSONWriter) {
        let texts = result.parts.compactMap { part in
            switch part {
            case .text(let text, _), .refusal(let text): text
            case .media(let media): ChatMedia.text(of: media)
            case .thinking, .toolCall, .toolResult: nil
            }
        }
        list.object { message in
            message.field("role", "tool")
            message.field("tool_call_id", result.callID)
            message.field("content", (result.isError ? "Error: " : "") + texts.joined(separator: "\n"))
        }
    }

    /// What the model said before calls is its plan, which stands apart from the content.
    private mutating func writeAssistant(_ turn: Turn, _ list: inout JSONWriter) {
        var texts: [String] = []
        var thoughts: [String] = []
        var calls: [ToolCall] = []
        for part in turn.parts {
            switch part {
            case .text(let text, _), .refusal(let text): if !text.isEmpty { texts.append(text) }
            case .thinking(let thinking): if !thinking.text.isEmpty { thoughts.append(thinking.text) }
            case .toolCall(var call):
                call.name = names.name(call.name)
                calls.append(call)
            case .media, .toolResult: break
            }
        }
        guard !texts.isEmpty || !thoughts.isEmpty || !calls.isEmpty else { return }
        list.object { message in
            message.field("role", "assistant")
            let said = calls.isEmpty ? texts : []
            if !said.isEmpty || !thoughts.isEmpty {
                message.key("content")
                if thoughts.isEmpty, said.count == 1 {
                    message.string(said[0])
                } else {
                    message.array { content in
                        for thought in thoughts {
                            content.object { block in
                                block.field("type", "thinking")
                                block.field("thinking", thought)
                            }
                        }
                        for text in said { Self.write(.text(text), &content) }
                    }
                }
            }
            guard !calls.isEmpty else { return }
            if !texts.isEmpty { message.field("tool_plan", texts.joined(separator: "\n")) }
            message.key("tool_calls")
            message.array { list in
                for call in calls { list.object { ChatAnswerWriter.write(call, hasSignature: false, to: &$0) } }
            }
        }
    }

    // MARK: Settings

    private mutating func writeTools(_ root: inout JSONWriter) {
        guard !functions.isEmpty else { return }
        root.key("tools")
        root.array { list in
            for function in functions {
                list.object { tool in
                    tool.field("type", "function")
                    tool.key("function")
                    tool.object { body in
                        body.field("name", names.name(function.name))
                        body.field("description", function.description)
                        body.field("parameters", function.parameters ?? ["type": "object", "properties": [:]])
                    }
                }
            }
        }
        if functions.allSatisfy({ $0.strict == true }) { root.field("strict_tools", true) }
        switch request.toolChoice {
        case nil, .auto?: break
        case ToolChoice.none?: root.field("tool_choice", "NONE")
        case .required?, .function?, .oneOf?: root.field("tool_choice", "REQUIRED")
        }
    }

    /// The vendor refuses a form of the answer beside tools.
    private func writeFormat(_ root: inout JSONWriter) {
        guard functions.isEmpty else { return }
        switch request.format {
        case nil, .text?: break
        case .jsonObject?: root.field("response_format", ["type": "json_object"])
        case .jsonSchema(_, let schema, _, _)?:
            root.field("response_format", ["type": "json_object", "json_schema": schema])
        }
    }

    private func writeThinking(_ root: inout JSONWriter) {
        guard let reasoning = request.reasoning else { return }
        root.key("thinking")
        root.object { thinking in
            thinking.field("type", reasoning == .disabled ? "disabled" : "enabled")
            thinking.field("token_budget", reasoning.budget)
        }
    }

    /// Values outside of what the vendor takes are moved to its nearest.
    private func writeOptions(_ root: inout JSONWriter) {
        let sampling = request.sampling
        func field(_ name: String, _ number: JSONNumber?, in range: ClosedRange<Double>? = nil) {
            guard let number else { return }
            let value = number.double ?? 0
            guard let range, !range.contains(value) else { return root.field(name, .number(number)) }
            root.field(name, min(max(value, range.lowerBound), range.upperBound))
        }
        field("temperature", sampling.temperature)
        field("p", sampling.topP, in: 0.01...0.99)
        root.field("k", sampling.topK.map { min(max($0, 0), 500) })
        root.field("seed", sampling.seed)
        field("frequency_penalty", sampling.frequencyPenalty, in: 0...1)
        field("presence_penalty", sampling.presencePenalty, in: 0...1)
        root.field("max_tokens", request.maxOutputTokens)
        guard !request.stop.isEmpty else { return }
        root.key("stop_sequences")
        root.array { list in for text in request.stop.prefix(5) { list.string(text) } }
    }
}
