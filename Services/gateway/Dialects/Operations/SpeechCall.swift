package import Contracts
package import HTTPCore
package import InferenceModel
package import JSON

/// A protocol for speech, as upstreams speak it that do not take OpenAI's form. Pure, as `UpstreamDialect`.
package protocol SpeechDialect: Sendable {
    /// The format of the sound when the caller names none.
    var defaultFormat: String { get }

    /// Writes a request.
    ///
    /// - Throws: `InvalidRequest` for what the target cannot do.
    func write(_ request: SpeechRequest, _ context: UpstreamContext) throws(InvalidRequest) -> UpstreamBody

    /// Reads a whole answer of a good status.
    ///
    /// - Throws: `UpstreamError` for bytes that are no answer, or an error inside a good status.
    func read(_ body: [UInt8], parser: JSONParser) throws(UpstreamError) -> SpeechResponse

    /// Reads a streamed answer; one per stream.
    func makeReader() -> any SpeechReader

    /// Reads an error answer; any bytes give an error.
    func readError(status: Int, body: [UInt8], parser: JSONParser) -> UpstreamError
}

/// Turns the bytes of an upstream's stream into sound; sans-IO, one per stream.
package protocol SpeechReader {
    /// The counts; `nil` while the upstream told nothing.
    var usage: TokenUsage? { get }
    /// Whether the upstream said that nothing follows.
    var isDone: Bool { get }

    /// Takes bytes as they come and appends the sound that is complete.
    ///
    /// - Throws: `UpstreamError` when the upstream reports an error inside its stream, or an event is too large.
    mutating func feed(_ bytes: [UInt8], parser: JSONParser, into audio: inout [UInt8]) throws(UpstreamError)

    /// The upstream's bytes are over.
    ///
    /// - Throws: as `feed`.
    mutating func end(parser: JSONParser, into audio: inout [UInt8]) throws(UpstreamError)
}

/// `POST /v1/audio/speech` (contract providers §3.8).
package final class SpeechCall: OpenAICall {
    package let request: OpenAIRequest
    package var family: ProtocolFamily { .operations }

    /// Checks what every vendor needs.
    ///
    /// - Throws: `InvalidRequest` naming the member at fault.
    package init(_ request: OpenAIRequest) throws(InvalidRequest) {
        self.request = request
        try OperationCall.need("input", [.string], request)
    }

    package func passThrough(_ wire: Wire, _ context: UpstreamContext, parser: JSONParser) throws(InvalidRequest)
        -> any Exchange
    {
        let characters = try request.text("input")?.unicodeScalars.count ?? 0
        return OperationCall.exchange(request, wire, context, product: .speech(characters: characters))
    }

    /// The whole request; its model is the caller's name.
    ///
    /// - Throws: `InvalidRequest` naming the member at fault.
    package func neutral(parser: JSONParser) throws(InvalidRequest) -> SpeechRequest {
        let body = try request.tree(parser)
        var read = SpeechRequest(model: model, input: try request.text("input") ?? "", members: body)
        read.voice = try request.text("voice")
        read.format = try request.text("response_format")?.lowercased()
        if let speed = body["speed"], !speed.isNull {
            guard let number = speed.double, (0.25...4).contains(number) else {
                throw InvalidRequest(message: "'speed' must be a number from 0.25 to 4", field: "speed")
            }
            read.speed = speed
        }
        return read
    }

    /// Whether the sound is wanted as events and not as bytes.
    ///
    /// - Throws: `InvalidRequest` for another word than `audio` and `sse`.
    func wantsEvents() throws(InvalidRequest) -> Bool {
        switch try request.text("stream_format") {
        case nil, "audio": return false
        case "sse": return true
        case .some:
            throw InvalidRequest(message: "'stream_format' must be 'audio' or 'sse'", field: "stream_format")
        }
    }
}

