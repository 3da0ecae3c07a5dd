package import Contracts
package import HTTPCore
package import InferenceModel
package import JSON

/// The protocol work of one attempt: what is sent, and how the upstream's answer becomes the caller's. Pure; one per attempt.
package protocol Exchange {
    /// The body of the upstream request and the fields that belong to its protocol.
    var request: UpstreamBody { get }

    /// A whole answer of a good status, for the caller.
    ///
    /// - Throws: `UpstreamError` for bytes that are no answer, or an error inside a good status.
    func answer(_ bytes: [UInt8], parser: JSONParser) throws(UpstreamError) -> RelayedAnswer

    /// The relay of a streamed answer.
    func makeStream() -> any StreamRelay

    /// The relay of an answer that is neither JSON nor events; `nil` when such an answer is wrong.
    func makeByteStream(contentType: String) -> (any StreamRelay)?

    /// An answer whose `addresses` were fetched, with what lies behind them.
    ///
    /// - Parameter base64: The bytes behind an address; `nil` leaves it.
    func inlined(_ answer: RelayedAnswer, parser: JSONParser, _ base64: (String) -> String?) -> RelayedAnswer

    /// An error answer of the upstream; any bytes give an error.
    func refusal(status: Int, headers: HTTPHeaders, body: [UInt8], parser: JSONParser) -> UpstreamError

    /// The answer that needs no upstream; nothing is sent then. `nil` for all but such calls.
    var localAnswer: RelayedAnswer? { get }

    /// The answer of a channel without a network; nothing is sent then. `nil` for all but debug channels.
    var script: ScriptedAnswer? { get }
}

extension Exchange {
    package var localAnswer: RelayedAnswer? { nil }
    package var script: ScriptedAnswer? { nil }

    package func inlined(
        _ answer: RelayedAnswer, parser: JSONParser, _ base64: (String) -> String?
    ) -> RelayedAnswer { answer }
}

/// An answer that the gateway gives by itself; no upstream is asked.
package final class LocalExchange: Exchange, Sendable {
    package let localAnswer: RelayedAnswer?
    package let request = UpstreamBody([])

    package init(_ answer: RelayedAnswer) {
        localAnswer = answer
    }

    package func answer(_ bytes: [UInt8], parser: JSONParser) throws(UpstreamError) -> RelayedAnswer {
        localAnswer ?? RelayedAnswer(body: bytes, usage: nil, id: "")
    }

    package func makeStream() -> any StreamRelay { UnexpectedStream() }

    package func refusal(status: Int, headers: HTTPHeaders, body: [UInt8], parser: JSONParser) -> UpstreamError {
        UpstreamError(status: status, body: body, parser: parser)
    }
}

extension Exchange {
    package func makeByteStream(contentType: String) -> (any StreamRelay)? { nil }
}

/// A whole answer as the caller gets it.
package struct RelayedAnswer: Equatable, Sendable {
    package var body: [UInt8]
    /// The counts; `nil` when nothing is known.
    package var usage: TokenUsage?
    /// The upstream's id of the answer; empty when it gave none.
    package var id: String
    package var contentType: String
    /// Whether the counts were made here because the upstream reported none.
    package var isEstimated: Bool
    /// Whether other calls tell the same counts, since the upstream keeps the answer: they are then counted once for its `id`.
    package var countsOnce = false
    /// The upstream's model, where the caller named none.
    package var answeredModel = ""
    /// What the answer names by address while the caller wants its bytes.
    package var addresses: [String] = []

    /// How the counts are known.
    package var usageSource: UsageSource { isEstimated ? .estimated : .measured }

    package init(
        body: [UInt8], usage: TokenUsage?, id: String, contentType: String = "application/json",
        isEstimated: Bool = false
    ) {
        self.isEstimated = isEstimated
        self.body = body
        self.usage = usage
        self.id = id
        self.contentType = contentType
    }
}

/// Turns the bytes of an upstream's stream into the bytes for the caller, event by event; sans-IO, one per stream.
package protocol StreamRelay {
    /// The counts that were reported last; `nil` when none were.
    var usage: TokenUsage? { get }
    /// The upstream's id of the answer; empty before it is known.
    var id: String { get }
    /// How the counts are known.
    var usageSource: UsageSource { get }
    /// As `RelayedAnswer.countsOnce`.
    var countsOnce: Bool { get }
    /// As `RelayedAnswer.answeredModel`.
    var answeredModel: String { get }
    /// Whether the upstream said that its answer is over.
    var isDone: Bool { get }
    /// How long something complete may be held back for what should follow; `nil` when nothing is.
    var holding: Duration? { get }
    /// The `Content-Type` of the caller's stream.
    var contentType: String { get }
    /// What keeps the connection alive between two events, harmless to clients; empty for a stream that has no such thing.
    var keepAlive: [UInt8] { get }

    /// Takes bytes of the upstream and appends what is for the caller.
    ///
    /// - Throws: `UpstreamError` when the upstream reports an error in its stream or an event is too large. What was appended before is good.
    mutating func feed(_ bytes: [UInt8], parser: JSONParser, into out: inout [UInt8]) throws(UpstreamError)

    /// Appends what is held back.
    mutating func releaseHeld(into out: inout [UInt8])

    /// The upstream's bytes are over: appends what is left and what ends a complete answer.
    ///
    /// - Returns: Whether the answer was complete; one that was cut gets no ending.
    /// - Throws: as `feed`.
    mutating func end(parser: JSONParser, into out: inout [UInt8]) throws(UpstreamError) -> Bool

    /// Appends an error in the caller's protocol, after which the stream is over; one that has no place for it leaves nothing, and is cut.
    mutating func fail(_ error: WireError, into out: inout [UInt8])
}

extension StreamRelay {
    package var usageSource: UsageSource { .measured }
    package var countsOnce: Bool { false }
    package var answeredModel: String { "" }
    package var holding: Duration? { nil }
    package var contentType: String { "text/event-stream; charset=utf-8" }
    package var keepAlive: [UInt8] { StreamComment.bytes }

    package mutating func releaseHeld(into out: inout [UInt8]) {}
}
