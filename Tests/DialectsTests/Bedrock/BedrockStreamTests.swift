import Contracts
import FuzzSupport
import InferenceModel
import JSON
import Testing

@testable import Dialects

@Suite("Bedrock: streams")
struct BedrockStreamTests {
    private let parser = JSONParser()

    private func context() throws -> UpstreamContext {
        try AnthropicFixture.context("asked", upstream: "anthropic.claude-sonnet-4-5-20250929-v1:0")
    }

    private func relay() -> BedrockStream { BedrockStream(requestedModel: "asked") }

    @Test(
        "frames say what server-sent events say, to callers of either protocol",
        arguments: GoldenCase.all(in: "anthropic/streams"))
    func sameAsEvents(_ golden: GoldenCase) throws {
        let context = try context()
        let told = FrameFixture.events(ofSSE: try golden.bytes("in.sse"))
        let frames = told.flatMap { FrameFixture.chunk($0) }
        var reader = BedrockEventReader(context)
        var events: [InferenceEvent] = []
        for byte in frames { try reader.feed([byte], parser: parser, into: &events) }
        try reader.end(parser: parser, into: &events)
        var expected: [InferenceEvent] = []
        var other = AnthropicEventReader(context)
        try other.feed(try golden.bytes("in.sse"), parser: parser, into: &expected)
        try other.end(parser: parser, into: &expected)
        #expect(events == expected)

        var out: [UInt8] = []
        var relay = relay()
        for byte in frames { try relay.feed([byte], parser: parser, into: &out) }
        #expect(try relay.end(parser: parser, into: &out))
        let events2 = FrameFixture.events(ofSSE: out).map { String(decoding: $0, as: UTF8.self) }
        let passed = FrameFixture.events(ofSSE: try golden.bytes("relay.sse"))
        #expect(events2 == passed.map { String(decoding: $0, as: UTF8.self) })
    }

    /// The frames of a case: events of Anthropic's in a list.
    private func frames(_ golden: GoldenCase) throws -> [UInt8] {
        try #require(try golden.json("stream.json").array).flatMap { FrameFixture.chunk($0.serialized()) }
    }

    @Test(
        "a stream for callers of either protocol, however it is cut",
        arguments: GoldenCase.all(in: "vendors/bedrock").filter { $0.has("stream.json") })
    func golden(_ golden: GoldenCase) throws {
        let bytes = try frames(golden)
        let context = try context()
        let (text, relay, isComplete) = try StreamSplits.relay(bytes) { self.relay() }
        #expect(isComplete && relay.id.hasPrefix("msg_bdrk_"))
        try golden.expect(text: text, "relayed.sse")
        let events = try StreamSplits.events(bytes) { BedrockEventReader(context) }
        let chat = try AnthropicFixture.plainChat(isStream: true).makeEventWriter(context)
        try golden.expect(text: StreamSplits.text(events, chat), "chat.sse")
        let usage = events.compactMap { if case .usage(let counts) = $0 { counts } else { nil } }.last
        #expect(usage == relay.usage && usage != nil)
    }

    private static let start =
        #"{"type":"message_start","message":{"id":"msg_bdrk_1","type":"message","role":"assistant","model":"m","content":[],"usage":{}}}"#
    private static let text = #"{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Hi"}}"#
    private static let end = #"{"type":"message_delta","delta":{"stop_reason":"end_turn"}}"#
    private static let stop =
        #"{"type":"message_stop","amazon-bedrock-invocationMetrics":{"inputTokenCount":8,"outputTokenCount":5,"cacheReadInputTokenCount":3,"cacheWriteInputTokenCount":2,"invocationLatency":1,"firstByteLatency":1}}"#

    private func frames(_ events: [String]) -> [UInt8] { events.flatMap { FrameFixture.chunk($0) } }

    @Test("Bedrock's own counts stand in where the events have none")
    func metrics() throws {
        let bytes = frames([Self.start, Self.text, Self.end, Self.stop])
        let wanted = TokenUsage(
            inputTokens: 13, outputTokens: 5, totalTokens: 18, cachedTokens: 3, cacheCreationTokens: 2)
        let (_, relay, isComplete) = try StreamSplits.relay(bytes) { self.relay() }
        #expect(isComplete && relay.usage == wanted)
        let context = try context()
        let events = try StreamSplits.events(bytes) { BedrockEventReader(context) }
        #expect(events.contains(.usage(wanted)) && events.last == .ended)
    }

    /// What a feed of these bytes throws, read and passed; nothing of a good beginning may be lost.
    private func fault(_ bytes: [UInt8]) throws -> UpstreamError? {
        let context = try context()
        var relay = relay()
        var out: [UInt8] = []
        let passed = #expect(throws: UpstreamError.self) { try relay.feed(bytes, parser: parser, into: &out) }
        var reader = BedrockEventReader(context)
        var events: [InferenceEvent] = []
        let read = #expect(throws: UpstreamError.self) { try reader.feed(bytes, parser: parser, into: &events) }
        #expect(passed == read && !events.contains(.ended))
        return read
    }

