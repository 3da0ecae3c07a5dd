import InferenceModel
import JSON

/// Tools that take free text (`type: "custom"`): other protocols get them as functions of one text, and the calls turn back on their way to the caller.
enum CustomTool {
    private static let member = "input"

    /// The function that stands for a tool; a grammar is told in words.
    static func function(_ tool: JSONObject) throws(Malformed) -> FunctionTool {
        var description = try tool.text("description") ?? ""
        if let format = try tool.members("format"), format["type"]?.string == "grammar",
            let definition = format["definition"]?.string
        {
            if !description.isEmpty { description += "\n\n" }
            description += "The input must follow this \(format["syntax"]?.string ?? "") grammar:\n\(definition)"
        }
        let parameters: JSONValue = [
            "type": "object", "properties": [member: ["type": "string"]], "required": [.string(member)],
            "additionalProperties": false,
        ]
        return FunctionTool(
            name: try tool.requiredText("name"), description: description.isEmpty ? nil : description,
            parameters: parameters)
    }

    /// The arguments that stand for a text.
    static func arguments(_ input: String) -> String {
        String(decoding: JSONValue.object([member: .string(input)]).serialized(), as: UTF8.self)
    }

    /// The text that the arguments hold; what a model wrote in another form is given as it is.
    static func input(_ arguments: String) -> String {
        let tree = try? JSONValue.parse(Array(arguments.utf8))
        if let text = tree?[member]?.string { return text }
        return tree?.object?.isEmpty == true ? "" : arguments
    }

    /// The names of such tools in a list of tools as it was written.
    static func names(in tools: ArraySlice<UInt8>?) -> Set<String> {
        guard let bytes = tools.map({ Array($0) }), ByteSearch.has("\"custom\"", in: bytes, bytes.indices),
            let list = try? JSONValue.parse(bytes).array
        else { return [] }
        return Set(list.compactMap { $0["type"]?.string == "custom" ? $0["name"]?.string : nil })
    }
}
