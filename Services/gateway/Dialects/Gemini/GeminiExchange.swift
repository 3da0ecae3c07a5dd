import Contracts
package import HTTPCore
package import InferenceModel
package import JSON

/// Gemini's protocol on both sides: the bytes pass with the listed edits (contract providers §5.8).
package final class GeminiExchange: Exchange, Sendable {
    private let call: GeminiCall
    package let request: UpstreamBody

    private static let keys = JSONKeys("usageMetadata", "responseId", "error")

    /// Prepares one attempt.
    init(_ call: GeminiCall, _ context: UpstreamContext, flavour: GeminiFlavour) {
        self.call = call
        request = UpstreamBody(
            call.body.forGenerating(GeminiModel(context.upstreamModel), flavour),
            headers: GeminiHeaders.request(isStream: call.isStream))
    }

    package func answer(_ bytes: [UInt8], parser: JSONParser) throws(UpstreamError) -> RelayedAnswer {
        if call.isStream { return try streamed(bytes, parser) }
        guard let scan = try? parser.scan(bytes, for: Self.keys) else {
            // Google tells some errors in an array of one.
            if let tree = try? parser.parse(bytes), let error = GeminiErrors.read(tree) { throw error }
            throw UpstreamError.foreign("something that is no JSON object")
        }
        if scan[2] != nil, let tree = try? parser.parse(bytes), let error = GeminiErrors.read(tree) { throw error }
        return RelayedAnswer(
            body: bytes, usage: Self.usage(bytes, scan[0], parser), id: scan[1]?.string(in: bytes) ?? "")
    }

    /// A stream that the upstream answered as a whole, an object or an array of chunks: told as the caller asked for it.
    private func streamed(_ bytes: [UInt8], _ parser: JSONParser) throws(UpstreamError) -> RelayedAnswer {
        guard let tree = try? parser.parse(bytes) else { throw UpstreamError.foreign("something that is no JSON") }
        if let error = GeminiErrors.read(tree) { throw error }
        var stream = GeminiStream(isArray: call.isArray)
        var out: [UInt8] = []
        for chunk in tree.array ?? [tree] {
            try stream.feed(Array("data: ".utf8) + chunk.serialized() + [10, 10], parser: parser, into: &out)
        }
        guard try stream.end(parser: parser, into: &out) else {
            throw UpstreamError.foreign("with chunks that do not end")
        }
        return RelayedAnswer(body: out, usage: stream.usage, id: stream.id, contentType: stream.contentType)
    }

    /// The counts at a place of an answer.
    static func usage(_ bytes: [UInt8], _ field: JSONField?, _ parser: JSONParser, from base: Int = 0) -> TokenUsage? {
        guard let field, field.kind == .object else { return nil }
        return GeminiUsage.read(try? parser.parse(bytes, in: field.range.shifted(by: base)))
    }

    package func makeStream() -> any StreamRelay {
        GeminiStream(isArray: call.isArray)
    }

    package func refusal(status: Int, headers: HTTPHeaders, body: [UInt8], parser: JSONParser) -> UpstreamError {
        GeminiErrors.read(status: status, body: body, parser: parser)
    }
}

/// An operation whose answer passes as it is, such as a count.
package final class GeminiPlainExchange: Exchange, Sendable {
    package let request: UpstreamBody
    private let unwrapsEmbedding: Bool
    private let readsUsage: Bool

    private static let keys = JSONKeys("error", "usageMetadata", "embeddings")

    /// - Parameters:
    ///   - readsUsage: Whether the answer's counts are those of the call.
    ///   - unwrapsEmbedding: Whether the caller asked for one embedding, and the answer holds a list of one.
    init(_ body: [UInt8], readsUsage: Bool, unwrapsEmbedding: Bool = false) {
        request = UpstreamBody(body, headers: GeminiHeaders.request(isStream: false))
        self.readsUsage = readsUsage
        self.unwrapsEmbedding = unwrapsEmbedding
    }

    package func answer(_ bytes: [UInt8], parser: JSONParser) throws(UpstreamError) -> RelayedAnswer {
        guard let scan = try? parser.scan(bytes, for: Self.keys) else {
            throw UpstreamError.foreign("something that is no JSON object")
        }
        if scan[0] != nil, let tree = try? parser.parse(bytes), let error = GeminiErrors.read(tree) { throw error }
        let usage = readsUsage ? GeminiExchange.usage(bytes, scan[1], parser) : nil
        guard unwrapsEmbedding else { return RelayedAnswer(body: bytes, usage: usage, id: "") }
        guard let list = scan[2], list.kind == .array, let first = JSONWalk.elements(bytes, list.range).first else {
            throw UpstreamError.foreign("no embeddings")
        }
        var json = JSONWriter(reserving: first.count + 64)
        json.object { json in
            json.field("embedding", raw: bytes[first])
            if let counts = scan[1] { json.field("usageMetadata", raw: bytes[counts.range]) }
        }
        return RelayedAnswer(body: json.bytes, usage: usage, id: "")
    }

    package func makeStream() -> any StreamRelay { UnexpectedStream() }

    package func refusal(status: Int, headers: HTTPHeaders, body: [UInt8], parser: JSONParser) -> UpstreamError {
        GeminiErrors.read(status: status, body: body, parser: parser)
    }
}
