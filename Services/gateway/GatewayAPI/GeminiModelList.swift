import Contracts
import HTTPCore
import JSON
import ModelCatalogue
import Relay

/// Models in Google's shape: `{"models":[{name,displayName,…}],"nextPageToken"}`.
enum GeminiModelList {
    private static let standardSize = 50
    private static let largestSize = 1000

    /// The page that a request asks for with `pageSize` and `pageToken`; the token is the name of the last model of the page before, so that it outlives changes of the list.
    ///
    /// - Throws: `RelayError` for a size that is no number from 1.
    static func page(_ models: [String], _ target: RequestTarget) throws(RelayError) -> [UInt8] {
        var size = standardSize
        if let text = target.query("pageSize") ?? target.query("page_size"), !text.isEmpty {
            guard let number = Int(text), number >= 0 else {
                throw .caller(
                    code: .invalidRequest, message: "pageSize must be a whole number from 1", field: "pageSize")
            }
            size = number == 0 ? standardSize : min(number, largestSize)
        }
        var rest = models[...]
        if let token = target.query("pageToken") ?? target.query("page_token"), !token.isEmpty {
            rest = rest.drop { $0 <= token }
        }
        let shown = rest.prefix(size)
        var json = JSONWriter(reserving: 256 * (shown.count + 1))
        json.object { json in
            json.key("models")
            json.array { json in for model in shown { write(model, &json) } }
            if shown.count < rest.count { json.field("nextPageToken", shown.last) }
        }
        return json.bytes
    }

    /// One model; its limits where the catalogue knows them.
    static func write(_ model: String, _ json: inout JSONWriter) {
        let known = ModelCatalogue.find(model)
        json.object { json in
            json.field("name", model.hasPrefix("tunedModels/") ? model : "models/" + model)
            json.field("displayName", model)
            json.field("inputTokenLimit", limit(known, "max_input_tokens") ?? limit(known, "max_context_tokens"))
            json.field("outputTokenLimit", limit(known, "max_output_tokens"))
            json.key("supportedGenerationMethods")
            json.array { json in for method in methods(known) { json.string(method) } }
        }
    }

    private static func limit(_ model: CatalogueModel?, _ key: String) -> Int? {
        model?.config[key]?.int.flatMap { $0 > 0 ? $0 : nil }
    }

    /// What may be asked of a model; one that the catalogue does not know is taken for a chat model.
    private static func methods(_ model: CatalogueModel?) -> [String] {
        switch model.flatMap({ RelayMode(rawValue: $0.type) }) ?? .unknown {
        case .embeddings: ["embedContent", "batchEmbedContents"]
        case .unknown, .chatCompletions, .completions, .anthropic, .gemini, .responses, .geminiTTS, .geminiImage:
            ["generateContent", "streamGenerateContent", "countTokens"]
        default: []
        }
    }
}
