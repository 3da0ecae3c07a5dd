import InferenceModel
import JSON

/// Tools that take free text (`type: "custom"`): other protocols get them as functions of one text, and the calls turn back on their way to the caller.
enum CustomTool {
    private static let member = "input"

    /// The function that stands for a tool in the words of Responses; a grammar is told in words too.
    static func function(_ tool: JSONObject) throws(Malformed) -> FunctionTool {
        let given = try tool.text("description")
        let format = try tool.members("format")
        var description = given ?? ""
        if let format, format["type"]?.string == "grammar",
            let definition = format["definition"]?.string
        {
            if !description.isEmpty { description += "\n\n" }
            description += "The input must follow this \(format["syntax"]?.string ?? "") grammar:\n\(definition)"
        }
        let parameters: JSONValue = [
            "type": "object", "properties": [member: ["type": "string"]], "required": [.string(member)],
            "additionalProperties": false,
        ]
        var function = FunctionTool(
            name: try tool.requiredText("name"), description: description.isEmpty ? nil : description,
            parameters: parameters)
        function.textInput = TextInput(description: given, format: format.map { .object($0) })
        return function
    }

    /// The arguments that stand for a text.
    static func arguments(_ input: String) -> String {
        String(decoding: JSONValue.object([member: .string(input)]).serialized(), as: UTF8.self)
    }

    /// A piece of the arguments that stand for a text which comes in pieces; `ending` ends them.
    static func piece(_ delta: String, isFirst: Bool) -> String {
        let inside = String(decoding: JSONWriter.quoted(delta).dropFirst().dropLast(), as: UTF8.self)
        return isFirst ? "{\"\(member)\":\"\(inside)" : inside
    }

    static let ending = "\"}"

    /// The text that the arguments hold; what a model wrote in another form is given as it is.
    static func input(_ arguments: String) -> String {
        let tree = try? JSONValue.parse(Array(arguments.utf8))
        if let text = tree?[member]?.string { return text }
        return tree?.object?.isEmpty == true ? "" : arguments
    }

    /// The names of such tools in a list of tools as it was written, for Responses or for chat, which has them one level lower.
    static func names(in tools: ArraySlice<UInt8>?) -> Set<String> {
        guard let bytes = tools.map({ Array($0) }), ByteSearch.has("\"custom\"", in: bytes, bytes.indices),
            let list = try? JSONValue.parse(bytes).array
        else { return [] }
        return Set(
            list.compactMap { tool in
                guard tool["type"]?.string == "custom" else { return nil }
                return (tool["custom"] ?? tool)["name"]?.string
            })
    }
}
