import InferenceModel
import JSON
import Testing

@testable import Dialects

@Suite("Gemini: what upstreams get")
struct GeminiWriterTests {
    @Test("the channel's threshold of safety is said for all five categories")
    func safety() throws {
        let usual = try GeminiFixture.ofChat(model: "gemini-2.0-flash")["safetySettings"]?.array ?? []
        #expect(usual.count == 5 && usual.allSatisfy { $0["threshold"]?.string == "BLOCK_NONE" })
        let strict = try GeminiFixture.ofChat(model: "gemini-2.0-flash", configs: ["safety": "BLOCK_ONLY_HIGH"])
        #expect(strict["safetySettings"]?.array?.allSatisfy { $0["threshold"]?.string == "BLOCK_ONLY_HIGH" } == true)
    }

    @Test("Vertex AI gets no ids of calls")
    func vertex() throws {
        let body = #"""
            {"model":"gemini-2.0-flash","messages":[{"role":"user","content":"x"},
             {"role":"assistant","tool_calls":[{"id":"c1","type":"function","function":{"name":"f","arguments":"{}"}}]},
             {"role":"tool","tool_call_id":"c1","content":"ok"}]}
            """#
        let text = GeminiFixture.text(try GeminiFixture.ofChat(Array(body.utf8), .vertex).bytes)
        #expect(
            !text.contains(#""id""#) && text.contains(#""functionResponse":{"name":"f","response":{"result":"ok"}}"#))
        #expect(GeminiFixture.text(try GeminiFixture.ofChat(Array(body.utf8)).bytes).contains(#""id":"c1""#))
    }

    @Test("a signature of another vendor's that is no base64 does not make Google refuse the conversation")
    func foreignSignatures() throws {
        let body = #"""
            {"model":"gemini-3-flash","messages":[{"role":"user","content":"x"},
             {"role":"assistant","content":"a","reasoning_content":"t","signature":"not: base64","tool_calls":[{"id":"c1","type":"function",
              "function":{"name":"f","arguments":"{}"},"extra_content":{"google":{"thought_signature":"?"}}}]},
             {"role":"tool","tool_call_id":"c1","content":"ok"}]}
            """#
        let sent = try JSONValue.parse(try GeminiFixture.ofChat(Array(body.utf8)).bytes)
        let signatures = (sent["contents"]?[1]?["parts"]?.array ?? []).compactMap { $0["thoughtSignature"]?.string }
        #expect(signatures == ["skip_thought_signature_validator"])
    }

    @Test("numbers of a caller may stand in texts, as Google takes them")
    func numbersAsTexts() throws {
        let call = try GeminiFixture.call(
            #"{"contents":{"parts":{"text":"x"}},"generation_config":{"temperature":"0.5","topK":40.0,"seed":"7"}}"#)
        let sampling = try call.neutral(parser: JSONParser()).sampling
        #expect(sampling.temperature?.double == 0.5 && sampling.topK == 40 && sampling.seed == 7)
        for bad in [#""x""#, "true", "[]", #""""#] {
            let call = try GeminiFixture.call(
                #"{"contents":[{"parts":[{"text":"x"}]}],"generationConfig":{"temperature":\#(bad)}}"#)
            let fault = #expect(throws: InvalidRequest.self) { try call.neutral(parser: JSONParser()) }
            #expect(fault?.field == "generationConfig.temperature")
        }
    }

