import HTTPCore
package import InferenceModel
package import JSON

/// The rerank of text-embeddings-inference, `POST /rerank`: texts without a model, an array of scores back (contract providers §19).
///
/// Documents that are too long are cut, as other vendors do by themselves; how many are wanted is not told, and nothing is counted.
package struct TEIRerank: RerankDialect {
    package init() {}

    package func write(_ request: RerankRequest, _ context: UpstreamContext) throws(InvalidRequest) -> UpstreamBody {
        var json = JSONWriter(reserving: request.documents.reduce(128) { $0 + $1.utf8.count + 8 })
        json.object { root in
            root.field("query", request.query)
            root.key("texts")
            root.array { list in for text in request.documents { list.string(text) } }
            root.field("return_text", false)
            root.field("truncate", true)
        }
        return UpstreamBody(
            json.bytes, headers: ["content-type": "application/json", "accept": "application/json"])
    }

    package func read(_ body: [UInt8], _ context: UpstreamContext, parser: JSONParser) throws(UpstreamError)
        -> RerankResponse
    {
        guard let tree = try? parser.parse(body) else { throw UpstreamError.foreign("something that is no JSON") }
        guard let list = tree.array else {
            throw UpstreamError(status: 500, tree: tree) ?? UpstreamError.foreign("no list of scores")
        }
        return RerankResponse(rows: try RerankRows.read(list, score: "score"))
    }
}
