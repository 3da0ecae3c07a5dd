package import HTTPCore
package import InferenceModel
package import JSON

/// Anthropic's Messages protocol as upstreams speak it (contract providers §4.2–§4.5), in the flavours of Anthropic, Bedrock and Vertex.
package struct AnthropicUpstream: UpstreamDialect {
    package let flavor: AnthropicFlavor

    package init(_ flavor: AnthropicFlavor = .anthropic) {
        self.flavor = flavor
    }

    /// The version that conversions are written for, and pass-throughs whose caller names none.
    static let version = "2023-06-01"

    package var inlinedMedia: Set<Media.Kind> { flavor.inlinedMedia }

    package var toolNames: ToolNames.Rule? { .openAI }

    package func write(_ request: InferenceRequest, _ context: UpstreamContext) throws(InvalidRequest) -> UpstreamBody {
        UpstreamBody(
            try AnthropicRequestWriter(request, context, flavor).bytes(),
            headers: Self.headers(flavor, isStream: request.isStream, version: nil, betas: []))
    }

    package func read(_ body: [UInt8], _ context: UpstreamContext, parser: JSONParser) throws(UpstreamError)
        -> InferenceResponse
    {
        try AnthropicAnswerReader.read(body, context, parser: parser, errors: flavor.errors)
    }

    package func makeEventReader(_ context: UpstreamContext) -> any EventReader {
        flavor.streamsFrames ? BedrockEventReader(context) : AnthropicEventReader(context)
    }

    package func readError(status: Int, headers: HTTPHeaders, body: [UInt8], parser: JSONParser) -> UpstreamError {
        AnthropicErrors.read(status: status, headers: headers, body: body, parser: parser, errors: flavor.errors)
    }

    /// The fields of a request; without a version where the body has it.
    static func headers(_ flavor: AnthropicFlavor, isStream: Bool, version: String?, betas: [String]) -> HTTPHeaders {
        let streams = flavor.streamsFrames ? "application/vnd.amazon.eventstream" : "text/event-stream"
        var headers: HTTPHeaders = [
            "content-type": "application/json",
            "accept": isStream ? "\(streams), application/json" : "application/json",
        ]
        if flavor.bodyVersion == nil { headers.append("anthropic-version", version ?? Self.version) }
        if !betas.isEmpty { headers.append("anthropic-beta", betas.joined(separator: ",")) }
        return headers
    }
}
