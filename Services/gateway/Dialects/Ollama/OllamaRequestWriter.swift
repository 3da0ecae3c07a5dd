import InferenceModel
import JSON

/// Writes requests in Ollama's chat protocol (contract providers §18).
enum OllamaRequestWriter {
    static func write(_ request: InferenceRequest, into writer: inout JSONWriter) {
        var names: [String: String] = [:]
        for turn in request.turns {
            for case .toolCall(let call) in turn.parts { names[call.id] = call.name }
        }
        writer.object { root in
            root.field("model", request.model)
            root.key("messages")
            root.array { list in
                for block in request.system { message("system", text: block.text, into: &list) }
                for turn in request.turns { self.turn(turn, names, into: &list) }
            }
            // A stream is what comes when nothing is said.
            root.field("stream", request.isStream)
            tools(request, into: &root)
            switch request.format {
            case nil, .text?: break
            case .jsonObject?: root.field("format", "json")
            case .jsonSchema(_, let schema, _, _)?: root.field("format", schema)
            }
            think(request, into: &root)
            options(request, into: &root)
        }
    }

    private static func message(_ role: String, text: String, into list: inout JSONWriter) {
        list.object { message in
            message.field("role", role)
            message.field("content", text)
        }
    }

    /// The results of a turn come first, each as a message of its own.
    private static func turn(_ turn: Turn, _ names: [String: String], into list: inout JSONWriter) {
        var texts: [String] = []
        var thoughts: [String] = []
        var images: [String] = []
        var calls: [ToolCall] = []
        for part in turn.parts {
            switch part {
            case .text(let text, _), .refusal(let text): texts.append(text)
            case .thinking(let thinking): thoughts.append(thinking.text)
            case .media(let media):
                if case .base64(let data) = media.source, media.kind == .image { images.append(data) }
                if let text = ChatMedia.text(of: media) { texts.append(text) }
            case .toolCall(let call): calls.append(call)
            case .toolResult(let result): self.result(result, names, into: &list)
            }
        }
        guard !texts.isEmpty || !images.isEmpty || !calls.isEmpty else { return }
        list.object { message in
            message.field("role", turn.role.rawValue)
            message.field("content", texts.joined(separator: "\n"))
            if turn.role == .assistant, !thoughts.isEmpty {
                message.field("thinking", thoughts.joined(separator: "\n"))
            }
            if !images.isEmpty {
                message.key("images")
                message.array { for image in images { $0.string(image) } }
            }
            guard !calls.isEmpty else { return }
            message.key("tool_calls")
            message.array { list in
                for call in calls { self.call(call, into: &list) }
            }
        }
    }

    private static func call(_ call: ToolCall, into list: inout JSONWriter) {
        list.object { root in
            root.key("function")
            root.object { function in
                function.field("name", call.name)
                function.key("arguments")
                // Text that is no object cannot be sent (loss table).
                if let tree = try? JSONValue.parse(Array(call.arguments.utf8)), tree.object != nil {
                    function.value(tree)
                } else {
                    function.object { _ in }
                }
            }
        }
    }

    private static func result(_ result: ToolResult, _ names: [String: String], into list: inout JSONWriter) {
        var texts: [String] = []
        var images: [String] = []
        for part in result.parts {
            if case .text(let text, _) = part { texts.append(text) }
            if case .media(let media) = part, let text = ChatMedia.text(of: media) { texts.append(text) }
            if case .media(let media) = part, case .base64(let data) = media.source, media.kind == .image {
                images.append(data)
            }
        }
        list.object { message in
            message.field("role", "tool")
            message.field("content", (result.isError ? "Error: " : "") + texts.joined(separator: "\n"))
            message.field("tool_name", result.name ?? names[result.callID])
            guard !images.isEmpty else { return }
            message.key("images")
            message.array { for image in images { $0.string(image) } }
        }
    }

    private static func tools(_ request: InferenceRequest, into root: inout JSONWriter) {
        // There is no choice to be told: tools that must not be used are left out.
        guard request.toolChoice != ToolChoice.none else { return }
        let functions = request.tools.compactMap { if case .function(let function) = $0 { function } else { nil } }
        guard !functions.isEmpty else { return }
        root.key("tools")
        root.array { list in
            for function in functions {
                list.object { tool in
                    tool.field("type", "function")
                    tool.key("function")
                    tool.object { body in
                        body.field("name", function.name)
                        body.field("description", function.description)
                        body.field("parameters", function.parameters ?? ["type": "object", "properties": [:]])
                    }
                }
            }
        }
    }

    /// Yes or no; the models `gpt-oss` hear only how much.
    private static func think(_ request: InferenceRequest, into root: inout JSONWriter) {
        guard let reasoning = request.reasoning else { return }
        guard ModelNames.bare(request.model).hasPrefix("gpt-oss"), let effort = reasoning.effort else {
            return root.field("think", reasoning != .disabled)
        }
        switch effort {
        case .minimal, .low: root.field("think", "low")
        case .medium: root.field("think", "medium")
        case .high, .xhigh: root.field("think", "high")
        }
    }

    private static func options(_ request: InferenceRequest, into root: inout JSONWriter) {
        var options = JSONObject()
        if let value = request.sampling.temperature { options["temperature"] = .number(value) }
        if let value = request.sampling.topP { options["top_p"] = .number(value) }
        if let value = request.sampling.topK { options["top_k"] = .int(value) }
        if let value = request.sampling.seed { options["seed"] = .int(value) }
        if let value = request.sampling.frequencyPenalty { options["frequency_penalty"] = .number(value) }
        if let value = request.sampling.presencePenalty { options["presence_penalty"] = .number(value) }
        if let value = request.maxOutputTokens { options["num_predict"] = .int(value) }
        if !request.stop.isEmpty { options["stop"] = .array(request.stop.map { .string($0) }) }
        if !options.isEmpty { root.field("options", .object(options)) }
    }
}
