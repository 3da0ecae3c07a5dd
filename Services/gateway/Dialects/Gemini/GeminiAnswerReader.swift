import Contracts
import InferenceModel
import JSON

/// One part of an answer of Gemini's, as far as the neutral shape knows it (contract providers §5.6).
enum GeminiPiece {
    case text(String)
    case thought(String)
    case media(Media)
    case call(id: String?, name: String, arguments: String)

    /// Reads a part; `nil` for one that holds nothing but perhaps a signature.
    init?(_ part: JSONValue) {
        if let text = part["text"]?.string {
            guard !text.isEmpty else { return nil }
            self = part["thought"]?.bool == true ? .thought(text) : .text(text)
        } else if let call = part["functionCall"], let name = call["name"]?.string {
            let arguments =
                call["args"].map { $0.object == nil ? Array("{}".utf8) : $0.serialized() } ?? Array("{}".utf8)
            self = .call(
                id: call["id"]?.string.flatMap { $0.isEmpty ? nil : $0 }, name: name,
                arguments: String(decoding: arguments, as: UTF8.self))
        } else if part["thought"]?.bool == true, part["inlineData"] != nil {
            // A sketch of a model that draws, on the way to the picture.
            return nil
        } else if let blob = part["inlineData"], let data = blob["data"]?.string, let base64 = Base64Text.standard(data)
        {
            let type = blob["mimeType"]?.string ?? "image/png"
            self = .media(Media(Media.Kind(mediaType: type), .base64(base64), mediaType: type))
        } else if let file = part["fileData"], let address = file["fileUri"]?.string {
            let type = file["mimeType"]?.string
            self = .media(Media(type.map { Media.Kind(mediaType: $0) } ?? .document, .url(address), mediaType: type))
        } else if let code = part["executableCode"]?.object {
            self = .text(GeminiCode.fenced(code))
        } else if let output = part["codeExecutionResult"]?.object {
            self = .text(GeminiCode.fencedResult(output))
        } else {
            return nil
        }
    }

    /// The signature that stands with a part.
    static func signature(_ part: JSONValue) -> String? {
        part["thoughtSignature"]?.string.flatMap { $0.isEmpty ? nil : $0 }
    }
}

/// Why Gemini ended an answer.
enum GeminiFinish {
    /// The reason; Gemini says `STOP` also when it calls functions.
    static func reason(_ word: String, hasCalls: Bool) -> FinishReason {
        switch word {
        case "MAX_TOKENS": .length
        case "SAFETY", "PROHIBITED_CONTENT", "BLOCKLIST", "SPII", "LANGUAGE", "IMAGE_SAFETY",
            "IMAGE_PROHIBITED_CONTENT", "MODEL_ARMOR":
            .contentFilter
        default: hasCalls ? .toolCalls : .stop
        }
    }

    /// The word for a reason.
    static func word(_ reason: FinishReason) -> String {
        switch reason {
        case .stop, .toolCalls, .stopSequence: "STOP"
        case .length: "MAX_TOKENS"
        case .contentFilter: "SAFETY"
        }
    }
}

/// Reads whole answers.
enum GeminiAnswerReader {
    static func read(_ body: [UInt8], _ context: UpstreamContext, parser: JSONParser) throws(UpstreamError)
        -> InferenceResponse
    {
        guard let tree = try? parser.parse(body) else { throw UpstreamError.foreign("something that is no JSON") }
        if let error = GeminiErrors.read(tree) { throw error }
        // A stream without `alt=sse` is an array of chunks.
        if let chunks = tree.array { return try joined(chunks, context) }
        guard tree.object != nil else { throw UpstreamError.foreign("no JSON object") }
        return try read(tree, context)
    }

