import InferenceModel
import JSON

/// Writes a chat completions request from the neutral shape for one vendor and model (contract providers §3.2, §4.6, §5.7, §6.6).
struct ChatRequestWriter {
    let request: InferenceRequest
    let traits: OpenAITraits

    /// The body.
    ///
    /// - Parameter model: The upstream's name of the model.
    func body(model: String) -> [UInt8] {
        var writer = JSONWriter(reserving: 2048)
        writer.object { root in
            root.field("model", traits.modelName.written(model))
            root.key("messages")
            root.array { ChatMessageWriter(traits: traits).write(request, schema: schemaInstruction, to: &$0) }
            writeTools(to: &root)
            writeSampling(to: &root)
            writeLimits(to: &root)
            writeFormat(to: &root)
            let mayThink = request.isStream || !traits.thinksInStreamsOnly
            if let reasoning = mayThink ? request.reasoning : .disabled {
                for member in ChatReasoning.members(reasoning, traits.reasoning) {
                    root.field(member.key, raw: member.raw)
                }
            }
            if let user = request.user, user.utf8.count <= 64, takes("user") { root.field("user", user) }
            if traits.isOpenAI {
                root.field("service_tier", request.serviceTier)
                root.field("prompt_cache_key", request.promptCacheKey)
                root.field("prompt_cache_retention", request.promptCacheRetention)
                root.field("verbosity", request.verbosity)
            }
            writeModalities(to: &root)
            guard request.isStream else { return }
            root.field("stream", true)
            if traits.takesStreamOptions {
                root.field("stream_options", raw: Array(#"{"include_usage":true}"#.utf8))
            }
        }
        return writer.bytes
    }

    // MARK: Tools

    /// The tools that are written: those of functions, and those in the words of this protocol. A choice among several leaves the others out where the vendor
    /// cannot be told it.
    private var tools: [Tool] {
        var allowed: [String]?
        if case .oneOf(let names)? = request.toolChoice, traits.toolChoice != .full { allowed = names }
        return request.tools.filter { tool in
            switch tool {
            case .function(let function): allowed?.contains(function.name) ?? true
            case .hosted(let hosted): hosted.dialect == "chat"
            }
        }
    }

    private func writeTools(to root: inout JSONWriter) {
        let tools = tools
        guard !tools.isEmpty else { return }
        root.key("tools")
        root.array { list in
            for tool in tools {
                switch tool {
                case .hosted(let hosted): list.value(hosted.definition)
                case .function(let function): Self.write(function, to: &list)
                }
            }
        }
        writeChoice(to: &root)
        root.field("parallel_tool_calls", request.allowsParallelCalls)
    }

    private static func write(_ function: FunctionTool, to list: inout JSONWriter) {
        list.object { tool in
            tool.field("type", "function")
            tool.key("function")
            tool.object { member in
                member.field("name", function.name)
                member.field("description", function.description)
                member.field("parameters", function.parameters.map(Self.withoutEmptyRequired))
                member.field("strict", function.strict)
            }
        }
    }

    /// Some upstreams reject an empty `required`.
    static func withoutEmptyRequired(_ schema: JSONValue) -> JSONValue {
        guard let required = schema["required"], required.isNull || required.array?.isEmpty == true else {
            return schema
        }
        var schema = schema
        schema["required"] = nil
        return schema
    }

    private func writeChoice(to root: inout JSONWriter) {
        guard let choice = request.toolChoice else { return }
        if traits.toolChoice == .autoOnly {
            if choice == ToolChoice.none {
                root.field("tool_choice", "none")
            } else {
                root.field("tool_choice", "auto")
            }
            return
        }
        let required = traits.toolChoice == .any ? "any" : "required"
        switch choice {
        case .auto: if !traits.dropsAutoChoice { root.field("tool_choice", "auto") }
        case .none: root.field("tool_choice", "none")
        case .required: root.field("tool_choice", required)
        case .function(let name):
            root.key("tool_choice")
            root.object { Self.writeFunction(name, to: &$0) }
        case .oneOf(let names):
            guard traits.toolChoice == .full else { return root.field("tool_choice", required) }
            root.key("tool_choice")
            root.object { member in
                member.field("type", "allowed_tools")
                member.key("allowed_tools")
                member.object { allowed in
                    allowed.field("mode", "required")
                    allowed.key("tools")
                    allowed.array { list in
                        for name in names { list.object { Self.writeFunction(name, to: &$0) } }
                    }
                }
            }
        }
    }

    private static func writeFunction(_ name: String, to member: inout JSONWriter) {
        member.field("type", "function")
        member.key("function")
        member.object { $0.field("name", name) }
    }

    // MARK: Sampling

    /// Whether the vendor and model take a member.
    private func takes(_ member: String) -> Bool { !traits.drops.contains(member) }

    /// The vendor's name of a member.
    private func name(_ member: String) -> String { traits.renames[member] ?? member }

    private func write(_ member: String, _ number: JSONNumber?, to root: inout JSONWriter) {
        guard let number, takes(member) else { return }
        root.key(name(member))
        root.number(number)
    }

    private func write(_ member: String, _ number: Int?, to root: inout JSONWriter) {
        guard takes(member) else { return }
        root.field(name(member), number)
    }

    private func writeSampling(to root: inout JSONWriter) {
        let sampling = request.sampling
        if traits.hasDoSample, let temperature = sampling.temperature?.double, temperature <= 0 || temperature > 1 {
            if temperature <= 0 { root.field("do_sample", false) } else { root.field("temperature", 1) }
        } else {
            write("temperature", sampling.temperature, to: &root)
        }
        write("top_p", sampling.topP, to: &root)
        if traits.takesTopK { write("top_k", sampling.topK, to: &root) }
        write("seed", sampling.seed, to: &root)
        write("presence_penalty", sampling.presencePenalty, to: &root)
        write("frequency_penalty", sampling.frequencyPenalty, to: &root)
        write("n", sampling.candidates, to: &root)
        if takes("logprobs") {
            root.field("logprobs", sampling.logprobs)
            write("top_logprobs", sampling.topLogprobs, to: &root)
        }
        if takes("logit_bias") { root.field("logit_bias", sampling.logitBias) }
    }

    private func writeLimits(to root: inout JSONWriter) {
        if let wanted = request.maxOutputTokens {
            let member = traits.limitName == .maxCompletionTokens ? "max_completion_tokens" : "max_tokens"
            root.field(member, min(wanted, traits.limit ?? wanted))
        }
        let stops = request.stop.prefix(traits.maxStops ?? request.stop.count)
        guard !stops.isEmpty, takes("stop") else { return }
        root.key("stop")
        root.array { list in
            for stop in stops { list.string(stop) }
        }
    }

    // MARK: Form of the answer

    /// What tells the model the schema of its answer where the vendor has no member for one.
    private var schemaInstruction: String? {
        guard !traits.takesSchema, case .jsonSchema(_, let schema, _, _)? = request.format else { return nil }
        let text = String(decoding: schema.serialized(), as: UTF8.self)
        return "Answer with one JSON object that is valid against this JSON schema, and with nothing else:\n\(text)"
    }

    private func writeFormat(to root: inout JSONWriter) {
        switch request.format {
        case nil, .text?: return
        case .jsonObject?: root.field("response_format", raw: Array(#"{"type":"json_object"}"#.utf8))
        case .jsonSchema?
        where !traits.takesSchema: root.field("response_format", raw: Array(#"{"type":"json_object"}"#.utf8))
        case .jsonSchema(let name, let schema, let strict, let description)?:
            root.key("response_format")
            root.object { format in
                format.field("type", "json_schema")
                format.key("json_schema")
                format.object { member in
                    member.field("name", name ?? "answer")
                    member.field("description", description)
                    member.field("schema", schema)
                    member.field("strict", strict)
                }
            }
        }
    }

    /// Sound needs a voice, which the neutral shape does not have.
    private func writeModalities(to root: inout JSONWriter) {
        let wanted = request.modalities.filter { $0 != "audio" }
        guard traits.isOpenAI || traits.reasoning == .object, wanted.contains(where: { $0 != "text" }) else { return }
        root.key("modalities")
        root.array { list in
            for modality in wanted { list.string(modality) }
        }
    }
}
