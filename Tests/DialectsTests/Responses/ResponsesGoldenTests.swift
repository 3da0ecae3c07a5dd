import InferenceModel
import JSON
import Testing

@testable import Dialects

@Suite("Responses: golden files")
struct ResponsesGoldenTests {
    @Test(
        "a request read and written again says the same, and for OpenAI chat what it can say",
        arguments: GoldenCase.all(in: "responses/requests"))
    func requests(_ golden: GoldenCase) throws {
        let call = try ResponsesFixture.call(try golden.bytes("in.json"))
        try golden.expect(json: ResponsesFixture.written(call, ResponsesUpstream()), "out.json")
        let traits = OpenAITraits().with { $0.isOpenAI = true }
        try golden.expect(json: ResponsesFixture.written(call, ChatUpstream(traits)), "chat.json")
    }

    @Test(
        "a chat request for a model that speaks only Responses",
        arguments: GoldenCase.all(in: "responses/chat-requests"))
    func chatRequests(_ golden: GoldenCase) throws {
        let call = try AnthropicFixture.chat(try golden.bytes("in.json"))
        let traits = OpenAITraits().for(model: call.model)
        try golden.expect(json: ResponsesFixture.written(call, ResponsesUpstream(traits)), "out.json")
    }

    @Test(
        "an Anthropic request for a model that speaks only Responses",
        arguments: GoldenCase.all(in: "responses/anthropic-requests"))
    func anthropicRequests(_ golden: GoldenCase) throws {
        let call = try AnthropicFixture.call(try golden.bytes("in.json"))
        try golden.expect(json: ResponsesFixture.written(call, ResponsesUpstream()), "out.json")
    }

    @Test("an answer for callers of chat and of Anthropic", arguments: GoldenCase.all(in: "responses/answers"))
    func answers(_ golden: GoldenCase) throws {
        let context = try ResponsesFixture.context()
        let response = try ResponsesUpstream().read(try golden.bytes("in.json"), context, parser: JSONParser())
        try golden.expect(json: try AnthropicFixture.plainChat().write(response, context), "chat.json")
        try golden.expect(json: AnthropicAnswerWriter.write(response, context), "anthropic.json")
    }

    @Test("an answer that passes keeps its bytes but for the names", arguments: GoldenCase.all(in: "responses/answers"))
    func passed(_ golden: GoldenCase) throws {
        // The line end of the file is not part of the answer.
        let bytes = Array(try golden.bytes("in.json").dropLast())
        let exchange = try ResponsesFixture.native(try ResponsesFixture.call(), try ResponsesFixture.context())
        let answer = try exchange.answer(bytes, parser: JSONParser())
        let expected = String(decoding: bytes, as: UTF8.self)
            .replacing(#""id": "resp_68""#, with: #""id": "sealed-resp_68""#)
            .replacing(#""model": "gpt-5-2025-08-07""#, with: #""model": "asked""#)
        #expect(String(decoding: answer.body, as: UTF8.self) == expected)
        #expect(answer.id == "resp_68" && answer.contentType == "application/json")
        #expect((answer.usage == nil) == (golden.name == "no-usage"))
    }

    @Test(
        "an answer in place of the stream that was asked for becomes one",
        arguments: GoldenCase.all(in: "responses/answers"))
    func replayed(_ golden: GoldenCase) throws {
        let exchange = try ResponsesFixture.native(
            try ResponsesFixture.call(#","stream":true"#), try ResponsesFixture.context())
        let answer = try exchange.answer(try golden.bytes("in.json"), parser: JSONParser())
        #expect(answer.contentType.hasPrefix("text/event-stream"))
        let assembler = try ResponsesAssembler(String(decoding: answer.body, as: UTF8.self))
        #expect(assembler.faults == [])
        let plain = try ResponsesFixture.native(try ResponsesFixture.call(), try ResponsesFixture.context())
            .answer(try golden.bytes("in.json"), parser: JSONParser())
        #expect(try assembler.last == JSONValue.parse(plain.body))
    }

    @Test(
        "a stream, however it is cut, for callers of chat and of Anthropic",
        arguments: GoldenCase.all(in: "responses/streams"))
    func streams(_ golden: GoldenCase) throws {
        let context = try ResponsesFixture.context()
        let events = try StreamSplits.events(try golden.bytes("in.sse")) { ResponsesEventReader(context) }
        #expect(events.count { $0 == .ended } == 1 && events.last == .ended)
        guard case .started? = events.first else {
            Issue.record("a stream begins with .started")
            return
        }
        let chat = try AnthropicFixture.plainChat(isStream: true).makeEventWriter(context)
        try golden.expect(text: StreamSplits.text(events, chat), "chat.sse")
        try golden.expect(text: StreamSplits.text(events, AnthropicEventWriter(context)), "anthropic.sse")
        let own = StreamSplits.text(events, try ResponsesFixture.call().makeEventWriter(context))
        #expect(try ResponsesAssembler(own).faults == [])
    }

    @Test("a stream that passes, however it is cut", arguments: GoldenCase.all(in: "responses/streams"))
    func relayed(_ golden: GoldenCase) throws {
        let exchange = try ResponsesFixture.native(
            try ResponsesFixture.call(#","stream":true"#), try ResponsesFixture.context())
        let (text, relay, isComplete) = try StreamSplits.relay(try golden.bytes("in.sse")) { exchange.makeStream() }
        #expect(isComplete && relay.isDone)
        #expect(relay.id == "resp_68")
        #expect((relay.usage == nil) == (golden.name == "logprobs"))
        try golden.expect(text: text, "relay.sse")
    }

    @Test("an answer of OpenAI chat", arguments: GoldenCase.all(in: "responses/chat-answers"))
    func chatAnswers(_ golden: GoldenCase) throws {
        let exchange = try ResponsesFixture.converted(try Self.asked(isStream: false))
        try golden.expect(json: try exchange.answer(try golden.bytes("in.json"), parser: JSONParser()).body, "out.json")
        let streamed = try ResponsesFixture.converted(try Self.asked(isStream: true))
            .answer(try golden.bytes("in.json"), parser: JSONParser())
        let assembler = try ResponsesAssembler(String(decoding: streamed.body, as: UTF8.self))
        #expect(assembler.faults == [])
        #expect(try assembler.last == golden.json("out.json"))
    }

    @Test("a stream of OpenAI chat, however it is cut", arguments: GoldenCase.all(in: "responses/chat-streams"))
    func chatStreams(_ golden: GoldenCase) throws {
        let exchange = try ResponsesFixture.converted(try Self.asked(isStream: true))
        let (text, relay, isComplete) = try StreamSplits.relay(try golden.bytes("in.sse")) { exchange.makeStream() }
        #expect(isComplete && relay.isDone)
        try golden.expect(text: text, "out.sse")
        #expect(try ResponsesAssembler(text).faults == [])
    }

    /// A call whose members come back with the answer, written on several lines.
    private static func asked(isStream: Bool) throws -> ResponsesCall {
        let body = """
            {"model":"asked","input":"x","stream":\(isStream),"instructions":"Be brief.","temperature":0.70,
             "tools":[{"type":"function","name":"get_weather","parameters":{"type":"object",
              "properties":{"city":{"type":"string"}}},"strict":true},\r
              {"type":"custom","name":"apply_patch"}],
             "metadata":{"k":"a\\nb"},"reasoning":{"effort":"low"},"max_output_tokens":null}
            """
        return try ResponsesFixture.call(Array(body.utf8))
    }
}
