import Contracts
import HTTPCore
package import InferenceModel
package import JSON

/// OpenAI's embeddings as upstreams speak them (contract providers §3.8).
package struct OpenAIEmbeddings: EmbeddingDialect {
    package init() {}

    package func write(_ request: EmbeddingRequest, _ context: UpstreamContext) throws(InvalidRequest) -> UpstreamBody {
        var json = JSONWriter(reserving: request.inputs.reduce(128) { $0 + $1.utf8.count + 8 })
        json.object { json in
            json.field("model", request.model)
            json.key("input")
            json.array { json in for input in request.inputs { json.string(input) } }
            json.field("dimensions", request.dimensions)
            json.field("user", request.user)
            json.field("encoding_format", "float")
        }
        return UpstreamBody(
            json.bytes, headers: ["content-type": "application/json", "accept": "application/json"])
    }

    private static let keys = JSONKeys("data", "usage", "error")
    private static let rowKeys = JSONKeys("embedding", "index")

    package func read(_ body: [UInt8], _ context: UpstreamContext, parser: JSONParser) throws(UpstreamError)
        -> EmbeddingResponse
    {
        guard let scan = try? parser.scan(body, for: Self.keys) else {
            throw UpstreamError.foreign("something that is no JSON object")
        }
        if let error = scan[2], error.kind != .null, let tree = try? parser.parse(body),
            let fault = UpstreamError(status: 500, tree: tree)
        {
            throw fault
        }
        guard let data = scan[0], data.kind == .array else { throw UpstreamError.foreign("no embeddings") }
        var rows: [(index: Int, vector: [UInt8])] = []
        for row in JSONWalk.elements(body, data.range) {
            guard let fields = try? parser.scan(body, in: row, for: Self.rowKeys), let embedding = fields[0] else {
                throw UpstreamError.foreign("an embedding without a vector")
            }
            let place = embedding.range.shifted(by: row.lowerBound)
            let index = fields[1]?.int(in: body, from: row.lowerBound) ?? rows.count
            switch embedding.kind {
            case .array: rows.append((index, Array(body[place])))
            case .string:
                // Some vendors answer base64 whatever was asked for.
                guard let text = embedding.string(in: body, from: row.lowerBound),
                    let vector = EmbeddingVector.numbers(base64: text)
                else { throw UpstreamError.foreign("a vector that is neither numbers nor base64") }
                rows.append((index, vector))
            default: throw UpstreamError.foreign("a vector that is neither numbers nor base64")
            }
        }
        rows.sort { $0.index < $1.index }
        return EmbeddingResponse(
            model: context.requestedModel, vectors: rows.map(\.vector),
            usage: scan[1].flatMap { UsageReader.read(body, $0.range) })
    }
}

/// OpenAI's embeddings as callers speak them, for upstreams of another protocol.
extension EmbeddingsCall: EmbeddingCall {
    package func neutral(parser: JSONParser) throws(InvalidRequest) -> EmbeddingRequest {
        let tree: JSONValue
        do throws(JSONError) {
            tree = try parser.parse(request.body)
        } catch {
            throw InvalidRequest(message: "the request body is not valid JSON: \(error.message)", field: nil)
        }
        var read = EmbeddingRequest(model: model, inputs: try Self.inputs(tree["input"]))
        if let dimensions = tree["dimensions"], !dimensions.isNull {
            guard let number = dimensions.int, number > 0 else {
                throw InvalidRequest(message: "'dimensions' must be a whole number above 0", field: "dimensions")
            }
            read.dimensions = number
        }
        switch tree["encoding_format"]?.string ?? "float" {
        case "float": break
        case "base64": read.wantsBase64 = true
        default:
            throw InvalidRequest(message: "'encoding_format' must be 'float' or 'base64'", field: "encoding_format")
        }
        read.user = user.isEmpty ? nil : user
        read.taskType = tree["input_type"]?.string.flatMap(Self.taskType)
        return read
    }

    /// What the vectors are for in Google's words; `input_type` is not OpenAI's, but several vendors of the family have it.
    private static func taskType(_ word: String) -> String? {
        switch word {
        case "query", "search_query": "RETRIEVAL_QUERY"
        case "document", "passage", "search_document": "RETRIEVAL_DOCUMENT"
        case "classification": "CLASSIFICATION"
        case "clustering": "CLUSTERING"
        default: nil
        }
    }

    private static func inputs(_ input: JSONValue?) throws(InvalidRequest) -> [String] {
        if let text = input?.string {
            guard !text.isEmpty else { throw InvalidRequest(message: "'input' must not be empty", field: "input") }
            return [text]
        }
        guard let elements = input?.array, !elements.isEmpty else {
            throw InvalidRequest(message: "'input' must be a text or a list of texts", field: "input")
        }
        var texts: [String] = []
        texts.reserveCapacity(elements.count)
        for (place, element) in elements.enumerated() {
            guard let text = element.string else {
                let isTokens = element.kind == .number || element.kind == .array
                throw InvalidRequest(
                    message: isTokens
                        ? "'input' must hold texts: the channels of this model do not take tokens"
                        : "'input[\(place)]' must be a string, not \(element.kind.phrase)", field: "input")
            }
            texts.append(text)
        }
        return texts
    }

    package func write(_ response: EmbeddingResponse, _ context: UpstreamContext) -> [UInt8] {
        let wantsBase64 = (try? JSONParser().scan(request.body, for: Self.formatKeys))?[0]?.string(in: request.body)
        var json = JSONWriter(reserving: response.vectors.reduce(256) { $0 + $1.count + 64 })
        json.object { json in
            json.field("object", "list")
            json.key("data")
            json.array { json in
                for (index, vector) in response.vectors.enumerated() {
                    json.object { json in
                        json.field("object", "embedding")
                        json.field("index", index)
                        if wantsBase64 == "base64" {
                            json.field("embedding", EmbeddingVector.base64(numbers: vector))
                        } else {
                            json.field("embedding", raw: vector)
                        }
                    }
                }
            }
            json.field("model", response.model)
            let count = response.usage?.inputTokens ?? 0
            json.key("usage")
            json.object { json in
                json.field("prompt_tokens", count)
                json.field("total_tokens", response.usage?.totalTokens ?? count)
            }
        }
        return json.bytes
    }

    private static let formatKeys = JSONKeys("encoding_format")
}

/// Vectors between their two forms: JSON numbers, and the base64 of little-endian 32-bit floats.
enum EmbeddingVector {
    /// The base64 of the numbers of a JSON array; what is no number counts as 0.
    static func base64(numbers: [UInt8]) -> String {
        var bytes: [UInt8] = []
        for place in JSONWalk.elements(numbers, numbers.indices) {
            let value = Float(String(decoding: numbers[place], as: UTF8.self)) ?? 0
            unsafe withUnsafeBytes(of: value.bitPattern.littleEndian) { unsafe bytes.append(contentsOf: $0) }
        }
        return Base64Text.encoded(bytes)
    }

    /// The JSON array of the floats in a base64 text; `nil` when it holds none.
    static func numbers(base64 text: String) -> [UInt8]? {
        guard let standard = Base64Text.standard(text), let bytes = Base64Text.decoded(standard),
            bytes.count.isMultiple(of: 4)
        else { return nil }
        var json = JSONWriter(reserving: bytes.count * 3)
        json.array { json in
            for start in stride(from: 0, to: bytes.count, by: 4) {
                var bits: UInt32 = 0
                for place in (0..<4).reversed() { bits = bits << 8 | UInt32(bytes[start + place]) }
                json.raw(Array("\(Float(bitPattern: bits))".utf8))
            }
        }
        return json.bytes
    }
}
