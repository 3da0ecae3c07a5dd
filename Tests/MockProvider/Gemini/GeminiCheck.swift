/// What Google refuses, as far as conversions get it wrong.
struct GeminiCheck {
    private let tree: GeminiTree
    private let path: GeminiPath

    /// What is wrong with a request; `nil` when Google would take it.
    static func fault(_ request: MockRequest, _ path: GeminiPath) -> String? {
        let check = GeminiCheck(tree: GeminiTree(request.body), path: path)
        let tree = check.tree
        func form(_ message: String) -> String? { GeminiForm.fault(tree, message, isVertex: path.isVertex) }
        switch path.action {
        case .generate, .stream: return form("GenerateContentRequest") ?? check.generateFault(tree.whole)
        case .count:
            if let fault = form("CountTokensRequest") { return fault }
            guard let inner = tree.member(tree.whole, "generateContentRequest") else {
                return check.contentsFault(tree.whole)
            }
            if tree.member(tree.whole, "contents") != nil { return "contents and generate_content_request: only one" }
            return check.nameFault(inner) ?? check.generateFault(inner)
        case .embed: return form("EmbedContentRequest") ?? check.embedFault(tree.whole)
        case .embedBatch:
            if let fault = form("BatchEmbedContentsRequest") { return fault }
            let requests = tree.list(tree.whole, "requests")
            if requests.isEmpty { return "* BatchEmbedContentsRequest.requests: requests is not specified" }
            if requests.count > 100 { return "at most 100 requests can be in one batch" }
            return requests.lazy.compactMap { check.nameFault($0) ?? check.embedFault($0) }.first
        }
    }

    private func nameFault(_ range: Range<Int>) -> String? {
        guard let name = tree.text(range, "model") else { return "* model: model is required" }
        return name.hasSuffix("models/" + path.model)
            ? nil : "model in the request must be that of the address: \(name)"
    }

    private func embedFault(_ range: Range<Int>) -> String? {
        guard let content = tree.member(range, "content"), !tree.list(content, "parts").isEmpty else {
            return "* EmbedContentRequest.content: content is not specified"
        }
        return nil
    }

    private func generateFault(_ range: Range<Int>) -> String? {
        contentsFault(range) ?? systemFault(range) ?? toolsFault(range) ?? configFault(range) ?? safetyFault(range)
    }

    // MARK: Contents

    private static let data: Set<String> = [
        "text", "inlineData", "fileData", "functionCall", "functionResponse", "executableCode", "codeExecutionResult",
    ]

    private func contentsFault(_ range: Range<Int>) -> String? {
        let contents = tree.list(range, "contents")
        guard !contents.isEmpty else { return "* GenerateContentRequest.contents: contents is not specified" }
        var open: [(name: String, id: String?)] = []
        var isAfterCalls = false
        for (place, content) in contents.enumerated() {
            let name = "contents[\(place)]"
            let role = tree.text(content, "role")
            guard role == nil || ["user", "model", "function"].contains(role) else {
                return "Please use a valid role: user, model."
            }
            if path.isVertex, role == nil { return "Please use a valid role: user, model." }
            let parts = tree.list(content, "parts")
            guard !parts.isEmpty else {
                return "* GenerateContentRequest.\(name).parts: contents.parts must not be empty."
            }
            var calls: [(name: String, id: String?)] = []
            var results: [(name: String, id: String?)] = []
            for (number, part) in parts.enumerated() {
                if let fault = partFault(part, "\(name).parts[\(number)]", isModel: role == "model") { return fault }
                if let call = tree.member(part, "functionCall") {
                    calls.append((tree.text(call, "name") ?? "", tree.text(call, "id")))
                }
                if let result = tree.member(part, "functionResponse") {
                    results.append((tree.text(result, "name") ?? "", tree.text(result, "id")))
                }
            }
            if isAfterCalls, let fault = answerFault(open, results) { return fault }
            if !isAfterCalls, !results.isEmpty {
                return "Please ensure that function response turn comes immediately after a function call turn."
            }
            if !calls.isEmpty, place == 0 || tree.text(contents[place - 1], "role") == "model" {
                return
                    "Please ensure that function call turn comes immediately after a user turn or after a function response turn."
            }
            isAfterCalls = !calls.isEmpty
            open = calls
        }
        if isAfterCalls { return "Please ensure that function call turn is followed by a function response turn." }
        return signatureFault(contents)
    }