    @Test(
        "an exception in a stream is an error with the status of its name",
        arguments: [
            ("throttlingException", 429), ("modelStreamErrorException", 500), ("validationException", 400),
            ("internalServerException", 500), ("modelTimeoutException", 408), ("serviceUnavailableException", 503),
            ("somethingNew", 500),
        ])
    func exceptions(name: String, status: Int) throws {
        let frame = FrameFixture.exception(name, #"{"message":"too much","originalStatusCode":1}"#)
        for start in [[], frames([Self.start]), frames([Self.start, Self.text])] {
            let error = try fault(start + frame)
            #expect(error?.status == status && error?.message == "too much" && error?.code == .string(name))
        }
        let silent = try fault(FrameFixture.exception(name, "no JSON"))
        #expect(silent?.status == status && silent?.message.isEmpty == false)
    }

    @Test("an error frame is one, and so is an error of Anthropic's in a chunk")
    func errors() throws {
        let headers = [(":message-type", "error"), (":error-code", "InternalFailure"), (":error-message", "oops")]
        let error = try fault(FrameFixture.frame(headers, []))
        #expect(error?.status == 500 && error?.message == "oops" && error?.code == "InternalFailure")
        let inside = try fault(
            frames([#"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}"#]))
        #expect(inside?.status == 429)
    }

    @Test("an exception behind text reaches the caller in its own protocol, behind the text")
    func midStream() throws {
        let bytes = frames([Self.start, Self.text]) + FrameFixture.exception("throttlingException", "{}")
        var relay = relay()
        var out: [UInt8] = []
        let thrown = #expect(throws: UpstreamError.self) { try relay.feed(bytes, parser: parser, into: &out) }
        let error = try #require(thrown)
        relay.fail(
            WireError(status: error.status, message: error.message, upstream: error, code: "c", requestID: "r"),
            into: &out)
        let events = try FrameFixture.events(ofSSE: out).map { try JSONValue.parse($0) }
        #expect(events.compactMap { $0["type"]?.string } == ["message_start", "content_block_delta", "error"])
        #expect(events.last?["error"]?["type"] == "rate_limit_error")
    }

    @Test(
        "a chunk that holds no event is an error",
        arguments: [
            "", "{}", "[]", #"{"bytes":1}"#, #"{"bytes":"%%"}"#, #"{"bytes":""}"#, #"{"bytes":"W10="}"#,
            #"{"bytes":"eyJ0eXBlIjo="}"#,
        ])
    func noEvent(payload: String) throws {
        let frame = FrameFixture.frame([(":message-type", "event"), (":event-type", "chunk")], Array(payload.utf8))
        #expect(try fault(frame)?.status == 502)
    }

    @Test(
        "frames of other kinds are passed over, line ends inside an event do not end it, an unknown event has its name")
    func others() throws {
        let other = FrameFixture.frame([(":message-type", "event"), (":event-type", "metadata")], [1, 2])
        let pretty = "{\n \"type\": \"new_thing\",\r\n \"a\": \"\\n\"\n}"
        let odd = #"{"type":"a\nevent: b","x":1}"#
        let bytes = other + frames([Self.start, pretty, odd, #"{"x":2}"#, Self.end, Self.stop])
        let (text, _, isComplete) = try StreamSplits.relay(bytes) { self.relay() }
        #expect(isComplete)
        #expect(text.contains("event: new_thing\ndata: {  \"type\": \"new_thing\",   \"a\": \"\\n\" }\n\n"))
        #expect(text.contains("}\n\ndata: {\"type\":\"a\\nevent: b\",\"x\":1}\n\ndata: {\"x\":2}\n\n"))
    }

    @Test("a stream that breaks off is not complete; one that has told why it stops is")
    func cut() throws {
        let whole = frames([Self.start, Self.text, Self.end, Self.stop])
        for (length, isComplete) in [
            (whole.count - 1, true), (frames([Self.start, Self.text]).count, false),
            (frames([Self.start, Self.text]).count + 20, false), (0, false),
        ] {
            let cut = Array(whole[..<length])
            var relay = relay()
            var out: [UInt8] = []
            try relay.feed(cut, parser: parser, into: &out)
            #expect(try relay.end(parser: parser, into: &out) == isComplete, "\(length)")
            var reader = BedrockEventReader(try context())
            var events: [InferenceEvent] = []
            try reader.feed(cut, parser: parser, into: &events)
            try reader.end(parser: parser, into: &events)
            #expect(events.contains(.ended) == isComplete, "\(length)")
        }
    }

    @Test("the beginning is held back until something follows")
    func holding() throws {
        var relay = relay()
        var out: [UInt8] = []
        try relay.feed(frames([Self.start]), parser: parser, into: &out)
        #expect(out.isEmpty && relay.holding != nil && relay.keepAlive == StreamComment.bytes)
        relay.releaseHeld(into: &out)
        #expect(!out.isEmpty && relay.holding == nil && relay.keepAlive == AnthropicFrames.ping)
    }
}
