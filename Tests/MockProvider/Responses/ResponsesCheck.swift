/// What OpenAI refuses in the Responses protocol, as far as conversions get it wrong.
struct ResponsesCheck {
    private let bytes: [UInt8]

    /// What is wrong, and with which member.
    struct Fault {
        var member: String
        var message: String
    }

    /// What is wrong with a request; `nil` when OpenAI would take it.
    static func fault(_ request: MockRequest) -> Fault? {
        ResponsesCheck(bytes: request.body).fault
    }

    private static let known: Set<String> = [
        "model", "input", "instructions", "max_output_tokens", "temperature", "top_p", "tools", "tool_choice",
        "parallel_tool_calls", "reasoning", "text", "store", "previous_response_id", "conversation", "include",
        "metadata",
        "user", "safety_identifier", "service_tier", "stream", "stream_options", "truncation", "background", "prompt",
        "prompt_cache_key", "prompt_cache_retention", "top_logprobs", "max_tool_calls",
    ]

    private var fault: Fault? {
        var members: [String: Range<Int>] = [:]
        for member in LenientJSON.members(bytes, 0..<bytes.count) {
            guard Self.known.contains(member.key) else {
                return Fault(member: member.key, message: "Unknown parameter: '\(member.key)'.")
            }
            guard members.updateValue(member.value, forKey: member.key) == nil else {
                return Fault(member: member.key, message: "'\(member.key)' is given twice")
            }
        }
        if text(members["model"]).map(\.isEmpty) ?? true { return missing("model") }
        if let limit = members["max_output_tokens"], !isNull(limit), (number(limit) ?? 0) < 16 {
            return Fault(
                member: "max_output_tokens",
                message: "Invalid 'max_output_tokens': integer below minimum value. Expected >= 16")
        }
        guard let input = members["input"] else { return missing("input") }
        return inputFault(input) ?? toolsFault(members) ?? formatFault(members) ?? reasoningFault(members)
    }

    // MARK: Input

    private func inputFault(_ input: Range<Int>) -> Fault? {
        if text(input) != nil { return nil }
        guard let items = LenientJSON.elements(bytes, input), !items.isEmpty else { return wrong("input", "a list") }
        var called: Set<String> = []
        for (place, item) in items.enumerated() {
            let path = "input[\(place)]"
            switch text(LenientJSON.member(bytes, item, "type")) ?? "message" {
            case "message":
                if let fault = messageFault(item, path) { return fault }
            case "function_call", "custom_tool_call":
                guard let id = text(LenientJSON.member(bytes, item, "call_id")), !id.isEmpty else {
                    return missing(path + ".call_id")
                }
                guard text(LenientJSON.member(bytes, item, "name")) != nil else { return missing(path + ".name") }
                guard
                    text(LenientJSON.member(bytes, item, "arguments")) ?? text(LenientJSON.member(bytes, item, "input"))
                        != nil
                else { return wrong(path + ".arguments", "a string") }
                called.insert(id)
            case "function_call_output", "custom_tool_call_output":
                guard let id = text(LenientJSON.member(bytes, item, "call_id")), called.remove(id) != nil else {
                    return Fault(member: "input", message: "No tool call found for function call output")
                }
                guard let output = LenientJSON.member(bytes, item, "output") else { return missing(path + ".output") }
                if text(output) == nil, let fault = partsFault(output, path + ".output", "input_text") { return fault }
            case "reasoning":
                guard text(LenientJSON.member(bytes, item, "id"))?.hasPrefix("rs_") == true else {
                    return wrong(path + ".id", "an id that begins with 'rs'")
                }
                guard LenientJSON.member(bytes, item, "summary") != nil else { return missing(path + ".summary") }
            case "item_reference", "web_search_call", "image_generation_call": break
            case let type: return Fault(member: path + ".type", message: "Invalid value: '\(type)'.")
            }
        }
        guard called.isEmpty else {
            return Fault(member: "input", message: "No tool output found for function call \(called.sorted()[0])")
        }
        return nil
    }

    private func messageFault(_ item: Range<Int>, _ path: String) -> Fault? {
        let role = text(LenientJSON.member(bytes, item, "role")) ?? ""
        guard ["user", "assistant", "system", "developer"].contains(role) else {
            return Fault(member: path + ".role", message: "Invalid value: '\(role)'.")
        }
        guard let content = LenientJSON.member(bytes, item, "content") else { return missing(path + ".content") }
        if text(content) != nil { return nil }
        return partsFault(content, path + ".content", role == "assistant" ? "output_text" : "input_text")
    }

