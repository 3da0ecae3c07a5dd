import InferenceModel
import JSON

/// Writes one request in Anthropic's protocol (contract providers §4.2).
struct AnthropicRequestWriter {
    private let request: InferenceRequest
    private let flavor: AnthropicFlavor
    private let model: AnthropicModel
    private let messages: AnthropicMessages
    private let thinking: Thought
    private let instruction: String?

    /// How the model is to think.
    enum Thought: Equatable {
        case off
        case adaptive(effort: String)
        case budget(Int)
    }

    init(_ request: InferenceRequest, _ context: UpstreamContext, _ flavor: AnthropicFlavor) throws(InvalidRequest) {
        let request = AnthropicMarkers.limited(request)
        self.request = request
        self.flavor = flavor
        model = AnthropicModel(requested: context.requestedModel, upstream: context.upstreamModel)
        let plan = AnthropicMessages(request, keepsTTL: flavor.keepsCacheTTL)
        thinking = Self.thinking(request, context, model, plan)
        messages = plan
        instruction = Self.instruction(request.format, model)
    }

    func bytes() throws(InvalidRequest) -> [UInt8] {
        var json = JSONWriter(reserving: 1024)
        json.beginObject()
        if flavor.sendsModel { json.field("model", request.model) }
        if let version = flavor.bodyVersion { json.field("anthropic_version", version) }
        writeLimits(&json)
        writeSystem(&json)
        json.key("messages")
        try messages.write(keepsThinking: thinking != .off, system: systemAsMessage, &json)
        writeTools(&json)
        writeSampling(&json)
        if let user = request.user, !user.isEmpty {
            json.key("metadata")
            json.object { $0.field("user_id", user) }
        }
        switch flavor.takesServiceTier ? request.serviceTier : nil {
        case "auto", "priority": json.field("service_tier", "auto")
        case "default", "standard_only": json.field("service_tier", "standard_only")
        default: break
        }
        if request.isStream, flavor.sendsStream { json.field("stream", true) }
        json.endObject()
        return json.bytes
    }

    // MARK: Limits and thinking

    private func writeLimits(_ json: inout JSONWriter) {
        var limit = request.maxOutputTokens ?? model.maxTokens
        if case .budget(let budget) = thinking, limit <= budget {
            // What the caller wanted to read must still fit behind the thoughts, as far as the model gives that much.
            limit = max(budget + 1, 2048, min(budget + limit, model.maxTokens))
        }
        json.field("max_tokens", max(limit, 1))
        switch thinking {
        case .off: break
        case .adaptive:
            json.key("thinking")
            json.object { member in
                member.field("type", "adaptive")
                if model.hidesThoughts { member.field("display", "summarized") }
            }
        case .budget(let budget):
            json.key("thinking")
            json.object { member in
                member.field("type", "enabled")
                member.field("budget_tokens", budget)
            }
        }
        writeOutputConfig(&json)
    }

    private func writeOutputConfig(_ json: inout JSONWriter) {
        var effort: String?
        if case .adaptive(let word) = thinking { effort = word }
        var schema: JSONValue?
        if case .jsonSchema(_, let wanted, _, _)? = request.format, model.takesSchema { schema = wanted }
        guard effort != nil || schema != nil else { return }
        json.key("output_config")
        json.object { config in
            config.field("effort", effort)
            if let schema {
                config.key("format")
                config.object { format in
                    format.field("type", "json_schema")
                    format.field("schema", AnthropicSchema.closed(schema))
                }
            }
        }
    }

    /// Thinking is left out where Anthropic would refuse it: by models that do not think, after calls whose own thoughts are lost, with a forced tool, and before a prefilled answer.
    private static func thinking(
        _ request: InferenceRequest, _ context: UpstreamContext, _ model: AnthropicModel, _ messages: AnthropicMessages
    ) -> Thought {
        let isNamed = context.requestedModel.lowercased().contains("think")
        guard let asked = request.reasoning ?? (isNamed ? .enabled(effort: .medium) : nil), let effort = asked.effort,
            let budget = asked.budget, model.thinks, !messages.lacksThoughts, !messages.endsWithAnswer
        else { return .off }
        switch request.toolChoice {
        case .required?, .function?, .oneOf?: return .off
        case .auto?, ToolChoice.none?, nil: break
        }
        guard model.thinksAdaptively else { return .budget(max(budget, 1024)) }
        switch effort {
        case .minimal, .low: return .adaptive(effort: "low")
        case .medium: return .adaptive(effort: "medium")
        case .high: return .adaptive(effort: "high")
        case .xhigh: return .adaptive(effort: "max")
        }
    }

    private func writeSampling(_ json: inout JSONWriter) {
        let stops = request.stop.filter { !AnthropicText.isBlank($0) }
        if !stops.isEmpty {
            json.key("stop_sequences")
            json.array { list in
                for stop in stops { list.string(stop) }
            }
        }
        guard model.takesSampling else { return }
        let sampling = request.sampling
        if thinking != .off {
            if let topP = sampling.topP, (topP.double ?? 0) >= 0.95, (topP.double ?? 0) <= 1 {
                json.key("top_p")
                json.number(topP)
            }
            return
        }
        if let temperature = sampling.temperature {
            json.key("temperature")
            if (temperature.double ?? 0) > 1 { json.int(1) } else { json.number(temperature) }
        } else if let topP = sampling.topP {
            json.key("top_p")
            json.number(topP)
        }
        if let topK = sampling.topK { json.field("top_k", topK) }
    }

