import Contracts
import InferenceModel
import JSON
import Testing

@testable import Dialects

@Suite("OpenAI chat: golden files")
struct ChatGoldenTests {
    @Test(
        "a request read and written again for OpenAI, and for a plain compatible server",
        arguments: GoldenCase.all(in: "chat/requests"))
    func requests(_ golden: GoldenCase) throws {
        let neutral = try ChatFixture.call(try golden.bytes("in.json")).neutral(parser: JSONParser())
        try golden.expect(
            json: ChatFixture.written(neutral, OpenAICompatible.openAI.traits).serialized(), "openai.json")
        try golden.expect(json: ChatFixture.written(neutral).serialized(), "plain.json")
    }

    @Test("a completion put to a chat model", arguments: GoldenCase.all(in: "chat/completions"))
    func completions(_ golden: GoldenCase) throws {
        let call = try ChatFixture.call(try golden.bytes("in.json"), .completions)
        let context = try ChatFixture.context(.completions)
        try golden.expect(json: ChatFixture.written(try call.neutral(parser: JSONParser())).serialized(), "sent.json")
        let response = try ChatUpstream(OpenAITraits()).read(
            try golden.bytes("answer.json"), context, parser: JSONParser())
        try golden.expect(json: call.write(response, context), "out.json")
        try golden.expect(text: StreamSplits.text(response.events, call.makeEventWriter(context)), "stream.txt")
    }

    @Test("an answer read and written again", arguments: GoldenCase.all(in: "chat/answers"))
    func answers(_ golden: GoldenCase) throws {
        let context = try ChatFixture.context()
        let response = try ChatUpstream(OpenAITraits()).read(
            try golden.bytes("in.json"), context, parser: JSONParser())
        try golden.expect(json: ChatAnswerWriter.write(response, context), "out.json")
        // The same answer as a stream would have told it, read again.
        let text = StreamSplits.text(response.events, ChatEventWriter(context, includesUsage: true))
        let told = try ChatFixture.events(text)
        #expect(StreamSplits.text(told, ChatEventWriter(context, includesUsage: true)) == text)
    }

    @Test(
        "a stream, however it is cut, for a caller that said nothing of usage, asked for it, or declined",
        arguments: GoldenCase.all(in: "chat/streams"))
    func streams(_ golden: GoldenCase) throws {
        let context = try ChatFixture.context()
        let bytes = try golden.bytes("in.txt")
        let events = try StreamSplits.events(bytes) { ChatEventReader(context) }
        #expect(events.count { $0 == .ended } == 1 && events.last == .ended)
        guard case .started? = events.first else {
            Issue.record("a stream begins with .started")
            return
        }
        for (wanted, step) in [(nil, "out.txt"), (true, "asked.txt"), (false, "declined.txt")] as [(Bool?, String)] {
            let text = StreamSplits.text(events, ChatEventWriter(context, includesUsage: wanted))
            #expect(text.components(of: "[DONE]") == 1 && text.hasSuffix("data: [DONE]\n\n"))
            try golden.expect(text: text, step)
        }
        let passed = try StreamSplits.relay(bytes) { OpenAIStream(requestedModel: "asked", withholdsUsage: true) }
        #expect(passed.isComplete && passed.text.components(of: "[DONE]") == 1)
        try golden.expect(text: passed.text, "passed.txt")
    }
}

extension String {
    fileprivate func components(of part: String) -> Int {
        ranges(of: part).count
    }
}
