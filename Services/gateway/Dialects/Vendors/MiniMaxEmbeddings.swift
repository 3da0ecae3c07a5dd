import Contracts
package import HTTPCore
package import InferenceModel
package import JSON

/// MiniMax's embeddings (contract providers §13): `texts` in, `vectors` out, errors in good answers.
package struct MiniMaxEmbeddings: EmbeddingDialect {
    package init() {}

    private static let foreign = UpstreamError.foreign("something that has no vectors")

    package func write(_ request: EmbeddingRequest, _ context: UpstreamContext) throws(InvalidRequest) -> UpstreamBody {
        var json = JSONWriter(reserving: request.inputs.reduce(128) { $0 + $1.utf8.count + 8 })
        json.object { root in
            root.field("model", request.model)
            root.key("texts")
            root.array { list in for text in request.inputs { list.string(text) } }
            // What is searched for, or what is searched.
            root.field("type", request.taskType?.hasSuffix("QUERY") == true ? "query" : "db")
        }
        return UpstreamBody(json.bytes, headers: OpenAIExchange.plainHeaders)
    }

    private static let keys = JSONKeys("vectors", "total_tokens", "base_resp")

    package func read(_ body: [UInt8], _ context: UpstreamContext, parser: JSONParser) throws(UpstreamError)
        -> EmbeddingResponse
    {
        guard let scan = try? parser.scan(body, for: Self.keys) else { throw Self.foreign }
        if scan[2] != nil, let tree = try? parser.parse(body), let error = VendorErrors.miniMax.hidden(in: tree) {
            throw error
        }
        guard let list = scan[0], list.kind == .array else { throw Self.foreign }
        let tokens = min(max(0, scan[1]?.int(in: body) ?? 0), 1_000_000_000_000)
        return EmbeddingResponse(
            model: context.requestedModel, vectors: JSONElements(body, list.range).map { Array(body[$0]) },
            usage: tokens > 0 ? TokenUsage(inputTokens: tokens, totalTokens: tokens) : nil)
    }

    package func readError(status: Int, headers: HTTPHeaders, body: [UInt8], parser: JSONParser) -> UpstreamError {
        VendorErrors.miniMax.read(status: status, body: body, parser: parser)
    }
}
