package import Contracts
package import HTTPCore
package import JSON

/// What is wrong with a caller's request, with the field that is at fault.
package struct InvalidRequest: Error, Equatable, Sendable {
    /// Fit for the caller.
    package let message: String
    /// The member of the body; `nil` when the body as a whole is at fault.
    package let field: String?

    package init(message: String, field: String?) {
        self.message = message
        self.field = field
    }
}

/// A caller's request before its protocol was read.
package struct CallerRequest: Sendable {
    package var body: [UInt8]
    /// The model that the path names (Gemini); `nil` where the body names it.
    package var pathModel: String?
    /// Whether the path asks for a stream (Gemini); `nil` where the body says.
    package var pathStream: Bool?
    /// The caller's headers; dialects read only those of their own protocol (`anthropic-version`, `anthropic-beta`).
    package var headers: HTTPHeaders
    package var query: String?

    package init(
        body: [UInt8], pathModel: String? = nil, pathStream: Bool? = nil, headers: HTTPHeaders = [:],
        query: String? = nil
    ) {
        self.body = body
        self.pathModel = pathModel
        self.pathStream = pathStream
        self.headers = headers
        self.query = query
    }
}

/// What a dialect may know of the channel that a request goes to. No secret among it.
package struct UpstreamContext: Sendable {
    package var channelType: ChannelType
    /// The upstream's name of the model.
    package var upstreamModel: String
    /// The name that the caller used; answers carry it.
    package var requestedModel: String
    /// The channel's `configs`; an empty object when there are none.
    package var configs: JSONObject
    /// Unix seconds; dialects read no clock.
    package var now: Int
    /// Random text of 24 letters and digits for ids that the caller's protocol wants and the upstream does not give.
    package var nonce: String

    package init(
        channelType: ChannelType, upstreamModel: String, requestedModel: String, configs: JSONObject = JSONObject(),
        now: Int, nonce: String
    ) {
        self.channelType = channelType
        self.upstreamModel = upstreamModel
        self.requestedModel = requestedModel
        self.configs = configs
        self.now = now
        self.nonce = nonce
    }
}

/// A protocol as callers speak it.
///
/// Pure: bytes and values in, bytes and values out; no I/O, no clock, no secret.
package protocol CallerDialect: Sendable {
    /// Reads a request.
    ///
    /// - Throws: `InvalidRequest` naming the member at fault.
    func read(_ request: CallerRequest, parser: JSONParser) throws(InvalidRequest) -> InferenceRequest

    /// Writes a whole answer.
    func write(_ response: InferenceResponse) -> [UInt8]

    /// Writes a streamed answer; one per stream.
    func makeEventWriter(_ context: UpstreamContext, request: InferenceRequest) -> any EventWriter

    /// The body of an error answer.
    func write(_ error: WireError) -> [UInt8]
}

/// A protocol as upstreams speak it.
///
/// Pure, as `CallerDialect`.
package protocol UpstreamDialect: Sendable {
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

/// The body of an upstream request, with the fields that belong to the protocol; the address and the credential are the vendor's.
package struct UpstreamBody: Sendable {
    package var bytes: [UInt8]
    package var headers: HTTPHeaders

    package init(_ bytes: [UInt8], headers: HTTPHeaders = [:]) {
        self.bytes = bytes
        self.headers = headers
    }
}

/// An error on its way to the caller, before its protocol gives it a shape.
package struct WireError: Equatable, Sendable {
    /// The status of the answer; inside a stream what it would have been.
    package var status: Int
    package var message: String
    /// An upstream's own type and code, where it speaks the caller's protocol; `nil` for the gateway's.
    package var upstream: UpstreamError?
    /// The gateway's code of a closed set.
    package var code: String
    /// The member of the request at fault.
    package var field: String?
    package var requestID: String

    package init(
        status: Int, message: String, upstream: UpstreamError? = nil, code: String, field: String? = nil,
        requestID: String
    ) {
        self.status = status
        self.message = message
        self.upstream = upstream
        self.code = code
        self.field = field
        self.requestID = requestID
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
}

/// Turns events into the bytes of the caller's protocol; sans-IO, one per stream.
package protocol EventWriter {
    /// Appends the bytes of an event, which may be none.
    mutating func write(_ event: InferenceEvent, into out: inout [UInt8])

    /// Appends the bytes that tell an error inside a stream, and end it.
    mutating func write(_ error: WireError, into out: inout [UInt8])
}
