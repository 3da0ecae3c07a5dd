import Contracts
package import HTTPCore
package import InferenceModel
package import JSON

/// Anthropic's protocol on both sides: the bytes pass with the edits of `AnthropicEdits`.
package final class AnthropicExchange: Exchange, Sendable {
    private let context: UpstreamContext
    private let isStream: Bool
    private let errors: VendorErrors
    private let streamsFrames: Bool
    package let request: UpstreamBody

    /// Prepares one attempt.
    package init(
        _ call: AnthropicRequest, flavor: AnthropicFlavor, _ context: UpstreamContext, parser: JSONParser
    ) {
        self.context = context
        streamsFrames = flavor.streamsFrames
        isStream = call.isStream
        errors = flavor.errors
        let edits = AnthropicEdits(call, flavor, context, parser: parser)
        request = UpstreamBody(
            edits.body(upstreamModel: context.upstreamModel, asksForAnswer: true),
            headers: AnthropicUpstream.headers(
                flavor, isStream: call.isStream, version: call.version, betas: edits.headerBetas),
            query: call.asksForBeta && flavor.bodyVersion == nil ? "beta=true" : nil)
    }

    private static let keys = JSONKeys("type", "error", "content", "model", "usage", "id")

    package func answer(_ bytes: [UInt8], parser: JSONParser) throws(UpstreamError) -> RelayedAnswer {
        guard let scan = try? parser.scan(bytes, for: Self.keys) else {
            // Google tells some errors in an array of one.
            throw AnthropicErrors.inside(
                bytes, parser: parser, errors: errors, "the upstream answered something that is no JSON object")
        }
        guard scan[2]?.kind == .array, scan[0]?.string(in: bytes) != "error" else {
            throw AnthropicErrors.inside(
                bytes, parser: parser, errors: errors, "the upstream's answer is no message of Anthropic's protocol")
        }
        if isStream {
            // The caller gets the stream it asked for, also from an upstream that answers as a whole.
            let response = try AnthropicAnswerReader.read(bytes, context, parser: parser)
            var writer = AnthropicEventWriter(context)
            var body: [UInt8] = []
            for event in response.events { writer.write(event, into: &body) }
            return RelayedAnswer(body: body, usage: response.usage, id: response.id, contentType: writer.contentType)
        }
        var usage = AnthropicUsage()
        if let counts = scan[4], counts.kind == .object { usage.merge(bytes, counts.range, parser: parser) }
        var body = bytes
        if let name = scan[3], name.kind == .string {
            body.replaceSubrange(name.range, with: JSONWriter.quoted(context.requestedModel))
        }
        return RelayedAnswer(body: body, usage: usage.counts, id: scan[5]?.string(in: bytes) ?? "")
    }

    package func makeStream() -> any StreamRelay {
        streamsFrames
            ? BedrockStream(requestedModel: context.requestedModel)
            : AnthropicStream(requestedModel: context.requestedModel)
    }

    package func refusal(status: Int, headers: HTTPHeaders, body: [UInt8], parser: JSONParser) -> UpstreamError {
        AnthropicErrors.read(status: status, headers: headers, body: body, parser: parser, errors: errors)
    }
}

/// A count of tokens by an upstream that counts.
package final class AnthropicCountExchange: Exchange, Sendable {
    private let errors: VendorErrors
    package let request: UpstreamBody

    /// Prepares one attempt.
    package init(
        _ call: AnthropicRequest, flavor: AnthropicFlavor, _ context: UpstreamContext, parser: JSONParser
    ) {
        errors = flavor.errors
        let edits = AnthropicEdits(call, flavor, context, parser: parser)
        request = UpstreamBody(
            edits.body(upstreamModel: context.upstreamModel, asksForAnswer: false),
            headers: AnthropicUpstream.headers(
                flavor, isStream: false, version: call.version, betas: edits.headerBetas),
            query: call.asksForBeta && flavor.bodyVersion == nil ? "beta=true" : nil)
    }

    private static let keys = JSONKeys("input_tokens")

    package func answer(_ bytes: [UInt8], parser: JSONParser) throws(UpstreamError) -> RelayedAnswer {
        guard let scan = try? parser.scan(bytes, for: Self.keys), scan[0]?.int(in: bytes) != nil else {
            throw AnthropicErrors.inside(
                bytes, parser: parser, errors: errors, "the upstream's answer has no count of tokens")
        }
        return RelayedAnswer(body: bytes, usage: nil, id: "")
    }

    package func makeStream() -> any StreamRelay { UnexpectedStream() }

    package func refusal(status: Int, headers: HTTPHeaders, body: [UInt8], parser: JSONParser) -> UpstreamError {
        AnthropicErrors.read(status: status, headers: headers, body: body, parser: parser, errors: errors)
    }
}
