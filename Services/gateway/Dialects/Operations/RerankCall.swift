import Contracts
package import HTTPCore
package import InferenceModel
package import JSON

/// `POST /v1/rerank` in the form of Jina and Cohere (contract providers §3.8, relay §9.4).
package final class RerankCall: OpenAICall {
    package let request: OpenAIRequest
    package var family: ProtocolFamily { .operations }

    /// Checks what every vendor needs.
    ///
    /// - Throws: `InvalidRequest` naming the member at fault.
    package init(_ request: OpenAIRequest) throws(InvalidRequest) {
        self.request = request
        try OperationCall.need("query", [.string, .object], request)
        try OperationCall.need("documents", [.array], request)
    }

    package func passThrough(_ wire: Wire, _ context: UpstreamContext, parser: JSONParser) throws(InvalidRequest)
        -> any Exchange
    {
        OperationCall.exchange(request, wire, context, product: .rerank(self))
    }

    /// The whole request; its model is the caller's name.
    ///
    /// - Throws: `InvalidRequest` naming the member at fault, also for documents that are no texts.
    package func neutral(parser: JSONParser) throws(InvalidRequest) -> RerankRequest {
        let body = try request.tree(parser)
        var documents: [String] = []
        for (place, value) in (body["documents"]?.array ?? []).enumerated() {
            documents.append(try Self.text(value, "documents[\(place)]"))
        }
        var read = RerankRequest(
            model: model, query: try Self.text(body["query"] ?? .null, "query"), documents: documents)
        do throws(Malformed) {
            read.topCount = try body.whole("top_n", from: 1)
            read.returnsDocuments = try body.flag("return_documents") ?? false
            read.tokensPerDocument = try body.whole("max_tokens_per_doc", from: 1)
        } catch {
            throw error.invalidRequest
        }
        return read
    }

    private static func text(_ value: JSONValue, _ field: String) throws(InvalidRequest) -> String {
        guard let text = value.string ?? value["text"]?.string else {
            throw InvalidRequest(message: "'\(field)' must be a text: this model takes nothing else", field: field)
        }
        return text
    }

    /// What the texts of the request come to, for vendors that do not count them; `nil` when there are none.
    func estimate(_ parser: JSONParser) -> TokenUsage? {
        guard let request = try? neutral(parser: parser) else { return nil }
        return Self.estimate(request)
    }

    static func estimate(_ request: RerankRequest) -> TokenUsage {
        let count = TokenEstimate.tokens(of: [request.query] + request.documents)
        return TokenUsage(inputTokens: count, totalTokens: count)
    }

    /// Writes a whole answer.
    static func write(
        _ response: RerankResponse, to request: RerankRequest, _ usage: TokenUsage, _ context: UpstreamContext
    ) -> [UInt8] {
        var json = JSONWriter(reserving: 128 + response.rows.count * 64)
        json.object { root in
            root.field("id", response.id.isEmpty ? "rerank-\(context.nonce)" : response.id)
            root.field("model", context.requestedModel)
            root.key("results")
            root.array { list in
                for row in response.rows {
                    list.object { result in
                        result.field("index", row.index)
                        result.field("relevance_score", .number(row.score))
                        guard request.returnsDocuments else { return }
                        result.key("document")
                        result.object { $0.field("text", request.documents[row.index]) }
                    }
                }
            }
            root.field("meta", raw: meta(usage))
        }
        return json.bytes
    }

    /// The counts in the place where callers look for them.
    static func meta(_ usage: TokenUsage) -> [UInt8] {
        var json = JSONWriter(reserving: 96)
        json.object { $0.field("tokens", raw: tokens(usage)) }
        return json.bytes
    }

    static func tokens(_ usage: TokenUsage) -> [UInt8] {
        var json = JSONWriter(reserving: 64)
        json.object { tokens in
            tokens.field("input_tokens", usage.inputTokens)
            tokens.field("output_tokens", usage.outputTokens)
        }
        return json.bytes
    }
}

/// A rerank put to an upstream of another protocol; the order, the number of results and their documents are made here.
package final class ConvertedRerank: Exchange, Sendable {
    private let neutral: RerankRequest
    private let upstream: any RerankDialect
    private let context: UpstreamContext
    package let request: UpstreamBody

    /// Prepares one attempt.
    ///
    /// - Throws: `InvalidRequest` for a request that is malformed, or that the target cannot take.
    package init(
        _ call: RerankCall, to upstream: any RerankDialect, _ context: UpstreamContext, parser: JSONParser
    ) throws(InvalidRequest) {
        self.upstream = upstream
        self.context = context
        var neutral = try call.neutral(parser: parser)
        neutral.model = context.upstreamModel
        self.neutral = neutral
        request = try upstream.write(neutral, context)
    }

    package func answer(_ bytes: [UInt8], parser: JSONParser) throws(UpstreamError) -> RelayedAnswer {
        var response = try upstream.read(bytes, context, parser: parser)
        guard response.rows.allSatisfy({ neutral.documents.indices.contains($0.index) }) else {
            throw UpstreamError.foreign("a document that nobody sent")
        }
        response.rows.sort { ($0.score.double ?? 0) > ($1.score.double ?? 0) }
        if let most = neutral.topCount { response.rows = Array(response.rows.prefix(most)) }
        let usage = response.usage ?? RerankCall.estimate(neutral)
        return RelayedAnswer(
            body: RerankCall.write(response, to: neutral, usage, context), usage: usage, id: response.id,
            isEstimated: response.usage == nil)
    }

    package func makeStream() -> any StreamRelay { UnexpectedStream() }

    package func refusal(status: Int, headers: HTTPHeaders, body: [UInt8], parser: JSONParser) -> UpstreamError {
        upstream.readError(status: status, headers: headers, body: body, parser: parser)
    }
}

/// Reads the rows of a rerank, which vendors write alike but for the name of the score.
enum RerankRows {
    static func read(_ list: [JSONValue], score name: String) throws(UpstreamError) -> [RerankResponse.Row] {
        var rows: [RerankResponse.Row] = []
        rows.reserveCapacity(list.count)
        for row in list {
            guard let index = row["index"]?.int, case .number(let score)? = row[name] else {
                throw UpstreamError.foreign("a result without an index or a score")
            }
            rows.append(RerankResponse.Row(index: index, score: score))
        }
        return rows
    }
}
