import InferenceModel
import JSON

/// Reads the tools of a chat request and the choice among them, legacy `functions` too.
enum ChatToolReader {
    /// The tools in order.
    static func tools(of body: JSONObject) throws(Malformed) -> [Tool] {
        var tools: [Tool] = []
        for (place, value) in (try body.list("tools") ?? []).enumerated() {
            do {
                tools.append(try tool(value.requiredObject()))
            } catch {
                throw error.inside("tools[\(place)]")
            }
        }
        for (place, value) in (try body.list("functions") ?? []).enumerated() {
            do {
                tools.append(.function(try function(value.requiredObject(), cache: nil)))
            } catch {
                throw error.inside("functions[\(place)]")
            }
        }
        return tools
    }

    private static func tool(_ member: JSONObject) throws(Malformed) -> Tool {
        let type = try member.text("type") ?? "function"
        if type == "custom" { return .function(try custom(member)) }
        guard type == "function" else {
            return .hosted(HostedTool(kind(type), dialect: "chat", definition: .object(member)))
        }
        guard let function = try member.members("function") else { throw Malformed("function", "is missing") }
        let inner = try ChatPartReader.cache(of: function)
        let cache = try ChatPartReader.cache(of: member) ?? inner
        do {
            return .function(try self.function(function, cache: cache))
        } catch {
            throw error.inside("function")
        }
    }

    private static func function(_ member: JSONObject, cache: CacheMarker?) throws(Malformed) -> FunctionTool {
        FunctionTool(
            name: try member.requiredText("name"), description: try member.text("description"),
            parameters: try member.members("parameters").map { .object($0) }, strict: try member.flag("strict"),
            cache: cache)
    }

    /// A tool that takes text; Responses has its grammar one level higher.
    private static func custom(_ member: JSONObject) throws(Malformed) -> FunctionTool {
        guard var tool = try member.members("custom") else { throw Malformed("custom", "is missing") }
        do {
            if let format = try tool.members("format"), let grammar = format["grammar"]?.object {
                tool["format"] = [
                    "type": "grammar", "syntax": grammar["syntax"] ?? .null,
                    "definition": grammar["definition"] ?? .null,
                ]
            }
            return try CustomTool.function(tool)
        } catch {
            throw error.inside("custom")
        }
    }

    private static func kind(_ type: String) -> HostedTool.Kind {
        if type.hasPrefix("web_search") || type == "google_search" { return .webSearch }
        if type.hasPrefix("code_execution") || type == "code_interpreter" { return .codeExecution }
        return type == "url_context" || type.hasPrefix("web_fetch") ? .urlContext : .other(type)
    }

    /// `tool_choice`, or the legacy `function_call`. A choice among allowed tools that forces none leaves the others out.
    static func readChoice(of body: JSONObject, into request: inout InferenceRequest) throws(Malformed) {
        let key = body["tool_choice"].map { !$0.isNull } == true ? "tool_choice" : "function_call"
        guard let value = body[key], !value.isNull else { return }
        if let word = value.string {
            switch word {
            case "auto": request.toolChoice = .auto
            case "none": request.toolChoice = ToolChoice.none
            case "required", "any": request.toolChoice = .required
            default: throw Malformed(key, "must be one of auto, none, required, or an object")
            }
            return
        }
        guard let member = value.object else {
            throw Malformed(key, "must be a string or an object, not \(value.kind.phrase)")
        }
        do {
            if key == "function_call" {
                request.toolChoice = .function(try member.requiredText("name"))
            } else {
                try readChoice(member, into: &request)
            }
        } catch {
            throw error.inside(key)
        }
    }

    private static func readChoice(_ member: JSONObject, into request: inout InferenceRequest) throws(Malformed) {
        let type = try member.text("type") ?? "function"
        switch type {
        case "auto": request.toolChoice = .auto
        case "none": request.toolChoice = ToolChoice.none
        case "required", "any": request.toolChoice = .required
        case "tool": request.toolChoice = .function(try member.requiredText("name"))
        case "function", "custom":
            guard let function = try member.members(type) else { throw Malformed(type, "is missing") }
            do {
                request.toolChoice = .function(try function.requiredText("name"))
            } catch {
                throw error.inside(type)
            }
        case "allowed_tools":
            guard let allowed = try member.members(type) else { throw Malformed(type, "is missing") }
            do {
                try readAllowed(allowed, into: &request)
            } catch {
                throw error.inside(type)
            }
        default: throw Malformed("type", "must be one of function, custom, allowed_tools")
        }
    }

    private static func readAllowed(_ member: JSONObject, into request: inout InferenceRequest) throws(Malformed) {
        var names: [String] = []
        for (place, value) in (try member.list("tools") ?? []).enumerated() {
            guard let name = value["function"]?["name"]?.string ?? value["custom"]?["name"]?.string else {
                throw Malformed("tools[\(place)].function.name", "is missing")
            }
            names.append(name)
        }
        guard !names.isEmpty else { throw Malformed("tools", "must not be empty") }
        try allow(names, kinds: [], try member.text("mode") ?? "auto", into: &request)
    }

    /// A choice among allowed tools: one that forces none leaves the others out, and so does one among tools of the vendor's.
    ///
    /// - Parameters:
    ///   - names: Those of the caller's tools.
    ///   - kinds: The types of the vendor's tools.
    ///   - mode: `auto` or `required`.
    static func allow(
        _ names: [String], kinds: Set<String>, _ mode: String, into request: inout InferenceRequest
    ) throws(Malformed) {
        guard mode == "auto" || mode == "required" else { throw Malformed("mode", "must be one of auto, required") }
        if mode == "required", kinds.isEmpty {
            request.toolChoice = names.count == 1 ? .function(names[0]) : .oneOf(names)
            return
        }
        request.toolChoice = mode == "auto" ? .auto : .required
        request.tools.removeAll { tool in
            switch tool {
            case .function(let function): !names.contains(function.name)
            case .hosted(let hosted): !kinds.contains(hosted.definition["type"]?.string ?? "")
            }
        }
    }
}
