import Contracts
import HTTPCore
import InferenceModel
import JSON
import Testing

@testable import Dialects

@Suite("Gemini: streams and errors")
struct GeminiEventTests {
    private let parser = JSONParser()

    private func reader() throws -> GeminiEventReader { GeminiEventReader(try GeminiFixture.context("gemini-2.5-pro")) }

    private let first =
        #"data: {"candidates":[{"content":{"parts":[{"text":"a"}],"role":"model"},"index":0}],"responseId":"r"}"#
        + "\n\n"

    @Test("a stream that says no reason for its end is not complete")
    func cut() throws {
        var events: [InferenceEvent] = []
        var reader = try reader()
        try reader.feed(Array(first.utf8), parser: parser, into: &events)
        try reader.end(parser: parser, into: &events)
        #expect(!events.contains(.ended) && events.contains(.text(choice: 0, "a")))
        var out: [UInt8] = []
        var relay = GeminiStream(isArray: true)
        try relay.feed(Array(first.utf8), parser: parser, into: &out)
        #expect(try !relay.end(parser: parser, into: &out))
        relay.fail(WireError(status: 502, message: "m", code: "c", requestID: "1"), into: &out)
        let array = try JSONValue.parse(out)
        #expect(array.array?.count == 2 && array[1]?["error"]?["status"]?.string == "UNAVAILABLE")
    }

