import Contracts
package import HTTPCore
package import InferenceModel
package import JSON

/// Embeddings of Vertex AI: `:predict` with an instance for each text (contract providers §9).
package struct VertexEmbeddings: EmbeddingDialect {
    package init() {}

    package func write(_ request: EmbeddingRequest, _ context: UpstreamContext) throws(InvalidRequest) -> UpstreamBody {
        var json = JSONWriter(reserving: request.inputs.reduce(64) { $0 + $1.utf8.count + 64 })
        json.object { json in
            json.key("instances")
            json.array { json in
                for input in request.inputs {
                    json.object { json in
                        json.field("content", input)
                        json.field("task_type", request.taskType)
                        json.field("title", request.title)
                    }
                }
            }
            if let dimensions = request.dimensions {
                json.key("parameters")
                json.object { $0.field("outputDimensionality", dimensions) }
            }
        }
        return UpstreamBody(json.bytes, headers: GeminiHeaders.request(isStream: false))
    }

    private static let keys = JSONKeys("predictions", "error")
    private static let rowKeys = JSONKeys("embeddings")
    private static let embeddingKeys = JSONKeys("values", "statistics")

    package func read(_ body: [UInt8], _ context: UpstreamContext, parser: JSONParser) throws(UpstreamError)
        -> EmbeddingResponse
    {
        guard let scan = try? parser.scan(body, for: Self.keys) else {
            throw UpstreamError.foreign("something that is no JSON object")
        }
        if scan[1] != nil, let tree = try? parser.parse(body), let error = GeminiErrors.read(tree) { throw error }
        guard let list = scan[0], list.kind == .array else { throw UpstreamError.foreign("no predictions") }
        var vectors: [[UInt8]] = []
        var tokens: Int?
        for row in JSONWalk.elements(body, list.range) {
            guard let found = (try? parser.scan(body, in: row, for: Self.rowKeys))?[0], found.kind == .object else {
                throw UpstreamError.foreign("a prediction without embeddings")
            }
            let embedding = found.range.shifted(by: row.lowerBound)
            let inner = try? parser.scan(body, in: embedding, for: Self.embeddingKeys)
            guard let values = inner?[0], values.kind == .array else {
                throw UpstreamError.foreign("an embedding without values")
            }
            vectors.append(Array(body[values.range.shifted(by: embedding.lowerBound)]))
            guard let statistics = inner?[1], statistics.kind == .object else { continue }
            let counts = statistics.range.shifted(by: embedding.lowerBound)
            // Whole, but written as a fraction by some models.
            let count = (try? parser.parse(body, in: counts))?["token_count"]?.double
            if let count, (0...1e9).contains(count) { tokens = (tokens ?? 0) + Int(count) }
        }
        return EmbeddingResponse(
            model: context.requestedModel, vectors: vectors,
            usage: tokens.map { TokenUsage(inputTokens: $0, totalTokens: $0) })
    }

    package func readError(status: Int, headers: HTTPHeaders, body: [UInt8], parser: JSONParser) -> UpstreamError {
        GeminiErrors.read(status: status, body: body, parser: parser)
    }
}
