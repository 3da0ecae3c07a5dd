package import HTTPCore
package import InferenceModel
package import JSON

/// Gemini's protocol as upstreams speak it: the Gemini API, and Vertex AI for Google's own models.
package struct GeminiUpstream: UpstreamDialect {
    package let flavour: GeminiFlavour

    package init(_ flavour: GeminiFlavour = .developer) {
        self.flavour = flavour
    }

    /// Google reads few addresses of the web; films stay addresses, since those of YouTube are among them.
    package var inlinedMedia: Set<Media.Kind> { [.image, .audio, .document] }

    package func write(_ request: InferenceRequest, _ context: UpstreamContext) throws(InvalidRequest) -> UpstreamBody {
        try GeminiRequestWriter(request, context, flavour).body()
    }

    package func read(_ body: [UInt8], _ context: UpstreamContext, parser: JSONParser) throws(UpstreamError)
        -> InferenceResponse
    {
        try GeminiAnswerReader.read(body, context, parser: parser)
    }

    package func makeEventReader(_ context: UpstreamContext) -> any EventReader {
        GeminiEventReader(context)
    }

    package func readError(status: Int, headers: HTTPHeaders, body: [UInt8], parser: JSONParser) -> UpstreamError {
        GeminiErrors.read(status: status, body: body, parser: parser)
    }
}
