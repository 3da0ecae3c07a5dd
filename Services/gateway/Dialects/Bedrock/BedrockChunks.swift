import InferenceModel
import JSON

/// Takes Anthropic's events out of Bedrock's frames; sans-IO (contract providers §8).
struct BedrockChunks {
    private var splitter = EventStreamSplitter()

    private static let keys = JSONKeys("bytes")
    private static let eventKeys = JSONKeys("type")

    /// Takes bytes of the stream.
    mutating func append(_ bytes: [UInt8]) { splitter.append(bytes) }

    /// The next event: a JSON object on one line. Frames of other kinds are passed over.
    ///
    /// - Throws: `UpstreamError` for an exception in the stream, a broken frame, and a chunk that holds no event.
    mutating func next(parser: JSONParser) throws(UpstreamError) -> [UInt8]? {
        while let frame = try splitter.next() {
            guard frame.kind == .event else {
                throw VendorErrors.exception(
                    text(frame.name), message: text(frame.message), payload: Array(splitter.bytes[frame.payload]),
                    parser: parser)
            }
            guard JSONWalk.equals(splitter.bytes, frame.name, "chunk") else { continue }
            return try event(frame.payload, parser)
        }
        return nil
    }

    private func text(_ range: Range<Int>) -> String { String(decoding: splitter.bytes[range], as: UTF8.self) }

    private func event(_ payload: Range<Int>, _ parser: JSONParser) throws(UpstreamError) -> [UInt8] {
        guard let scan = try? parser.scan(splitter.bytes, in: payload, for: Self.keys),
            let text = scan[0]?.string(in: splitter.bytes, from: payload.lowerBound),
            var event = Base64Text.decoded(text), (try? parser.scan(event, for: Self.eventKeys)) != nil
        else { throw AnthropicAnswerReader.bad("a chunk of the upstream's stream holds no event") }
        // In JSON a line end is a blank, in server-sent events it is not.
        for place in event.indices where event[place] == 10 || event[place] == 13 { event[place] = 32 }
        return event
    }
}

/// Reads a streamed answer of Bedrock's; one per stream.
struct BedrockEventReader: EventReader {
    private var chunks = BedrockChunks()
    private var events: AnthropicEvents

    init(_ context: UpstreamContext) {
        events = AnthropicEvents(context)
    }

    mutating func feed(_ bytes: [UInt8], parser: JSONParser, into out: inout [InferenceEvent]) throws(UpstreamError) {
        guard !events.isEnded else { return }
        chunks.append(bytes)
        while !events.isEnded, let event = try chunks.next(parser: parser) {
            try events.take(event, event.indices, parser: parser, into: &out)
        }
    }

    mutating func end(parser: JSONParser, into out: inout [InferenceEvent]) throws(UpstreamError) {
        events.end(into: &out)
    }
}