/// Speech of an upstream of another protocol: bytes of sound, or OpenAI's events of it.
package final class ConvertedSpeech: Exchange, Sendable {
    package let request: UpstreamBody
    private let upstream: any SpeechDialect
    private let form: SpeechForm

    /// Prepares one attempt.
    ///
    /// - Throws: `InvalidRequest` for a request that is malformed, or that the target cannot take.
    package init(
        _ call: SpeechCall, to upstream: any SpeechDialect, _ context: UpstreamContext, parser: JSONParser
    ) throws(InvalidRequest) {
        self.upstream = upstream
        var neutral = try call.neutral(parser: parser)
        neutral.model = context.upstreamModel
        form = SpeechForm(
            format: neutral.format ?? upstream.defaultFormat, isEvents: try call.wantsEvents(),
            estimate: neutral.estimate)
        request = try upstream.write(neutral, context)
    }

    package func answer(_ bytes: [UInt8], parser: JSONParser) throws(UpstreamError) -> RelayedAnswer {
        let response = try upstream.read(bytes, parser: parser)
        var body: [UInt8] = []
        form.append(response.audio, to: &body)
        let usage = response.usage ?? form.estimate
        form.appendEnd(usage, to: &body)
        return RelayedAnswer(
            body: body, usage: usage, id: "", contentType: form.contentType, isEstimated: response.usage == nil)
    }

    package func makeStream() -> any StreamRelay { ConvertedSpeechStream(upstream.makeReader(), form) }

    package func refusal(status: Int, headers: HTTPHeaders, body: [UInt8], parser: JSONParser) -> UpstreamError {
        upstream.readError(status: status, body: body, parser: parser)
    }
}

/// How a caller gets its sound.
struct SpeechForm: Sendable {
    let format: String
    /// `speech.audio.delta` and `speech.audio.done`.
    let isEvents: Bool
    let estimate: TokenUsage

    var contentType: String { isEvents ? "text/event-stream; charset=utf-8" : AudioFormat.mediaType(format) }

    func append(_ audio: [UInt8], to out: inout [UInt8]) {
        guard isEvents else { return out += audio }
        guard !audio.isEmpty else { return }
        out += Array(#"data: {"type":"speech.audio.delta","audio":""#.utf8)
        out += Array(Base64Text.encoded(audio).utf8)
        out += Array("\"}\n\n".utf8)
    }

    func appendEnd(_ usage: TokenUsage, to out: inout [UInt8]) {
        guard isEvents else { return }
        var json = JSONWriter(reserving: 160)
        json.object { root in
            root.field("type", "speech.audio.done")
            root.key("usage")
            root.object { counts in
                counts.field("input_tokens", usage.inputTokens)
                counts.field("output_tokens", usage.outputTokens)
                counts.field("total_tokens", usage.totalTokens)
            }
        }
        out += Array("data: ".utf8) + json.bytes + [10, 10]
    }
}

/// Streamed speech of an upstream of another protocol.
struct ConvertedSpeechStream: StreamRelay {
    private(set) var isDone = false
    private var reader: any SpeechReader
    private let form: SpeechForm

    init(_ reader: any SpeechReader, _ form: SpeechForm) {
        self.reader = reader
        self.form = form
    }

    var usage: TokenUsage? { reader.usage ?? (isDone ? form.estimate : nil) }
    var usageSource: UsageSource { reader.usage == nil ? .estimated : .measured }
    var id: String { "" }
    var contentType: String { form.contentType }
    var keepAlive: [UInt8] { form.isEvents ? StreamComment.bytes : [] }

    mutating func feed(_ bytes: [UInt8], parser: JSONParser, into out: inout [UInt8]) throws(UpstreamError) {
        guard !isDone else { return }
        var audio: [UInt8] = []
        try reader.feed(bytes, parser: parser, into: &audio)
        form.append(audio, to: &out)
        finish(into: &out)
    }

    mutating func end(parser: JSONParser, into out: inout [UInt8]) throws(UpstreamError) -> Bool {
        guard !isDone else { return true }
        var audio: [UInt8] = []
        try reader.end(parser: parser, into: &audio)
        form.append(audio, to: &out)
        finish(into: &out)
        return isDone
    }

    mutating func fail(_ error: WireError, into out: inout [UInt8]) {
        guard form.isEvents else { return out.removeAll() }
        out += Array("data: ".utf8) + OpenAIErrors.body(error) + [10, 10]
    }

    private mutating func finish(into out: inout [UInt8]) {
        guard reader.isDone else { return }
        isDone = true
        form.appendEnd(reader.usage ?? form.estimate, to: &out)
    }
}
