import Contracts
package import HTTPCore
package import InferenceModel
package import JSON

/// An operation that passes: JSON, text, sound or events, as the upstream gives them.
package final class OperationExchange: Exchange, Sendable {
    /// What is made, and so how it is counted where the vendor does not count (contract relay §5.4).
    package enum Product: Sendable {
        /// Pictures; `asData` when the caller wants their bytes, whatever the vendor gives.
        case images(asData: Bool)
        /// The sound of this many characters.
        case speech(characters: Int)
        /// An order of documents: its counts have one place in the answer, and are made here where the vendor makes none.
        case rerank(RerankCall)
        case other
    }

    package let request: UpstreamBody
    private let requestedModel: String
    private let product: Product

    package init(_ request: UpstreamBody, requestedModel: String, product: Product = .other) {
        self.request = request
        self.requestedModel = requestedModel
        self.product = product
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
        var relayed = RelayedAnswer(body: answer.body, usage: told, id: answer.id)
        switch product {
        case .images(let asData): Pictures.read(&relayed, asData: asData, parser)
        case .rerank(let call):
            relayed.isEstimated = told == nil
            relayed.usage = told ?? call.estimate(parser)
            relayed.body = relayed.usage.map { Self.metering(answer.body, $0, parser) } ?? answer.body
        case .speech, .other: break
        }
        return relayed
    }

    package func inlined(
        _ answer: RelayedAnswer, parser: JSONParser, _ base64: (String) -> String?
    ) -> RelayedAnswer {
        Pictures.inlined(answer, parser: parser, base64)
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
        guard !contentType.lowercased().hasPrefix("text/html") else { return nil }
        guard case .speech(let characters) = product else { return ByteStream(contentType: contentType) }
        return ByteStream(
            contentType: contentType, usage: TokenUsage(inputTokens: characters, totalTokens: characters),
            usageSource: .estimated)
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
            let inner = try? parser.scan(bytes, in: meta.range, for: tokenKeys), let tokens = inner[0]
        else { return nil }
        return UsageReader.read(bytes, tokens.range.shifted(by: meta.range.lowerBound))
    }

    private static let tokenKeys = JSONKeys("tokens")
}
