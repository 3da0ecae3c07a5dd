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
        var neutral = InferenceRequest(model: request.model)
        neutral.system = try system(body["system"])
        try messages(body, into: &neutral)
        try tools(body, into: &neutral)
        neutral.reasoning = try reasoning(body)
        neutral.format = try format(body)
        if let limit = try body.integer("max_tokens") {
            guard limit > 0 else { throw InvalidRequest("must be greater than 0", at: "max_tokens") }
            neutral.maxOutputTokens = limit
        }
        neutral.sampling.temperature = try body.number("temperature")
        neutral.sampling.topP = try body.number("top_p")
        neutral.sampling.topK = try body.integer("top_k")
        for (place, stop) in try (body.array("stop_sequences") ?? []).enumerated() {
            guard let text = stop.string else { throw InvalidRequest.wrong(stop, "a string", at: "stop_sequences.\(place)") }
            neutral.stop.append(text)
        }
        neutral.isStream = request.isStream
        if let metadata = try body.object("metadata") {
            neutral.user = try InvalidRequest.inside("metadata") { () throws(InvalidRequest) in try metadata.string("user_id") }
        }
        switch try body.string("service_tier") {
        case "standard_only": neutral.serviceTier = "default"
        case let tier: neutral.serviceTier = tier
        }
        return neutral
    }

    // MARK: System

    /// The header of Claude Code's billing is no instruction.
    private static let billing = "x-anthropic-billing-header"

    private static func system(_ value: JSONValue?) throws(InvalidRequest) -> [SystemBlock] {
        switch value {
        case nil, .null?: return []
        case .string(let text)?: return text.isEmpty || text.hasPrefix(billing) ? [] : [SystemBlock(text)]
        case .array(let blocks)?:
            var system: [SystemBlock] = []
            for (place, block) in blocks.enumerated() {
                try InvalidRequest.inside("system.\(place)") { () throws(InvalidRequest) in
                    let members = try block.members()
                    let type = try members.needed("type")
                    guard type == "text" else { throw InvalidRequest("must be 'text', not '\(type)'", at: "type") }
                    let text = try members.needed("text")
                    if text.isEmpty || text.hasPrefix(billing) { return }
                    system.append(SystemBlock(text, cache: try cache(members)))
                }
            }
            return system
        case let other?: throw InvalidRequest.wrong(other, "a string or an array", at: "system")
        }
    }

    // MARK: Messages

    private static func messages(_ body: JSONObject, into neutral: inout InferenceRequest) throws(InvalidRequest) {
        guard let messages = try body.array("messages") else {
            throw InvalidRequest("this field is required", at: "messages")
        }
        guard !messages.isEmpty else { throw InvalidRequest("at least one message is required", at: "messages") }
        var blocks = AnthropicBlockReader()
        neutral.turns.reserveCapacity(messages.count)
        for (place, message) in messages.enumerated() {
            try InvalidRequest.inside("messages.\(place)") { () throws(InvalidRequest) in
                let members = try message.members()
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
                default: throw InvalidRequest("must be 'user' or 'assistant'", at: "role")
                }
            }
        }
    }

    // MARK: Tools

    private static func tools(_ body: JSONObject, into neutral: inout InferenceRequest) throws(InvalidRequest) {
        for (place, tool) in try (body.array("tools") ?? []).enumerated() {
            try InvalidRequest.inside("tools.\(place)") { () throws(InvalidRequest) in
                neutral.tools.append(try self.tool(tool))
            }
        }
        guard let choice = try body.object("tool_choice") else { return }
        try InvalidRequest.inside("tool_choice") { () throws(InvalidRequest) in
            let type = try choice.needed("type")
            switch type {
            case "auto": neutral.toolChoice = .auto
            case "any": neutral.toolChoice = .required
            case "none": neutral.toolChoice = ToolChoice.none
            case "tool": neutral.toolChoice = .function(try choice.needed("name"))
            default: throw InvalidRequest("must be 'auto', 'any', 'tool' or 'none'", at: "type")
            }
            if let alone = try choice.bool("disable_parallel_tool_use") { neutral.allowsParallelCalls = !alone }
        }
    }

    private static func tool(_ value: JSONValue) throws(InvalidRequest) -> Tool {
        let members = try value.members()
        let type = try members.string("type") ?? "custom"
        guard type == "custom" else {
            return .hosted(HostedTool(AnthropicTools.kind(of: type), dialect: AnthropicTools.dialect, definition: value))
        }
        let name = try members.needed("name")
        let schema = try members.object("input_schema")
        return .function(
            FunctionTool(
                name: name, description: try members.string("description"), parameters: schema.map(JSONValue.object),
                strict: try members.bool("strict"), cache: try cache(members)))
    }

    // MARK: Reasoning and format

    private static func reasoning(_ body: JSONObject) throws(InvalidRequest) -> Reasoning? {
        var effort: Reasoning.Effort?
        if let config = try body.object("output_config") {
            let word = try InvalidRequest.inside("output_config") { () throws(InvalidRequest) in try config.string("effort") }
            if let word {
                guard case .enabled(let known, _)? = Reasoning(word: word) else {
                    throw InvalidRequest("must be 'low', 'medium', 'high', 'xhigh' or 'max'", at: "output_config.effort")
                }
                effort = known
            }
        }
        guard let thinking = try body.object("thinking") else { return effort.map { .enabled(effort: $0) } }
        return try InvalidRequest.inside("thinking") { () throws(InvalidRequest) in
            let type = try thinking.needed("type")
            switch type {
            case "disabled": return .disabled
            case "enabled":
                guard let budget = try thinking.integer("budget_tokens") else {
                    return .enabled(effort: effort ?? .medium)
                }
                guard budget > 0 else { throw InvalidRequest("must be at least 1024", at: "budget_tokens") }
                let asked = Reasoning(budget: budget)
                return .enabled(effort: effort ?? asked.effort ?? .medium, budget: effort == nil ? budget : nil)
            case "adaptive", "between_tools": return .enabled(effort: effort ?? .medium)
            default: throw InvalidRequest("must be 'enabled', 'adaptive' or 'disabled'", at: "type")
            }
        }
    }

    private static func format(_ body: JSONObject) throws(InvalidRequest) -> OutputFormat? {
        let config = try body.object("output_config")
        let format = try InvalidRequest.inside("output_config") { () throws(InvalidRequest) in try config?.object("format") }
        let key = format == nil ? "output_format" : "output_config.format"
        let older = try body.object("output_format")
        guard let wanted = format ?? older else { return nil }
        return try InvalidRequest.inside(key) { () throws(InvalidRequest) in
            guard try wanted.needed("type") == "json_schema" else {
                throw InvalidRequest("must be 'json_schema'", at: "type")
            }
            guard let schema = wanted["schema"], schema.object != nil else {
                throw InvalidRequest("this field is required", at: "schema")
            }
            return .jsonSchema(name: nil, schema: schema, strict: true, description: nil)
        }
    }

    /// The cache marker of a block or tool.
    static func cache(_ members: JSONObject) throws(InvalidRequest) -> CacheMarker? {
        guard let control = try members.object("cache_control") else { return nil }
        return CacheMarker(
            ttl: try InvalidRequest.inside("cache_control") { () throws(InvalidRequest) in try control.string("ttl") })
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
        prefixes.contains { type.hasPrefix($0) && type.utf8.contains { (48...57).contains($0) } } || type == "mcp_toolset"
    }

    /// What a type of tool is to other vendors.
    static func kind(of type: String) -> HostedTool.Kind {
        if type.hasPrefix("web_search_") { return .webSearch }
        if type.hasPrefix("web_fetch_") { return .urlContext }
        return type.hasPrefix("code_execution_") ? .codeExecution : .other(type)
    }
}
