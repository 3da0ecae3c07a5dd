import Contracts
import InferenceModel
import JSON
import Testing

@testable import Dialects

@Suite("OpenAI chat: streams")
struct ChatEventReaderTests {
    private func fault(_ text: String, traits: OpenAITraits = OpenAITraits()) throws -> (
        UpstreamError?, [InferenceEvent]
    ) {
        var reader = ChatEventReader(try ChatFixture.context(), traits: traits, maxEventBytes: 1000)
        var events: [InferenceEvent] = []
        do {
            try reader.feed(Array(text.utf8), parser: JSONParser(), into: &events)
            try reader.end(parser: JSONParser(), into: &events)
            return (nil, events)
        } catch {
            return (error, events)
        }
    }

    @Test("calls that interleave keep their numbers, their arguments and the reason of their end")
    func interleaved() throws {
        let text =
            ChatFixture.chunk(#"{"tool_calls":[{"index":0,"id":"a","function":{"name":"f","arguments":"{"}}]}"#)
            + ChatFixture.chunk(#"{"tool_calls":[{"index":1,"id":"b","function":{"name":"g","arguments":""}}]}"#)
            + ChatFixture.chunk(
                #"{"tool_calls":[{"index":0,"function":{"arguments":"}"}},{"index":1,"function":{"arguments":"1"}}]}"#)
            + ChatFixture.chunk("{}", finish: "tool_calls") + ChatFixture.done
        #expect(
            try ChatFixture.events(text) == [
                .started(id: "c1", model: "asked", created: 5),
                .toolCallStarted(choice: 0, index: 0, id: "a", name: "f", signature: nil),
                .toolArguments(choice: 0, index: 0, "{"),
                .toolCallStarted(choice: 0, index: 1, id: "b", name: "g", signature: nil),
                .toolArguments(choice: 0, index: 0, "}"), .toolArguments(choice: 0, index: 1, "1"),
                .toolCallEnded(choice: 0, index: 0), .toolCallEnded(choice: 0, index: 1),
                .finished(choice: 0, .toolCalls, stopSequence: nil), .ended,
            ])
    }

    @Test("characters that are cut anywhere arrive whole")
    func characters() throws {
        let text =
            ChatFixture.chunk(#"{"content":"ü🌍"}"#) + ChatFixture.chunk(#"{"content":"\ud83c\udf0d\u00fc"}"#)
            + ChatFixture.chunk("{}", finish: "stop") + ChatFixture.done
        let said = try ChatFixture.events(text).compactMap { event -> String? in
            if case .text(_, let text) = event { text } else { nil }
        }
        #expect(said == ["ü🌍", "🌍ü"])
    }

    @Test("an end mark that was forgotten is added after a finish reason, and only then")
    func forgotten() throws {
        let cut = ChatFixture.chunk(#"{"content":"a"}"#)
        #expect(try ChatFixture.events(cut).contains(.ended) == false)
        #expect(try ChatFixture.events(cut + ChatFixture.chunk("{}", finish: "stop")).last == .ended)
        #expect(try ChatFixture.events(cut + ChatFixture.done).last == .ended)
    }

    @Test("what follows the end mark is not read, and a second one ends nothing again")
    func afterDone() throws {
        let text = ChatFixture.chunk("{}", finish: "stop") + ChatFixture.done
        #expect(try ChatFixture.events(text + text + ChatFixture.done).count { $0 == .ended } == 1)
    }

    @Test(
        "an error in the stream is thrown with its status; what stood before it is told",
        arguments: [
            (#"data: {"error":{"message":"no","code":"429"}}"# + "\n\n", 429),
            (#"data: {"error":"no"}"# + "\n\n", 500),
            (
                #"data: {"error":{"message":"no","code":502},"choices":[{"index":0,"delta":{},"finish_reason":"error"}]}"#
                    + "\n\n", 502
            ),
            (#"data: {"code":"x","message":"no"}"# + "\n\n", 500), (#"{"error":{"message":"no","code":403}}"#, 403),
            (#"data: {"id":"c1","choices":[{"index":0,"delta":{},"finish_reason":"network_error"}]}"# + "\n\n", 502),
        ])
    func errors(text: String, status: Int) throws {
        let (error, events) = try fault(ChatFixture.chunk(#"{"content":"a"}"#) + text)
        #expect(error?.status == status)
        #expect(events.last == .text(choice: 0, "a"))
        #expect(try fault(text).0?.status == status)
    }

    @Test("an error that a vendor hides in its events is found")
    func hidden() throws {
        let text = #"data: {"choices":null,"base_resp":{"status_code":1002,"status_msg":"slow"}}"# + "\n\n"
        let (error, events) = try fault(text, traits: OpenAICompatible.miniMax.traits)
        #expect(error?.status == 429 && error?.message == "slow" && events.isEmpty)
    }

    @Test("hostile numbers of choices and calls, and events without end, are faults and not memory")
    func hostile() throws {
        #expect(
            try fault(#"data: {"choices":[{"index":4000000000,"delta":{"content":"a"}}]}"# + "\n\n").0?.status == 502)
        #expect(try fault(#"data: {"choices":[{"index":-1,"delta":{"content":"a"}}]}"# + "\n\n").0?.status == 502)
        #expect(try fault("data: " + String(repeating: "x", count: 2000)).0?.status == 502)
        var reader = ChatEventReader(try ChatFixture.context())
        var events: [InferenceEvent] = []
        #expect(throws: UpstreamError.self) {
            for call in 0..<2000 {
                let text = ChatFixture.chunk(
                    #"{"tool_calls":[{"index":\#(call),"id":"\#(call)","function":{"name":"f"}}]}"#)
                try reader.feed(Array(text.utf8), parser: JSONParser(), into: &events)
            }
        }
    }

    @Test(
        "what is no event of this protocol is passed over",
        arguments: [
            "data: not json\n\n", ": comment\n\n", "data: []\n\n", #"data: {"type":"ping"}"# + "\n\n", "event: x\n\n",
            #"data: {"choices":[7,null,{"index":"x"},{}]}"# + "\n\n", #"data: {"choices":{}}"# + "\n\n",
            #"data: {"choices":[{"delta":{"content":7,"tool_calls":[7,{}],"reasoning":[]}}]}"# + "\n\n",
        ])
    func foreign(text: String) throws {
        let whole =
            text + ChatFixture.chunk(#"{"content":"a"}"#) + ChatFixture.chunk("{}", finish: "stop") + ChatFixture.done
        let events = try ChatFixture.events(whole)
        #expect(events.contains(.text(choice: 0, "a")) && events.last == .ended)
    }

    @Test("an error of the gateway is told once in the stream, behind what was held back")
    func failure() throws {
        var writer = ChatEventWriter(try ChatFixture.context(), includesUsage: nil)
        var out: [UInt8] = []
        writer.write(.started(id: "c1", model: "m", created: 1), into: &out)
        writer.write(.finished(choice: 0, .stop, stopSequence: nil), into: &out)
        out.removeAll()
        writer.write(WireError(status: 504, message: "late", code: "upstream_timeout", requestID: "1"), into: &out)
        writer.write(.ended, into: &out)
        let events = String(decoding: out, as: UTF8.self).split(separator: "\n\n")
        #expect(events.count == 2 && events[0].contains(#""finish_reason":"stop""#))
        #expect(
            events[1]
                == #"data: {"error":{"message":"late","type":"server_error","param":null,"code":"upstream_timeout"}}"#)
    }
}

@Suite("OpenAI chat: answers")
struct ChatAnswerReaderTests {
    private func fault(_ text: String, _ traits: OpenAITraits = OpenAITraits()) throws -> UpstreamError {
        let context = try ChatFixture.context()
        return try #require(throws: UpstreamError.self) {
            try ChatUpstream(traits).read(Array(text.utf8), context, parser: JSONParser())
        }
    }

    @Test(
        "an error inside a good status is an error, and so is what is no answer",
        arguments: [
            (#"{"error":{"message":"m","code":403}}"#, 403, "m"), (#"{"error":"plain"}"#, 500, "plain"),
            (#"{"code":1,"message":"m"}"#, 500, "m"), (#"{"id":"x"}"#, 502, "the upstream answered something"),
            ("[]", 502, "the upstream answered something"), ("", 502, "the upstream answered something"),
            (#"{"choices":[7]}"#, 502, "the upstream answered something"),
            (#"{"choices":[{"message":{"content":""},"finish_reason":"network_error"}]}"#, 502, "the upstream broke"),
        ])
    func errors(text: String, status: Int, message: String) throws {
        let error = try fault(text)
        #expect(error.status == status && error.message.hasPrefix(message), "\(error)")
    }

    @Test("a list of choices that is empty is an answer without choices")
    func empty() throws {
        let response = try ChatUpstream(OpenAITraits()).read(
            Array(#"{"id":"c","choices":[]}"#.utf8), try ChatFixture.context(), parser: JSONParser())
        #expect(response.choices.isEmpty && response.usage == nil)
    }

    @Test("no cut of an answer traps")
    func cuts() throws {
        let whole = try GoldenCase(folder: "chat/answers", name: "tools").bytes("in.json")
        let context = try ChatFixture.context()
        for end in 0..<whole.count {
            _ = try? ChatUpstream(OpenAITraits()).read(Array(whole[..<end]), context, parser: JSONParser())
        }
    }
}
