import Contracts
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

    @Test(
        "what a channel of Anthropic's gets, address and fields too",
        arguments: GoldenCase.all(in: "vendors/anthropic").filter { $0.has("in.json") })
    func vendor(_ golden: GoldenCase) throws {
        let parser = JSONParser()
        let body = try golden.bytes("in.json")
        let mode: RelayMode = golden.name.hasPrefix("chat") ? .chatCompletions : .anthropic
        let dialect: any CallerDialect =
            mode == .anthropic ? AnthropicDialect(counts: golden.name.hasPrefix("count")) : OpenAIDialect()
        let call = try dialect.read(CallerRequest(mode: mode, body: body), parser: parser)
        let context = try AnthropicFixture.context(call.model)
        let type = try #require(ChannelType.find(14))
        let wanted = VendorCall(
            mode: mode, family: call.family, model: call.model, isStream: call.isStream, action: call.action)
        let channel = VendorChannel(base: type.defaultBaseURL, key: "sk-ant-k", type: type)
        let route = try #require(DialectCatalog.vendor(of: type)?.route(wanted, channel))
        #expect(route.credential == .field(name: "x-api-key", value: "sk-ant-k"))
        let exchange = try #require(try route.wire.exchange(call, context, parser: parser))
        var json = JSONWriter()
        json.object { root in
            root.field("url", route.url)
            root.key("fields")
            root.object { fields in exchange.request.headers.forEach { fields.field($0, $1) } }
            root.field("body", raw: exchange.request.bytes)
        }
        try golden.expect(json: json.bytes, "out.json")
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
