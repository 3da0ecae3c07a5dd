/// The form of requests: the members of each of Google's messages and what they hold. What is not named here Google does not know, and refuses.
struct GeminiForm {
    private let tree: GeminiTree
    private let isVertex: Bool

    /// A kind is `string`, `bytes`, `bool`, `int`, `number`, `object`, `any`, or the name of a message; `*` stands for a list, `{}` for a map.
    private static let messages: [String: [String: String]] = [
        "GenerateContentRequest": [
            "model": "string", "contents": "Content*", "systemInstruction": "Content", "tools": "Tool*",
            "toolConfig": "ToolConfig", "safetySettings": "SafetySetting*", "generationConfig": "GenerationConfig",
            "cachedContent": "string", "serviceTier": "string", "store": "bool",
        ],
        "CountTokensRequest": ["contents": "Content*", "generateContentRequest": "GenerateContentRequest"],
        "CountTokensRequest.Vertex": [
            "model": "string", "contents": "Content*", "systemInstruction": "Content", "tools": "Tool*",
            "generationConfig": "GenerationConfig",
        ],
        "EmbedContentRequest": [
            "model": "string", "content": "Content", "taskType": "string", "title": "string",
            "outputDimensionality": "int", "embedContentConfig": "object",
        ],
        "BatchEmbedContentsRequest": ["requests": "EmbedContentRequest*"],
        "Content": ["role": "string", "parts": "Part*"],
        "Part": [
            "text": "string", "thought": "bool", "thoughtSignature": "bytes", "inlineData": "Blob",
            "fileData": "FileData", "functionCall": "FunctionCall", "functionResponse": "FunctionResponse",
            "executableCode": "ExecutableCode", "codeExecutionResult": "CodeExecutionResult",
            "videoMetadata": "object", "mediaResolution": "object", "partMetadata": "object",
        ],
        "Blob": ["mimeType": "string", "data": "bytes"],
        "FileData": ["mimeType": "string", "fileUri": "string"],
        "FunctionCall": ["id": "string", "name": "string", "args": "object"],
        "FunctionResponse": [
            "id": "string", "name": "string", "response": "object", "parts": "FunctionResponsePart*",
            "willContinue": "bool", "scheduling": "string",
        ],
        "FunctionResponsePart": ["inlineData": "Blob", "fileData": "FileData"],
        "ExecutableCode": ["id": "string", "language": "string", "code": "string"],
        "CodeExecutionResult": ["id": "string", "outcome": "string", "output": "string"],
        "Tool": [
            "functionDeclarations": "FunctionDeclaration*", "googleSearch": "object",
            "googleSearchRetrieval": "object", "codeExecution": "object", "urlContext": "object",
            "computerUse": "object", "googleMaps": "object", "fileSearch": "object",
        ],
        "FunctionDeclaration": [
            "name": "string", "description": "string", "behavior": "string", "parameters": "Schema",
            "parametersJsonSchema": "any", "response": "Schema", "responseJsonSchema": "any",
        ],
        "Schema": [
            "type": "string", "format": "string", "title": "string", "description": "string", "nullable": "bool",
            "enum": "string*", "maxItems": "int", "minItems": "int", "properties": "Schema{}",
            "required": "string*", "minProperties": "int", "maxProperties": "int", "minLength": "int",
            "maxLength": "int", "pattern": "string", "example": "any", "anyOf": "Schema*",
            "propertyOrdering": "string*", "default": "any", "items": "Schema", "minimum": "number",
            "maximum": "number",
        ],
        "ToolConfig": [
            "functionCallingConfig": "FunctionCallingConfig", "retrievalConfig": "object",
            "includeServerSideToolInvocations": "bool",
        ],
        "FunctionCallingConfig": ["mode": "string", "allowedFunctionNames": "string*"],
        "SafetySetting": ["category": "string", "threshold": "string"],
        "GenerationConfig": [
            "stopSequences": "string*", "responseMimeType": "string", "responseSchema": "Schema",
            "responseJsonSchema": "any", "_responseJsonSchema": "any", "responseModalities": "string*",
            "candidateCount": "int", "maxOutputTokens": "int", "temperature": "number", "topP": "number",
            "topK": "number", "seed": "int", "presencePenalty": "number", "frequencyPenalty": "number",
            "responseLogprobs": "bool", "logprobs": "int", "enableEnhancedCivicAnswers": "bool",
            "speechConfig": "object", "thinkingConfig": "ThinkingConfig", "imageConfig": "object",
            "mediaResolution": "string",
        ],
        "ThinkingConfig": ["includeThoughts": "bool", "thinkingBudget": "int", "thinkingLevel": "string"],
    ]

