import Contracts
import InferenceModel
import JSON
import Testing

@testable import Dialects

/// What Anthropic refuses, or leaves out unless it is asked, of one model or of any.
@Suite("Anthropic: limits of models and requests")
struct AnthropicLimitsTests {
    private typealias Fixture = AnthropicFixture

    private static let sampling = #","temperature":0.5,"top_p":0.9"#

    @Test(
        "models that refuse sampling get none, others keep it",
        arguments: [
            ("claude-opus-4-7", false), ("claude-opus-4.7-20260416", false), ("claude-opus-5", false),
            ("claude-opus-4-6", true), ("claude-sonnet-4-5", true), ("claude-3-5-sonnet-latest", true), ("m", true),
        ])
    func sampling(model: String, isTaken: Bool) throws {
        let body = try Fixture.written(model: model, Self.sampling)
        #expect((body["temperature"] != nil) == isTaken && body["top_p"] == nil && body["top_k"] == nil)
        let alone = try Fixture.written(model: model, #","top_p":0.99,"reasoning_effort":"low""#)
        #expect((alone["top_p"] != nil) == isTaken)
    }

    @Test("models that hide their thoughts are asked to show them, and models that cannot think are not asked to")
    func thoughts() throws {
        let newest = try Fixture.written(model: "claude-opus-4-7", #","reasoning_effort":"high""#)
        #expect(newest["thinking"] == ["type": "adaptive", "display": "summarized"])
        #expect(newest["output_config"]?["effort"]?.string == "high")
        let before = try Fixture.written(model: "claude-opus-4-6", #","reasoning_effort":"high""#)
        #expect(before["thinking"] == ["type": "adaptive"])
        for model in ["claude-3-5-sonnet-20241022", "claude-3-haiku-20240307", "claude-2.1"] {
            #expect(try Fixture.written(model: model, #","reasoning_effort":"high""#)["thinking"] == nil, "\(model)")
        }
        #expect(try Fixture.written(model: "claude-3-7-sonnet", #","reasoning_effort":"high""#)["thinking"] != nil)
        #expect(try Fixture.written(model: "somebody's", #","reasoning_effort":"high""#)["thinking"] != nil)
    }

    /// The texts that carry a cache marker.
    private func marked(_ value: JSONValue?) -> [String] {
        switch value {
        case .array(let elements)?: elements.flatMap(marked)
        case .object(let object)?:
            (object["cache_control"] == nil ? [] : [object["text"]?.string ?? object["name"]?.string ?? ""])
                + object.members.flatMap { marked($0.value) }
        default: []
        }
    }

    @Test("of more than four cache markers the last four stay")
    func markers() throws {
        func text(_ text: String) -> String {
            #"{"type":"text","text":"\#(text)","cache_control":{"type":"ephemeral"}}"#
        }
        let messages = """
            [{"role":"system","content":[\(text("s"))]},{"role":"user","content":[\(text("a")),\(text("b"))]},\
            {"role":"assistant","content":[\(text("c"))]},{"role":"user","content":[\(text("d"))]}]
            """
        let tool =
            #","tools":[{"type":"function","function":{"name":"f","parameters":{}},"cache_control":{"type":"ephemeral"}}]"#
        let body = try Fixture.written(model: "claude-sonnet-4-5", tool, messages: messages)
        #expect(marked(body["tools"]) + marked(body["system"]) == [])
        #expect(marked(body["messages"]) == ["a", "b", "c", "d"])
        let few = try Fixture.written(
            model: "claude-sonnet-4-5", tool, messages: #"[{"role":"user","content":[\#(text("a"))]}]"#)
        #expect(marked(few["tools"]) == ["f"] && marked(few["messages"]) == ["a"])
    }

    @Test("why a model refused is told, whole and in a stream")
    func refusals() throws {
        let details = #""stop_details":{"type":"refusal","category":"cyber","explanation":"I may not."}"#
        let whole = #"{"type":"message","content":[],"stop_reason":"refusal",\#(details),"usage":{}}"#
        let context = try Fixture.context("asked")
        let answer = try AnthropicAnswerReader.read(Array(whole.utf8), context, parser: JSONParser())
        #expect(answer.choices[0].parts == [.refusal("I may not.")] && answer.choices[0].finish == .contentFilter)
        let stream = """
            data: {"type":"message_start","message":{"id":"msg_1"}}

            data: {"type":"message_delta","delta":{"stop_reason":"refusal",\(details)},"usage":{}}

            data: {"type":"message_stop"}


            """
        let events = try StreamSplits.events(Array(stream.utf8)) { AnthropicEventReader(context) }
        #expect(events.contains(.refusal(choice: 0, "I may not.")))
        let plain = #"{"type":"message","content":[],"stop_reason":"end_turn","stop_details":null,"usage":{}}"#
        #expect(try AnthropicAnswerReader.read(Array(plain.utf8), context, parser: JSONParser()).choices[0].parts == [])
    }

    @Test("a limit that is added to a request leaves room behind its thinking budget")
    func addedLimit() throws {
        let body = #"{"model":"m","messages":[],"thinking":{"type":"enabled","budget_tokens":10000}}"#
        let exchange = AnthropicExchange(
            try Fixture.call(Array(body.utf8)).request, flavor: .anthropic, try Fixture.context("m"),
            parser: JSONParser())
        let sent = try JSONValue.parse(exchange.request.bytes)
        #expect(try #require(sent["max_tokens"]?.int) > 10000)
    }
}

/// What is held back at the beginning of a stream, and what waits inside of one.
@Suite("Anthropic: what streams hold")
struct AnthropicHoldingTests {
    private let parser = JSONParser()

    private static let start =
        "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"id\":\"msg_1\",\"usage\":{\"input_tokens\":5}}}\n\n"
    private static let error =
        "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"Overloaded\"}}\n\n"

    @Test("an error behind the beginning and its counts leaves nothing sent to callers of other protocols either")
    func converted() throws {
        let context = try AnthropicFixture.context("asked")
        let call = try AnthropicFixture.plainChat(isStream: true)
        var relay = ConvertedStream(
            reader: AnthropicEventReader(context), writer: call.makeEventWriter(context))
        var out: [UInt8] = []
        #expect(throws: UpstreamError.self) {
            try relay.feed(Array((Self.start + Self.error).utf8), parser: parser, into: &out)
        }
        #expect(out.isEmpty && relay.holding != nil && relay.usage?.inputTokens == 5)
        relay.releaseHeld(into: &out)
        #expect(!out.isEmpty && relay.holding == nil)
    }

    @Test("what comes behind the beginning stays behind it, and repeated beginnings are not gathered")
    func order() throws {
        var relay = AnthropicStream(requestedModel: "asked")
        var out: [UInt8] = []
        let odd = "data: {\"type\":\ndata: \"unknown\"}\n\n: comment\n\n"
        try relay.feed(Array((Self.start + odd).utf8), parser: parser, into: &out)
        relay.releaseHeld(into: &out)
        #expect(String(decoding: out, as: UTF8.self) == Self.start + odd)
        relay = AnthropicStream(requestedModel: "asked")
        out = []
        for _ in 0..<3 { try relay.feed(Array(Self.start.utf8), parser: parser, into: &out) }
        #expect(String(decoding: out, as: UTF8.self) == Self.start + Self.start)
    }

    @Test("very many blocks that wait behind a call are told in order, in a moment")
    func waiting() throws {
        var writer = AnthropicEventWriter(try AnthropicFixture.context("asked"), maxWaiting: 1 << 30)
        var out: [UInt8] = []
        writer.write(.toolCallStarted(choice: 0, index: 0, id: "a", name: "f", signature: nil), into: &out)
        for place in 0..<60_000 {
            writer.write(place % 2 == 0 ? .text(choice: 0, "\(place)") : .thinking(choice: 0, "\(place)"), into: &out)
        }
        out = []
        let began = ContinuousClock.now
        writer.write(.toolCallEnded(choice: 0, index: 0), into: &out)
        #expect(ContinuousClock.now - began < .seconds(5))
        let text = String(decoding: out, as: UTF8.self)
        #expect(text.contains("59999") && text.contains(#""index":60000"#))
    }
}
