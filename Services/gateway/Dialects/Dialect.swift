package import HTTPCore
package import InferenceModel
package import JSON

/// The protocols, for the question whether both sides speak the same one: then the bytes pass with a few edits, else they are converted.
package enum ProtocolFamily: String, Sendable, CaseIterable {
    case chat, completions, embeddings, responses, anthropic, gemini
    /// Gemini's `embedContent` and `batchEmbedContents`.
    case geminiEmbeddings = "gemini-embeddings"
    /// OpenAI's other operations: rerank, moderations, images, speech, transcription; they pass only.
    case operations
    /// A vendor's own protocol, which no caller speaks.
    case vendor
}

/// A protocol as callers speak it.
///
/// Pure: bytes and values in, bytes and values out; no I/O, no clock, no secret.
package protocol CallerDialect: Sendable {
    /// Reads a request as far as every call needs it.
    ///
    /// - Throws: `InvalidRequest` naming the member at fault.
    func read(_ request: CallerRequest, parser: JSONParser) throws(InvalidRequest) -> any CallerCall

    /// The body of an error answer.
    func write(_ error: WireError) -> [UInt8]
}

/// A caller's request, read as far as every call needs it.
package protocol CallerCall: Sendable {
    var family: ProtocolFamily { get }
    /// The model as the caller wrote it; empty only in a call about something that a channel keeps.
    var model: String { get }
    var isStream: Bool { get }
    /// The caller's own name for its end user; empty when it gave none.
    var user: String { get }
    /// What is asked of the model beyond its mode (`count_tokens`, `embedContent`, `variations`); `nil` for the mode itself.
    var action: String? { get }
    /// The caller's id of something that a channel keeps, and that the call goes on from: only that channel can serve it.
    var storedID: String? { get }

    /// The exchange with an upstream of the same protocol; the bytes pass with the listed edits.
    ///
    /// - Throws: `InvalidRequest` for what this upstream cannot take.
    func passThrough(_ wire: Wire, _ context: UpstreamContext, parser: JSONParser) throws(InvalidRequest)
        -> any Exchange
}

extension CallerCall {
    package var action: String? { nil }
    package var storedID: String? { nil }
}

/// A call that the gateway can answer by itself where the upstream has nothing for it, such as a count of tokens.
package protocol LocalCall: CallerCall {
    /// The answer without an upstream.
    ///
    /// - Throws: `InvalidRequest` naming the member at fault.
    func answerLocally(_ context: UpstreamContext, parser: JSONParser) throws(InvalidRequest) -> RelayedAnswer
}

/// A call for an answer by a chat model, which can be converted for an upstream of another protocol.
package protocol InferenceCall: CallerCall {
    /// The whole request in the neutral shape; its model is the caller's name.
    ///
    /// - Throws: `InvalidRequest` naming the member at fault.
    func neutral(parser: JSONParser) throws(InvalidRequest) -> InferenceRequest

    /// Writes a whole answer.
    func write(_ response: InferenceResponse, _ context: UpstreamContext) -> [UInt8]

    /// Writes a streamed answer; one per stream.
    func makeEventWriter(_ context: UpstreamContext) -> any EventWriter
}

/// A call that passes as bytes, and whose media can be put in the place of their addresses there.
package protocol MediaCall: InferenceCall {
    /// The media of these kinds that the call names by address, of whatever scheme.
    func named(_ kinds: Set<Media.Kind>, parser: JSONParser) -> [Media]

    /// The call with bytes in the place of addresses.
    ///
    /// - Parameters:
    ///   - kinds: As for `named`.
    ///   - data: The bytes in base64 and their type for an address; `nil` leaves the address.
    /// - Throws: `InvalidRequest` for a call that has become too large.
    func inlined(
        _ kinds: Set<Media.Kind>, parser: JSONParser, _ data: (String) -> (base64: String, type: String)?
    ) throws(InvalidRequest) -> any CallerCall
}

/// A call for embeddings, which can be converted.
package protocol EmbeddingCall: CallerCall {
    /// The whole request in the neutral shape.
    ///
    /// - Throws: `InvalidRequest` naming the member at fault, also for token arrays.
    func neutral(parser: JSONParser) throws(InvalidRequest) -> EmbeddingRequest

    /// Writes a whole answer.
    func write(_ response: EmbeddingResponse, _ context: UpstreamContext) -> [UInt8]
}

