/// What Anthropic refuses, as far as conversions get it wrong.
struct AnthropicCheck {
    private let bytes: [UInt8]

    /// What is wrong with a request; `nil` when Anthropic would take it.
    static func fault(_ request: MockRequest, isCount: Bool) -> String? {
        let names = Set(request.headers.map { $0.name.lowercased() })
        if names.isDisjoint(with: ["x-api-key", "authorization"]) { return "x-api-key: header is required" }
        if !names.contains("anthropic-version") { return "anthropic-version: header is required" }
        return AnthropicCheck(bytes: request.body).fault(isCount: isCount)
    }

    private static let known: Set<String> = [
        "model", "messages", "max_tokens", "system", "tools", "tool_choice", "thinking", "output_config", "metadata",
        "stop_sequences", "stream", "temperature", "top_p", "top_k", "service_tier", "container", "context_management",
        "mcp_servers", "cache_control",
    ]

    private func fault(isCount: Bool) -> String? {
        let top = LenientJSON.members(bytes, 0..<bytes.count)
        var members: [String: Range<Int>] = [:]
        for member in top {
            guard Self.known.contains(member.key) else { return "\(member.key): Extra inputs are not permitted" }
            guard members.updateValue(member.value, forKey: member.key) == nil else {
                return "\(member.key): given twice"
            }
        }
        if text(members["model"]).map(\.isEmpty) ?? true { return "model: Field required" }
        if isCount {
            for key in ["max_tokens", "stream"] where members[key] != nil {
                return "\(key): Extra inputs are not permitted"
            }
        } else {
            guard let limit = members["max_tokens"].flatMap(number), limit >= 1 else {
                return "max_tokens: Field required"
            }
        }
        return samplingFault(members) ?? thinkingFault(members) ?? toolsFault(members) ?? systemFault(members)
            ?? messagesFault(members)
    }

    // MARK: Members

    private func samplingFault(_ members: [String: Range<Int>]) -> String? {
        if let temperature = members["temperature"] {
            guard let value = number(temperature), (0...1).contains(value) else { return "temperature: range: 0..1" }
            if members["top_p"] != nil { return "`temperature` and `top_p` cannot both be specified for this model" }
        }
        let stops = members["stop_sequences"].flatMap { LenientJSON.elements(bytes, $0) } ?? []
        for (place, stop) in stops.enumerated() where isBlank(stop) {
            return "stop_sequences.\(place): each stop sequence must contain non-whitespace"
        }
        return nil
    }

    private func thinkingFault(_ members: [String: Range<Int>]) -> String? {
        guard let thinking = members["thinking"] else { return nil }
        let type = text(LenientJSON.member(bytes, thinking, "type"))
        guard type != "disabled" else { return nil }
        if type == "enabled" {
            let budget = LenientJSON.member(bytes, thinking, "budget_tokens").flatMap(number)
            guard let budget, budget >= 1024 else { return "thinking.enabled.budget_tokens: at least 1024" }
            if let limit = members["max_tokens"].flatMap(number), limit <= budget {
                return "`max_tokens` must be greater than `thinking.budget_tokens`"
            }
        } else if type != "adaptive" {
            return "thinking.type: unknown"
        }
        if let temperature = members["temperature"].flatMap(number), temperature != 1 {
            return "`temperature` may only be set to 1 when thinking is enabled"
        }
        if members["top_k"] != nil { return "`top_k` must be unset when thinking is enabled" }
        let choice = members["tool_choice"].flatMap { text(LenientJSON.member(bytes, $0, "type")) }
        if choice == "any" || choice == "tool" {
            return "Thinking may not be enabled when tool_choice forces tool use."
        }
        return nil
    }

    private func toolsFault(_ members: [String: Range<Int>]) -> String? {
        let tools = members["tools"].flatMap { LenientJSON.elements(bytes, $0) } ?? []
        var names: Set<String> = []
        for (place, tool) in tools.enumerated() {
            guard let name = text(LenientJSON.member(bytes, tool, "name")), isName(name) else {
                return "tools.\(place).custom.name: Field required"
            }
            guard names.insert(name).inserted else { return "tools: Tool names must be unique." }
            let type = text(LenientJSON.member(bytes, tool, "type")) ?? "custom"
            guard type == "custom" else { continue }
            let schema = LenientJSON.member(bytes, tool, "input_schema")
            guard text(schema.flatMap { LenientJSON.member(bytes, $0, "type") }) == "object" else {
                return "tools.\(place).custom.input_schema.type: Field required"
            }
        }
        guard let choice = members["tool_choice"] else { return nil }
        if tools.isEmpty { return "tool_choice may only be specified while providing tools" }
        let type = text(LenientJSON.member(bytes, choice, "type"))
        guard ["auto", "any", "tool", "none"].contains(type) else { return "tool_choice.type: unknown" }
        if type == "tool", !names.contains(text(LenientJSON.member(bytes, choice, "name")) ?? "") {
            return "tool_choice.name: no such tool"
        }
        return nil
    }

    private func systemFault(_ members: [String: Range<Int>]) -> String? {
        guard let system = members["system"], let blocks = LenientJSON.elements(bytes, system) else { return nil }
        for (place, block) in blocks.enumerated() {
            guard text(LenientJSON.member(bytes, block, "type")) == "text" else { return "system.\(place).type: text" }
            if isBlank(LenientJSON.member(bytes, block, "text")) {
                return "system: text content blocks must be non-empty"
            }
        }
        return nil
    }

