import InferenceModel
import JSON

/// Reads a Responses request into the neutral shape (contract providers §6.1, §6.6).
enum ResponsesReader {
    /// What only a channel that keeps responses can do.
    private static let kept = ["previous_response_id", "conversation", "prompt"]
    /// What the vendor's own tools did, which is of no use to another vendor (loss table).
    private static let hosted: Set<String> = [
        "web_search_call", "file_search_call", "image_generation_call", "code_interpreter_call", "mcp_list_tools",
        "mcp_call", "mcp_approval_request", "mcp_approval_response",
    ]

    static func read(_ body: JSONObject, model: String, isStream: Bool) throws(Malformed) -> InferenceRequest {
        for member in kept where !(body[member]?.isNull ?? true) {
            throw Malformed(member, "is not possible here: the channel of this model keeps nothing")
        }
        if try body.flag("background") ?? false {
            throw Malformed("background", "is not possible here: the channel of this model keeps nothing")
        }
        var request = InferenceRequest(model: model)
        request.isStream = isStream
        if let instructions = try body.text("instructions"), !instructions.isEmpty {
            request.system.append(SystemBlock(instructions))
        }
        try input(body, into: &request)
        try tools(body, into: &request)
        try format(body, into: &request)
        if let reasoning = try body.members("reasoning") {
            request.wantsThoughts = ["summary", "generate_summary"].contains { !(reasoning[$0]?.isNull ?? true) }
            do throws(Malformed) {
                request.reasoning = try reasoning.text("effort").flatMap { Reasoning(word: $0) }
            } catch {
                throw error.inside("reasoning")
            }
        }
        request.maxOutputTokens = try body.whole("max_output_tokens", from: 1)
        request.sampling.temperature = try body.number("temperature")
        request.sampling.topP = try body.number("top_p")
        if try body.texts("include")?.contains("message.output_text.logprobs") ?? false {
            request.sampling.logprobs = true
            request.sampling.topLogprobs = try body.whole("top_logprobs", from: 0)
        }
        let endUser = try body.text("safety_identifier")
        request.user = try endUser == nil ? body.text("user") : endUser
        request.serviceTier = try body.text("service_tier")
        request.promptCacheKey = try body.text("prompt_cache_key")
        request.promptCacheRetention = try body.text("prompt_cache_retention")
        for member in try body.members("metadata")?.members ?? [] {
            request.metadata[member.key] = member.value.string
        }
        return request
    }

    // MARK: Input

    private static func input(_ body: JSONObject, into request: inout InferenceRequest) throws(Malformed) {
        if let text = body["input"]?.string {
            request.turns = [Turn(.user, [.text(text)])]
            return
        }
        guard let items = try body.list("input") else { throw Malformed("input", "is missing") }
        for (place, item) in items.enumerated() {
            do throws(Malformed) {
                try read(try item.requiredObject(), into: &request)
            } catch {
                throw error.inside("input[\(place)]")
            }
        }
        if request.turns.isEmpty { throw Malformed("input", "has nothing to answer") }
    }

    private static func read(_ item: JSONObject, into request: inout InferenceRequest) throws(Malformed) {
        switch try item.text("type") ?? "message" {
        case "message": try message(item, into: &request)
        case "function_call":
            let call = ToolCall(
                id: try item.requiredText("call_id"), name: try item.requiredText("name"),
                arguments: try arguments(item))
            add(.toolCall(call), .assistant, to: &request)
        case "function_call_output", "custom_tool_call_output":
            let result = ToolResult(callID: try item.requiredText("call_id"), parts: try output(item))
            add(.toolResult(result), .user, to: &request)
        case "reasoning": try reasoning(item, into: &request)
        case "item_reference":
            throw Malformed("type", "'item_reference' is not possible here: the channel of this model keeps nothing")
        case "custom_tool_call":
            let call = ToolCall(
                id: try item.requiredText("call_id"), name: try item.requiredText("name"),
                arguments: CustomTool.arguments(try item.text("input") ?? ""))
            add(.toolCall(call), .assistant, to: &request)
        case let type:
            guard hosted.contains(type) else {
                throw Malformed("type", "'\(type.prefix(100))' is not known to the channels of this model")
            }
        }
    }

