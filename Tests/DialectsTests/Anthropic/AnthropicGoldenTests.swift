import HTTPCore
import InferenceModel
import JSON
import Testing

@testable import Dialects

@Suite("Anthropic: golden files")
struct AnthropicGoldenTests {
    @Test(
        "a request read and written again says what both sides can say",
        arguments: GoldenCase.all(in: "anthropic/requests"))
    func requests(_ golden: GoldenCase) throws {
        let call = try AnthropicFixture.call(try golden.bytes("in.json"))
        try golden.expect(json: try AnthropicFixture.written(call).serialized(), "out.json")
    }

    @Test("a chat request for Claude", arguments: GoldenCase.all(in: "anthropic/chat-requests"))
    func chatRequests(_ golden: GoldenCase) throws {
        let call = try AnthropicFixture.chat(try golden.bytes("in.json"))
        try golden.expect(json: try AnthropicFixture.written(call).serialized(), "out.json")
    }

    @Test("an answer for callers of either protocol", arguments: GoldenCase.all(in: "anthropic/answers"))
    func answers(_ golden: GoldenCase) throws {
        let context = try AnthropicFixture.context("asked", upstream: "claude-sonnet-4-5")
        let response = try AnthropicUpstream().read(
            try golden.bytes("in.json"), context, parser: JSONParser())
        try golden.expect(json: AnthropicAnswerWriter.write(response, context), "out.json")
        try golden.expect(json: try AnthropicFixture.plainChat().write(response, context), "chat.json")
    }

    @Test(
        "a stream, however it is cut, for callers of either protocol",
        arguments: GoldenCase.all(in: "anthropic/streams"))
    func streams(_ golden: GoldenCase) throws {
        let context = try AnthropicFixture.context("asked", upstream: "claude-sonnet-4-5")
        let bytes = try golden.bytes("in.sse")
        let events = try StreamSplits.events(bytes) { AnthropicEventReader(context) }
        #expect(events.count { $0 == .ended } == 1 && events.last == .ended)
        guard case .started? = events.first else {
            Issue.record("a stream begins with .started")
            return
        }
        try golden.expect(text: StreamSplits.text(events, AnthropicEventWriter(context)), "out.sse")
        let chat = try AnthropicFixture.plainChat(isStream: true).makeEventWriter(context)
        try golden.expect(text: StreamSplits.text(events, chat), "chat.sse")
    }

    @Test("a stream that passes, however it is cut", arguments: GoldenCase.all(in: "anthropic/streams"))
    func relayed(_ golden: GoldenCase) throws {
        let bytes = try golden.bytes("in.sse")
        let (text, relay, isComplete) = try StreamSplits.relay(bytes) { AnthropicStream(requestedModel: "asked") }
        #expect(isComplete)
        #expect(relay.id == "msg_1nZdL29xx5MUA1yADyHTEsnR8uuvGzszyY")
        #expect(relay.usage != nil)
        try golden.expect(text: text, "relay.sse")
    }

    @Test("the edits of a request that passes, to the byte", arguments: GoldenCase.all(in: "anthropic/edits"))
    func edits(_ golden: GoldenCase) throws {
        let flavors: [String: AnthropicFlavor] = [
            "anthropic": .anthropic, "compatible": .compatible, "bedrock": .bedrock, "vertex": .vertex,
        ]
        let flavor = try #require(flavors[String(golden.name.prefix { $0 != "-" })])
        let call = try AnthropicFixture.call(
            try golden.bytes("in.json"),
            headers: ["anthropic-beta": "interleaved-thinking-2025-05-14, tool-examples-2025-10-29"])
        let context = try AnthropicFixture.context(call.model, upstream: "claude-sonnet-4-5")
        let exchange = AnthropicExchange(call.request, flavor: flavor, context, parser: JSONParser())
        try golden.expect(text: String(decoding: exchange.request.bytes, as: UTF8.self), "out.json")
    }
}
