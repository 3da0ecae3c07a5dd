import Contracts
package import HTTPCore
package import InferenceModel
package import JSON

/// A protocol for pictures made from a text, as upstreams speak it that do not take OpenAI's form. Pure, as `UpstreamDialect`.
package protocol ImageDialect: Sendable {
    /// Writes a request.
    ///
    /// - Throws: `InvalidRequest` for what the target cannot do.
    func write(_ request: ImageRequest, _ context: UpstreamContext) throws(InvalidRequest) -> UpstreamBody

    /// Reads an answer of a good status.
    ///
    /// - Throws: `UpstreamError` for bytes that are no answer, or an error inside a good status.
    func read(_ body: [UInt8], parser: JSONParser) throws(UpstreamError) -> ImageResponse

    /// Reads an error answer; any bytes give an error.
    func readError(status: Int, body: [UInt8], parser: JSONParser) -> UpstreamError
}

extension ImageDialect {
    /// An answer that is none of pictures.
    static var foreign: UpstreamError { .foreign("something that has no images") }
}

/// `POST /v1/images/generations` (contract providers §3.8).
package final class ImageCall: OpenAICall {
    package let request: OpenAIRequest
    package var family: ProtocolFamily { .operations }

    /// Checks what every vendor needs.
    ///
    /// - Throws: `InvalidRequest` naming the member at fault.
    package init(_ request: OpenAIRequest) throws(InvalidRequest) {
        self.request = request
        try OperationCall.need("prompt", [.string], request)
    }

    package func passThrough(_ wire: Wire, _ context: UpstreamContext, parser: JSONParser) throws(InvalidRequest)
        -> any Exchange
    {
        OperationCall.exchange(request, wire, context, product: .images(asData: try wantsData()))
    }

    /// Whether the caller wants the bytes of the pictures, whatever the vendor gives.
    func wantsData() throws(InvalidRequest) -> Bool {
        try request.text("response_format") == "b64_json"
    }

    /// The whole request; its model is the caller's name.
    ///
    /// - Throws: `InvalidRequest` naming the member at fault, also for a stream, which no other protocol has.
    package func neutral(parser: JSONParser) throws(InvalidRequest) -> ImageRequest {
        guard !isStream else {
            throw InvalidRequest(message: "'stream' must be false: this model gives its images whole", field: "stream")
        }
        let body = try request.tree(parser)
        var read = ImageRequest(model: model, prompt: try request.text("prompt") ?? "", members: body)
        if let count = body["n"], !count.isNull {
            guard let number = count.int, (1...128).contains(number) else {
                throw InvalidRequest(message: "'n' must be a whole number from 1 to 128", field: "n")
            }
            read.count = number
        }
        if let size = try request.text("size"), size != "auto" {
            let sides = size.split(separator: "x", omittingEmptySubsequences: false)
            guard sides.count == 2, sides.allSatisfy({ Int($0).map { (1...65_536).contains($0) } ?? false }) else {
                throw InvalidRequest(message: "'size' must be like '1024x1024', or 'auto'", field: "size")
            }
            read.size = size
        }
        return read
    }
}

/// Pictures of an upstream of another protocol.
package final class ConvertedImages: Exchange, Sendable {
    package let request: UpstreamBody
    private let upstream: any ImageDialect
    private let now: Int
    private let wantsData: Bool

    /// Prepares one attempt.
    ///
    /// - Throws: `InvalidRequest` for a request that is malformed, or that the target cannot take.
    package init(
        _ call: ImageCall, to upstream: any ImageDialect, _ context: UpstreamContext, parser: JSONParser
    ) throws(InvalidRequest) {
        self.upstream = upstream
        now = context.now
        wantsData = try call.wantsData()
        var neutral = try call.neutral(parser: parser)
        neutral.model = context.upstreamModel
        request = try upstream.write(neutral, context)
    }

    package func answer(_ bytes: [UInt8], parser: JSONParser) throws(UpstreamError) -> RelayedAnswer {
        let response = try upstream.read(bytes, parser: parser)
        var json = JSONWriter(reserving: 256)
        json.object { root in
            root.field("created", now)
            root.key("data")
            root.array { list in
                for address in response.addresses { list.object { $0.field("url", address) } }
            }
        }
        var answer = RelayedAnswer(body: json.bytes, usage: response.usage, id: response.id)
        Pictures.read(&answer, asData: wantsData, parser)
        return answer
    }

    package func inlined(
        _ answer: RelayedAnswer, parser: JSONParser, _ base64: (String) -> String?
    ) -> RelayedAnswer {
        Pictures.inlined(answer, parser: parser, base64)
    }

    package func makeStream() -> any StreamRelay { UnexpectedStream() }

    package func refusal(status: Int, headers: HTTPHeaders, body: [UInt8], parser: JSONParser) -> UpstreamError {
        upstream.readError(status: status, body: body, parser: parser)
    }
}
