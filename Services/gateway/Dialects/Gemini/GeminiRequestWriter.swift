import Contracts
import InferenceModel
import JSON

/// Writes a `generateContent` request (contract providers §5.3–§5.5).
struct GeminiRequestWriter {
    private let request: InferenceRequest
    private let context: UpstreamContext
    private let flavour: GeminiFlavour
    private let model: GeminiModel
    /// What a Gemini caller said beyond the neutral shape.
    private let extras: JSONObject

    init(_ request: InferenceRequest, _ context: UpstreamContext, _ flavour: GeminiFlavour) {
        self.request = request
        self.context = context
        self.flavour = flavour
        model = GeminiModel(request.model)
        extras = request.extras["gemini"]?.object ?? JSONObject()
    }

    /// The body; `generateContent` and its stream take the same.
    ///
    /// - Throws: `InvalidRequest` for a request that has nothing to send.
    func body() throws(InvalidRequest) -> UpstreamBody {
        let tools = GeminiToolsWriter(request, model)
        let turns = GeminiContents(request, model: model, names: tools.names)
        var json = JSONWriter(reserving: 1024)
        json.beginObject()
        let system = model.isSpeech ? [] : request.system.map(\.text).filter { !$0.isEmpty }
        if turns.contents.isEmpty {
            guard !system.isEmpty else {
                throw InvalidRequest(message: "the request has nothing to send to the model", field: nil)
            }
            json.key("contents")
            json.array { json in content("user", &json) { json in texts(system, &json) } }
        } else {
            if !system.isEmpty {
                json.key("systemInstruction")
                json.object { json in
                    json.key("parts")
                    json.array { json in texts(system, &json) }
                }
            }
            json.key("contents")
            json.array { json in for content in turns.contents { write(content, &json) } }
        }
        var names = turns.names
        tools.write(&names, &json)
        writeSafety(&json)
        let config = generationConfig(hasFunctions: tools.hasFunctions)
        if !config.isEmpty { json.field("generationConfig", .object(config)) }
        for member in extras.members where !Self.ownExtras.contains(member.key) { json.field(member.key, member.value) }
        json.endObject()
        var body = UpstreamBody(json.bytes, headers: GeminiHeaders.request(isStream: request.isStream))
        body.toolNames = names.changed
        return body
    }

    private static let ownExtras: Set<String> = [
        "generationConfig", "safetySettings", "safety_settings", "toolConfig",
    ]

    // MARK: Contents

    private func content(_ role: String, _ json: inout JSONWriter, _ parts: (inout JSONWriter) -> Void) {
        json.object { json in
            json.field("role", role)
            json.key("parts")
            json.array(parts)
        }
    }

    private func texts(_ texts: [String], _ json: inout JSONWriter) {
        for text in texts { json.object { $0.field("text", text) } }
    }

    private func write(_ content: GeminiContents.Content, _ json: inout JSONWriter) {
        // The check looks at the first call of a turn only.
        var lacksSignature = content.isModel && needsSignatures
        self.content(content.isModel ? "model" : "user", &json) { json in
            for piece in content.pieces {
                json.object { json in
                    var signature = piece.signature
                    switch piece {
                    case .text(let text, _): json.field("text", text)
                    case .thought(let text, _):
                        json.field("text", text)
                        json.field("thought", true)
                    case .media(let media): GeminiMedia.write(media, &json)
                    case .call(let id, let name, let arguments, _):
                        json.key("functionCall")
                        json.object { json in
                            if flavour == .developer { json.field("id", id) }
                            json.field("name", name)
                            json.field("args", raw: arguments)
                        }
                        if lacksSignature, signature == nil { signature = GeminiModel.dummySignature }
                        lacksSignature = false
                    case .response(_, let result): write(result, &json)
                    }
                    json.field("thoughtSignature", signature)
                }
            }
        }
    }

