import Contracts
import InferenceModel
import JSON

/// Relays a stream of Bedrock's to a caller of Anthropic's protocol: the events of the frames become server-sent events, edited as those of `AnthropicStream`.
struct BedrockStream: StreamRelay {
    private var chunks = BedrockChunks()
    private var relay: AnthropicStream

    /// Makes the relay of one stream.
    ///
    /// - Parameter requestedModel: The name the caller used.
    init(requestedModel: String) {
        relay = AnthropicStream(requestedModel: requestedModel)
    }

    var usage: TokenUsage? { relay.usage }
    var id: String { relay.id }
    var isDone: Bool { relay.isDone }
    var holding: Duration? { relay.holding }
    var keepAlive: [UInt8] { relay.keepAlive }

    mutating func feed(_ bytes: [UInt8], parser: JSONParser, into out: inout [UInt8]) throws(UpstreamError) {
        guard !isDone else { return }
        chunks.append(bytes)
        while !isDone, let event = try chunks.next(parser: parser) {
            try relay.relay(event, event.indices, event.indices, parser: parser, into: &out)
        }
    }

    mutating func releaseHeld(into out: inout [UInt8]) { relay.releaseHeld(into: &out) }

    mutating func end(parser: JSONParser, into out: inout [UInt8]) throws(UpstreamError) -> Bool {
        try relay.end(parser: parser, into: &out)
    }

    mutating func fail(_ error: WireError, into out: inout [UInt8]) { relay.fail(error, into: &out) }
}
