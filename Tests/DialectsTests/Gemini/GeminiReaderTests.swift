import InferenceModel
import JSON
import Testing

@testable import Dialects

@Suite("Gemini: what callers send")
struct GeminiReaderTests {
    private func fault(_ body: String) throws -> InvalidRequest? {
        let call = try GeminiFixture.call(body)
        return #expect(throws: InvalidRequest.self) { try call.neutral(parser: JSONParser()) }
    }

    @Test(
        "a malformed member is named",
        arguments: [
            (#"{}"#, "contents"), (#"{"contents":[]}"#, "contents"), (#"{"contents":"x"}"#, "contents"),
            (#"{"contents":[1]}"#, "contents[0]"),
            (#"{"contents":[{"role":"system","parts":[]}]}"#, "contents[0].role"),
            (#"{"contents":[{"role":5,"parts":[]}]}"#, "contents[0].role"),
            (#"{"contents":[{"role":"user"}]}"#, "contents[0].parts"),
            (#"{"contents":[{"parts":[{"text":5}]}]}"#, "contents[0].parts[0].text"),
            (#"{"contents":[{"parts":[{"what":"x"}]}]}"#, "contents[0].parts[0]"),
            (
                #"{"contents":[{"parts":[{"inlineData":{"mimeType":"image/png","data":"*"}}]}]}"#,
                "contents[0].parts[0].inlineData.data"
            ),
            (#"{"contents":[{"parts":[{"inlineData":{"data":"AAAA"}}]}]}"#, "contents[0].parts[0].inlineData.mimeType"),
            (#"{"contents":[{"parts":[{"fileData":{}}]}]}"#, "contents[0].parts[0].fileData.fileUri"),
            (#"{"contents":[{"parts":[{"functionCall":{"args":{}}}]}]}"#, "contents[0].parts[0].functionCall.name"),
            (
                #"{"contents":[{"parts":[{"functionCall":{"name":"f","args":"x"}}]}]}"#,
                "contents[0].parts[0].functionCall.args"
            ),
            (
                #"{"contents":[{"parts":[{"functionResponse":{"name":"f","response":"x"}}]}]}"#,
                "contents[0].parts[0].functionResponse.response"
            ),
            (#"{"contents":[{"parts":[{"text":"x"}]}],"tools":5}"#, "tools"),
            (
                #"{"contents":[{"parts":[{"text":"x"}]}],"tools":[{"functionDeclarations":[{}]}]}"#,
                "tools[0].functionDeclarations[0].name"
            ),
            (
                #"{"contents":[{"parts":[{"text":"x"}]}],"toolConfig":{"functionCallingConfig":{"mode":"SOME"}}}"#,
                "toolConfig.functionCallingConfig.mode"
            ),
            (
                #"{"contents":[{"parts":[{"text":"x"}]}],"generationConfig":{"temperature":"warm"}}"#,
                "generationConfig.temperature"
            ),
            (
                #"{"contents":[{"parts":[{"text":"x"}]}],"generationConfig":{"maxOutputTokens":1.5}}"#,
                "generationConfig.maxOutputTokens"
            ),
            (
                #"{"contents":[{"parts":[{"text":"x"}]}],"generationConfig":{"stopSequences":[1]}}"#,
                "generationConfig.stopSequences[0]"
            ),
            (#"{"contents":[{"parts":[{"text":"x"}]}],"systemInstruction":7}"#, "systemInstruction"),
        ])
    func malformed(body: String, field: String) throws {
        let fault = try fault(body)
        #expect(fault?.field == field, "\(fault?.message ?? "")")
        #expect(fault?.message.contains(field) == true)
    }

    @Test("a body that is no JSON object, or a path without a model, is refused")
    func bodies() {
        for body in ["", "[]", "{", "\"x\""] {
            #expect(throws: InvalidRequest.self) { try GeminiFixture.read(Array(body.utf8)) }
        }
        let fault = #expect(throws: InvalidRequest.self) { try GeminiFixture.read(Array("{}".utf8), model: "") }
        #expect(fault?.field == "model")
    }

    @Test("the path and the query say what is asked")
    func actions() throws {
        let body = #"{"contents":[{"parts":[{"text":"x"}]}]}"#
        #expect(try !GeminiFixture.call(body).isStream)
        #expect(try GeminiFixture.call(body, action: .stream).isArray)
        #expect(try !GeminiFixture.call(body, action: .stream, query: "key=k&alt=sse").isArray)
        #expect(try GeminiFixture.read(Array(body.utf8), action: .count) is GeminiCountCall)
        #expect(try GeminiFixture.read(Array("{}".utf8), action: .embed) is GeminiEmbeddingsCall)
    }

    @Test(
        "thinking is read as it is meant",
        arguments: [
            (#"{"thinkingLevel":"LOW"}"#, Reasoning.enabled(effort: .low)),
            (#"{"thinkingBudget":0}"#, .disabled), (#"{"thinkingBudget":-1}"#, .enabled(effort: .medium)),
            (#"{"thinking_budget":9000}"#, .enabled(effort: .medium, budget: 9000)),
            (#"{"includeThoughts":true}"#, .enabled(effort: .medium)), (#"{"includeThoughts":false}"#, nil),
            (#"{}"#, nil), (#"{"thinkingLevel":"THINKING_LEVEL_UNSPECIFIED"}"#, nil),
        ] as [(String, Reasoning?)])
    func thinking(config: String, expected: Reasoning?) throws {
        let call = try GeminiFixture.call(
            #"{"contents":[{"parts":[{"text":"x"}]}],"generationConfig":{"thinkingConfig":\#(config)}}"#)
        #expect(try call.neutral(parser: JSONParser()).reasoning == expected)
    }

    @Test("pieces of a streamed answer that a client sends back are one turn again")
    func pieces() throws {
        let call = try GeminiFixture.call(
            #"""
            {"contents":[{"role":"user","parts":[{"text":"q"}]},
             {"role":"model","parts":[{"text":"a","thought":true}]},{"role":"model","parts":[{"text":"b","thought":true,"thoughtSignature":"c2ln"}]},
             {"role":"model","parts":[{"text":"c"}]},{"role":"model","parts":[{"text":"d"}]},
             {"role":"model","parts":[{"functionCall":{"name":"f"}}]},{"role":"model","parts":[{"functionCall":{"name":"g"}}]}]}
            """#)
        let turns = try call.neutral(parser: JSONParser()).turns
        #expect(turns.count == 2)
        #expect(
            turns[1].parts == [
                .thinking(Thinking("ab", signature: "c2ln")), .text("cd"),
                .toolCall(ToolCall(id: "call_made_1", name: "f", arguments: "{}")),
                .toolCall(ToolCall(id: "call_made_2", name: "g", arguments: "{}")),
            ])
    }

    @Test("files of Google's stay ids, addresses of the web stay addresses")
    func files() throws {
        let call = try GeminiFixture.call(
            #"""
            {"contents":[{"parts":[{"fileData":{"fileUri":"https://generativelanguage.googleapis.com/v1beta/files/1","mimeType":"video/mp4"}},
             {"fileData":{"fileUri":"gs://b/o"}},{"fileData":{"fileUri":"https://youtu.be/x"}}]}]}
            """#)
        #expect(
            try call.neutral(parser: JSONParser()).turns[0].parts == [
                .media(
                    Media(
                        .video, .file("https://generativelanguage.googleapis.com/v1beta/files/1"),
                        mediaType: "video/mp4"
                    )),
                .media(Media(.document, .file("gs://b/o"))), .media(Media(.video, .url("https://youtu.be/x"))),
            ])
    }

    @Test("a count that no upstream makes is an estimate")
    func count() throws {
        let body = #"{"contents":[{"parts":[{"text":"12345678"}]}]}"#
        let whole = #"{"generateContentRequest":{"model":"models/m","contents":[{"parts":[{"text":"12345678"}]}]}}"#
        for body in [body, whole] {
            let call = try #require(
                try GeminiFixture.read(Array(body.utf8), action: .count) as? GeminiCountCall)
            let answer = try call.answerLocally(try GeminiFixture.context("gpt-4o"), parser: JSONParser())
            #expect(GeminiFixture.text(answer.body) == #"{"totalTokens":6}"#)
        }
    }
}