    private static func read(_ tree: JSONValue, _ context: UpstreamContext) throws(UpstreamError) -> InferenceResponse {
        var ids = GeminiCallIDs(context.nonce)
        let rows = (tree["candidates"]?.array ?? []).sorted { ($0["index"]?.int ?? 0) < ($1["index"]?.int ?? 0) }
        var choices = rows.map { choice($0, context, &ids) }
        if choices.isEmpty {
            guard tree["promptFeedback"]?["blockReason"]?.string != nil else {
                throw UpstreamError.foreign("neither candidates nor a reason why the prompt was blocked")
            }
            choices = [Choice(parts: [], finish: .contentFilter)]
        }
        return InferenceResponse(
            id: tree["responseId"]?.string ?? "", model: context.requestedModel, created: context.now,
            choices: choices, usage: GeminiUsage.read(tree["usageMetadata"]))
    }

    private static func choice(_ candidate: JSONValue, _ context: UpstreamContext, _ ids: inout GeminiCallIDs) -> Choice
    {
        var parts: [Part] = []
        var hasCalls = false
        for part in candidate["content"]?["parts"]?.array ?? [] {
            var signature = GeminiPiece.signature(part)
            switch GeminiPiece(part) {
            case .text(let text)?:
                if case .text(let before, nil)? = parts.last {
                    parts[parts.count - 1] = .text(before + text)
                } else {
                    parts.append(.text(text))
                }
            case .thought(let text)?:
                if case .thinking(let before)? = parts.last, before.signature == nil {
                    parts[parts.count - 1] = .thinking(Thinking(before.text + text, signature: signature))
                } else {
                    parts.append(.thinking(Thinking(text, signature: signature)))
                }
                signature = nil
            case .media(let media)?: parts.append(.media(media))
            case .call(let id, let name, let arguments)?:
                hasCalls = true
                parts.append(
                    .toolCall(
                        ToolCall(
                            id: id ?? ids.next(), name: context.callersName(ofTool: name), arguments: arguments,
                            signature: signature)))
                signature = nil
            case nil: break
            }
            if let signature { parts.append(.thinking(Thinking("", signature: signature))) }
        }
        let finish = GeminiFinish.reason(candidate["finishReason"]?.string ?? "STOP", hasCalls: hasCalls)
        var read = Choice(parts: parts, finish: finish)
        let texts = parts.compactMap { if case .text(let text, _) = $0 { text } else { nil } }
        read.citations = GeminiGrounding.citations(candidate["groundingMetadata"], Array(texts.joined().utf8))
        return read
    }

    /// One answer of the chunks of a stream: the parts behind each other, the last of everything else.
    private static func joined(_ chunks: [JSONValue], _ context: UpstreamContext) throws(UpstreamError)
        -> InferenceResponse
    {
        var whole = JSONObject()
        var candidates: [Int: JSONObject] = [:]
        for chunk in chunks {
            if let error = GeminiErrors.read(chunk) { throw error }
            for member in chunk.object?.members ?? [] where member.key != "candidates" {
                whole[member.key] = member.value
            }
            for candidate in chunk["candidates"]?.array ?? [] {
                let index = candidate["index"]?.int ?? 0
                var kept = candidates[index] ?? ["index": .int(index)]
                let parts = (kept["content"]?["parts"]?.array ?? []) + (candidate["content"]?["parts"]?.array ?? [])
                kept["content"] = ["role": "model", "parts": .array(parts)]
                for key in ["finishReason", "groundingMetadata"] {
                    if let value = candidate[key] { kept[key] = value }
                }
                candidates[index] = kept
            }
        }
        whole["candidates"] = .array(candidates.keys.sorted().compactMap { candidates[$0].map { .object($0) } })
        return try read(.object(whole), context)
    }
}

/// Ids for calls that came without one: unlike in every answer, at most 40 characters.
struct GeminiCallIDs {
    private let nonce: String
    private var count = 0

    init(_ nonce: String) {
        self.nonce = nonce
    }

    mutating func next() -> String {
        defer { count += 1 }
        return "call_\(nonce)\(count == 0 ? "" : "_\(count)")"
    }
}