/// A protocol for answers of chat models, as upstreams speak it.
///
/// Pure, as `CallerDialect`.
package protocol UpstreamDialect: Sendable {
    /// The media whose addresses this protocol does not take: the relay fetches them before it writes.
    var inlinedMedia: Set<Media.Kind> { get }

    /// Which names of tools the protocol takes; others are changed before a request is written. `nil` where it takes any, or its writer sees to it.
    var toolNames: ToolNames.Rule? { get }

    /// Writes a request.
    ///
    /// - Throws: `InvalidRequest` for what the target cannot do and the loss table does not drop.
    func write(_ request: InferenceRequest, _ context: UpstreamContext) throws(InvalidRequest) -> UpstreamBody

    /// Reads a whole answer of a good status.
    ///
    /// - Throws: `UpstreamError` for bytes that are no answer, or an error inside a good status.
    func read(_ body: [UInt8], _ context: UpstreamContext, parser: JSONParser) throws(UpstreamError)
        -> InferenceResponse

    /// Reads a streamed answer; one per stream.
    func makeEventReader(_ context: UpstreamContext) -> any EventReader

    /// Reads an error answer; any bytes give an error.
    func readError(status: Int, headers: HTTPHeaders, body: [UInt8], parser: JSONParser) -> UpstreamError
}

extension UpstreamDialect {
    package var inlinedMedia: Set<Media.Kind> { [] }
    package var toolNames: ToolNames.Rule? { nil }

    package func readError(status: Int, headers: HTTPHeaders, body: [UInt8], parser: JSONParser) -> UpstreamError {
        UpstreamError(status: status, body: body, parser: parser)
    }
}

/// A protocol for embeddings, as upstreams speak it.
package protocol EmbeddingDialect: Sendable {
    /// Writes a request.
    ///
    /// - Throws: `InvalidRequest` for what the target cannot do.
    func write(_ request: EmbeddingRequest, _ context: UpstreamContext) throws(InvalidRequest) -> UpstreamBody

    /// Reads an answer of a good status.
    ///
    /// - Throws: `UpstreamError` for bytes that are no answer, or an error inside a good status.
    func read(_ body: [UInt8], _ context: UpstreamContext, parser: JSONParser) throws(UpstreamError)
        -> EmbeddingResponse

    /// Reads an error answer; any bytes give an error.
    func readError(status: Int, headers: HTTPHeaders, body: [UInt8], parser: JSONParser) -> UpstreamError
}

extension EmbeddingDialect {
    package func readError(status: Int, headers: HTTPHeaders, body: [UInt8], parser: JSONParser) -> UpstreamError {
        UpstreamError(status: status, body: body, parser: parser)
    }
}

/// A protocol for rerank, as upstreams speak it that do not take the callers' form.
package protocol RerankDialect: Sendable {
    /// Writes a request.
    ///
    /// - Throws: `InvalidRequest` for what the target cannot do.
    func write(_ request: RerankRequest, _ context: UpstreamContext) throws(InvalidRequest) -> UpstreamBody

    /// Reads an answer of a good status; the rows may be in any order.
    ///
    /// - Throws: `UpstreamError` for bytes that are no answer, or an error inside a good status.
    func read(_ body: [UInt8], _ context: UpstreamContext, parser: JSONParser) throws(UpstreamError) -> RerankResponse

    /// Reads an error answer; any bytes give an error.
    func readError(status: Int, headers: HTTPHeaders, body: [UInt8], parser: JSONParser) -> UpstreamError
}

extension RerankDialect {
    package func readError(status: Int, headers: HTTPHeaders, body: [UInt8], parser: JSONParser) -> UpstreamError {
        UpstreamError(status: status, body: body, parser: parser)
    }
}

/// Turns the bytes of an upstream's stream into events; sans-IO, one per stream.
package protocol EventReader {
    /// Takes bytes as they come and appends the events that are complete.
    ///
    /// - Throws: `UpstreamError` when the upstream reports an error inside its stream, or an event is too large; nothing more is read then.
    mutating func feed(_ bytes: [UInt8], parser: JSONParser, into events: inout [InferenceEvent]) throws(UpstreamError)

    /// The upstream's bytes are over: appends what is left, `.ended` if and only if the answer was complete.
    ///
    /// - Throws: as `feed`.
    mutating func end(parser: JSONParser, into events: inout [InferenceEvent]) throws(UpstreamError)

    /// Whether a part of the usage that was told was made here, because the upstream did not count it.
    var isUsageEstimated: Bool { get }
}

extension EventReader {
    package var isUsageEstimated: Bool { false }
}

/// Turns events into the bytes of the caller's protocol; sans-IO, one per stream.
package protocol EventWriter {
    /// The `Content-Type` of the stream.
    var contentType: String { get }
    /// What keeps the connection alive between two events; harmless to clients.
    var keepAlive: [UInt8] { get }

    /// Appends the bytes of an event, which may be none.
    mutating func write(_ event: InferenceEvent, into out: inout [UInt8])

    /// Appends the bytes that tell an error inside a stream, and end it.
    mutating func write(_ error: WireError, into out: inout [UInt8])
}

extension EventWriter {
    package var contentType: String { "text/event-stream; charset=utf-8" }
    package var keepAlive: [UInt8] { StreamComment.bytes }
}

/// The comment that keeps a stream of server-sent events alive (WHATWG HTML §9.2.6).
package enum StreamComment {
    package static let bytes = Array(": keep-alive\n\n".utf8)
}