    private func answerFault(
        _ calls: [(name: String, id: String?)], _ results: [(name: String, id: String?)]
    ) -> String? {
        guard calls.count == results.count else {
            return
                "Please ensure that the number of function response parts is equal to the number of function call parts of the function call turn."
        }
        for (call, result) in zip(calls, results) {
            guard call.name == result.name else {
                return "function response '\(result.name)' answers no call of that place"
            }
            guard call.id == nil || result.id == nil || call.id == result.id else {
                return "function response id '\(result.id ?? "")' is not that of its call"
            }
        }
        return nil
    }

    private func partFault(_ part: Range<Int>, _ name: String, isModel: Bool) -> String? {
        let kinds = tree.members(part).map { GeminiTree.camel($0.key) }.filter(Self.data.contains)
        guard kinds.count == 1 else {
            return
                "* GenerateContentRequest.\(name).data: required oneof field 'data' must have one initialized field"
        }
        if let blob = tree.member(part, "inlineData"), tree.text(blob, "mimeType")?.isEmpty ?? true {
            return "Unable to process input: \(name).inline_data.mime_type is missing"
        }
        if let file = tree.member(part, "fileData"), tree.text(file, "fileUri")?.isEmpty ?? true {
            return "* GenerateContentRequest.\(name).file_data.file_uri: must not be empty"
        }
        for (kind, wanted) in [("functionCall", true), ("functionResponse", false)] {
            guard let value = tree.member(part, kind) else { continue }
            guard isModel == wanted else { return "\(name): \(kind) is not of this role" }
            if let fault = functionNameFault(tree.text(value, "name"), name) { return fault }
            if path.isVertex, tree.member(value, "id") != nil {
                return "Invalid JSON payload received. Unknown name \"id\" at '\(name)': Cannot find field."
            }
            if !wanted, tree.member(value, "response") == nil {
                return "* GenerateContentRequest.\(name).function_response.response: is missing"
            }
        }
        return nil
    }

    /// The third generation wants the signature of the first call of each step of the current turn.
    private func signatureFault(_ contents: [Range<Int>]) -> String? {
        guard path.model.contains("gemini-3") else { return nil }
        let turn = contents.lastIndex { content in
            tree.text(content, "role") != "model"
                && tree.list(content, "parts").contains { tree.member($0, "functionResponse") == nil }
        }
        for (place, content) in contents.enumerated() where place > turn ?? -1 {
            let calls = tree.list(content, "parts").filter { tree.member($0, "functionCall") != nil }
            guard let first = calls.first else { continue }
            guard let signature = tree.text(first, "thoughtSignature") else {
                return
                    "Function call is missing a thought_signature in functionCall parts. This is required for tools to work correctly."
            }
            let isKnown = [
                GeminiAsked.signature, "skip_thought_signature_validator", "context_engineering_is_the_way_to_go",
            ]
            guard isKnown.contains(signature) else { return "Thought signature is not valid." }
        }
        return nil
    }

    private func systemFault(_ range: Range<Int>) -> String? {
        guard let system = tree.member(range, "systemInstruction") else { return nil }
        let parts = tree.list(system, "parts")
        if parts.isEmpty { return "* GenerateContentRequest.system_instruction.parts: must not be empty" }
        let isText = parts.allSatisfy { !(tree.text($0, "text") ?? "").isEmpty }
        return isText ? nil : "* GenerateContentRequest.system_instruction.parts: must hold texts"
    }

    // MARK: Tools

    private func functionNameFault(_ name: String?, _ place: String) -> String? {
        let isRight =
            name.map { name in
                (1...64).contains(name.utf8.count)
                    && name.utf8.first.map { $0 == 95 || (97...122).contains($0 | 0x20) } ?? false
                    && name.utf8.allSatisfy { byte in
                        switch byte {
                        case 48...58, 65...90, 97...122, 45, 46, 95: true
                        default: false
                        }
                    }
            } ?? false
        guard !isRight else { return nil }
        return
            "* GenerateContentRequest.\(place).name: Invalid function name. Must start with a letter or an underscore."
    }

