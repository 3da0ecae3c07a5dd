import InferenceModel
import JSON

/// Reads `generationConfig` (contract providers §5.2, §5.7).
enum GeminiConfigReader {
    private static let known: Set<String> = [
        "temperature", "topP", "top_p", "topK", "top_k", "candidateCount", "candidate_count", "maxOutputTokens",
        "max_output_tokens", "stopSequences", "stop_sequences", "seed", "presencePenalty", "presence_penalty",
        "frequencyPenalty", "frequency_penalty", "responseMimeType", "response_mime_type", "responseSchema",
        "response_schema", "responseJsonSchema", "response_json_schema", "_responseJsonSchema", "responseModalities",
        "response_modalities", "thinkingConfig", "thinking_config", "responseLogprobs", "response_logprobs", "logprobs",
    ]

    /// - Parameter rest: Gets what has no place in the neutral shape.
    static func read(
        _ body: GeminiFields, into request: inout InferenceRequest, rest: inout JSONObject
    ) throws(InvalidRequest) {
        if let config = try body.fields("toolConfig", "tool_config") {
            let others = config.others(["functionCallingConfig", "function_calling_config"])
            if !others.isEmpty { rest["toolConfig"] = .object(others) }
        }
        guard let config = try body.fields("generationConfig", "generation_config") else { return }
        request.sampling.temperature = try config.number("temperature")
        request.sampling.topP = try config.number("topP", "top_p")
        request.sampling.topK = try config.int("topK", "top_k")
        request.sampling.seed = try config.int("seed")
        request.sampling.presencePenalty = try config.number("presencePenalty", "presence_penalty")
        request.sampling.frequencyPenalty = try config.number("frequencyPenalty", "frequency_penalty")
        request.sampling.candidates = try config.int("candidateCount", "candidate_count")
        request.sampling.logprobs = try config.bool("responseLogprobs", "response_logprobs")
        request.sampling.topLogprobs = try config.int("logprobs")
        request.maxOutputTokens = try config.int("maxOutputTokens", "max_output_tokens")
        if let limit = request.maxOutputTokens, limit < 1 {
            throw config.fault("maxOutputTokens", "must be greater than 0")
        }
        request.stop = try config.strings("stopSequences", "stop_sequences")
        request.modalities = try config.strings("responseModalities", "response_modalities").map { $0.lowercased() }
            .filter { $0 != "modality_unspecified" }
        if let thinking = try config.fields("thinkingConfig", "thinking_config") {
            request.reasoning = try GeminiThinking.read(thinking.object, thinking.place)
            request.wantsThoughts = try thinking.bool("includeThoughts", "include_thoughts")
        }
        request.format = try format(config)
        let others = config.others(known)
        if !others.isEmpty { rest["generationConfig"] = .object(others) }
    }

    private static func format(_ config: GeminiFields) throws(InvalidRequest) -> OutputFormat? {
        let type = try config.string("responseMimeType", "response_mime_type")
        var schema: JSONValue?
        if let given = try config.fields("responseSchema", "response_schema") {
            schema = GeminiToolsReader.lowered(.object(given.object))
        } else {
            schema =
                config.value("responseJsonSchema", "response_json_schema") ?? config.value("_responseJsonSchema")
        }
        guard type == nil || type == "application/json" else { return nil }
        if let schema { return .jsonSchema(name: nil, schema: schema, strict: nil, description: nil) }
        return type == nil ? nil : .jsonObject
    }
}