    // MARK: System

    /// What the caller told the model, as a message where there is nothing else: Anthropic wants one.
    private var systemAsMessage: [SystemBlock] { messages.isEmpty ? system : [] }

    private var system: [SystemBlock] {
        var blocks = request.system.filter { !AnthropicText.isBlank($0.text) }
        if let instruction { blocks.append(SystemBlock(instruction)) }
        return blocks
    }

    private func writeSystem(_ json: inout JSONWriter) {
        let blocks = messages.isEmpty ? [] : system
        guard !blocks.isEmpty else { return }
        json.key("system")
        json.array { list in
            for block in blocks {
                list.object { member in
                    member.field("type", "text")
                    member.field("text", block.text)
                    AnthropicMessages.write(block.cache, keepsTTL: flavor.keepsCacheTTL, &member)
                }
            }
        }
    }

    /// The wanted form of the answer in words, for models that take no schema.
    private static func instruction(_ format: OutputFormat?, _ model: AnthropicModel) -> String? {
        switch format {
        case nil, .text?: return nil
        case .jsonObject?:
            return "Answer with one valid JSON object and nothing else: no explanation and no code fence."
        case .jsonSchema(_, let schema, _, let description)?:
            guard !model.takesSchema else { return nil }
            let text = String(decoding: schema.serialized(), as: UTF8.self)
            return "Answer with one JSON value and nothing else, no explanation and no code fence. "
                + "It must be valid by this JSON schema\(description.map { " (\($0))" } ?? ""): \(text)"
        }
    }

    // MARK: Tools

    private func writeTools(_ json: inout JSONWriter) {
        let tools = request.tools.filter { isTaken($0) }
        // Calls in the history want their tools declared, also when the caller has none now.
        let past = tools.isEmpty ? messages.calledTools : []
        guard !tools.isEmpty || !past.isEmpty else { return }
        json.key("tools")
        json.array { list in
            for tool in tools { write(tool, &list) }
            for name in past { write(.function(FunctionTool(name: name)), &list) }
        }
        write(past.isEmpty ? request.toolChoice : ToolChoice.none, &json)
    }

    private func isTaken(_ tool: Tool) -> Bool {
        switch tool {
        case .function: true
        case .hosted(let hosted): flavor.runsTools && Self.definition(of: hosted) != nil
        }
    }

    /// A vendor's tool in Anthropic's words; `nil` where Anthropic has none without a beta.
    private static func definition(of hosted: HostedTool) -> JSONValue? {
        if hosted.dialect == AnthropicTools.dialect { return hosted.definition }
        if let type = hosted.definition["type"]?.string, AnthropicTools.isOwn(type) { return hosted.definition }
        return hosted.kind == .webSearch ? ["type": "web_search_20250305", "name": "web_search"] : nil
    }

    private func write(_ tool: Tool, _ list: inout JSONWriter) {
        switch tool {
        case .hosted(let hosted):
            if let definition = Self.definition(of: hosted) { list.value(definition) }
        case .function(let function):
            list.object { member in
                member.field("name", function.name)
                member.field("description", function.description)
                member.key("input_schema")
                member.value(AnthropicSchema.input(function.parameters))
                AnthropicMessages.write(function.cache, keepsTTL: flavor.keepsCacheTTL, &member)
            }
        }
    }

    private func write(_ choice: ToolChoice?, _ json: inout JSONWriter) {
        let isAlone = request.allowsParallelCalls == false
        guard choice != nil || isAlone else { return }
        json.key("tool_choice")
        json.object { member in
            switch choice {
            case nil, .auto?: member.field("type", "auto")
            case ToolChoice.none?: return member.field("type", "none")
            case .required?: member.field("type", "any")
            case .function(let name)?:
                member.field("type", "tool")
                member.field("name", name)
            case .oneOf(let names)?:
                if names.count == 1 {
                    member.field("type", "tool")
                    member.field("name", names[0])
                } else {
                    member.field("type", "any")
                }
            }
            if isAlone { member.field("disable_parallel_tool_use", true) }
        }
    }
}

/// JSON schemas in the forms that Anthropic asks for.
enum AnthropicSchema {
    /// The schema of a tool's input: an object, also when the caller gave nothing.
    static func input(_ schema: JSONValue?) -> JSONValue {
        guard var object = schema?.object, !object.isEmpty else {
            return ["type": "object", "properties": [:]]
        }
        if object["type"] == nil { object["type"] = "object" }
        return .object(object)
    }

    /// The schema of an answer: objects may have no members but those it names, which Anthropic wants said.
    static func closed(_ schema: JSONValue) -> JSONValue {
        switch schema {
        case .array(let elements): return .array(elements.map(closed))
        case .object(let object):
            var closed = JSONObject(reserving: object.count + 1)
            for member in object.members {
                // Enumerated values are data, not schemas.
                let isData = member.key == "enum" || member.key == "const" || member.key == "default"
                closed[member.key] = isData ? member.value : Self.closed(member.value)
            }
            if object["type"] == "object" || (object["type"] == nil && object["properties"]?.object != nil) {
                closed["additionalProperties"] = false
            }
            return .object(closed)
        default: return schema
        }
    }
}
