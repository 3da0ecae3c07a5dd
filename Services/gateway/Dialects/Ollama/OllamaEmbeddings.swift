import Contracts
import HTTPCore
package import InferenceModel
package import JSON

/// Ollama's embeddings, `POST /api/embed` (contract providers §18).
package struct OllamaEmbeddings: EmbeddingDialect {
    package init() {}

    package func write(_ request: EmbeddingRequest, _ context: UpstreamContext) throws(InvalidRequest) -> UpstreamBody {
        var writer = JSONWriter(reserving: 512)
        writer.object { root in
            root.field("model", request.model)
            root.key("input")
            root.array { for text in request.inputs { $0.string(text) } }
            root.field("dimensions", request.dimensions)
        }
        return UpstreamBody(
            writer.bytes, headers: ["content-type": "application/json", "accept": "application/json"])
    }

    package func read(_ body: [UInt8], _ context: UpstreamContext, parser: JSONParser) throws(UpstreamError)
        -> EmbeddingResponse
    {
        guard let index = try? parser.members(of: body) else { throw OllamaAnswer.unreadable }
        if index["error"] != nil, let tree = try? parser.parse(body), let fault = UpstreamError(status: 500, tree: tree)
        {
            throw fault
        }
        guard let list = index["embeddings"], list.kind == .array else { throw OllamaAnswer.unreadable }
        let vectors = JSONElements(body, list.range).map { Array(body[$0]) }
        let tokens = (try? index.int("prompt_eval_count")).flatMap(\.self)
        return EmbeddingResponse(
            model: context.requestedModel, vectors: vectors,
            usage: tokens.map { TokenUsage(inputTokens: max(0, $0), totalTokens: max(0, $0)) })
    }
}
