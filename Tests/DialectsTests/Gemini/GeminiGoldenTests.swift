import Contracts
import InferenceModel
import JSON
import Testing

@testable import Dialects

@Suite("Gemini: golden files")
struct GeminiGoldenTests {
    @Test("a chat request for Gemini", arguments: GoldenCase.all(in: "gemini/chat-requests"))
    func chatRequests(_ golden: GoldenCase) throws {
        try golden.expect(json: try GeminiFixture.ofChat(try golden.bytes("in.json")).bytes, "out.json")
    }

    @Test("a Claude request for Gemini", arguments: GoldenCase.all(in: "gemini/anthropic-requests"))
    func anthropicRequests(_ golden: GoldenCase) throws {
        let call = try AnthropicFixture.call(try golden.bytes("in.json"))
        try golden.expect(json: try GeminiFixture.written(call, GeminiUpstream()).bytes, "out.json")
    }

    @Test(
        "a Gemini request for OpenAI, for Claude and for Gemini again", arguments: GoldenCase.all(in: "gemini/requests")
    )
    func requests(_ golden: GoldenCase) throws {
        let call = try GeminiFixture.call(GeminiFixture.text(try golden.bytes("in.json")))
        try golden.expect(
            json: try GeminiFixture.written(call, ChatUpstream(OpenAITraits()), model: "gpt-4o").bytes, "chat.json")
        if golden.name == "audio" {
            // Claude hears nothing, which the caller is told.
            #expect(throws: InvalidRequest.self) {
                try GeminiFixture.written(call, AnthropicUpstream(), model: "claude-sonnet-4-5")
            }
        } else {
            try golden.expect(
                json: try GeminiFixture.written(call, AnthropicUpstream(), model: "claude-sonnet-4-5").bytes,
                "anthropic.json")
        }
        try golden.expect(
            json: try GeminiFixture.written(call, GeminiUpstream(.vertex), model: "gemini-2.0-flash").bytes,
            "again.json")
    }

    @Test("an answer for callers of every protocol", arguments: GoldenCase.all(in: "gemini/answers"))
    func answers(_ golden: GoldenCase) throws {
        let context = try GeminiFixture.context("gemini-2.5-flash")
        let response = try GeminiUpstream().read(try golden.bytes("in.json"), context, parser: JSONParser())
        try golden.expect(json: try AnthropicFixture.plainChat().write(response, context), "chat.json")
        try golden.expect(json: AnthropicAnswerWriter.write(response, context), "anthropic.json")
        try golden.expect(json: try GeminiFixture.plain().write(response, context), "again.json")
    }

    @Test(
        "a stream, however it is cut, for callers of every protocol", arguments: GoldenCase.all(in: "gemini/streams"))
    func streams(_ golden: GoldenCase) throws {
        let context = try GeminiFixture.context("gemini-2.5-flash")
        let events = try StreamSplits.events(try golden.bytes("in.sse")) { GeminiEventReader(context) }
        #expect(events.count { $0 == .ended } == 1 && events.last == .ended)
        #expect(events.first == .started(id: "resp1", model: "asked", created: 1_700_000_000))
        let chat = try AnthropicFixture.plainChat(isStream: true).makeEventWriter(context)
        try golden.expect(text: StreamSplits.text(events, chat), "chat.sse")
        try golden.expect(text: StreamSplits.text(events, AnthropicEventWriter(context)), "anthropic.sse")
        try golden.expect(text: StreamSplits.text(events, GeminiEventWriter(context, isArray: false)), "again.sse")
    }

    @Test(
        "a stream that passes, however it is cut, as events and as an array",
        arguments: GoldenCase.all(in: "gemini/streams"))
    func relayed(_ golden: GoldenCase) throws {
        let bytes = try golden.bytes("in.sse")
        let (text, relay, isComplete) = try StreamSplits.relay(bytes) { GeminiStream(isArray: false) }
        #expect(isComplete && relay.isDone && relay.id == "resp1" && relay.usage != nil)
        #expect(text == GeminiFixture.text(bytes).replacing("\r\n", with: "\n"))
        let array = try StreamSplits.relay(bytes) { GeminiStream(isArray: true) }
        #expect(array.isComplete)
        try golden.expect(json: Array(array.text.utf8), "relay.json")
    }

    @Test("an OpenAI answer for Gemini callers", arguments: GoldenCase.all(in: "gemini/chat-answers"))
    func chatAnswers(_ golden: GoldenCase) throws {
        let context = try GeminiFixture.context("gpt-4o")
        let response = try ChatUpstream(OpenAITraits()).read(
            try golden.bytes("in.json"), context, parser: JSONParser())
        try golden.expect(json: try GeminiFixture.plain().write(response, context), "out.json")
    }

    @Test(
        "an OpenAI stream for Gemini callers, as events and as an array",
        arguments: GoldenCase.all(in: "gemini/chat-streams"))
    func chatStreams(_ golden: GoldenCase) throws {
        let context = try GeminiFixture.context("gpt-4o")
        let bytes = try golden.bytes("in.sse")
        for array in [false, true] {
            let call = try GeminiFixture.plain(stream: true, array: array)
            let (text, relay, isComplete) = try StreamSplits.relay(bytes) {
                ConvertedStream(
                    reader: ChatUpstream(OpenAITraits()).makeEventReader(context),
                    writer: call.makeEventWriter(context))
            }
            #expect(isComplete && relay.usage?.outputTokens == 5)
            if array {
                #expect(relay.contentType.hasPrefix("application/json"))
                try golden.expect(json: Array(text.utf8), "out.json")
            } else {
                try golden.expect(text: text, "out.sse")
            }
        }
    }

    @Test("the edits of a request that passes, to the byte", arguments: GoldenCase.all(in: "gemini/edits"))
    func edits(_ golden: GoldenCase) throws {
        let call = try GeminiFixture.call(GeminiFixture.text(try golden.bytes("in.json")))
        let isThird = golden.name.hasPrefix("third")
        let wire = Wire(.gemini, GeminiUpstream(golden.name.hasPrefix("vertex") ? .vertex : .developer))
        let exchange = try call.passThrough(
            wire, try GeminiFixture.context(isThird ? "gemini-3-pro" : "gemini-2.5-pro"), parser: JSONParser())
        try golden.expect(text: GeminiFixture.text(exchange.request.bytes), "out.json")
    }

    @Test("a schema as Google takes it", arguments: GoldenCase.all(in: "gemini/schemas"))
    func schemas(_ golden: GoldenCase) throws {
        let clean = GeminiSchema.cleaned(try golden.json("in.json")) ?? "left out"
        try golden.expect(json: clean.serialized(), "out.json")
    }
}
