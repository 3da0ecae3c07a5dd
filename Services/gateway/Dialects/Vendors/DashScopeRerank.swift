import Contracts
package import HTTPCore
package import InferenceModel
package import JSON

/// DashScope's rerank (contract providers §10): the texts in `input`, everything else in `parameters`.
package struct DashScopeRerank: RerankDialect {
    package init() {}

    /// Where it is asked, appended to the channel's address.
    static let path = "/api/v1/services/rerank/text-rerank/text-rerank"

    private static let foreign = UpstreamError.foreign("something that has no results")

    package func write(_ request: RerankRequest, _ context: UpstreamContext) throws(InvalidRequest) -> UpstreamBody {
        var json = JSONWriter(reserving: request.documents.reduce(192) { $0 + $1.utf8.count + 8 })
        json.object { root in
            root.field("model", request.model)
            root.key("input")
            root.object { input in
                input.field("query", request.query)
                input.key("documents")
                input.array { list in for text in request.documents { list.string(text) } }
            }
            root.key("parameters")
            root.object { parameters in
                parameters.field("top_n", request.topCount)
                // The documents of the answer are made here.
                parameters.field("return_documents", false)
            }
        }
        return UpstreamBody(json.bytes, headers: OpenAIExchange.plainHeaders)
    }

    package func read(_ body: [UInt8], _ context: UpstreamContext, parser: JSONParser) throws(UpstreamError)
        -> RerankResponse
    {
        guard let tree = try? parser.parse(body), tree.object != nil else { throw Self.foreign }
        guard let list = tree["output"]?["results"]?.array else {
            throw UpstreamError(status: 500, tree: tree).map(VendorErrors.dashScope.adjusted) ?? Self.foreign
        }
        let tokens = min(max(0, tree["usage"]?["total_tokens"]?.int ?? 0), 1_000_000_000_000)
        return RerankResponse(
            id: tree["request_id"]?.string ?? "", rows: try RerankRows.read(list, score: "relevance_score"),
            usage: tokens > 0 ? TokenUsage(inputTokens: tokens, totalTokens: tokens) : nil)
    }

    package func readError(status: Int, headers: HTTPHeaders, body: [UInt8], parser: JSONParser) -> UpstreamError {
        VendorErrors.dashScope.read(status: status, body: body, parser: parser)
    }
}