    @Test("a request without anything to say is refused")
    func empty() throws {
        let request = InferenceRequest(model: "gemini-2.0-flash", turns: [Turn(.user, [.text("")])])
        #expect(throws: InvalidRequest.self) {
            try GeminiUpstream().write(request, try GeminiFixture.context("gemini-2.0-flash"))
        }
    }

    @Test("a name that had to be changed comes back as the caller's, whole and streamed")
    func names() throws {
        let long = "mcp__" + String(repeating: "x", count: 80)
        let body = #"""
            {"model":"gemini-2.0-flash","messages":[{"role":"user","content":"x"}],
             "tools":[{"type":"function","function":{"name":"\#(long)"}}]}
            """#
        let call = try AnthropicFixture.chat(Array(body.utf8))
        let exchange = try ConvertedInference(
            call, to: GeminiUpstream(), try GeminiFixture.context("gemini-2.0-flash"), parser: JSONParser())
        let sent = try JSONValue.parse(exchange.request.bytes)
        let name = try #require(sent["tools"]?[0]?["functionDeclarations"]?[0]?["name"]?.string)
        #expect(name.utf8.count == 64)
        let answer = #"""
            {"candidates":[{"content":{"parts":[{"functionCall":{"name":"\#(name)","args":{}}}]},"finishReason":"STOP"}]}
            """#
        let told = try exchange.answer(Array(answer.utf8), parser: JSONParser())
        #expect(GeminiFixture.text(told.body).contains(#""name":"\#(long)""#))
        var out: [UInt8] = []
        var stream = exchange.makeStream()
        try stream.feed(Array("data: \(answer)\n\n".utf8), parser: JSONParser(), into: &out)
        #expect(GeminiFixture.text(out).contains(#""name":"\#(long)""#))
    }

    @Test("a schema that grows without end is cut", .timeLimit(.minutes(1)))
    func hostileSchemas() throws {
        // Each level refers twice to the next: 2^40 schemas when resolved.
        var definitions = JSONObject()
        for level in 0..<40 {
            let next: JSONValue = ["$ref": .string("#/$defs/d\(level + 1)")]
            definitions["d\(level)"] = ["type": "object", "properties": ["a": next, "b": next]]
        }
        let wide: JSONValue = [
            "type": "object", "properties": ["x": ["$ref": "#/$defs/d0"]], "$defs": .object(definitions),
        ]
        let clean = try #require(GeminiSchema.cleaned(wide))
        #expect(clean.serialized().count < 2_000_000)
        let both: JSONValue = ["allOf": [["$ref": "#/$defs/A"], ["$ref": "#/$defs/A"]]]
        let round: JSONValue = [
            "type": "object", "properties": ["x": ["$ref": "#/$defs/A"]], "$defs": ["A": both],
        ]
        #expect(GeminiSchema.cleaned(round)?["properties"]?["x"]?["type"]?.string == "object")
        var deep: JSONValue = ["type": "string"]
        for _ in 0..<300 { deep = ["type": "array", "items": deep] }
        #expect(GeminiSchema.cleaned(["type": "object", "properties": ["x": deep]]) != nil)
    }

    @Test(
        "thinking is asked for in the way and within the bounds of the model",
        arguments: [
            ("gemini-2.5-pro", "low", #"{"includeThoughts":true,"thinkingBudget":2048}"#),
            ("gemini-2.5-pro", "none", #"{"includeThoughts":false,"thinkingBudget":128}"#),
            ("gemini-2.5-flash", "none", #"{"includeThoughts":false,"thinkingBudget":0}"#),
            ("gemini-2.5-flash", "xhigh", #"{"includeThoughts":true,"thinkingBudget":24576}"#),
            ("gemini-2.5-flash-lite", "minimal", #"{"includeThoughts":true,"thinkingBudget":1024}"#),
            ("gemini-3-pro-preview", "medium", #"{"includeThoughts":true,"thinkingLevel":"low"}"#),
            ("gemini-3-pro-preview", "none", #"{"includeThoughts":false,"thinkingLevel":"low"}"#),
            ("gemini-3-flash", "medium", #"{"includeThoughts":true,"thinkingLevel":"medium"}"#),
            ("gemini-3-flash", "none", #"{"includeThoughts":false,"thinkingLevel":"minimal"}"#),
            ("gemini-3-flash", "xhigh", #"{"includeThoughts":true,"thinkingLevel":"high"}"#),
            ("gemini-2.0-flash", "high", nil), ("gemini-3-pro-image-preview", "high", nil),
            ("gemini-2.5-flash-preview-tts", "high", nil),
        ] as [(String, String, String?)])
    func thinking(model: String, effort: String, expected: String?) throws {
        let body = try GeminiFixture.ofChat(model: model, #","reasoning_effort":"\#(effort)""#)
        let config = body["generationConfig"]?["thinkingConfig"]
        #expect(config == (try expected.map { try JSONValue.parse(Array($0.utf8)) }))
    }

    @Test("thoughts are shown when nobody said anything of thinking, except where that costs")
    func unsaid() throws {
        for model in ["gemini-2.5-flash", "gemini-3-pro"] {
            let config = try GeminiFixture.ofChat(model: model)["generationConfig"]?["thinkingConfig"]
            #expect(config == ["includeThoughts": true])
        }
        for model in ["gemini-2.5-flash-lite", "gemini-2.0-flash", "gemini-flash-latest"] {
            #expect(try GeminiFixture.ofChat(model: model)["generationConfig"] == nil)
        }
    }
}
