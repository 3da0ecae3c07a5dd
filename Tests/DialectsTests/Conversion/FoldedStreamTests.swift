import Contracts
import InferenceModel
import JSON
import Testing

@testable import Dialects

@Suite("Streams collected into whole answers")
struct FoldedStreamTests {
    private let parser = JSONParser()

    /// A reader whose events are given, one step per byte.
    private struct Scripted: EventReader {
        var steps: [[InferenceEvent]]

        mutating func feed(_ bytes: [UInt8], parser: JSONParser, into events: inout [InferenceEvent]) {
            for _ in bytes where !steps.isEmpty { events += steps.removeFirst() }
        }

        mutating func end(parser: JSONParser, into events: inout [InferenceEvent]) {}
    }

    private func stream(_ steps: [[InferenceEvent]]) throws -> FoldedStream {
        let body = Array(#"{"model":"m","messages":[{"role":"user","content":"x"}]}"#.utf8)
        let context = UpstreamContext(
            channelType: try #require(ChannelType.find(17)), upstreamModel: "m", requestedModel: "asked", configs: [:],
            now: 1, nonce: "n")
        return FoldedStream(
            reader: Scripted(steps: steps), call: ChatCall(try OpenAIRequest(body, parser: parser)), context: context)
    }

    @Test("nothing is written before the end, and the end once")
    func holds() throws {
        var stream = try stream([
            [.started(id: "c1", model: "m", created: 5), .text(choice: 0, "a")],
            [.text(choice: 0, "b"), .finished(choice: 0, .stop, stopSequence: nil)],
            [.usage(TokenUsage(inputTokens: 1, outputTokens: 2, totalTokens: 3)), .ended],
        ])
        var out: [UInt8] = []
        try stream.feed([0], parser: parser, into: &out)
        try stream.feed([0], parser: parser, into: &out)
        #expect(out.isEmpty && !stream.isDone && stream.keepAlive.isEmpty)
        try stream.feed([0], parser: parser, into: &out)
        #expect(stream.isDone && stream.id == "c1" && stream.usage?.totalTokens == 3)
        let written = out
        try stream.feed([0], parser: parser, into: &out)
        #expect(try stream.end(parser: parser, into: &out) && out == written)
        #expect(try parser.parse(out)["choices"]?[0]?["message"]?["content"] == "ab")
    }

    @Test("a stream that breaks off is no answer")
    func broken() throws {
        var stream = try stream([[.started(id: "c1", model: "m", created: 5), .text(choice: 0, "a")]])
        var out: [UInt8] = []
        try stream.feed([0], parser: parser, into: &out)
        #expect(try !stream.end(parser: parser, into: &out) && out.isEmpty)
    }

    @Test("a stream without an end is cut off at the bound")
    func bound() throws {
        var stream = try stream([])
        var out: [UInt8] = []
        let part = [UInt8](repeating: 0, count: FoldedStream.limit / 2)
        try stream.feed(part, parser: parser, into: &out)
        try stream.feed(part, parser: parser, into: &out)
        #expect(throws: UpstreamError.self) { try stream.feed([0], parser: parser, into: &out) }
    }

    @Test("an answer told as a stream is the same answer when it is collected")
    func roundTrip() {
        for seed in UInt64(1)...200 {
            var random = RandomConversation(seed: seed)
            let answer = random.answer(shows: true)
            var collected = InferenceResponse(id: "", model: "", created: 0, choices: [])
            for event in answer.events { collected.add(event) }
            #expect(collected.events == answer.events)
            guard collected.events == answer.events else { return }
        }
    }

    @Test("calls whose arguments interleave stay apart; log probabilities add up")
    func interleaved() {
        var answer = InferenceResponse(id: "", model: "", created: 0, choices: [])
        let events: [InferenceEvent] = [
            .toolCallStarted(choice: 0, index: 0, id: "a", name: "f", signature: nil),
            .toolCallStarted(choice: 0, index: 1, id: "b", name: "g", signature: nil),
            .toolArguments(choice: 0, index: 1, "{\"y\":"), .toolArguments(choice: 0, index: 0, "{\"x\":"),
            .toolArguments(choice: 0, index: 0, "1}"), .toolArguments(choice: 0, index: 1, "2}"),
            .logprobs(choice: 0, ["content": [1], "refusal": nil]), .logprobs(choice: 0, ["content": [2]]),
            .finished(choice: 0, .toolCalls, stopSequence: nil),
        ]
        for event in events { answer.add(event) }
        #expect(
            answer.choices == [
                Choice(
                    parts: [
                        .toolCall(ToolCall(id: "a", name: "f", arguments: "{\"x\":1}")),
                        .toolCall(ToolCall(id: "b", name: "g", arguments: "{\"y\":2}")),
                    ], finish: .toolCalls, logprobs: ["content": [1, 2], "refusal": nil])
            ])
    }
}