    /// What only Vertex AI knows, by message.
    private static let vertexOnly: [String: [String: String]] = [
        "GenerateContentRequest": ["labels": "object"], "Blob": ["displayName": "string"],
        "FileData": ["displayName": "string"], "GenerationConfig": ["audioTimestamp": "bool"],
    ]

    /// What is wrong with the form of a body that should be this message; `nil` when nothing is.
    static func fault(_ tree: GeminiTree, _ message: String, isVertex: Bool) -> String? {
        guard tree.isObject(tree.whole) else { return "Invalid JSON payload received. Expected an object." }
        let isCount = isVertex && message == "CountTokensRequest"
        return GeminiForm(tree: tree, isVertex: isVertex).fault(tree.whole, isCount ? message + ".Vertex" : message, "")
    }

    private func fault(_ range: Range<Int>, _ message: String, _ path: String) -> String? {
        guard tree.isObject(range) else { return "Invalid value at '\(path)' (\(message)), expected an object" }
        var known = Self.messages[message] ?? [:]
        if isVertex { known.merge(Self.vertexOnly[message] ?? [:]) { one, _ in one } }
        var seen: Set<String> = []
        for member in tree.members(range) {
            let name = GeminiTree.camel(member.key)
            guard let kind = known[name] else {
                let place = path.isEmpty ? "" : " at '\(path)'"
                return "Invalid JSON payload received. Unknown name \"\(member.key)\"\(place): Cannot find field."
            }
            guard seen.insert(name).inserted else {
                return "Invalid value at '\(path)': '\(member.key)' is given twice"
            }
            let place = path.isEmpty ? member.key : "\(path).\(member.key)"
            if let fault = value(member.value, kind, place) { return fault }
        }
        return nil
    }

    private func value(_ range: Range<Int>, _ kind: String, _ path: String) -> String? {
        if kind.hasSuffix("*") {
            for (place, element) in tree.list(range).enumerated() {
                if let fault = value(element, String(kind.dropLast()), "\(path)[\(place)]") { return fault }
            }
            return nil
        }
        if kind.hasSuffix("{}") {
            guard tree.isObject(range) else { return "Invalid value at '\(path)', expected a map" }
            for member in tree.members(range) {
                if let fault = value(member.value, String(kind.dropLast(2)), "\(path)[\(member.key)]") { return fault }
            }
            return nil
        }
        if tree.isList(range), kind != "any" { return "Proto field is not repeating, cannot start list at '\(path)'." }
        let isRight =
            switch kind {
            case "any": true
            case "object": tree.isObject(range)
            case "string": tree.isString(range)
            case "bytes": tree.text(range).map(Self.isBase64) ?? false
            case "bool": ["true", "false"].contains(String(decoding: tree.bytes[range], as: UTF8.self))
            case "number": tree.number(range) != nil
            case "int": isInt32(range)
            default: true
            }
        guard isRight else { return "Invalid value at '\(path)' (\(kind))" }
        return Self.messages[kind] == nil ? nil : fault(range, kind, path)
    }

    /// A whole number of 32 bits, which may stand in a string.
    private func isInt32(_ range: Range<Int>) -> Bool {
        guard let number = tree.number(range) ?? tree.text(range).flatMap({ Double($0) }) else { return false }
        return number.rounded() == number && abs(number) <= 2_147_483_647
    }

    /// Base64 in either alphabet; JSON may write the slash with an escape.
    private static func isBase64(_ text: String) -> Bool {
        let text = text.replacing("\\/", with: "/")
        let digits = text.utf8.prefix { $0 != UInt8(ascii: "=") }
        return digits.count % 4 != 1
            && digits.allSatisfy { byte in
                switch byte {
                case 48...57, 65...90, 97...122, 43, 45, 47, 95: true
                default: false
                }
            }
    }
}
