import Contracts
import InferenceModel
import JSON
import Testing

@testable import Dialects

@Suite("Anthropic: events")
struct AnthropicEventTests {
    private func written(_ events: [InferenceEvent], maxWaiting: Int = 1 << 20) throws -> [(String, JSONValue)] {
        let context = try AnthropicFixture.context("asked")
        let text = StreamSplits.text(events, AnthropicEventWriter(context, maxWaiting: maxWaiting))
        return try text.split(separator: "\n\n").map { block in
            let lines = block.split(separator: "\n")
            #expect(lines.count == 2 && lines[0].hasPrefix("event: ") && lines[1].hasPrefix("data: "))
            let tree = try JSONValue.parse(Array(lines[1].dropFirst(6).utf8))
            #expect(tree["type"]?.string == String(lines[0].dropFirst(7)))
            return (String(lines[0].dropFirst(7)), tree)
        }
    }

    private static let start = InferenceEvent.started(id: "chatcmpl-1", model: "m", created: 1)

    @Test("calls that interleave are told one after the other, and none of their arguments is lost")
    func interleaved() throws {
        let events = try written([
            Self.start, .text(choice: 0, "t"),
            .toolCallStarted(choice: 0, index: 0, id: "call.0", name: "a", signature: nil),
            .toolArguments(choice: 0, index: 0, #"{"x":"#),
            .toolCallStarted(choice: 0, index: 1, id: "call_1", name: "b", signature: "sig"),
            .toolArguments(choice: 0, index: 1, #"{"y":"#), .toolArguments(choice: 0, index: 0, "1}"),
            .text(choice: 0, "late"), .toolArguments(choice: 0, index: 1, "2}"),
            .toolCallEnded(choice: 0, index: 0), .toolCallEnded(choice: 0, index: 1),
            .finished(choice: 0, .stop, stopSequence: nil),
            .usage(TokenUsage(inputTokens: 10, outputTokens: 5, totalTokens: 15, cachedTokens: 3)), .ended,
        ])
        #expect(
            events.map(\.0) == [
                "message_start", "ping", "content_block_start", "content_block_delta", "content_block_stop",
                "content_block_start", "content_block_delta", "content_block_delta", "content_block_stop",
                "content_block_start", "content_block_delta", "content_block_stop",
                "content_block_start", "content_block_delta", "content_block_stop", "message_delta", "message_stop",
            ])
        #expect(events[5].1["content_block"] == ["type": "tool_use", "id": "call_0", "name": "a", "input": [:]])
        #expect(events[9].1["content_block"]?["signature"]?.string == "sig")
        #expect(events[10].1["delta"]?["partial_json"]?.string == #"{"y":2}"#)
        #expect(events[13].1["delta"]?["text"]?.string == "late")
        #expect(events[12].1["index"]?.int == 3)
        #expect(events[15].1["delta"]?["stop_reason"]?.string == "tool_use")
        #expect(events[15].1["usage"]?["input_tokens"]?.int == 7)
        #expect(events[15].1["usage"]?["cache_read_input_tokens"]?.int == 3)
    }

    @Test("what waits is bounded: then the caller is told, and nothing more comes")
    func bounded() throws {
        let events = try written(
            [
                Self.start, .toolCallStarted(choice: 0, index: 0, id: "a", name: "a", signature: nil),
                .toolCallStarted(choice: 0, index: 1, id: "b", name: "b", signature: nil),
                .toolArguments(choice: 0, index: 1, String(repeating: "x", count: 400)),
                .toolArguments(choice: 0, index: 1, "y"), .finished(choice: 0, .toolCalls, stopSequence: nil), .ended,
            ], maxWaiting: 300)
        #expect(events.last?.0 == "error" && events.count == 4)
    }

    @Test("thoughts come before text, with their signatures, and encrypted ones in blocks of their own")
    func thoughts() throws {
        let events = try written([
            Self.start, .thinking(choice: 0, "a"), .thinking(choice: 0, "b"), .thinkingSignature(choice: 0, "s"),
            .redactedThinking(choice: 0, "r"), .thinkingSignature(choice: 0, "alone"), .text(choice: 0, "t"),
            .text(choice: 1, "another candidate"), .finished(choice: 0, .length, stopSequence: nil), .ended,
        ])
        #expect(
            events.compactMap { $0.1["delta"]?["type"]?.string } == [
                "thinking_delta", "thinking_delta", "signature_delta", "signature_delta", "text_delta",
            ])
        #expect(
            events.compactMap { $0.1["content_block"]?["type"]?.string } == [
                "thinking", "redacted_thinking", "thinking", "text",
            ])
        #expect(events.dropLast().last?.1["delta"]?["stop_reason"]?.string == "max_tokens")
    }

    @Test("an answer without content is one empty text block; a refusal ends as one")
    func empty() throws {
        let events = try written([Self.start, .finished(choice: 0, .stop, stopSequence: nil), .ended])
        #expect(events[2].1["content_block"] == ["type": "text", "text": ""])
        #expect(events[4].1["usage"]?["output_tokens"]?.int == 0)
        let refused = try written([
            Self.start, .refusal(choice: 0, "no"), .finished(choice: 0, .stop, stopSequence: nil), .ended,
        ])
        #expect(refused[5].1["delta"]?["stop_reason"]?.string == "refusal")
    }

    @Test("the connection is kept alive with pings, before the beginning with comments")
    func keepAlive() throws {
        var writer = AnthropicEventWriter(try AnthropicFixture.context("asked"))
        #expect(writer.keepAlive == StreamComment.bytes)
        var out: [UInt8] = []
        writer.write(Self.start, into: &out)
        #expect(String(decoding: writer.keepAlive, as: UTF8.self) == "event: ping\ndata: {\"type\":\"ping\"}\n\n")
    }

    @Test("an error inside a stream has Anthropic's shape")
    func errors() throws {
        var writer = AnthropicEventWriter(try AnthropicFixture.context("asked"))
        var out: [UInt8] = []
        writer.write(WireError(status: 429, message: "slow", code: "c", requestID: "r1"), into: &out)
        #expect(
            String(decoding: out, as: UTF8.self)
                == "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"rate_limit_error\",\"message\":\"slow\"},\"request_id\":\"r1\"}\n\n"
        )
    }

    @Test(
        "an error event is an error with the status of its type, and a cut stream has no end",
        arguments: [
            ("overloaded_error", 429), ("rate_limit_error", 429), ("invalid_request_error", 400),
            ("authentication_error", 401), ("billing_error", 402), ("permission_error", 403), ("not_found_error", 404),
            ("request_too_large", 413), ("api_error", 500), ("timeout_error", 504), ("made_up", 500),
        ])
    func errorEvents(type: String, status: Int) throws {
        let parser = JSONParser()
        let context = try AnthropicFixture.context("asked")
        var reader = AnthropicEventReader(context)
        var events: [InferenceEvent] = []
        let text = "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"\(type)\",\"message\":\"m\"}}\n\n"
        let error = #expect(throws: UpstreamError.self) {
            try reader.feed(Array(text.utf8), parser: parser, into: &events)
        }
        #expect(error?.status == status && error?.type == type && error?.message == "m")
        var relay = AnthropicStream(requestedModel: "asked")
        var out: [UInt8] = []
        #expect(throws: UpstreamError.self) { try relay.feed(Array(text.utf8), parser: parser, into: &out) }
        #expect(out.isEmpty)
    }

    @Test("a stream that breaks off gives no end, neither read nor passed")
    func cut() throws {
        let bytes = try GoldenCase(folder: "anthropic/streams", name: "text").bytes("in.sse")
        let cut = Array(String(decoding: bytes, as: UTF8.self).split(separator: "event: message_delta")[0].utf8)
        let context = try AnthropicFixture.context("asked")
        let events = try StreamSplits.events(cut) { AnthropicEventReader(context) }
        #expect(!events.contains(.ended) && events.count > 2)
        let (text, relay, isComplete) = try StreamSplits.relay(cut) { AnthropicStream(requestedModel: "asked") }
        #expect(!isComplete && text.hasSuffix("\n\n") && relay.usage?.inputTokens == 25)
    }

    @Test("an error right behind the beginning leaves nothing sent")
    func earlyError() throws {
        let bytes = try GoldenCase(folder: "anthropic/streams", name: "text").bytes("in.sse")
        let start = String(decoding: bytes, as: UTF8.self).split(separator: "event: content_block_start")[0]
        let error =
            "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"Overloaded\"}}\n\n"
        var relay = AnthropicStream(requestedModel: "asked")
        var out: [UInt8] = []
        #expect(throws: UpstreamError.self) {
            try relay.feed(Array((start + error).utf8), parser: JSONParser(), into: &out)
        }
        #expect(out.isEmpty && relay.holding != nil)
    }

    @Test("an event of more than 16 MiB is an error")
    func huge() throws {
        let context = try AnthropicFixture.context("asked")
        var reader = AnthropicEventReader(context)
        var events: [InferenceEvent] = []
        let bytes = Array("data: ".utf8) + [UInt8](repeating: 120, count: AnthropicEventReader.maxEventBytes + 1)
        #expect(throws: UpstreamError.self) { try reader.feed(bytes, parser: JSONParser(), into: &events) }
    }
}
