import HTTPCore
import InferenceModel
import JSON
import Testing

@testable import Dialects

@Suite("Responses: failures")
struct ResponsesFaultTests {
    private let parser = JSONParser()

    /// The status that stands for each failure.
    private static let statuses = [
        "failed": 429, "invalid-prompt": 400, "quota": 402, "nested": 400, "numeric": 503, "server": 502, "silent": 502,
        "untyped": 400, "stray": 400,
    ]

    private func relay(native: Bool) throws -> any StreamRelay {
        let context = try ResponsesFixture.context()
        guard native else {
            let call = try AnthropicFixture.plainChat(isStream: true)
            return try #require(try Wire(.responses, ResponsesUpstream()).exchange(call, context, parser: parser))
                .makeStream()
        }
        return try ResponsesFixture.native(try ResponsesFixture.call(#","stream":true"#), context).makeStream()
    }

    @Test(
        "a failure before the first output leaves nothing with the caller, however it is cut, and has its status",
        arguments: GoldenCase.all(in: "responses/faults"), [true, false])
    func early(_ golden: GoldenCase, native: Bool) throws {
        let bytes = try golden.bytes("in.sse")
        for pieces in StreamSplits.pieces(bytes) {
            var relay = try relay(native: native)
            var out: [UInt8] = []
            let error = #expect(throws: UpstreamError.self) {
                for piece in pieces { try relay.feed(piece, parser: parser, into: &out) }
            }
            #expect(out.isEmpty, "\(String(decoding: out, as: UTF8.self))")
            #expect(error?.status == Self.statuses[golden.name] && error?.message.isEmpty == false)
            #expect(!relay.isDone)
        }
    }

    @Test(
        "a failure after the first output passes as the event that it is; nothing is added to it",
        arguments: ["failed", "quota", "nested"])
    func lateNative(name: String) throws {
        var relay = try relay(native: true)
        var out: [UInt8] = []
        let delta =
            "event: response.output_text.delta\ndata: {\"type\":\"response.output_text.delta\",\"delta\":\"a\"}\n\n"
        let bytes = String(
            decoding: try GoldenCase(folder: "responses/faults", name: name).bytes("in.sse"), as: UTF8.self)
        let split = try #require(bytes.ranges(of: "event: ").last?.lowerBound)
        let error = #expect(throws: UpstreamError.self) {
            try relay.feed(Array((bytes[..<split] + delta + bytes[split...]).utf8), parser: parser, into: &out)
        }
        relay.fail(ResponsesFixture.wire(try #require(error)), into: &out)
        let text = String(decoding: out, as: UTF8.self)
        let expected = (bytes[..<split] + delta + bytes[split...])
            .replacing(#""id":"resp_68""#, with: #""id":"sealed-resp_68""#)
            .replacing(#""model":"gpt-5-2025-08-07""#, with: #""model":"asked""#)
        #expect(text == expected)
    }

    @Test("a failure after the first output is an event of the caller's protocol")
    func lateConverted() throws {
        var relay = try relay(native: false)
        var out: [UInt8] = []
        let events = """
            data: {"type":"response.created","response":{"id":"resp_1"}}

            data: {"type":"response.output_text.delta","delta":"a","output_index":0}

            data: {"type":"response.failed","response":{"status":"failed","error":{"code":"server_error","message":"Oops."}}}


            """
        let error = #expect(throws: UpstreamError.self) {
            try relay.feed(Array(events.utf8), parser: parser, into: &out)
        }
        #expect(String(decoding: out, as: UTF8.self).contains(#""content":"a""#))
        #expect(error?.status == 502 && error?.message == "Oops." && error?.code == "server_error")
    }

    @Test("what began and was told in time is followed by an event when it fails")
    func held() throws {
        for isNative in [true, false] {
            var relay = try relay(native: isNative)
            var out: [UInt8] = []
            let created = #"data: {"type":"response.created","response":{"id":"resp_1","model":"m"}}"# + "\n\n"
            try relay.feed(Array(created.utf8), parser: parser, into: &out)
            #expect(out.isEmpty && relay.holding == .seconds(2))
            relay.releaseHeld(into: &out)
            #expect(!out.isEmpty && relay.holding == nil)
        }
    }

    @Test("a stream that breaks off is not complete, and our error has the next number")
    func cut() throws {
        var relay = try relay(native: true)
        var out: [UInt8] = []
        let text =
            #"data: {"type":"response.created","response":{"id":"r"}}"# + "\n\n" + #"data: {"type":"x"}"# + "\n\n"
        try relay.feed(Array(text.utf8), parser: parser, into: &out)
        #expect(try !relay.end(parser: parser, into: &out))
        out = []
        relay.fail(WireError(status: 502, message: "m", code: "upstream_lost", requestID: "r"), into: &out)
        let expected = #"{"type":"error","sequence_number":2,"code":"upstream_lost","message":"m","param":null}"#
        #expect(String(decoding: out, as: UTF8.self) == "event: error\ndata: \(expected)\n\n")
    }

    @Test("a converted stream that fails ends with the failed response")
    func convertedFailure() throws {
        let context = try ResponsesFixture.context()
        let events: [InferenceEvent] = [
            .started(id: "1", model: "asked", created: 1), .text(choice: 0, "Once"),
            .toolCallStarted(choice: 0, index: 0, id: "c", name: "f", signature: nil),
            .toolArguments(choice: 0, index: 0, "{"),
        ]
        var writer = try ResponsesFixture.call().makeEventWriter(context)
        var out: [UInt8] = []
        for event in events { writer.write(event, into: &out) }
        writer.write(WireError(status: 429, message: "m", code: "c", requestID: "r"), into: &out)
        let assembler = try ResponsesAssembler(String(decoding: out, as: UTF8.self))
        #expect(assembler.faults == [] && assembler.types.last == "response.failed")
        #expect(assembler.last?["status"] == "failed")
        #expect(assembler.last?["error"] == ["code": "rate_limit_exceeded", "message": "m"])
        #expect(assembler.last?["output"]?.array?.count == 2)
    }

    @Test("before anything was told an error is an event of its own")
    func convertedFirst() throws {
        var writer = try ResponsesFixture.call().makeEventWriter(try ResponsesFixture.context())
        var out: [UInt8] = []
        let error = UpstreamError(status: 400, message: "m", type: "t", code: "their_code", param: "p")
        writer.write(ResponsesFixture.wire(error), into: &out)
        let expected = #"{"type":"error","sequence_number":0,"code":"their_code","message":"m","param":"p"}"#
        #expect(String(decoding: out, as: UTF8.self) == "event: error\ndata: \(expected)\n\n")
    }

    @Test(
        "an error in a good status is one, and so is what is no response",
        arguments: [
            (#"{"status":"failed","output":[],"error":{"code":"rate_limit_exceeded","message":"Too fast."}}"#, 429),
            (#"{"status":"failed","output":[],"error":{"code":"invalid_image_url","message":"Bad."}}"#, 400),
            (#"{"status":"failed","output":[],"error":{"code":"image_too_large","message":"Bad."}}"#, 400),
            (#"{"status":"failed","output":[],"error":{"code":"context_length_exceeded","message":"Long."}}"#, 400),
            (#"{"status":"failed","output":[],"error":{"code":"server_error","message":"Oops."}}"#, 502),
            (#"{"error":{"message":"Bad.","type":"invalid_request_error","code":null}}"#, 400),
            (#"{"error":"Bad."}"#, 502), (#"{"error":{"message":"Bad.","code":451}}"#, 451),
        ])
    func inGoodStatus(body: String, status: Int) throws {
        let context = try ResponsesFixture.context()
        let native = try ResponsesFixture.native(try ResponsesFixture.call(), context)
        for answer in [
            { _ = try native.answer(Array(body.utf8), parser: parser) },
            { _ = try ResponsesUpstream().read(Array(body.utf8), context, parser: parser) },
        ] {
            let error = #expect(throws: UpstreamError.self) { try answer() }
            #expect(error?.status == status)
        }
    }

    @Test("what is no response is no answer", arguments: ["", "<html>", "[]", "{}", #"{"choices":[]}"#])
    func foreign(body: String) throws {
        let error = #expect(throws: UpstreamError.self) {
            try ResponsesUpstream().read(Array(body.utf8), try ResponsesFixture.context(), parser: parser)
        }
        #expect(error?.status == 502 && error?.code == .string(UpstreamError.badResponse))
    }

    @Test("a vendor's own errors are understood at its Responses address too")
    func vendors() throws {
        let wire = Wire(
            .responses, ResponsesUpstream(OpenAITraits().with { $0.errors = .unsafeIs400 }),
            traits: OpenAITraits().with { $0.errors = .unsafeIs400 })
        let body = Array(#"{"error":{"message":"m","type":"unsafe_request"}}"#.utf8)
        for call in [try ResponsesFixture.call() as any CallerCall, try AnthropicFixture.plainChat()] {
            let exchange = try #require(try wire.exchange(call, try ResponsesFixture.context(), parser: parser))
            #expect(exchange.refusal(status: 500, headers: [:], body: body, parser: parser).status == 400)
            #expect(throws: UpstreamError.self) { try exchange.answer(body, parser: parser) }
        }
    }

    @Test("an event over the limit ends the stream")
    func tooLarge() throws {
        var relay = try relay(native: false)
        var out: [UInt8] = []
        let error = #expect(throws: UpstreamError.self) {
            try relay.feed(Array("data: ".utf8), parser: parser, into: &out)
            try relay.feed([UInt8](repeating: 97, count: 17 << 20), parser: parser, into: &out)
        }
        #expect(error?.status == 502)
    }
}