    // MARK: Messages

    private func messagesFault(_ members: [String: Range<Int>]) -> String? {
        let messages = members["messages"].flatMap { LenientJSON.elements(bytes, $0) } ?? []
        guard !messages.isEmpty else { return "messages: at least one message is required" }
        let thinking = members["thinking"].flatMap { text(LenientJSON.member(bytes, $0, "type")) }
        let isThinking = thinking != nil && thinking != "disabled"
        var called: Set<String> = []
        var lastRole = "assistant"
        for (place, message) in messages.enumerated() {
            let path = "messages.\(place)"
            guard let role = text(LenientJSON.member(bytes, message, "role")) else {
                return "\(path).role: Field required"
            }
            guard role == "user" || role == "assistant" else { return "\(path).role: unknown" }
            guard role != lastRole else { return "messages: roles must alternate between \"user\" and \"assistant\"" }
            lastRole = role
            guard let content = LenientJSON.member(bytes, message, "content") else {
                return "\(path).content: Field required"
            }
            guard let blocks = LenientJSON.elements(bytes, content) else {
                if isBlank(content) { return "\(path): text content blocks must be non-empty" }
                if !called.isEmpty { return "\(path): `tool_use` ids were found without `tool_result` blocks" }
                continue
            }
            if blocks.isEmpty { return "\(path).content: must not be empty" }
            var made: Set<String> = []
            if let fault = blocksFault(blocks, path, role, called, &made) { return fault }
            if !made.isEmpty {
                if members["tools"] == nil { return "Requests which include `tool_use` blocks must define tools" }
                let first = text(LenientJSON.member(bytes, blocks[0], "type"))
                if isThinking, first != "thinking", first != "redacted_thinking" {
                    return
                        "\(path).content.0.type: Expected `thinking` or `redacted_thinking`, but found `\(first ?? "")`"
                }
            }
            called = made
        }
        return called.isEmpty ? nil : "messages: `tool_use` ids were found without `tool_result` blocks"
    }

    private func blocksFault(
        _ blocks: [Range<Int>], _ path: String, _ role: String, _ called: Set<String>, _ made: inout Set<String>
    ) -> String? {
        var results: Set<String> = []
        var hasOther = false
        for (place, block) in blocks.enumerated() {
            let path = "\(path).content.\(place)"
            guard let type = text(LenientJSON.member(bytes, block, "type")) else {
                return "\(path).type: Field required"
            }
            switch type {
            case "text":
                hasOther = true
                if isBlank(LenientJSON.member(bytes, block, "text")) {
                    return "\(path): text must contain non-whitespace"
                }
            case "image", "document":
                hasOther = true
                let source = LenientJSON.member(bytes, block, "source")
                let kind = text(source.flatMap { LenientJSON.member(bytes, $0, "type") })
                guard ["base64", "url", "file", "text", "content"].contains(kind) else {
                    return "\(path).source: invalid"
                }
            case "tool_use":
                guard role == "assistant" else {
                    return "\(path): `tool_use` blocks can only be in `assistant` messages"
                }
                let id = text(LenientJSON.member(bytes, block, "id")) ?? ""
                guard isName(id) else { return "\(path).id: String should match pattern '^[a-zA-Z0-9_-]+$'" }
                guard made.insert(id).inserted else { return "\(path): `tool_use` ids must be unique" }
                let input = LenientJSON.member(bytes, block, "input")
                guard let input, bytes[input.lowerBound] == UInt8(ascii: "{") else {
                    return "\(path).input: Input should be a valid dictionary"
                }
            case "tool_result":
                guard role == "user" else { return "\(path): `tool_result` blocks can only be in `user` messages" }
                let id = text(LenientJSON.member(bytes, block, "tool_use_id")) ?? ""
                guard called.contains(id) else { return "\(path): unexpected `tool_use_id` found: \(id)" }
                guard !hasOther else { return "\(path): `tool_result` blocks must come first" }
                results.insert(id)
            case "thinking":
                let signature = text(LenientJSON.member(bytes, block, "signature")) ?? ""
                if signature.isEmpty { return "\(path).thinking.signature: Field required" }
            case "redacted_thinking":
                if LenientJSON.member(bytes, block, "data") == nil { return "\(path).data: Field required" }
            default: return "\(path).type: unknown"
            }
        }
        guard results == called else { return "\(path): `tool_use` ids were found without `tool_result` blocks" }
        return nil
    }

    // MARK: Values

    private func text(_ range: Range<Int>?) -> String? { LenientJSON.text(bytes, range) }

    private func number(_ range: Range<Int>) -> Double? { Double(String(decoding: bytes[range], as: UTF8.self)) }

    private func isName(_ text: String) -> Bool {
        !text.isEmpty
            && text.utf8.allSatisfy { byte in
                switch byte {
                case 48...57, 65...90, 97...122, 45, 95: true
                default: false
                }
            }
    }

    /// Whether a string has nothing but white space, also escaped.
    private func isBlank(_ range: Range<Int>?) -> Bool {
        guard let text = text(range) else { return true }
        var rest = Substring(text)
        while let first = rest.first {
            if first == "\\", let escaped = rest.dropFirst().first, "nrt".contains(escaped) {
                rest = rest.dropFirst(2)
            } else if first.isWhitespace {
                rest = rest.dropFirst()
            } else {
                return false
            }
        }
        return true
    }
}
