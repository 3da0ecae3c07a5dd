import InferenceModel
import JSON

/// Reads a whole request of Anthropic's protocol into the neutral shape (contract providers §3.7, §4.6).
enum AnthropicReader {
    /// Reads a request; its model is the caller's name.
    ///
    /// - Throws: `InvalidRequest` naming the member at fault, such as `messages.0.content.1.type`.
    static func read(_ request: AnthropicRequest, parser: JSONParser) throws(InvalidRequest) -> InferenceRequest {
        let body: JSONObject
        do throws(JSONError) {
            body = try parser.parse(request.body).object ?? JSONObject()
        } catch {
            throw InvalidRequest(message: "the request body is not valid JSON: \(error.message)", field: nil)
        }
        do throws(Malformed) {
            return try read(body, of: request)
        } catch {
            throw error.invalidRequest
        }
    }

    private static func read(_ body: JSONObject, of request: AnthropicRequest) throws(Malformed) -> InferenceRequest {
        var neutral = InferenceRequest(model: request.model)
        neutral.system = try system(body["system"])
        try messages(body, into: &neutral)
        try tools(body, into: &neutral)
        neutral.reasoning = try reasoning(body)
        if let thinking = body["thinking"]?.object, thinking["type"]?.string != "disabled" {
            neutral.wantsThoughts = thinking["display"]?.string != "omitted"
        }
        neutral.format = try format(body)
        neutral.maxOutputTokens = try body.whole("max_tokens", from: 1)
        neutral.sampling.temperature = try body.number("temperature")
        neutral.sampling.topP = try body.number("top_p")
        neutral.sampling.topK = try body.whole("top_k")
        neutral.stop = try body.texts("stop_sequences") ?? []
        neutral.isStream = request.isStream
        if let metadata = try body.members("metadata") {
            neutral.user = try Malformed.inside("metadata") { () throws(Malformed) in try metadata.text("user_id") }
        }
        switch try body.text("service_tier") {
        case "standard_only": neutral.serviceTier = "default"
        case let tier: neutral.serviceTier = tier
        }
        return neutral
    }

    // MARK: System

    /// The header of Claude Code's billing is no instruction.
    private static let billing = "x-anthropic-billing-header"

    private static func system(_ value: JSONValue?) throws(Malformed) -> [SystemBlock] {
        switch value {
        case nil, .null?: return []
        case .string(let text)?: return text.isEmpty || text.hasPrefix(billing) ? [] : [SystemBlock(text)]
        case .array(let blocks)?:
            var system: [SystemBlock] = []
            for (place, block) in blocks.enumerated() {
                try Malformed.inside("system.\(place)") { () throws(Malformed) in
                    let members = try block.requiredObject()
                    let type = try members.needed("type")
                    guard type == "text" else { throw Malformed("type", "must be 'text', not '\(type)'") }
                    let text = try members.needed("text")
                    if text.isEmpty || text.hasPrefix(billing) { return }
                    system.append(SystemBlock(text, cache: try cache(members)))
                }
            }
            return system
        case let other?: throw Malformed.wrong(other, "a string or an array", at: "system")
        }
    }

    // MARK: Messages

    private static func messages(_ body: JSONObject, into neutral: inout InferenceRequest) throws(Malformed) {
        guard let messages = try body.list("messages") else {
            throw Malformed("messages", "is missing")
        }
        guard !messages.isEmpty else { throw Malformed("messages", "must hold at least one message") }
        var blocks = AnthropicBlockReader()
        neutral.turns.reserveCapacity(messages.count)
        for (place, message) in messages.enumerated() {
            try Malformed.inside("messages.\(place)") { () throws(Malformed) in
                let members = try message.requiredObject()
                let role = try members.needed("role")
                switch role {
                case "user": neutral.turns.append(Turn(.user, try blocks.content(members["content"], of: .user)))
                case "assistant":
                    neutral.turns.append(Turn(.assistant, try blocks.content(members["content"], of: .assistant)))
                case "system":
                    let texts = try blocks.content(members["content"], of: .user)
                    for case .text(let text, let cache) in texts {
                        neutral.system.append(SystemBlock(text, cache: cache))
                    }
                default: throw Malformed("role", "must be 'user' or 'assistant'")
                }
            }
        }
    }

    // MARK: Tools