    private func toolsFault(_ range: Range<Int>) -> String? {
        var names: Set<String> = []
        var hasNative = false
        for (place, tool) in tree.list(range, "tools").enumerated() {
            let members = tree.members(tool)
            if members.isEmpty {
                return "* GenerateContentRequest.tools[\(place)].tool_type: required one_of must have one"
            }
            hasNative = hasNative || members.contains { GeminiTree.camel($0.key) != "functionDeclarations" }
            for (number, function) in tree.list(tool, "functionDeclarations").enumerated() {
                let path = "tools[\(place)].function_declarations[\(number)]"
                let name = tree.text(function, "name")
                if let fault = functionNameFault(name, path) { return fault }
                guard names.insert(name ?? "").inserted else {
                    return "Duplicate function declaration found: \(name ?? "")"
                }
                guard let schema = tree.member(function, "parameters") else { continue }
                if tree.member(function, "parametersJsonSchema") != nil { return "\(path): only one of the schemas" }
                guard tree.text(schema, "type")?.uppercased() == "OBJECT" else {
                    return "* GenerateContentRequest.\(path).parameters.type: must be OBJECT"
                }
                if let fault = schemaFault(schema, path + ".parameters") { return fault }
            }
        }
        if hasNative, !names.isEmpty, !path.model.contains("gemini-3") {
            return "Tool use with function calling is unsupported"
        }
        return choiceFault(range, names)
    }

    private func choiceFault(_ range: Range<Int>, _ names: Set<String>) -> String? {
        guard let config = tree.member(range, "toolConfig").flatMap({ tree.member($0, "functionCallingConfig") }) else {
            return nil
        }
        if names.isEmpty { return "Function calling config is set without function_declarations." }
        let mode = tree.text(config, "mode")
        guard let mode, ["AUTO", "ANY", "NONE", "VALIDATED"].contains(mode) else {
            return "Invalid value at 'tool_config.function_calling_config.mode'"
        }
        if mode == "AUTO", path.model.contains("gemini-3") { return "Function calling mode AUTO must be left out." }
        let allowed = tree.list(config, "allowedFunctionNames").compactMap(tree.text)
        guard !allowed.isEmpty else { return nil }
        if mode != "ANY", mode != "VALIDATED" { return "allowed_function_names should only be set with ANY." }
        let unknown = allowed.first { !names.contains($0) }
        return unknown.map { "allowed_function_names: \($0) is not in function_declarations" }
    }

    private func schemaFault(_ schema: Range<Int>, _ path: String) -> String? {
        let place = "* GenerateContentRequest." + path
        let type = tree.text(schema, "type")?.uppercased()
        let options = tree.list(schema, "anyOf")
        if let type, !["STRING", "NUMBER", "INTEGER", "BOOLEAN", "ARRAY", "OBJECT", "NULL"].contains(type) {
            return "Invalid value at '\(path).type' (Type): \(type)"
        }
        if type == nil, options.isEmpty { return "\(place).type: must be specified" }
        for (number, option) in options.enumerated() {
            if let fault = schemaFault(option, "\(path).any_of[\(number)]") { return fault }
        }
        if tree.member(schema, "enum") != nil, type != "STRING" { return "\(place).enum: only allowed for STRING type" }
        if let format = tree.text(schema, "format") {
            let known =
                type == "STRING"
                ? ["enum", "date-time"]
                : type == "NUMBER" ? ["float", "double"] : type == "INTEGER" ? ["int32", "int64"] : []
            guard known.contains(format) else {
                return "\(place).format: only \(known) are supported for \(type ?? "") type"
            }
        }
        if type == "ARRAY" {
            guard let items = tree.member(schema, "items") else { return "\(place).items: missing field." }
            if let fault = schemaFault(items, path + ".items") { return fault }
        }
        var names: Set<String> = []
        if let properties = tree.member(schema, "properties") {
            for property in tree.members(properties) {
                names.insert(property.key)
                if let fault = schemaFault(property.value, "\(path).properties[\(property.key)]") { return fault }
            }
        }
        if type == "OBJECT", names.isEmpty, path.hasSuffix(".parameters") {
            return "\(place).properties: should be non-empty for OBJECT type"
        }
        if let required = tree.member(schema, "required") {
            let needed = tree.list(required).compactMap(tree.text)
            if needed.isEmpty { return "\(place).required: must not be empty" }
            for (number, name) in needed.enumerated() where !names.contains(name) {
                return "\(place).required[\(number)]: property is not defined"
            }
        }
        return nil
    }

