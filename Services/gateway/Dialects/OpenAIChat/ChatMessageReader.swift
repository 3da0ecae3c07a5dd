import InferenceModel
import JSON

/// Reads the messages of a chat request, one after the other; results of tools that follow each other become one turn.
struct ChatMessageReader {
    private(set) var system: [SystemBlock] = []
    private(set) var turns: [Turn] = []
    /// Whether the last turn holds nothing but results of tools.
    private var isInResults = false
    /// The names of the tools by the ids of their calls, for results, which carry no name that can be relied on.
    private var names: [String: String] = [:]
    /// The id of the last legacy `function_call`, which has none of its own.
    private var legacyID = ""

    /// Reads one message.
    ///
    /// - Parameter place: Its place among the messages, for ids of legacy calls.
    mutating func read(_ value: JSONValue, place: Int) throws(Malformed) {
        let message = try value.requiredObject()
        let wasInResults = isInResults
        isInResults = false
        switch try message.requiredText("role") {
        case "system", "developer": try readSystem(message)
        case "user":
            let parts = try ChatPartReader.content(of: message)
            if !parts.isEmpty { turns.append(Turn(.user, parts, name: try message.text("name"))) }
        case "assistant": try readAssistant(message, place: place)
        case "tool":
            isInResults = true
            addResult(
                callID: try message.requiredText("tool_call_id"), parts: try ChatPartReader.content(of: message),
                cache: try ChatPartReader.cache(of: message), joins: wasInResults)
        case "function":
            isInResults = true
            let name = try message.requiredText("name")
            let id = names[legacyID] == name ? legacyID : "call_\(name)"
            names[id] = name
            addResult(
                callID: id, parts: try ChatPartReader.content(of: message), cache: nil, joins: wasInResults)
        default:
            throw Malformed("role", "must be one of system, developer, user, assistant, tool, function")
        }
    }

    private mutating func readSystem(_ message: JSONObject) throws(Malformed) {
        for part in try ChatPartReader.content(of: message) {
            guard case .text(let text, let cache) = part else {
                throw Malformed("content", "must be text in a message of this role")
            }
            system.append(SystemBlock(text, cache: cache))
        }
    }

    private mutating func readAssistant(_ message: JSONObject, place: Int) throws(Malformed) {
        var parts: [Part] = []
        let thought = try message.text("reasoning_content") ?? message["reasoning"]?.string ?? ""
        let signature = try message.text("signature") ?? ChatPartReader.thoughtSignature(of: message)
        if !thought.isEmpty || signature != nil { parts.append(.thinking(Thinking(thought, signature: signature))) }
        parts += try ChatPartReader.content(of: message, isOptional: true)
        if let refusal = try message.text("refusal"), !refusal.isEmpty { parts.append(.refusal(refusal)) }
        for (index, call) in (try message.list("tool_calls") ?? []).enumerated() {
            do {
                parts.append(.toolCall(try readCall(call)))
            } catch {
                throw error.inside("tool_calls[\(index)]")
            }
        }
        if let function = try message.members("function_call") {
            legacyID = "call_\(place)"
            do {
                parts.append(.toolCall(try call(function, id: legacyID)))
            } catch {
                throw error.inside("function_call")
            }
        }
        if !parts.isEmpty { turns.append(Turn(.assistant, parts, name: try message.text("name"))) }
    }

    private mutating func readCall(_ value: JSONValue) throws(Malformed) -> ToolCall {
        let member = try value.requiredObject()
        let id = try member.requiredText("id")
        // A call of OpenAI's `custom` tools has free text for its input.
        if let custom = try member.members("custom") {
            let name = custom["name"]?.string ?? "custom"
            names[id] = name
            return ToolCall(id: id, name: name, arguments: CustomTool.arguments(custom["input"]?.string ?? ""))
        }
        guard let function = try member.members("function") else { throw Malformed("function", "is missing") }
        var call: ToolCall
        do {
            call = try self.call(function, id: id)
        } catch {
            throw error.inside("function")
        }
        call.signature = ChatPartReader.thoughtSignature(of: member)
        call.cache = try ChatPartReader.cache(of: member)
        return call
    }

    /// A call from its name and arguments, which some clients give as an object.
    private mutating func call(_ function: JSONObject, id: String) throws(Malformed) -> ToolCall {
        let name = try function.requiredText("name")
        let arguments: String
        if let object = function["arguments"], object.kind == .object {
            arguments = String(decoding: object.serialized(), as: UTF8.self)
        } else {
            arguments = try function.text("arguments") ?? ""
        }
        names[id] = name
        return ToolCall(id: id, name: name, arguments: arguments.isEmpty ? "{}" : arguments)
    }

    private mutating func addResult(callID: String, parts: [Part], cache: CacheMarker?, joins: Bool) {
        let result = Part.toolResult(ToolResult(callID: callID, name: names[callID], parts: parts, cache: cache))
        if joins, !turns.isEmpty {
            turns[turns.count - 1].parts.append(result)
        } else {
            turns.append(Turn(.user, [result]))
        }
    }
}
