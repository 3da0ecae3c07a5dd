package import InferenceModel
package import JSON

/// `POST /v1/chat/completions`.
package final class ChatCall: OpenAICall, InferenceCall {
    package let request: OpenAIRequest
    package var family: ProtocolFamily { .chat }
    package var hasStreamOptions: Bool { true }

    package init(_ request: OpenAIRequest) {
        self.request = request
    }

    /// The body of a call that wants no stream, for an upstream that answers as a stream only.
    func streamed(to model: String, _ traits: OpenAITraits, parser: JSONParser) -> UpstreamBody {
        UpstreamBody(
            request.body(upstreamModel: model, traits: traits, forcesStream: true, parser: parser),
            headers: OpenAIExchange.streamHeaders)
    }

    package func neutral(parser: JSONParser) throws(InvalidRequest) -> InferenceRequest {
        let body = try request.tree(parser)
        do {
            return try ChatRequestReader.read(body)
        } catch {
            throw error.invalidRequest
        }
    }

    package func write(_ response: InferenceResponse, _ context: UpstreamContext) -> [UInt8] {
        ChatAnswerWriter.write(response, context, customTools: customTools)
    }

    package func makeEventWriter(_ context: UpstreamContext) -> any EventWriter {
        ChatEventWriter(context, includesUsage: request.includesUsage, customTools: customTools)
    }

    /// The names of the caller's tools that take text.
    private var customTools: Set<String> { CustomTool.names(in: request.raw("tools")) }
}