    private func partsFault(_ content: Range<Int>, _ path: String, _ textType: String) -> Fault? {
        guard let parts = LenientJSON.elements(bytes, content) else { return wrong(path, "a list") }
        for (place, part) in parts.enumerated() {
            let path = "\(path)[\(place)]"
            let type = text(LenientJSON.member(bytes, part, "type")) ?? ""
            switch type {
            case textType:
                guard text(LenientJSON.member(bytes, part, "text")) != nil else { return missing(path + ".text") }
            case "refusal" where textType == "output_text": break
            case "input_image" where textType == "input_text":
                let source = LenientJSON.member(bytes, part, "image_url") ?? LenientJSON.member(bytes, part, "file_id")
                guard text(source) != nil else { return wrong(path + ".image_url", "a string") }
            case "input_file" where textType == "input_text":
                let keys = ["file_data", "file_url", "file_id"]
                guard keys.contains(where: { text(LenientJSON.member(bytes, part, $0)) != nil }) else {
                    return missing(path + ".file_data")
                }
            case "input_audio" where textType == "input_text": break
            default: return Fault(member: path + ".type", message: "Invalid value: '\(type)'.")
            }
        }
        return nil
    }

    // MARK: The rest

    private func toolsFault(_ members: [String: Range<Int>]) -> Fault? {
        var names: Set<String> = []
        for (place, tool) in (members["tools"].flatMap { LenientJSON.elements(bytes, $0) } ?? []).enumerated() {
            let path = "tools[\(place)]"
            let type = text(LenientJSON.member(bytes, tool, "type")) ?? ""
            guard type == "function" || type == "custom" else {
                if type.isEmpty { return missing(path + ".type") }
                continue
            }
            guard let name = text(LenientJSON.member(bytes, tool, "name")), !name.isEmpty else {
                return missing(path + ".name")
            }
            names.insert(name)
            if type == "custom" { continue }
            let strict = LenientJSON.member(bytes, tool, "strict")
            guard strict == nil || LenientJSON.isTrue(bytes, strict) || text(strict) == nil else {
                return wrong(path + ".strict", "a boolean")
            }
            guard let schema = LenientJSON.member(bytes, tool, "parameters"),
                bytes[schema.lowerBound] == UInt8(ascii: "{")
            else { return wrong(path + ".parameters", "an object") }
            if strict.map({ LenientJSON.isTrue(bytes, $0) }) ?? true,
                LenientJSON.member(bytes, schema, "additionalProperties") == nil
            {
                return Fault(
                    member: path + ".parameters",
                    message: "Invalid schema for function '\(name)': 'additionalProperties' is required to be false")
            }
        }
        guard let choice = members["tool_choice"] else { return nil }
        if let word = text(choice) {
            return ["auto", "none", "required"].contains(word) ? nil : wrong("tool_choice", "auto, none or required")
        }
        let type = text(LenientJSON.member(bytes, choice, "type"))
        if type == "function" || type == "custom",
            !names.contains(text(LenientJSON.member(bytes, choice, "name")) ?? "")
        {
            return Fault(member: "tool_choice", message: "Tool choice not found in 'tools' parameter.")
        }
        return nil
    }

    private func formatFault(_ members: [String: Range<Int>]) -> Fault? {
        guard let format = members["text"].flatMap({ LenientJSON.member(bytes, $0, "format") }) else { return nil }
        guard text(LenientJSON.member(bytes, format, "type")) == "json_schema" else { return nil }
        guard text(LenientJSON.member(bytes, format, "name")) != nil else { return missing("text.format.name") }
        return LenientJSON.member(bytes, format, "schema") == nil ? missing("text.format.schema") : nil
    }

    private func reasoningFault(_ members: [String: Range<Int>]) -> Fault? {
        guard let effort = members["reasoning"].flatMap({ LenientJSON.member(bytes, $0, "effort") }),
            let word = text(effort), text(members["model"]) == "gpt-5"
        else { return nil }
        guard ["minimal", "low", "medium", "high"].contains(word) else {
            return Fault(
                member: "reasoning.effort", message: "Unsupported value: 'reasoning.effort' does not support '\(word)'")
        }
        return nil
    }

    // MARK: Values

    private func missing(_ member: String) -> Fault {
        Fault(member: member, message: "Missing required parameter: '\(member)'.")
    }

    private func wrong(_ member: String, _ wanted: String) -> Fault {
        Fault(member: member, message: "Invalid type for '\(member)': expected \(wanted).")
    }

    private func text(_ range: Range<Int>?) -> String? { LenientJSON.text(bytes, range) }

    private func isNull(_ range: Range<Int>) -> Bool { bytes[range].elementsEqual("null".utf8) }

    private func number(_ range: Range<Int>) -> Double? { Double(String(decoding: bytes[range], as: UTF8.self)) }
}
