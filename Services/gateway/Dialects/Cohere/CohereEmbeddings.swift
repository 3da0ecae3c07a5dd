import Contracts
package import HTTPCore
package import InferenceModel
package import JSON

/// Cohere's embeddings, `POST /v2/embed`.
///
/// The vendor wants to know what the vectors are for; a caller of OpenAI's protocol tells it as `input_type`, and documents are meant where nothing is said.
package struct CohereEmbeddings: EmbeddingDialect {
    package init() {}

    package func write(_ request: EmbeddingRequest, _ context: UpstreamContext) throws(InvalidRequest) -> UpstreamBody {
        var json = JSONWriter(reserving: request.inputs.reduce(192) { $0 + $1.utf8.count + 8 })
        json.object { root in
            root.field("model", request.model)
            root.field("input_type", Self.inputType(request.taskType))
            root.key("texts")
            root.array { list in for text in request.inputs { list.string(text) } }
            root.key("embedding_types")
            root.array { $0.string("float") }
            root.field("output_dimension", request.dimensions)
        }
        return UpstreamBody(json.bytes, headers: CohereHeaders.request())
    }

    private static func inputType(_ task: String?) -> String {
        switch task {
        case "RETRIEVAL_QUERY", "QUESTION_ANSWERING", "FACT_VERIFICATION", "CODE_RETRIEVAL_QUERY": "search_query"
        case "CLASSIFICATION": "classification"
        case "CLUSTERING", "SEMANTIC_SIMILARITY": "clustering"
        default: "search_document"
        }
    }

    private static let keys = JSONKeys("embeddings", "meta")
    private static let typeKeys = JSONKeys("float")

    package func read(_ body: [UInt8], _ context: UpstreamContext, parser: JSONParser) throws(UpstreamError)
        -> EmbeddingResponse
    {
        guard let scan = try? parser.scan(body, for: Self.keys) else {
            throw UpstreamError.foreign("something that is no JSON object")
        }
        guard let member = scan[0] else {
            if let tree = try? parser.parse(body), let fault = UpstreamError(status: 500, tree: tree) { throw fault }
            throw UpstreamError.foreign("no embeddings")
        }
        var list = member.kind == .array ? member.range : nil
        if member.kind == .object, let float = (try? parser.scan(body, in: member.range, for: Self.typeKeys))?[0],
            float.kind == .array
        {
            list = float.range.shifted(by: member.range.lowerBound)
        }
        guard let list else { throw UpstreamError.foreign("no embeddings of numbers") }
        let meta = scan[1].flatMap { try? parser.parse(body, in: $0.range) }
        return EmbeddingResponse(
            model: context.requestedModel, vectors: JSONElements(body, list).map { Array(body[$0]) },
            usage: CohereAnswer.usage(meta))
    }

    package func readError(status: Int, headers: HTTPHeaders, body: [UInt8], parser: JSONParser) -> UpstreamError {
        CohereAnswer.readError(status: status, body: body, parser: parser)
    }
}

/// Cohere's rerank, `POST /v2/rerank`: documents are texts, and are not repeated in the answer.
package struct CohereRerank: RerankDialect {
    package init() {}

    package func write(_ request: RerankRequest, _ context: UpstreamContext) throws(InvalidRequest) -> UpstreamBody {
        var json = JSONWriter(reserving: request.documents.reduce(128) { $0 + $1.utf8.count + 8 })
        json.object { root in
            root.field("model", request.model)
            root.field("query", request.query)
            root.key("documents")
            root.array { list in for text in request.documents { list.string(text) } }
            root.field("top_n", request.topCount)
            root.field("max_tokens_per_doc", request.tokensPerDocument)
        }
        return UpstreamBody(json.bytes, headers: CohereHeaders.request())
    }

    package func read(_ body: [UInt8], _ context: UpstreamContext, parser: JSONParser) throws(UpstreamError)
        -> RerankResponse
    {
        guard let tree = try? parser.parse(body), tree.object != nil else {
            throw UpstreamError.foreign("something that is no JSON object")
        }
        guard let list = tree["results"]?.array else {
            throw UpstreamError(status: 500, tree: tree) ?? UpstreamError.foreign("no results")
        }
        return RerankResponse(
            id: tree["id"]?.string ?? "", rows: try RerankRows.read(list, score: "relevance_score"),
            usage: CohereAnswer.usage(tree["meta"]))
    }

    package func readError(status: Int, headers: HTTPHeaders, body: [UInt8], parser: JSONParser) -> UpstreamError {
        CohereAnswer.readError(status: status, body: body, parser: parser)
    }
}