    /// Arguments are text; some clients send an object.
    private static func arguments(_ item: JSONObject) throws(Malformed) -> String {
        switch item["arguments"] {
        case .string(let text)?: text.isEmpty ? "{}" : text
        case .object(let tree)?: String(decoding: JSONValue.object(tree).serialized(), as: UTF8.self)
        case nil, .null?: "{}"
        case let other?: throw Malformed("arguments", "must be a string, not \(other.kind)")
        }
    }

    private static func message(_ item: JSONObject, into request: inout InferenceRequest) throws(Malformed) {
        let role = try item.requiredText("role")
        let parts = try content(item)
        switch role {
        case "system", "developer":
            for case .text(let text, _) in parts { request.system.append(SystemBlock(text)) }
        case "assistant":
            for part in parts { add(part, .assistant, to: &request) }
        case "user":
            request.turns.append(Turn(.user, parts))
        default:
            throw Malformed("role", "must be user, assistant, system or developer")
        }
    }

    private static func content(_ item: JSONObject) throws(Malformed) -> [Part] {
        if let text = item["content"]?.string { return [.text(text)] }
        guard let list = try item.list("content") else { throw Malformed("content", "is missing") }
        var parts: [Part] = []
        for (place, value) in list.enumerated() {
            do throws(Malformed) {
                parts.append(try part(try value.requiredObject()))
            } catch {
                throw error.inside("content[\(place)]")
            }
        }
        return parts
    }

    private static func part(_ part: JSONObject) throws(Malformed) -> Part {
        switch try part.requiredText("type") {
        case "input_text", "output_text", "text", "summary_text", "reasoning_text":
            return .text(try part.text("text") ?? "")
        case "refusal":
            return .refusal(try part.text("refusal") ?? "")
        case "input_image":
            let detail = try part.text("detail")
            if let file = try part.text("file_id") { return .media(Media(.image, .file(file), detail: detail)) }
            let address = try part.requiredText("image_url")
            guard DataURL.isData(address) else { return .media(Media(.image, .url(address), detail: detail)) }
            guard let data = DataURL(address) else { throw Malformed("image_url", "is no data address in base64") }
            return .media(Media(.image, .base64(data.base64), mediaType: data.mediaType, detail: detail))
        case "input_file":
            return .media(try file(part))
        case "input_audio":
            guard let sound = try part.members("input_audio") else { return .media(try ChatPartReader.sound(part)) }
            do throws(Malformed) {
                return .media(try ChatPartReader.sound(sound))
            } catch {
                throw error.inside("input_audio")
            }
        case let type:
            throw Malformed("type", "'\(type)' is not known")
        }
    }

    private static func file(_ part: JSONObject) throws(Malformed) -> Media {
        let name = try part.text("filename")
        if let id = try part.text("file_id") { return Media(.document, .file(id), fileName: name) }
        if let address = try part.text("file_url") { return Media(.document, .url(address), fileName: name) }
        let text = try part.requiredText("file_data")
        if let data = DataURL(text) {
            let type = data.mediaType ?? "application/pdf"
            return Media(Media.Kind(mediaType: type), .base64(data.base64), mediaType: type, fileName: name)
        }
        guard let data = Base64Text.standard(text) else { throw Malformed("file_data", "is not base64") }
        return Media(.document, .base64(data), mediaType: "application/pdf", fileName: name)
    }

    private static func output(_ item: JSONObject) throws(Malformed) -> [Part] {
        if let text = item["output"]?.string { return [.text(text)] }
        guard let list = try item.list("output") else { throw Malformed("output", "is missing") }
        var parts: [Part] = []
        for (place, value) in list.enumerated() {
            do throws(Malformed) {
                parts.append(try part(try value.requiredObject()))
            } catch {
                throw error.inside("output[\(place)]")
            }
        }
        return parts
    }

    private static func reasoning(_ item: JSONObject, into request: inout InferenceRequest) throws(Malformed) {
        var texts: [String] = []
        for list in [try item.list("summary"), try item.list("content")] {
            texts += (list ?? []).compactMap { $0["text"]?.string }
        }
        let thinking = Thinking(
            texts.joined(separator: "\n\n"), signature: try item.text("encrypted_content"), id: try item.text("id"))
        if thinking.text.isEmpty, thinking.signature == nil { return }
        add(.thinking(thinking), .assistant, to: &request)
    }

