import InferenceModel
import JSON

/// Writes `tools` and `toolConfig` (contract providers §5.3).
struct GeminiToolsWriter {
    private let request: InferenceRequest
    private let model: GeminiModel
    private var functions: [FunctionTool] = []
    /// Tools that Google runs: the member's name and its value, each once.
    private var native: [(name: String, value: JSONValue)] = []
    /// The names of the functions, as they are sent.
    let names: ToolNames

    var hasFunctions: Bool { !functions.isEmpty }

    /// Names under which callers of other protocols ask for Google's own tools.
    private static let nativeNames = [
        "web_search": "googleSearch", "google_search": "googleSearch", "googleSearch": "googleSearch",
        "code_execution": "codeExecution", "codeExecution": "codeExecution", "url_context": "urlContext",
        "urlContext": "urlContext",
    ]

    init(_ request: InferenceRequest, _ model: GeminiModel) {
        self.request = request
        self.model = model
        var functions: [FunctionTool] = []
        var native: [(name: String, value: JSONValue)] = []
        func add(_ name: String, _ value: JSONValue) {
            if !native.contains(where: { $0.name == name }) { native.append((name, value)) }
        }
        for tool in request.tools {
            switch tool {
            case .function(let function):
                // A function of that name which takes arguments is the caller's own.
                if let name = Self.nativeNames[function.name], Self.isBare(function) {
                    add(name, .object(JSONObject()))
                } else {
                    functions.append(function)
                }
            case .hosted(let hosted):
                if hosted.dialect == "gemini" {
                    for member in hosted.definition.object?.members ?? [] { add(member.key, member.value) }
                    continue
                }
                switch hosted.kind {
                case .webSearch: add("googleSearch", .object(JSONObject()))
                case .codeExecution: add("codeExecution", .object(JSONObject()))
                case .urlContext: add("urlContext", .object(JSONObject()))
                case .other: break
                }
            }
        }
        self.functions = functions
        self.native = native
        names = ToolNames(functions.map(\.name), .gemini)
    }

    private static func isBare(_ function: FunctionTool) -> Bool {
        function.parameters?["properties"]?.object?.isEmpty ?? true
    }

    /// Writes the two members.
    ///
    /// - Parameter names: Those that the functions were declared under, and that earlier calls got.
    func write(_ names: inout ToolNames, _ json: inout JSONWriter) {
        guard !functions.isEmpty || !native.isEmpty else { return }
        json.key("tools")
        json.array { json in
            if !functions.isEmpty {
                json.object { json in
                    json.key("functionDeclarations")
                    json.array { json in
                        for function in functions { write(function, names.name(function.name), &json) }
                    }
                }
            }
            for tool in native { json.object { $0.field(tool.name, tool.value) } }
        }
        writeChoice(&names, &json)
    }

    private func write(_ function: FunctionTool, _ name: String, _ json: inout JSONWriter) {
        json.object { json in
            json.field("name", name)
            json.field("description", function.description)
            if let schema = function.parameters, let clean = GeminiSchema.cleaned(schema) {
                json.field("parameters", clean)
            }
        }
    }

    private func writeChoice(_ names: inout ToolNames, _ json: inout JSONWriter) {
        var config = request.extras["gemini"]?["toolConfig"]?.object ?? JSONObject()
        if !functions.isEmpty {
            switch request.toolChoice {
            case nil: break
            case .auto?:
                // The third generation refuses it when it is said (contract providers §3.2).
                if !model.isThird { config["functionCallingConfig"] = ["mode": "AUTO"] }
            case ToolChoice.none?: config["functionCallingConfig"] = ["mode": "NONE"]
            case .required?: config["functionCallingConfig"] = ["mode": "ANY"]
            case .function(let name)?:
                config["functionCallingConfig"] = [
                    "mode": "ANY", "allowedFunctionNames": [.string(names.name(name))],
                ]
            case .oneOf(let several)?:
                config["functionCallingConfig"] = [
                    "mode": "ANY", "allowedFunctionNames": .array(several.map { .string(names.name($0)) }),
                ]
            }
        }
        if !config.isEmpty { json.field("toolConfig", .object(config)) }
    }
}
