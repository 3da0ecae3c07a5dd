import Contracts
package import HTTPCore
package import InferenceModel
package import JSON

/// DashScope's embeddings of models that also look at pictures (contract providers §10); texts only.
package struct DashScopeEmbeddings: EmbeddingDialect {
    package init() {}

    /// Where they are asked, appended to the channel's address.
    static let path = "/api/v1/services/embeddings/multimodal-embedding/multimodal-embedding"

    /// Whether a model is one of those.
    static func knows(_ model: String) -> Bool {
        let name = model.lowercased()
        return ["vl", "multimodal", "vision"].contains(where: name.contains)
    }

    private static let foreign = UpstreamError.foreign("something that has no vectors")

    package func write(_ request: EmbeddingRequest, _ context: UpstreamContext) throws(InvalidRequest) -> UpstreamBody {
        var json = JSONWriter(reserving: request.inputs.reduce(192) { $0 + $1.utf8.count + 16 })
        json.object { root in
            root.field("model", request.model)
            root.key("input")
            root.object { input in
                input.key("contents")
                input.array { list in for text in request.inputs { list.object { $0.field("text", text) } } }
            }
            if let dimensions = request.dimensions {
                root.key("parameters")
                root.object { $0.field("dimension", dimensions) }
            }
        }
        return UpstreamBody(json.bytes, headers: OpenAIExchange.plainHeaders)
    }

    package func read(_ body: [UInt8], _ context: UpstreamContext, parser: JSONParser) throws(UpstreamError)
        -> EmbeddingResponse
    {
        guard let tree = try? parser.parse(body), tree.object != nil else { throw Self.foreign }
        guard let list = tree["output"]?["embeddings"]?.array else {
            throw UpstreamError(status: 500, tree: tree).map(VendorErrors.dashScope.adjusted) ?? Self.foreign
        }
        var rows: [(index: Int, vector: [UInt8])] = []
        for row in list {
            guard let vector = row["embedding"], vector.array != nil else { throw Self.foreign }
            rows.append((row["index"]?.int ?? rows.count, vector.serialized()))
        }
        rows.sort { $0.index < $1.index }
        let tokens = min(max(0, tree["usage"]?["input_tokens"]?.int ?? 0), 1_000_000_000_000)
        return EmbeddingResponse(
            model: context.requestedModel, vectors: rows.map(\.vector),
            usage: tokens > 0 ? TokenUsage(inputTokens: tokens, totalTokens: tokens) : nil)
    }

    package func readError(status: Int, headers: HTTPHeaders, body: [UInt8], parser: JSONParser) -> UpstreamError {
        VendorErrors.dashScope.read(status: status, body: body, parser: parser)
    }
}