    private var needsSignatures: Bool {
        if model.isThird { return true }
        guard model.hasBudgets, model.thinks else { return false }
        guard let reasoning = request.reasoning else { return !model.isFlashLite }
        return reasoning != .disabled
    }

    private func write(_ result: GeminiResult, _ json: inout JSONWriter) {
        json.key("functionResponse")
        json.object { json in
            if flavour == .developer { json.field("id", result.id) }
            json.field("name", result.name)
            json.field("response", raw: result.response)
            guard !result.media.isEmpty else { return }
            json.key("parts")
            json.array { json in for media in result.media { json.object { GeminiMedia.write(media, &$0) } } }
        }
    }

    // MARK: Settings

    private static let harms = [
        "HARM_CATEGORY_HARASSMENT", "HARM_CATEGORY_HATE_SPEECH", "HARM_CATEGORY_SEXUALLY_EXPLICIT",
        "HARM_CATEGORY_DANGEROUS_CONTENT", "HARM_CATEGORY_CIVIC_INTEGRITY",
    ]

    /// The caller's settings, else the channel's threshold for all categories.
    private func writeSafety(_ json: inout JSONWriter) {
        if let given = extras["safetySettings"] ?? extras["safety_settings"] {
            return json.field("safetySettings", given)
        }
        let threshold = context.configs["safety"]?.string.flatMap { $0.isEmpty ? nil : $0 } ?? "BLOCK_NONE"
        json.key("safetySettings")
        json.array { json in
            for harm in Self.harms {
                json.object { json in
                    json.field("category", harm)
                    json.field("threshold", threshold)
                }
            }
        }
    }

    private func generationConfig(hasFunctions: Bool) -> JSONObject {
        var config = extras["generationConfig"]?.object ?? JSONObject()
        let sampling = request.sampling
        func set(_ name: String, _ number: JSONNumber?) { if let number { config[name] = .number(number) } }
        func set(_ name: String, _ number: Int?) { if let number { config[name] = .int(number) } }
        set("temperature", sampling.temperature)
        set("topP", sampling.topP)
        set("topK", sampling.topK)
        set("candidateCount", sampling.candidates)
        set("maxOutputTokens", request.maxOutputTokens)
        if !request.stop.isEmpty {
            // Google takes five.
            config["stopSequences"] = .array(request.stop.prefix(5).map { .string($0) })
        }
        // A seed of Google's has 32 bits; the same larger one always gives the same.
        set("seed", sampling.seed.map { Int(Int32(truncatingIfNeeded: $0)) })
        set("presencePenalty", sampling.presencePenalty)
        set("frequencyPenalty", sampling.frequencyPenalty)
        if let wanted = sampling.logprobs { config["responseLogprobs"] = .bool(wanted) }
        if sampling.logprobs == true { set("logprobs", sampling.topLogprobs) }
        // Models before the third generation refuse a format beside functions.
        if model.isThird || !hasFunctions { setFormat(&config) }
        if model.isSpeech {
            config["responseModalities"] = ["AUDIO"]
            if config["speechConfig"] == nil {
                config["speechConfig"] = ["voiceConfig": ["prebuiltVoiceConfig": ["voiceName": "Kore"]]]
            }
        } else if model.isImage {
            config["responseModalities"] = ["TEXT", "IMAGE"]
        } else if !request.modalities.isEmpty {
            config["responseModalities"] = .array(request.modalities.map { .string($0.uppercased()) })
        }
        if let thinking = GeminiThinking.config(request.reasoning, model) { config["thinkingConfig"] = thinking }
        return config
    }

    private func setFormat(_ config: inout JSONObject) {
        switch request.format {
        case nil, .text?: break
        case .jsonObject?: config["responseMimeType"] = "application/json"
        case .jsonSchema(_, let schema, _, _)?:
            config["responseMimeType"] = "application/json"
            if let clean = GeminiSchema.cleaned(schema) { config["responseSchema"] = clean }
        }
    }
}