    @Test("an error in the middle of a stream is an error, after what came before it")
    func errorInside() throws {
        let error = #"data: {"error":{"code":429,"message":"slow down","status":"RESOURCE_EXHAUSTED"}}"# + "\n\n"
        var events: [InferenceEvent] = []
        var reader = try reader()
        let fault = #expect(throws: UpstreamError.self) {
            try reader.feed(Array((first + error).utf8), parser: parser, into: &events)
        }
        #expect(fault?.status == 429 && fault?.type == "RESOURCE_EXHAUSTED")
        #expect(events.contains(.text(choice: 0, "a")))
        var out: [UInt8] = []
        var relay = GeminiStream(isArray: false)
        #expect(throws: UpstreamError.self) { try relay.feed(Array((first + error).utf8), parser: parser, into: &out) }
        #expect(GeminiFixture.text(out) == first)
    }

    @Test("an error that is not in the form of an event is found too, also over several lines")
    func bareError() throws {
        let text =
            "[{\n  \"error\": {\n    \"code\": 503,\n    \"message\": \"m\",\n    \"status\": \"UNAVAILABLE\"\n  }\n}]\n"
        for pieces in StreamSplits.pieces(Array(text.utf8)) {
            var events: [InferenceEvent] = []
            var reader = try reader()
            let fault = #expect(throws: UpstreamError.self) {
                for piece in pieces { try reader.feed(piece, parser: parser, into: &events) }
                try reader.end(parser: parser, into: &events)
            }
            #expect(fault?.status == 503)
        }
    }

    @Test("comments and other fields of an upstream do not reach a Gemini client")
    func comments() throws {
        let last = first.replacing(#""index":0"#, with: #""finishReason":"STOP","index":0"#)
        let (text, _, isComplete) = try StreamSplits.relay(Array((": hi\n\nevent: x\nid: 1\n" + last).utf8)) {
            GeminiStream(isArray: false)
        }
        #expect(isComplete && text == last)
    }

    @Test("an event larger than the bound is refused, one of many kilobytes is not")
    func large() throws {
        let text = String(repeating: "x", count: 200_000)
        var events: [InferenceEvent] = []
        var first = try reader()
        let chunk = #"data: {"candidates":[{"content":{"parts":[{"text":"\#(text)"}]}}]}"# + "\n\n"
        try first.feed(Array(chunk.utf8), parser: parser, into: &events)
        #expect(events.contains(.text(choice: 0, text)))
        var second = try reader()
        #expect(throws: UpstreamError.self) {
            for _ in 0..<20 {
                try second.feed([UInt8](repeating: 65, count: 1 << 20), parser: parser, into: &events)
            }
        }
    }

    @Test("calls go out whole at their ends; one that nobody ended goes out before the end")
    func calls() throws {
        let context = try GeminiFixture.context("gpt")
        let events: [InferenceEvent] = [
            .started(id: "r", model: "asked", created: 1),
            .toolCallStarted(choice: 0, index: 0, id: "a", name: "f", signature: nil),
            .toolCallStarted(choice: 0, index: 1, id: "b", name: "g", signature: "s"),
            .toolArguments(choice: 0, index: 0, #"{"x""#), .toolArguments(choice: 0, index: 1, "{}"),
            .toolCallEnded(choice: 0, index: 1), .toolArguments(choice: 0, index: 0, ":1}"),
            .finished(choice: 0, .toolCalls, stopSequence: nil), .ended,
        ]
        let lines = StreamSplits.text(events, GeminiEventWriter(context, isArray: false)).split(separator: "\n\n")
        #expect(lines.count == 3)
        #expect(lines[0].contains(#"{"functionCall":{"id":"b","name":"g","args":{}},"thoughtSignature":"s"}"#))
        #expect(lines[1].contains(#"{"functionCall":{"id":"a","name":"f","args":{"x":1}}}"#))
        #expect(lines[2].contains(#""finishReason":"STOP""#))
    }

    @Test("arguments that are no object are told as a malformed call, and too many as an error")
    func badCalls() throws {
        let context = try GeminiFixture.context("gpt")
        let start = InferenceEvent.toolCallStarted(choice: 0, index: 0, id: "a", name: "f", signature: nil)
        let text = StreamSplits.text(
            [
                start, .toolArguments(choice: 0, index: 0, "[1"), .finished(choice: 0, .toolCalls, stopSequence: nil),
                .ended,
            ],
            GeminiEventWriter(context, isArray: false))
        #expect(text.contains("MALFORMED_FUNCTION_CALL") && !text.contains("functionCall\""))
        let piece = String(repeating: "x", count: 1 << 20)
        let many = StreamSplits.text(
            [start] + (0..<20).map { _ in .toolArguments(choice: 0, index: 0, piece) } + [.ended],
            GeminiEventWriter(context, isArray: true))
        let array = try JSONValue.parse(Array(many.utf8))
        #expect(array[0]?["error"]?["code"]?.int == 502)
    }

    @Test("between two events nothing but white space goes out: Google's SDK reads comments as data")
    func keepAlive() throws {
        let context = try GeminiFixture.context("gpt")
        for isArray in [true, false] {
            #expect(GeminiEventWriter(context, isArray: isArray).keepAlive == [10])
            #expect(GeminiStream(isArray: isArray).keepAlive == [10])
        }
    }

    @Test("a whole answer to a stream request becomes the stream that was asked for")
    func jsonForStream() throws {
        let answer = #"{"candidates":[{"content":{"parts":[{"text":"a"}]},"finishReason":"STOP"}],"responseId":"r"}"#
        for (array, body) in [(false, answer), (true, answer), (false, "[\(answer)]")] {
            let exchange = GeminiExchange(
                try GeminiFixture.plain(stream: true, array: array), try GeminiFixture.context("gemini-2.5-pro"),
                flavour: .developer)
            let told = try exchange.answer(Array(body.utf8), parser: parser)
            #expect(GeminiFixture.text(told.body) == (array ? "[\(answer)]" : "data: \(answer)\n\n"))
            #expect(told.contentType.hasPrefix(array ? "application/json" : "text/event-stream"))
        }
    }

    @Test(
        "an error inside a good status, and an answer that is none, are errors",
        arguments: [
            (#"{"error":{"code":400,"message":"m","status":"INVALID_ARGUMENT"}}"#, 400),
            (#"[{"error":{"code":403,"message":"m","status":"PERMISSION_DENIED"}}]"#, 403), ("<html>", 502),
            ("{}", 502),
            ("[]", 502), ("", 502),
        ])
    func badAnswers(body: String, status: Int) throws {
        let context = try GeminiFixture.context("gemini-2.5-pro")
        let fault = #expect(throws: UpstreamError.self) {
            try GeminiUpstream().read(Array(body.utf8), context, parser: parser)
        }
        #expect(fault?.status == status)
        guard body != "{}" else { return }
        let exchange = GeminiExchange(try GeminiFixture.plain(), context, flavour: .developer)
        let passed = #expect(throws: UpstreamError.self) { try exchange.answer(Array(body.utf8), parser: parser) }
        #expect(passed?.status == status)
    }

    @Test(
        "the wait that Google tells in an error is that of the error",
        arguments: [
            ("12s", 12_000), ("0.25s", 250), ("0s", 0), ("1000000000000000000000s", 86_400_000), ("-1s", nil),
            ("12", nil), ("infs", 86_400_000), ("nans", nil), ("", nil),
        ] as [(String, Int64?)])
    func waits(text: String, milliseconds: Int64?) throws {
        let body = #"""
            {"error":{"code":429,"message":"m","status":"RESOURCE_EXHAUSTED","details":[
            {"@type":"type.googleapis.com/google.rpc.QuotaFailure","violations":[]},7,
            {"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"\#(text)"}]}}
            """#
        let error = GeminiUpstream().readError(status: 429, headers: [:], body: Array(body.utf8), parser: parser)
        #expect(error.status == 429 && error.type == "RESOURCE_EXHAUSTED")
        #expect(error.retryAfter == milliseconds.map { .milliseconds($0) })
        let listed = GeminiUpstream().readError(
            status: 429, headers: [:], body: Array("[\(body)]".utf8), parser: parser)
        #expect(listed.retryAfter == error.retryAfter)
        // And back to a caller of Google's protocol.
        let wire = WireError(status: 429, message: "m", upstream: error, code: "c", requestID: "1")
        let told = try JSONValue.parse(GeminiDialect().write(wire))
        let again = GeminiUpstream().readError(status: 429, headers: [:], body: told.serialized(), parser: parser)
        #expect(again.retryAfter == error.retryAfter)
    }

    @Test("a sketch on the way to a picture is no part of the answer, whole and streamed")
    func sketches() throws {
        let answer = #"""
            {"candidates":[{"content":{"parts":[{"thought":true,"inlineData":{"mimeType":"image/png","data":"AAAA"}},\#
            {"inlineData":{"mimeType":"image/png","data":"BBBB"},"thoughtSignature":"c2ln"}]},"finishReason":"STOP"}],\#
            "usageMetadata":{"promptTokenCount":"3","candidatesTokenCount":4}}
            """#
        let context = try GeminiFixture.context("gemini-3-pro-image-preview")
        let read = try GeminiUpstream().read(Array(answer.utf8), context, parser: parser)
        let picture = Media(.image, .base64("BBBB"), mediaType: "image/png")
        #expect(read.choices.first?.parts == [.media(picture), .thinking(Thinking("", signature: "c2ln"))])
        #expect(read.usage?.inputTokens == 3 && read.usage?.totalTokens == 7)
        var events: [InferenceEvent] = []
        var reader = try reader()
        try reader.feed(Array("data: \(answer)\n\n".utf8), parser: parser, into: &events)
        #expect(events.filter { if case .media = $0 { true } else { false } } == [.media(choice: 0, picture)])
    }

    @Test("sources are told with the scalars that they bear out; what does not fit the text is left out")
    func grounding() throws {
        let metadata = try JSONValue.parse(
            Array(
                #"""
                {"webSearchQueries":["q"],"groundingChunks":[{"web":{"uri":"http://a","title":"A"}},{"other":{}},{"web":{"uri":"http://b"}}],
                 "groundingSupports":[{"segment":{"endIndex":5,"text":"é天"},"groundingChunkIndices":[0,1,2,9,-1,"x"]},
                  {"segment":{"startIndex":5,"endIndex":6},"groundingChunkIndices":[2]},
                  {"segment":{"startIndex":5,"endIndex":6,"text":"y"},"groundingChunkIndices":[0]},
                  {"segment":{"startIndex":5,"endIndex":7},"groundingChunkIndices":[0]},
                  {"segment":{"startIndex":-1,"endIndex":2},"groundingChunkIndices":[0]},{"groundingChunkIndices":[0]},7]}
                """#.utf8))
        let found = GeminiGrounding.citations(metadata, Array("é天x".utf8))
        #expect(
            found == [
                Citation(url: "http://a", title: "A", range: 0..<2), Citation(url: "http://b", title: "", range: 0..<2),
                Citation(url: "http://b", title: "", range: 2..<3),
            ])
        #expect(GeminiGrounding.citations(nil, []).isEmpty && GeminiGrounding.citations(metadata, []).isEmpty)
        let hostile: JSONValue = [
            "groundingChunks": [["web": ["uri": "u"]]],
            "groundingSupports": .array(
                Array(repeating: ["segment": ["endIndex": 1], "groundingChunkIndices": [0, 0]], count: 1000)),
        ]
        #expect(GeminiGrounding.citations(hostile, [65]).count == 256)
    }

    @Test("errors have Google's shape, with the upstream's own word where it is Google's")
    func errors() throws {
        let body =
            #"{"error":{"code":400,"message":"bad key","status":"INVALID_ARGUMENT","details":[{"reason":"API_KEY_INVALID"}]}}"#
        let upstream = GeminiUpstream().readError(
            status: 400, headers: [:], body: Array(body.utf8), parser: parser)
        #expect(upstream.status == 401 && upstream.retryAfter == nil)
        let words: [(Int, String)] = [
            (400, "INVALID_ARGUMENT"), (401, "UNAUTHENTICATED"), (403, "PERMISSION_DENIED"), (404, "NOT_FOUND"),
            (429, "RESOURCE_EXHAUSTED"), (500, "INTERNAL"), (503, "UNAVAILABLE"), (504, "DEADLINE_EXCEEDED"),
        ]
        for (status, word) in words {
            let text = GeminiFixture.text(
                GeminiDialect().write(WireError(status: status, message: "m", code: "c", requestID: "1")))
            #expect(text == #"{"error":{"code":\#(status),"message":"m","status":"\#(word)"}}"#)
        }
        let quota = UpstreamError(status: 400, message: "m", type: "FAILED_PRECONDITION")
        let text = GeminiFixture.text(
            GeminiDialect().write(
                WireError(status: 400, message: "m", upstream: quota, code: "c", field: nil, requestID: "7")))
        #expect(text == #"{"error":{"code":400,"message":"m","status":"FAILED_PRECONDITION"},"aiproxy":"7"}"#)
        let named = try JSONValue.parse(
            GeminiDialect().write(WireError(status: 400, message: "m", code: "c", field: "contents", requestID: "1")))
        #expect(named["error"]?["details"]?[0]?["fieldViolations"]?[0]?["field"]?.string == "contents")
    }
}
