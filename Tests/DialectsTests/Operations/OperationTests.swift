import Contracts
import HTTPCore
import InferenceModel
import JSON
import Testing

@testable import Dialects

private func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

private let context = UpstreamContext(
    channelType: ChannelType.all[0], upstreamModel: "up", requestedModel: "asked")

private func call(_ mode: RelayMode, _ body: String) throws -> any CallerCall {
    try OpenAIDialect().read(CallerRequest(mode: mode, body: Array(body.utf8)), parser: JSONParser())
}

private let wire = Wire(.operations, nil)
private let form = Array(
    "--B\r\nContent-Disposition: form-data; name=\"file\"; filename=\"f\"\r\n\r\n\u{0}data\r\n--B\r\nContent-Disposition: form-data; name=\"model\"\r\n\r\nasked\r\n--B--\r\n"
        .utf8)

private func formCall(_ bytes: [UInt8] = form) throws -> any CallerCall {
    try FormDialect().read(
        CallerRequest(
            mode: .audioTranscription, body: bytes, headers: ["content-type": "multipart/form-data; boundary=B"]),
        parser: JSONParser())
}

@Suite("Operations")
struct OperationTests {
    @Test("the model is replaced, every other byte passes; an answer carries the name that was asked for")
    func passes() throws {
        let exchange = try call(.rerank, #"{"model":"asked","query":"q","documents":["d"],"top_n":1.0}"#)
            .passThrough(wire, context, parser: JSONParser())
        #expect(text(exchange.request.bytes) == #"{"model":"up","query":"q","documents":["d"],"top_n":1.0}"#)
        let answer = try exchange.answer(
            Array(#"{"model":"up","results":[],"meta":{"tokens":{"input_tokens":7}}}"#.utf8), parser: JSONParser())
        #expect(text(answer.body).hasPrefix(#"{"model":"asked","#))
        #expect(answer.usage == TokenUsage(inputTokens: 7, totalTokens: 7))
    }

    @Test("a total without a split is input")
    func total() throws {
        let exchange = try call(.rerank, #"{"model":"asked","query":"q","documents":["d"]}"#)
            .passThrough(wire, context, parser: JSONParser())
        let answer = try exchange.answer(
            Array(#"{"results":[],"usage":{"total_tokens":9}}"#.utf8), parser: JSONParser())
        #expect(answer.usage?.inputTokens == 9)
    }

    @Test("counts of rerank that no vendor has are bounded, and never trap")
    func hostileCounts() throws {
        let exchange = try call(.rerank, #"{"model":"asked","query":"q","documents":["d"]}"#)
            .passThrough(wire, context, parser: JSONParser())
        let answer = try exchange.answer(
            Array(
                #"{"results":[],"meta":{"tokens":{"input_tokens":9223372036854775807,"output_tokens":9223372036854775807}}}"#
                    .utf8), parser: JSONParser())
        #expect((answer.usage?.totalTokens ?? 0) > 0)
    }

    @Test(
        "pictures by address are named for who wants bytes, and their bytes take the place; uncounted ones count as output"
    )
    func pictures() throws {
        let body = Array(
            #"{"created":1,"data":[{"url":"https://a/1.png","x":1.0},{"url":"data:image/png;base64,AAAA"},{"b64_json":"BBBB"}]}"#
                .utf8)
        for format in ["", #","response_format":"url""#] {
            let exchange = try call(.imagesGenerations, #"{"model":"asked","prompt":"p"\#(format)}"#)
                .passThrough(wire, context, parser: JSONParser())
            let answer = try exchange.answer(body, parser: JSONParser())
            #expect(answer.body == body && answer.addresses.isEmpty)
            #expect(answer.usage == TokenUsage(outputTokens: 3, totalTokens: 3, imageOutputTokens: 3))
        }
        let exchange = try call(.imagesGenerations, #"{"model":"asked","prompt":"p","response_format":"b64_json"}"#)
            .passThrough(wire, context, parser: JSONParser())
        let answer = try exchange.answer(body, parser: JSONParser())
        #expect(answer.addresses == ["https://a/1.png"])
        let whole = exchange.inlined(answer, parser: JSONParser()) { $0 == "https://a/1.png" ? "CCCC" : nil }
        #expect(
            text(whole.body)
                == #"{"created":1,"data":[{"x":1.0,"b64_json":"CCCC"},{"b64_json":"AAAA"},{"b64_json":"BBBB"}]}"#)
        let data = try exchange.answer(
            Array(#"{"data":[{"url":"data:image/png;base64,AAAA"}]}"#.utf8), parser: JSONParser())
        #expect(data.addresses.isEmpty && text(data.body) == #"{"data":[{"b64_json":"AAAA"}]}"#)
    }

    @Test(
        "what every vendor needs is asked for by its name",
        arguments: [
            (RelayMode.rerank, #"{"model":"m","documents":["d"]}"#, "query"),
            (.rerank, #"{"model":"m","query":"q","documents":[ ]}"#, "documents"),
            (.rerank, #"{"model":"m","query":"q","documents":"d"}"#, "documents"),
            (.imagesGenerations, #"{"model":"m"}"#, "prompt"),
            (.imagesGenerations, #"{"model":"m","prompt":""}"#, "prompt"),
            (.audioSpeech, #"{"model":"m","input":null}"#, "input"),
            (.moderations, #"{"model":"m"}"#, "input"),
        ])
    func needs(mode: RelayMode, body: String, field: String) throws {
        let error = #expect(throws: InvalidRequest.self) { try call(mode, body) }
        #expect(error?.field == field)
    }

    @Test("a form passes with the upstream's model in it; Azure's images pass without one")
    func forms() throws {
        let sent = try formCall().passThrough(wire, context, parser: JSONParser()).request
        #expect(text(sent.bytes) == text(form).replacing("asked", with: "up"))
        #expect(sent.headers.first("content-type") == "multipart/form-data; boundary=B")
        let azure = Wire(.operations, nil, traits: OpenAITraits(namesModelInAddress: true))
        let bare = try formCall().passThrough(azure, context, parser: JSONParser()).request
        #expect(
            text(bare.bytes)
                == "--B\r\nContent-Disposition: form-data; name=\"file\"; filename=\"f\"\r\n\r\n\u{0}data\r\n--B--\r\n")
    }

    @Test("a form without a model is refused, and its record names fields, not contents")
    func formFaults() throws {
        let error = #expect(throws: InvalidRequest.self) {
            try formCall(Array(text(form).replacing("\"model\"", with: "\"other\"").utf8))
        }
        #expect(error?.field == "model")
        let call = try #require(try formCall() as? FormCall)
        #expect(call.summary == "form: file=@f ; model=asked")
    }

    @Test("events pass as they are, at every split; the last one tells the usage")
    func events() throws {
        let source = Array(
            "event: image_generation.partial_image\ndata: {\"type\":\"image_generation.partial_image\",\"b64_json\":\"eA==\"}\n\nevent: image_generation.completed\ndata: {\"type\":\"image_generation.completed\",\"usage\":{\"input_tokens\":5,\"output_tokens\":6,\"total_tokens\":11}}\n\n"
                .utf8)
        for cut in 0...source.count {
            var stream = OperationStream()
            var out: [UInt8] = []
            try stream.feed(Array(source[..<cut]), parser: JSONParser(), into: &out)
            try stream.feed(Array(source[cut...]), parser: JSONParser(), into: &out)
            #expect(try stream.end(parser: JSONParser(), into: &out))
            #expect(out == source && stream.usage?.totalTokens == 11)
        }
        var broken = OperationStream()
        var out: [UInt8] = []
        try broken.feed(Array(source[..<110]), parser: JSONParser(), into: &out)
        #expect(try !broken.end(parser: JSONParser(), into: &out))
    }

    @Test("sound passes as it comes, and a fault cuts it")
    func sound() throws {
        let exchange = try call(.audioSpeech, #"{"model":"m","input":"hi"}"#)
            .passThrough(wire, context, parser: JSONParser())
        var stream = try #require(exchange.makeByteStream(contentType: "audio/mpeg"))
        var out: [UInt8] = []
        try stream.feed([0, 255, 10], parser: JSONParser(), into: &out)
        #expect(out == [0, 255, 10] && stream.contentType == "audio/mpeg" && stream.keepAlive.isEmpty)
        #expect(stream.usage == TokenUsage(inputTokens: 2, totalTokens: 2) && stream.usageSource == .estimated)
        stream.fail(WireError(status: 502, message: "", code: "", requestID: ""), into: &out)
        #expect(out.isEmpty)
    }
}