    // MARK: Settings

    private func configFault(_ range: Range<Int>) -> String? {
        guard let config = tree.member(range, "generationConfig") else { return nil }
        let bounds: [(String, ClosedRange<Double>)] = [
            ("temperature", 0...2), ("topP", 0...1), ("topK", 1...1000), ("candidateCount", 1...8),
            ("maxOutputTokens", 1...1_000_000), ("presencePenalty", -2...2), ("frequencyPenalty", -2...2),
            ("logprobs", 0...20),
        ]
        for (name, bound) in bounds {
            if let value = tree.member(config, name).flatMap(tree.number), !bound.contains(value) {
                return "* GenerateContentRequest.generation_config.\(name): must be in the range \(bound)"
            }
        }
        if tree.list(config, "stopSequences").count > 5 { return "The number of stop_sequences must be at most 5." }
        let isJSON = tree.text(config, "responseMimeType") == "application/json"
        let schema = tree.member(config, "responseSchema")
        let hasSchema = schema != nil || tree.member(config, "responseJsonSchema") != nil
        if hasSchema, !isJSON { return "response_schema needs the response_mime_type application/json" }
        if let schema, let fault = schemaFault(schema, "generation_config.response_schema") { return fault }
        let isThird = path.model.contains("gemini-3")
        let hasFunctions = tree.list(range, "tools").contains { tree.member($0, "functionDeclarations") != nil }
        if isJSON, hasFunctions, !isThird {
            return "Function calling with a response mime type: 'application/json' is unsupported"
        }
        let words = tree.list(config, "responseModalities").compactMap(tree.text)
        if words.contains(where: { !["TEXT", "IMAGE", "AUDIO"].contains($0) }) {
            return "Invalid value at 'generation_config.response_modalities'"
        }
        return thinkingFault(config)
    }

    private func thinkingFault(_ config: Range<Int>) -> String? {
        guard let thinking = tree.member(config, "thinkingConfig") else { return nil }
        let model = path.model
        let budget = tree.member(thinking, "thinkingBudget").flatMap(tree.number)
        let level = tree.text(thinking, "thinkingLevel")?.lowercased()
        if budget != nil, level != nil { return "You can only set only one of thinking budget and thinking level." }
        let isThird = model.contains("gemini-3")
        guard isThird || model.contains("gemini-2.5") || path.behaviour.kind == .reasoning else {
            return "Thinking is not supported by this model."
        }
        if let level {
            guard isThird else { return "Thinking level is not supported for this model." }
            let known = model.contains("pro") ? ["low", "high"] : ["minimal", "low", "medium", "high"]
            return known.contains(level) ? nil : "Thinking level \(level) is not supported for this model."
        }
        guard let budget, budget != -1 else { return nil }
        if isThird { return "Thinking budget is not supported for this model; use thinking_level." }
        let isLite = model.contains("flash-lite")
        let bound = model.contains("pro") ? 128.0...32768 : (isLite ? 512.0 : 1)...24576
        if budget == 0, !model.contains("pro") { return nil }
        return bound.contains(budget)
            ? nil : "The thinking budget \(Int(budget)) is invalid. Please choose one of \(bound)."
    }

    private func safetyFault(_ range: Range<Int>) -> String? {
        let harms: Set = ["HARASSMENT", "HATE_SPEECH", "SEXUALLY_EXPLICIT", "DANGEROUS_CONTENT", "CIVIC_INTEGRITY"]
        let thresholds: Set = ["BLOCK_NONE", "OFF", "BLOCK_ONLY_HIGH", "BLOCK_MEDIUM_AND_ABOVE", "BLOCK_LOW_AND_ABOVE"]
        for setting in tree.list(range, "safetySettings") {
            let category = tree.text(setting, "category") ?? ""
            guard category.hasPrefix("HARM_CATEGORY_"), harms.contains(String(category.dropFirst(14))) else {
                return "Invalid value at 'safety_settings.category': \(category)"
            }
            guard thresholds.contains(tree.text(setting, "threshold") ?? "") else {
                return "Invalid value at 'safety_settings.threshold'"
            }
        }
        return nil
    }
}
