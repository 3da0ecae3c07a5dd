import Contracts
package import HTTPCore
package import InferenceModel
package import JSON

/// An operation that passes: JSON, text, sound or events, as the upstream gives them.
package final class OperationExchange: Exchange, Sendable {
    package let request: UpstreamBody
    private let requestedModel: String

    package init(_ request: UpstreamBody, requestedModel: String) {
        self.request = request
        self.requestedModel = requestedModel
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
        return RelayedAnswer(
            body: answer.body, usage: answer.usage.map(Self.complete) ?? Self.metered(bytes, parser), id: answer.id)
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
