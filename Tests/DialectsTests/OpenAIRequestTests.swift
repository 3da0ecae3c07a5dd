import Contracts
import InferenceModel
import JSON
import Testing

@testable import Dialects

private func read(_ text: String) throws -> OpenAIRequest {
    try OpenAIRequest(Array(text.utf8), parser: JSONParser())
}

private func body(_ text: String, upstream: String, asks: Bool = true) throws -> String {
    String(decoding: try read(text).body(upstreamModel: upstream, asksForUsage: asks), as: UTF8.self)
}

@Suite("OpenAI request")
struct OpenAIRequestTests {
    @Test("only the listed members change, every other byte stays")
    func edits() throws {
        let source = #"{ "x":[1.0, 12345678901234567890 ,"\u00e9"], "model" : "a" , "unknown":{"deep":null} }"#
        #expect(try body(source, upstream: "a") == source)
        #expect(try body(source, upstream: "b") == source.replacing(#""a""#, with: #""b""#))
    }

    @Test("a stream asks for its usage and keeps its other options")
    func usage() throws {
        #expect(
            try body(#"{"model":"a","stream":true}"#, upstream: "a")
                == #"{"model":"a","stream":true,"stream_options":{"include_usage":true}}"#)
        #expect(
            try body(#"{"model":"a","stream":true,"stream_options":{"include_usage":false,"k":1}}"#, upstream: "a")
                == #"{"model":"a","stream":true,"stream_options":{"include_usage":true,"k":1}}"#)
        let asked = #"{"model":"a","stream":true,"stream_options":{"include_usage":true}}"#
        #expect(try body(asked, upstream: "a") == asked)
        let null = #"{"model":"a","stream":true,"stream_options":null}"#
        #expect(try body(null, upstream: "a").contains(#""stream_options":{"include_usage":true}"#))
    }

    @Test("a plain call and a vendor without stream options are left alone")
    func noUsage() throws {
        #expect(try body(#"{"model":"a"}"#, upstream: "a") == #"{"model":"a"}"#)
        #expect(
            try body(#"{"model":"a","stream":true}"#, upstream: "a", asks: false) == #"{"model":"a","stream":true}"#)
    }

    @Test(
        "a wrong body is refused with the field that is at fault",
        arguments: [
            ("", nil, "empty"), ("nonsense", nil, "not valid JSON"), ("[1]", nil, "must be a JSON object"),
            ("\"x\"", nil, "must be a JSON object"), ("{\"model\":\"a\"} x", nil, "not valid JSON"),
            ("{}", "model", "you must provide a model"), (#"{"model":null}"#, "model", "you must provide a model"),
            (#"{"model":""}"#, "model", "must not be empty"), (#"{"model":7}"#, "model", "must be"),
            (#"{"model":["a"]}"#, "model", "must be"), (#"{"model":"a","stream":"yes"}"#, "stream", "must be"),
            (#"{"model":"a","stream_options":[]}"#, "stream_options", "must be"),
            (#"{"model":"a","stream_options":{"include_usage":"x"}}"#, "include_usage", "must be"),
            (#"{"model":"a","messages":[}"#, nil, "not valid JSON"),
        ] as [(String, String?, String)])
    func refused(text: String, field: String?, part: String) throws {
        let fault = #expect(throws: InvalidRequest.self) { try read(text) }
        #expect(fault?.field == field)
        #expect(fault?.message.contains(part) == true, "\(fault?.message ?? "")")
    }

    @Test("the user is noted when it is a text, and no fault otherwise")
    func user() throws {
        #expect(try read(#"{"model":"a","user":"u1"}"#).user == "u1")
        #expect(try read(#"{"model":"a","user":5}"#).user == "")
    }
}

@Suite("OpenAI answer")
struct OpenAIAnswerTests {
    private func read(_ text: String) throws -> OpenAIAnswer {
        try OpenAIAnswer(Array(text.utf8), requestedModel: "asked", parser: JSONParser())
    }

    @Test("the model is renamed, the usage is read, the rest stays")
    func answer() throws {
        let source =
            #"{"id":"x","model":"real","choices":[{"model":"inner"}],"usage":{"prompt_tokens":4,"completion_tokens":2,"total_tokens":6,"prompt_tokens_details":{"cached_tokens":3},"completion_tokens_details":{"reasoning_tokens":1}},"big":1234567890123456789012}"#
        let answer = try read(source)
        #expect(String(decoding: answer.body, as: UTF8.self) == source.replacing("\"real\"", with: "\"asked\""))
        #expect(answer.usage?.cachedTokens == 3 && answer.usage?.reasoningTokens == 1 && answer.id == "x")
    }

    @Test("an answer without a model or usage is relayed unchanged")
    func bare() throws {
        let answer = try read(#"{"data":[]}"#)
        #expect(answer.body == Array(#"{"data":[]}"#.utf8) && answer.usage == nil)
    }

    @Test(
        "an error inside a good status is an error",
        arguments: [
            (#"{"error":{"message":"m","code":403}}"#, 403), (#"{"error":"plain"}"#, 500),
            (#"{"error":{"message":"m","type":"x","code":"rate"}}"#, 500),
        ])
    func error(text: String, status: Int) throws {
        let error = #expect(throws: UpstreamError.self) { try read(text) }
        #expect(error?.status == status)
    }

    @Test("what is no JSON object is a bad answer", arguments: ["", "<html>", "[]", "{\"a\":"])
    func foreign(text: String) {
        let error = #expect(throws: UpstreamError.self) { try read(text) }
        #expect(error?.status == 502)
    }
}

@Suite("Upstream error")
struct UpstreamErrorTests {
    @Test(
        "bodies of many vendors become one form",
        arguments: [
            (400, #"{"error":{"message":"m","type":"t","param":"p","code":"c"}}"#, 400, "m", "t"),
            (500, #"{"error":{"message":"m","code":"429"}}"#, 429, "m", "upstream_error"),
            (401, #"{"error":"text"}"#, 401, "text", "upstream_error"),
            (400, #"{"message":"m","code":20012}"#, 400, "m", "upstream_error"),
            (400, #"{"msg":"m"}"#, 400, "m", "upstream_error"), (422, #"{"detail":"d"}"#, 422, "d", "upstream_error"),
            (400, #"{"success":false,"errors":[{"code":1,"message":"e"}]}"#, 400, "e", "upstream_error"),
            (400, #"[{"error":{"message":"m","status":"S","code":400}}]"#, 400, "m", "upstream_error"),
            (500, "  <b>oops</b> ", 500, "<b>oops</b>", "upstream_error"),
            (503, "", 503, "the upstream answered status 503 without a body", "upstream_error"),
            (302, "x", 502, "x", "upstream_error"),
            (
                500, #"{"error":{"message":"tools is not supported in this model. Sorry"}}"#, 400,
                "tools is not supported in this model. Sorry", "upstream_error"
            ),
        ])
    func forms(status: Int, body: String, expected: Int, message: String, type: String) {
        let error = UpstreamError(status: status, body: Array(body.utf8), parser: JSONParser())
        #expect(error.status == expected && error.message == message && error.type == type)
    }

    @Test("the body for the caller keeps code and param as they were written")
    func body() {
        let error = UpstreamError(
            status: 400, body: Array(#"{"error":{"message":"m","type":"t","param":["p"],"code":7}}"#.utf8),
            parser: JSONParser())
        let wire = WireError(status: 400, message: error.message, upstream: error, code: "x", requestID: "1")
        #expect(
            String(decoding: OpenAIErrors.body(wire), as: UTF8.self)
                == #"{"error":{"message":"m","type":"t","param":["p"],"code":7},"aiproxy":"1"}"#)
    }

    @Test("a message of any length is bounded")
    func bounded() {
        let error = UpstreamError(status: 500, body: [UInt8](repeating: 65, count: 1 << 20), parser: JSONParser())
        #expect(error.message.utf8.count <= 4096)
    }
}
