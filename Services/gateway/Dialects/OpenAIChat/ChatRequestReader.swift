import InferenceModel
import JSON

/// Reads a chat completions request into the neutral shape (contract providers §4.2, §5.3, §6.2).
///
/// Members that have no place there (`audio`, `prediction`, `store`, `web_search_options`, …) are left out: between two sides of this protocol the bytes pass.
enum ChatRequestReader {
    /// Reads the members of a request's body.
    static func read(_ body: JSONObject) throws(Malformed) -> InferenceRequest {
        var request = InferenceRequest(model: try body.requiredText("model"))
        guard let messages = try body.list("messages") else { throw Malformed("messages", "is missing") }
        guard !messages.isEmpty else { throw Malformed("messages", "must not be empty") }
        var reader = ChatMessageReader()
        for (place, message) in messages.enumerated() {
            do {
                try reader.read(message, place: place)
            } catch {
                throw error.inside("messages[\(place)]")
            }
        }
        request.system = reader.system
        request.turns = reader.turns
        request.tools = try ChatToolReader.tools(of: body)
        try ChatToolReader.readChoice(of: body, into: &request)
        request.allowsParallelCalls = try body.flag("parallel_tool_calls")
        try readShared(body, into: &request)
        let limit = try body.whole("max_tokens", from: 1)
        request.maxOutputTokens = try body.whole("max_completion_tokens", from: 1) ?? limit
        request.reasoning = try reasoning(body)
        request.wantsThoughts = wantsThoughts(body)
        request.format = try format(body)
        request.sampling.topLogprobs = try body.whole("top_logprobs", from: 0)
        request.sampling.logprobs = try body.flag("logprobs")
        request.metadata = try metadata(body)
        request.serviceTier = try body.text("service_tier")
        request.promptCacheKey = try body.text("prompt_cache_key")
        request.promptCacheRetention = try body.text("prompt_cache_retention")
        request.verbosity = try body.text("verbosity")
        request.modalities = try body.texts("modalities") ?? []
        return request
    }

    /// The members that chat and legacy completions have in common, but for the limit of tokens.
    static func readShared(_ body: JSONObject, into request: inout InferenceRequest) throws(Malformed) {
        request.sampling.temperature = try body.number("temperature")
        request.sampling.topP = try body.number("top_p")
        request.sampling.topK = try body.whole("top_k")
        request.sampling.seed = try body.whole("seed")
        request.sampling.presencePenalty = try body.number("presence_penalty")
        request.sampling.frequencyPenalty = try body.number("frequency_penalty")
        request.sampling.candidates = try body.whole("n", from: 1)
        request.sampling.logitBias = try body.members("logit_bias").map { .object($0) }
        request.stop = try stop(body)
        let endUser = try body.text("safety_identifier")
        request.user = try endUser == nil ? body.text("user") : endUser
        request.isStream = try body.flag("stream") ?? false
        do {
            request.includesStreamUsage =
                try body.members("stream_options")?.flag("include_usage") ?? false
        } catch {
            throw error.path.hasPrefix("stream_options") ? error : error.inside("stream_options")
        }
    }

    private static func stop(_ body: JSONObject) throws(Malformed) -> [String] {
        guard let value = body["stop"], !value.isNull else { return [] }
        if let text = value.string { return text.isEmpty ? [] : [text] }
        guard value.kind == .array else {
            throw Malformed("stop", "must be a string or an array of strings, not \(value.kind.phrase)")
        }
        return try body.texts("stop")?.filter { !$0.isEmpty } ?? []
    }

    /// OpenAI's word first, then what clients of other vendors send; of those a value that nobody knows means nothing.
    private static func reasoning(_ body: JSONObject) throws(Malformed) -> Reasoning? {
        if let word = try body.text("reasoning_effort") {
            guard let reasoning = Reasoning(word: word) else {
                throw Malformed("reasoning_effort", "must be one of none, minimal, low, medium, high, xhigh")
            }
            return reasoning
        }
        if let member = body["reasoning"]?.object {
            if let word = member["effort"]?.string { return Reasoning(word: word) }
            if let budget = member["max_tokens"]?.int { return Reasoning(budget: budget) }
            return member["enabled"]?.bool.map { $0 ? .enabled(effort: .medium) : .disabled }
        }
        if let type = body["thinking"]?["type"]?.string {
            guard type != "disabled" else { return .disabled }
            return body["thinking"]?["budget_tokens"]?.int.map { Reasoning(budget: $0) } ?? .enabled(effort: .medium)
        }
        guard let isOn = body["enable_thinking"]?.bool else { return nil }
        guard isOn else { return .disabled }
        return body["thinking_budget"]?.int.map { Reasoning(budget: $0) } ?? .enabled(effort: .medium)
    }

    /// OpenAI's own protocol tells no thoughts; who speaks of them in another vendor's words knows where they are told.
    private static func wantsThoughts(_ body: JSONObject) -> Bool? {
        if let excludes = body["reasoning"]?["exclude"]?.bool { return !excludes }
        if let includes = body["include_reasoning"]?.bool { return includes }
        if body["reasoning"]?.object != nil { return true }
        if let thinking = body["thinking"]?.object { return thinking["type"]?.string != "disabled" }
        return body["enable_thinking"]?.bool
    }

    private static func format(_ body: JSONObject) throws(Malformed) -> OutputFormat? {
        guard let member = try body.members("response_format") else { return nil }
        do throws(Malformed) {
            switch try member.requiredText("type") {
            case "text": return .text
            case "json_object": return .jsonObject
            case "json_schema": break
            default: throw Malformed("type", "must be one of text, json_object, json_schema")
            }
            guard let schema = try member.members("json_schema") else { throw Malformed("json_schema", "is missing") }
            do {
                return .jsonSchema(
                    name: try schema.text("name"), schema: try schema.members("schema").map { .object($0) } ?? [:],
                    strict: try schema.flag("strict"), description: try schema.text("description"))
            } catch {
                throw error.inside("json_schema")
            }
        } catch {
            throw error.inside("response_format")
        }
    }

    private static func metadata(_ body: JSONObject) throws(Malformed) -> [String: String] {
        guard let members = try body.members("metadata") else { return [:] }
        var metadata: [String: String] = [:]
        for member in members.members {
            guard let text = member.value.string else {
                throw Malformed("metadata.\(member.key)", "must be a string, not \(member.value.kind.phrase)")
            }
            metadata[member.key] = text
        }
        return metadata
    }
}