    private static func tools(_ body: JSONObject, into neutral: inout InferenceRequest) throws(Malformed) {
        for (place, tool) in try (body.list("tools") ?? []).enumerated() {
            try Malformed.inside("tools.\(place)") { () throws(Malformed) in
                neutral.tools.append(try self.tool(tool))
            }
        }
        guard let choice = try body.members("tool_choice") else { return }
        try Malformed.inside("tool_choice") { () throws(Malformed) in
            let type = try choice.needed("type")
            switch type {
            case "auto": neutral.toolChoice = .auto
            case "any": neutral.toolChoice = .required
            case "none": neutral.toolChoice = ToolChoice.none
            case "tool": neutral.toolChoice = .function(try choice.requiredText("name"))
            default: throw Malformed("type", "must be 'auto', 'any', 'tool' or 'none'")
            }
            if let alone = try choice.flag("disable_parallel_tool_use") { neutral.allowsParallelCalls = !alone }
        }
    }

    private static func tool(_ value: JSONValue) throws(Malformed) -> Tool {
        let members = try value.requiredObject()
        let type = try members.text("type") ?? "custom"
        guard type == "custom" else {
            return .hosted(
                HostedTool(AnthropicTools.kind(of: type), dialect: AnthropicTools.dialect, definition: value))
        }
        let name = try members.requiredText("name")
        let schema = try members.members("input_schema")
        return .function(
            FunctionTool(
                name: name, description: try members.text("description"), parameters: schema.map(JSONValue.object),
                strict: try members.flag("strict"), cache: try cache(members)))
    }

    // MARK: Reasoning and format

    private static func reasoning(_ body: JSONObject) throws(Malformed) -> Reasoning? {
        var effort: Reasoning.Effort?
        if let config = try body.members("output_config") {
            let word = try Malformed.inside("output_config") { () throws(Malformed) in try config.text("effort") }
            if let word {
                guard case .enabled(let known, _)? = Reasoning(word: word) else {
                    throw Malformed("output_config.effort", "must be 'low', 'medium', 'high', 'xhigh' or 'max'")
                }
                effort = known
            }
        }
        guard let thinking = try body.members("thinking") else { return effort.map { .enabled(effort: $0) } }
        return try Malformed.inside("thinking") { () throws(Malformed) in
            let type = try thinking.needed("type")
            switch type {
            case "disabled": return .disabled
            case "enabled":
                guard let budget = try thinking.whole("budget_tokens", from: 1) else {
                    return .enabled(effort: effort ?? .medium)
                }
                let asked = Reasoning(budget: budget)
                return .enabled(effort: effort ?? asked.effort ?? .medium, budget: effort == nil ? budget : nil)
            case "adaptive", "between_tools": return .enabled(effort: effort ?? .medium)
            default: throw Malformed("type", "must be 'enabled', 'adaptive' or 'disabled'")
            }
        }
    }

    private static func format(_ body: JSONObject) throws(Malformed) -> OutputFormat? {
        let config = try body.members("output_config")
        let format = try Malformed.inside("output_config") { () throws(Malformed) in try config?.members("format") }
        let key = format == nil ? "output_format" : "output_config.format"
        let older = try body.members("output_format")
        guard let wanted = format ?? older else { return nil }
        return try Malformed.inside(key) { () throws(Malformed) in
            guard try wanted.needed("type") == "json_schema" else {
                throw Malformed("type", "must be 'json_schema'")
            }
            guard let schema = wanted["schema"], schema.object != nil else {
                throw Malformed("schema", "is missing")
            }
            return .jsonSchema(name: nil, schema: schema, strict: true, description: nil)
        }
    }

    /// The cache marker of a block or tool.
    static func cache(_ members: JSONObject) throws(Malformed) -> CacheMarker? {
        guard let control = try members.members("cache_control") else { return nil }
        return CacheMarker(
            ttl: try Malformed.inside("cache_control") { () throws(Malformed) in try control.text("ttl") })
    }
}

/// Anthropic's names of tools that it knows itself.
enum AnthropicTools {
    /// The dialect of hosted tools in Anthropic's words.
    static let dialect = "anthropic"

    private static let prefixes = [
        "web_search_", "web_fetch_", "code_execution_", "computer_", "bash_", "text_editor_", "memory_",
        "tool_search_tool_", "browser_", "mcp_toolset",
    ]

    /// Whether a type of tool is one of Anthropic's, in whatever request it stands.
    static func isOwn(_ type: String) -> Bool {
        prefixes.contains { type.hasPrefix($0) && type.utf8.contains { (48...57).contains($0) } }
            || type == "mcp_toolset"
    }

    /// What a type of tool is to other vendors.
    static func kind(of type: String) -> HostedTool.Kind {
        if type.hasPrefix("web_search_") { return .webSearch }
        if type.hasPrefix("web_fetch_") { return .urlContext }
        return type.hasPrefix("code_execution_") ? .codeExecution : .other(type)
    }
}
