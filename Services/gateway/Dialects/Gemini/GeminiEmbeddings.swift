import Contracts
package import HTTPCore
package import InferenceModel
package import JSON

/// `embedContent` and `batchEmbedContents`.
package final class GeminiEmbeddingsCall: EmbeddingCall {
    package let model: String
    private let isBatch: Bool
    private let body: GeminiBody

    package var family: ProtocolFamily { .geminiEmbeddings }
    package var isStream: Bool { false }
    package var user: String { "" }

    init(_ body: GeminiBody, model: String, isBatch: Bool) {
        self.body = body
        self.model = model
        self.isBatch = isBatch
    }

    package func neutral(parser: JSONParser) throws(InvalidRequest) -> EmbeddingRequest {
        let fields = GeminiFields(try body.tree(parser), "")
        var requests = [fields]
        if isBatch {
            requests = try fields.list("requests") ?? []
            guard !requests.isEmpty else { throw fields.fault("requests", "must hold at least one request") }
        }
        var read = EmbeddingRequest(model: model, inputs: [])
        for request in requests {
            read.inputs.append(try Self.text(request))
            let options = try request.fields("embedContentConfig", "embed_content_config") ?? request
            let dimensions = try options.int("outputDimensionality", "output_dimensionality")
            if let dimensions, dimensions < 1 { throw options.fault("outputDimensionality", "must be greater than 0") }
            guard read.inputs.count == 1 || read.dimensions == dimensions else {
                throw request.fault("outputDimensionality", "must be the same in all requests for this model")
            }
            read.dimensions = dimensions
            read.taskType = try options.string("taskType", "task_type")
            read.title = try options.string("title")
        }
        return read
    }

    private static func text(_ request: GeminiFields) throws(InvalidRequest) -> String {
        guard let content = try request.fields("content") else { throw request.fault("content", "is needed") }
        var texts: [String] = []
        for part in try content.list("parts") ?? [] {
            guard let text = try part.string("text") else {
                throw part.fault("text", "is needed: this model embeds texts only")
            }
            texts.append(text)
        }
        guard !texts.isEmpty else { throw content.fault("parts", "must hold a text") }
        return texts.joined(separator: "\n")
    }

    package func write(_ response: EmbeddingResponse, _ context: UpstreamContext) -> [UInt8] {
        var json = JSONWriter(reserving: response.vectors.reduce(128) { $0 + $1.count + 16 })
        json.object { json in
            if isBatch {
                json.key("embeddings")
                json.array { json in for vector in response.vectors { Self.write(vector, &json) } }
            } else if let vector = response.vectors.first {
                json.key("embedding")
                Self.write(vector, &json)
            }
            if let usage = response.usage {
                json.key("usageMetadata")
                json.object { $0.field("promptTokenCount", usage.inputTokens) }
            }
        }
        return json.bytes
    }

    private static func write(_ vector: [UInt8], _ json: inout JSONWriter) {
        json.object { $0.field("values", raw: vector) }
    }

    package func passThrough(_ wire: Wire, _ context: UpstreamContext, parser: JSONParser) throws(InvalidRequest)
        -> any Exchange
    {
        GeminiPlainExchange(
            body.forEmbedding(upstreamModel: context.upstreamModel, isBatch: isBatch), readsUsage: true,
            unwrapsEmbedding: !isBatch)
    }
}

/// Gemini's embeddings as upstreams speak them: `batchEmbedContents` (contract providers §5.10).
package struct GeminiEmbeddings: EmbeddingDialect {
    package init() {}

    package func write(_ request: EmbeddingRequest, _ context: UpstreamContext) throws(InvalidRequest) -> UpstreamBody {
        var json = JSONWriter(reserving: request.inputs.reduce(64) { $0 + $1.utf8.count + 128 })
        let resource = GeminiBody.resource(request.model)
        json.object { json in
            json.key("requests")
            json.array { json in
                for input in request.inputs {
                    json.object { json in
                        json.field("model", resource)
                        json.key("content")
                        json.object { json in
                            json.key("parts")
                            json.array { json in json.object { $0.field("text", input) } }
                        }
                        json.field("outputDimensionality", request.dimensions)
                        json.field("taskType", request.taskType)
                        json.field("title", request.title)
                    }
                }
            }
        }
        return UpstreamBody(json.bytes, headers: GeminiHeaders.request(isStream: false))
    }

    private static let keys = JSONKeys("embeddings", "usageMetadata", "error")
    private static let rowKeys = JSONKeys("values")

    package func read(_ body: [UInt8], _ context: UpstreamContext, parser: JSONParser) throws(UpstreamError)
        -> EmbeddingResponse
    {
        guard let scan = try? parser.scan(body, for: Self.keys) else {
            throw UpstreamError.foreign("something that is no JSON object")
        }
        if scan[2] != nil, let tree = try? parser.parse(body), let error = GeminiErrors.read(tree) { throw error }
        guard let list = scan[0], list.kind == .array else { throw UpstreamError.foreign("no embeddings") }
        var vectors: [[UInt8]] = []
        for row in JSONWalk.elements(body, list.range) {
            guard let values = (try? parser.scan(body, in: row, for: Self.rowKeys))?[0], values.kind == .array else {
                throw UpstreamError.foreign("an embedding without values")
            }
            vectors.append(Array(body[values.range.shifted(by: row.lowerBound)]))
        }
        return EmbeddingResponse(
            model: context.requestedModel, vectors: vectors,
            usage: GeminiExchange.usage(body, scan[1], parser))
    }

    package func readError(status: Int, headers: HTTPHeaders, body: [UInt8], parser: JSONParser) -> UpstreamError {
        GeminiErrors.read(status: status, body: body, parser: parser)
    }
}
