import Contracts
package import HTTPCore
package import InferenceModel
package import JSON

/// An operation that passes: JSON, text, sound or events, as the upstream gives them.
package final class OperationExchange: Exchange, Sendable {
    package let request: UpstreamBody
    private let requestedModel: String
    /// The call when it is a rerank: its answers have their counts in one place, and are counted here where the vendor does not.
    private let rerank: RerankCall?

    package init(_ request: UpstreamBody, requestedModel: String, rerank: RerankCall? = nil) {
        self.request = request
        self.requestedModel = requestedModel
        self.rerank = rerank
    }

    package func answer(_ bytes: [UInt8], parser: JSONParser) throws(UpstreamError) -> RelayedAnswer {
        // Some vendors answer an array, or a text in quotes.
        let first = bytes.first { $0 > 32 }
        guard first == UInt8(ascii: "{") else {
            guard (try? parser.parse(bytes)) != nil else {
                throw UpstreamError(
                    status: 502, message: "the upstream answered something that is no JSON", type: "upstream_error",
                    code: .string(UpstreamError.badResponse))
            }
            return RelayedAnswer(body: bytes, usage: nil, id: "")
        }
        let answer = try OpenAIAnswer(bytes, requestedModel: requestedModel, parser: parser)
        let told = answer.usage.map(Self.complete) ?? Self.metered(bytes, parser)
        guard let rerank else { return RelayedAnswer(body: answer.body, usage: told, id: answer.id) }
        let usage = told ?? rerank.estimate(parser)
        return RelayedAnswer(
            body: usage.map { Self.metering(answer.body, $0, parser) } ?? answer.body, usage: usage, id: answer.id,
            isEstimated: told == nil)
    }

    /// The answer with its counts in `meta.tokens`, where callers look for them (contract providers §3.8, §19).
    private static func metering(_ body: [UInt8], _ usage: TokenUsage, _ parser: JSONParser) -> [UInt8] {
        guard let index = try? parser.members(of: body) else { return body }
        var edit = JSONEdit(index)
        guard let meta = index["meta"], meta.kind == .object else {
            edit.set("meta", raw: RerankCall.meta(usage))
            return edit.apply()
        }
        guard let inner = try? parser.members(of: body, in: meta.range), inner["tokens"] == nil else { return body }
        var change = JSONEdit(inner)
        change.set("tokens", raw: RerankCall.tokens(usage))
        edit.set("meta", raw: change.apply())
        return edit.apply()
    }

    package func makeStream() -> any StreamRelay { OperationStream() }

    package func makeByteStream(contentType: String) -> (any StreamRelay)? {
        // A page is what a proxy in front of a vendor answers, never a vendor.
        contentType.lowercased().hasPrefix("text/html") ? nil : ByteStream(contentType: contentType)
    }

    package func refusal(status: Int, headers: HTTPHeaders, body: [UInt8], parser: JSONParser) -> UpstreamError {
        UpstreamError(status: status, body: body, parser: parser)
    }

    /// Vendors of rerank give only a total, which is all input.
    private static func complete(_ usage: TokenUsage) -> TokenUsage {
        guard usage.inputTokens == 0, usage.outputTokens == 0 else { return usage }
        var usage = usage
        usage.inputTokens = usage.totalTokens
        return usage
    }

    private static let keys = JSONKeys("meta")

    /// Rerank's counts in Cohere's place: `meta.tokens` (contract providers §3.8).
    private static func metered(_ bytes: [UInt8], _ parser: JSONParser) -> TokenUsage? {
        guard let scan = try? parser.scan(bytes, for: keys), let meta = scan[0], meta.kind == .object,
            let tokens = (try? parser.parse(bytes, in: meta.range))?["tokens"]
        else { return nil }
        let (input, output) = (max(0, tokens["input_tokens"]?.int ?? 0), max(0, tokens["output_tokens"]?.int ?? 0))
        guard input > 0 || output > 0 else { return nil }
        return TokenUsage(inputTokens: input, outputTokens: output, totalTokens: input &+ output)
    }
}
