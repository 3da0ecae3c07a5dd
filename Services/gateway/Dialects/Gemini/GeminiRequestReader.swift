import InferenceModel
import JSON

/// Reads a `generateContent` request into the neutral shape (contract providers §5.2, §5.7).
///
/// Both cases of names are taken, and a single object where an array is meant. Calls without an id get one, and each result takes the next waiting id of its name.
struct GeminiRequestReader {
    private var request: InferenceRequest
    /// Ids of calls that have no result yet, by the name of the function, oldest first.
    private var waiting: [String: [String]] = [:]
    private var knownIDs: Set<String> = []
    private var madeIDs = 0

    /// The members that have a place in the neutral shape.
    private static let known: Set<String> = [
        "model", "contents", "systemInstruction", "system_instruction", "tools", "toolConfig", "tool_config",
        "generationConfig", "generation_config", "user", "serviceTier", "service_tier",
    ]

    private init(_ request: InferenceRequest) {
        self.request = request
    }

    /// Reads a body.
    ///
    /// - Throws: `InvalidRequest` naming the member at fault.
    static func read(_ body: JSONObject, model: String, isStream: Bool) throws(InvalidRequest) -> InferenceRequest {
        let fields = GeminiFields(body, "")
        var reader = GeminiRequestReader(InferenceRequest(model: model))
        reader.request.isStream = isStream
        reader.request.user = fields.value("user")?.string
        reader.request.serviceTier = fields.value("serviceTier", "service_tier")?.string
        try reader.readSystem(fields)
        guard let contents = try fields.list("contents"), !contents.isEmpty else {
            throw fields.fault("contents", "must hold at least one content")
        }
        for content in contents { try reader.readContent(content) }
        try GeminiToolsReader.read(fields, into: &reader.request)
        var rest = fields.others(known)
        try GeminiConfigReader.read(fields, into: &reader.request, rest: &rest)
        // Kept under the protocol's name, so that a writer of another one does not take them for its own.
        if !rest.isEmpty { reader.request.extras["gemini"] = .object(rest) }
        return reader.request
    }

    /// `systemInstruction`: a content, or a text.
    private mutating func readSystem(_ fields: GeminiFields) throws(InvalidRequest) {
        guard let value = fields.value("systemInstruction", "system_instruction") else { return }
        if let text = value.string {
            request.system.append(SystemBlock(text))
            return
        }
        guard let content = try fields.fields("systemInstruction", "system_instruction") else { return }
        for part in try content.list("parts") ?? [] {
            guard let text = try part.string("text") else {
                throw part.fault("text", "is needed: a system instruction is made of texts")
            }
            if !text.isEmpty { request.system.append(SystemBlock(text)) }
        }
    }

    private mutating func readContent(_ content: GeminiFields) throws(InvalidRequest) {
        let role: Turn.Role
        switch try content.string("role") {
        case "model"?: role = .assistant
        case "user"?, "function"?, "tool"?, nil, ""?: role = .user
        default: throw content.fault("role", "must be 'user' or 'model'")
        }
        guard let parts = try content.list("parts") else { throw content.fault("parts", "is needed") }
        var read: [Part] = []
        var orphans: [Part] = []
        for part in parts { try readPart(part, into: &read, orphans: &orphans) }
        // A result without a call: the other protocols want one before it.
        if !orphans.isEmpty { append(orphans, .assistant) }
        if !read.isEmpty { append(read, role) }
    }

    /// Adds a turn. What the model said in several contents, as clients keep a streamed answer, is one turn; so are results of parallel calls.
    private mutating func append(_ parts: [Part], _ role: Turn.Role) {
        guard let last = request.turns.last, last.role == role, role == .assistant || Self.isResults(last.parts),
            role == .assistant || Self.isResults(parts)
        else {
            var turn = Turn(role, [])
            Self.join(parts, role, to: &turn.parts)
            request.turns.append(turn)
            return
        }
        Self.join(parts, role, to: &request.turns[request.turns.count - 1].parts)
    }

    private static func isResults(_ parts: [Part]) -> Bool {
        parts.contains { if case .toolResult = $0 { true } else { false } }
    }

    /// Adds parts; pieces of one text or thought of the model become one.
    private static func join(_ parts: [Part], _ role: Turn.Role, to all: inout [Part]) {
        for part in parts {
            if role == .assistant, let last = all.last {
                switch (last, part) {
                case (.text(let before, nil), .text(let text, nil)):
                    all[all.count - 1] = .text(before + text)
                    continue
                case (.thinking(let before), .thinking(let thinking))
                where before.signature == nil && !before.text.isEmpty:
                    all[all.count - 1] = .thinking(
                        Thinking(before.text + thinking.text, signature: thinking.signature))
                    continue
                default: break
                }
            }
            all.append(part)
        }
    }

    // MARK: Parts