    /// Items that follow each other are one turn of their side; a message of the user's is always a turn of its own.
    private static func add(_ part: Part, _ role: Turn.Role, to request: inout InferenceRequest) {
        let isOpen: Bool =
            switch request.turns.last {
            case let turn? where turn.role == role && role == .assistant: true
            case let turn? where turn.role == role:
                turn.parts.allSatisfy { if case .toolResult = $0 { true } else { false } }
            default: false
            }
        if isOpen {
            request.turns[request.turns.count - 1].parts.append(part)
        } else {
            request.turns.append(Turn(role, [part]))
        }
    }

    // MARK: Tools and format

    private static func tools(_ body: JSONObject, into request: inout InferenceRequest) throws(Malformed) {
        for (place, value) in (try body.list("tools") ?? []).enumerated() {
            do throws(Malformed) {
                request.tools.append(try tool(try value.requiredObject(), value))
            } catch {
                throw error.inside("tools[\(place)]")
            }
        }
        request.allowsParallelCalls = try body.flag("parallel_tool_calls")
        switch body["tool_choice"] {
        case nil, .null?: break
        case .string("auto")?: request.toolChoice = .auto
        case .string("none")?: request.toolChoice = ToolChoice.none
        case .string("required")?: request.toolChoice = .required
        case .object(let choice)?:
            switch try choice.text("type") {
            case "function", "custom":
                do throws(Malformed) {
                    request.toolChoice = .function(try choice.requiredText("name"))
                } catch {
                    throw error.inside("tool_choice")
                }
            case "allowed_tools":
                do throws(Malformed) {
                    try allowed(choice, into: &request)
                } catch {
                    throw error.inside("tool_choice")
                }
            // A tool of the vendor's: the only one can be forced, one of several cannot.
            default: request.toolChoice = request.tools.count == 1 ? .required : .auto
            }
        default: throw Malformed("tool_choice", "must be auto, none, required or an object")
        }
    }

    private static func allowed(_ choice: JSONObject, into request: inout InferenceRequest) throws(Malformed) {
        var names: [String] = []
        var kinds: Set<String> = []
        for tool in try choice.list("tools") ?? [] {
            let type = tool["type"]?.string ?? "function"
            if type == "function" || type == "custom" {
                if let name = tool["name"]?.string { names.append(name) }
            } else {
                kinds.insert(type)
            }
        }
        guard !names.isEmpty || !kinds.isEmpty else { throw Malformed("tools", "must not be empty") }
        try ChatToolReader.allow(names, kinds: kinds, try choice.text("mode") ?? "auto", into: &request)
    }

    private static func tool(_ tool: JSONObject, _ value: JSONValue) throws(Malformed) -> Tool {
        switch try tool.requiredText("type") {
        case "function":
            return .function(
                FunctionTool(
                    name: try tool.requiredText("name"), description: try tool.text("description"),
                    parameters: tool["parameters"].flatMap { $0.isNull ? JSONValue?.none : $0 },
                    strict: try tool.flag("strict")))
        case "custom": return .function(try CustomTool.function(tool))
        case "web_search", "web_search_preview", "web_search_preview_2025_03_11":
            return .hosted(HostedTool(.webSearch, dialect: "responses", definition: value))
        case "code_interpreter": return .hosted(HostedTool(.codeExecution, dialect: "responses", definition: value))
        case let type: return .hosted(HostedTool(.other(type), dialect: "responses", definition: value))
        }
    }

    private static func format(_ body: JSONObject, into request: inout InferenceRequest) throws(Malformed) {
        guard let text = try body.members("text") else { return }
        do throws(Malformed) {
            request.verbosity = try text.text("verbosity")
            guard let format = try text.members("format") else { return }
            switch try format.text("type") {
            case "json_object": request.format = .jsonObject
            case "json_schema":
                guard let schema = format["schema"], schema.object != nil else {
                    throw Malformed("format.schema", "must be an object")
                }
                request.format = .jsonSchema(
                    name: try format.text("name"), schema: schema, strict: try format.flag("strict"),
                    description: try format.text("description"))
            default: break
            }
        } catch {
            throw error.inside("text")
        }
    }
}
