import InferenceModel
import JSON

/// Reads `tools` and `toolConfig` of a Gemini request (contract providers §5.2, §5.7).
enum GeminiToolsReader {
    static func read(_ fields: GeminiFields, into request: inout InferenceRequest) throws(InvalidRequest) {
        for tool in try fields.list("tools") ?? [] {
            for member in tool.object.members where !member.value.isNull {
                switch member.key {
                case "functionDeclarations", "function_declarations":
                    for declaration in try tool.list(member.key) ?? [] {
                        request.tools.append(.function(try function(declaration)))
                    }
                default:
                    guard member.value.object != nil else { throw tool.fault(member.key, "must be an object") }
                    let name = camel(member.key)
                    request.tools.append(
                        .hosted(
                            HostedTool(
                                kind(of: name), dialect: "gemini",
                                definition: .object([name: member.value]))))
                }
            }
        }
        guard let config = try fields.fields("toolConfig", "tool_config"),
            let calling = try config.fields("functionCallingConfig", "function_calling_config")
        else { return }
        let names = try calling.strings("allowedFunctionNames", "allowed_function_names")
        switch try calling.string("mode")?.uppercased() {
        case "AUTO"?, "VALIDATED"?: request.toolChoice = .auto
        case "NONE"?: request.toolChoice = ToolChoice.none
        case "ANY"?:
            request.toolChoice = names.isEmpty ? .required : names.count == 1 ? .function(names[0]) : .oneOf(names)
        case nil, "MODE_UNSPECIFIED"?: break
        default: throw calling.fault("mode", "must be AUTO, ANY, NONE or VALIDATED")
        }
    }

    private static func function(_ declaration: GeminiFields) throws(InvalidRequest) -> FunctionTool {
        guard let name = try declaration.string("name"), !name.isEmpty else {
            throw declaration.fault("name", "is needed")
        }
        var parameters: JSONValue?
        if let schema = try declaration.fields("parameters") {
            parameters = lowered(.object(schema.object))
        } else if let schema = declaration.value("parametersJsonSchema", "parameters_json_schema") {
            guard schema.object != nil else { throw declaration.fault("parametersJsonSchema", "must be an object") }
            parameters = schema
        }
        return FunctionTool(name: name, description: try declaration.string("description"), parameters: parameters)
    }

    private static func kind(of name: String) -> HostedTool.Kind {
        switch name {
        case "googleSearch", "googleSearchRetrieval", "enterpriseWebSearch": .webSearch
        case "codeExecution": .codeExecution
        case "urlContext": .urlContext
        default: .other(name)
        }
    }

    private static func camel(_ name: String) -> String {
        guard name.utf8.contains(UInt8(ascii: "_")) else { return name }
        let words = name.split(separator: "_")
        return words.prefix(1).joined() + words.dropFirst().map { $0.prefix(1).uppercased() + $0.dropFirst() }.joined()
    }

    // MARK: Schemas

    private static let counts: Set<String> = [
        "minItems", "maxItems", "minLength", "maxLength", "minProperties", "maxProperties",
    ]

    /// Google's form of a schema as JSON Schema: types in lower case, counts that came as text as numbers, `nullable` as a second type. As deep as the parsed text.
    static func lowered(_ schema: JSONValue) -> JSONValue {
        guard let object = schema.object else { return schema }
        var out = JSONObject(reserving: object.count)
        for member in object.members {
            let key = member.key.utf8.contains(UInt8(ascii: "_")) ? camel(member.key) : member.key
            switch key {
            case "type":
                let type = member.value.string?.lowercased()
                if type != "type_unspecified" { out[key] = type.map { .string($0) } ?? member.value }
            case "properties":
                guard let properties = member.value.object else { continue }
                var all = JSONObject(reserving: properties.count)
                for property in properties.members { all[property.key] = lowered(property.value) }
                out[key] = .object(all)
            case "items": out[key] = lowered(member.value)
            case "anyOf": out[key] = .array((member.value.array ?? []).map(lowered))
            case "nullable", "propertyOrdering", "example": break
            case _ where counts.contains(key):
                out[key] = member.value.string.flatMap { Int($0) }.map { .int($0) } ?? member.value
            default: out[key] = member.value
            }
        }
        if object["nullable"]?.bool == true, let type = out["type"], type.string != nil {
            out["type"] = [type, "null"]
        }
        return .object(out)
    }
}