    private mutating func readPart(
        _ part: GeminiFields, into parts: inout [Part], orphans: inout [Part]
    ) throws(InvalidRequest) {
        let signature = try part.string("thoughtSignature", "thought_signature").flatMap { $0.isEmpty ? nil : $0 }
        if let text = try part.string("text") {
            if try part.bool("thought") ?? false {
                if !text.isEmpty || signature != nil { parts.append(.thinking(Thinking(text, signature: signature))) }
                return
            }
            if !text.isEmpty { parts.append(.text(text)) }
            if let signature { parts.append(.thinking(Thinking("", signature: signature))) }
        } else if let blob = try part.fields("inlineData", "inline_data") {
            parts.append(.media(try Self.inline(blob)))
        } else if let file = try part.fields("fileData", "file_data") {
            parts.append(.media(try Self.file(file)))
        } else if let call = try part.fields("functionCall", "function_call") {
            parts.append(.toolCall(try readCall(call, signature)))
        } else if let result = try part.fields("functionResponse", "function_response") {
            parts.append(.toolResult(try readResult(result, orphans: &orphans)))
        } else if let code = try part.fields("executableCode", "executable_code") {
            parts.append(.text(GeminiCode.fenced(code.object)))
        } else if let output = try part.fields("codeExecutionResult", "code_execution_result") {
            parts.append(.text(GeminiCode.fencedResult(output.object)))
        } else if let signature {
            parts.append(.thinking(Thinking("", signature: signature)))
        } else {
            throw InvalidRequest(
                message: "'\(part.place)' has none of text, inlineData, fileData, functionCall and functionResponse",
                field: part.place)
        }
    }

    /// Bytes in the request; clients also send the URL-safe alphabet (contract providers §30).
    static func inline(_ blob: GeminiFields) throws(InvalidRequest) -> Media {
        guard let text = try blob.string("data"), let data = Base64Text.standard(text), !data.isEmpty else {
            throw blob.fault("data", "must be base64")
        }
        guard let type = try blob.string("mimeType", "mime_type"), !type.isEmpty else {
            throw blob.fault("mimeType", "is needed")
        }
        return Media(
            Media.Kind(mediaType: type), .base64(data), mediaType: type,
            fileName: try blob.string("displayName", "display_name"))
    }

    /// Bytes elsewhere: an address of the web, or one that only Google can read.
    private static func file(_ file: GeminiFields) throws(InvalidRequest) -> Media {
        guard let uri = try file.string("fileUri", "file_uri"), !uri.isEmpty else {
            throw file.fault("fileUri", "is needed")
        }
        let type = try file.string("mimeType", "mime_type")
        let isWeb = uri.hasPrefix("https://") || uri.hasPrefix("http://")
        let isGoogles = uri.hasPrefix("https://generativelanguage.googleapis.com/")
        let isFilm = uri.hasPrefix("https://www.youtube.com/") || uri.hasPrefix("https://youtu.be/")
        return Media(
            type.map { Media.Kind(mediaType: $0) } ?? (isFilm ? .video : .document),
            isWeb && !isGoogles ? .url(uri) : .file(uri),
            mediaType: type)
    }

    private mutating func readCall(_ call: GeminiFields, _ signature: String?) throws(InvalidRequest) -> ToolCall {
        guard let name = try call.string("name"), !name.isEmpty else { throw call.fault("name", "is needed") }
        let arguments = try call.fields("args").map { JSONValue.object($0.object).serialized() } ?? Array("{}".utf8)
        let id = try call.string("id").flatMap { $0.isEmpty ? nil : $0 } ?? makeID()
        knownIDs.insert(id)
        waiting[name, default: []].append(id)
        return ToolCall(id: id, name: name, arguments: String(decoding: arguments, as: UTF8.self), signature: signature)
    }

    /// The same ids for the same conversation, so that prompts stay the same to the upstream's cache.
    private mutating func makeID() -> String {
        madeIDs += 1
        return "call_made_\(madeIDs)"
    }

    private mutating func readResult(
        _ result: GeminiFields, orphans: inout [Part]
    ) throws(InvalidRequest) -> ToolResult {
        guard let name = try result.string("name"), !name.isEmpty else { throw result.fault("name", "is needed") }
        let given = try result.string("id").flatMap { $0.isEmpty ? nil : $0 }
        let id: String
        if let given, knownIDs.contains(given) {
            id = given
            waiting[name]?.removeAll { $0 == given }
        } else if let next = waiting[name]?.first {
            id = next
            waiting[name]?.removeFirst()
        } else {
            id = given ?? makeID()
            knownIDs.insert(id)
            orphans.append(.toolCall(ToolCall(id: id, name: name, arguments: "{}")))
        }
        let response = try result.fields("response")?.object ?? JSONObject()
        var read = ToolResult(callID: id, name: name, parts: [])
        var text = JSONValue.object(response)
        if response.count == 1, let only = response.members.first {
            // What Google's SDKs wrap a plain result in.
            if ["result", "output", "error"].contains(only.key) { text = only.value }
            read.isError = only.key == "error"
        }
        let words = text.string ?? String(decoding: text.serialized(), as: UTF8.self)
        read.parts.append(.text(words))
        for part in try result.list("parts") ?? [] {
            if let blob = try part.fields("inlineData", "inline_data") {
                read.parts.append(.media(try Self.inline(blob)))
            } else if let file = try part.fields("fileData", "file_data") {
                read.parts.append(.media(try Self.file(file)))
            } else {
                throw InvalidRequest(
                    message: "'\(part.place)' has none of inlineData and fileData", field: part.place)
            }
        }
        return read
    }
}

/// Code that the model wrote and ran, as text for protocols without such parts.
enum GeminiCode {
    static func fenced(_ code: JSONObject) -> String {
        let language = code["language"]?.string?.lowercased() ?? ""
        let name = language == "language_unspecified" ? "" : language
        return "\n```\(name)\n\(code["code"]?.string ?? "")\n```\n"
    }

    static func fencedResult(_ result: JSONObject) -> String {
        "\n```\n\(result["output"]?.string ?? "")\n```\n"
    }
}
