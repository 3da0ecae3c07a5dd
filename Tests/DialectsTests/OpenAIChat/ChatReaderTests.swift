import Contracts
import InferenceModel
import JSON
import Testing

@testable import Dialects

@Suite("OpenAI chat: requests")
struct ChatReaderTests {
    @Test(
        "a malformed member is refused by its name",
        arguments: [
            (#"{"model":"m"}"#, "messages", "is missing"),
            (#"{"model":"m","messages":[]}"#, "messages", "must not be empty"),
            (#"{"model":"m","messages":{}}"#, "messages", "must be an array"),
            (#"{"model":"m","messages":[7]}"#, "messages[0]", "must be an object"),
            (#"{"model":"m","messages":[{}]}"#, "messages[0].role", "is missing"),
            (#"{"model":"m","messages":[{"role":"x","content":"a"}]}"#, "messages[0].role", "must be one of"),
            (#"{"model":"m","messages":[{"role":"user"}]}"#, "messages[0].content", "is missing"),
            (#"{"model":"m","messages":[{"role":"user","content":5}]}"#, "messages[0].content", "must be a string"),
            (
                #"{"model":"m","messages":[{"role":"user","content":"a"},{"role":"user","content":[{"type":"x"}]}]}"#,
                "messages[1].content[0].type", "must be one of"
            ),
            (
                #"{"model":"m","messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":7}}]}]}"#,
                "messages[0].content[0].image_url.url", "must be a string"
            ),
            (
                #"{"model":"m","messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"data:image/png,raw"}}]}]}"#,
                "messages[0].content[0].image_url.url", "base64"
            ),
            (
                #"{"model":"m","messages":[{"role":"user","content":[{"type":"input_audio","input_audio":{"data":"%%"}}]}]}"#,
                "messages[0].content[0].input_audio.data", "not base64"
            ),
            (
                #"{"model":"m","messages":[{"role":"user","content":[{"type":"file","file":{}}]}]}"#,
                "messages[0].content[0].file.file_data", "is missing"
            ),
            (
                #"{"model":"m","messages":[{"role":"assistant","tool_calls":[{"id":"a","function":{"name":""}}]}]}"#,
                "messages[0].tool_calls[0].function.name", "must not be empty"
            ),
            (
                #"{"model":"m","messages":[{"role":"tool","content":"a"}]}"#, "messages[0].tool_call_id", "is missing"
            ),
            (
                #"{"model":"m","messages":[{"role":"system","content":[{"type":"image_url","image_url":{"url":"u"}}]}]}"#,
                "messages[0].content", "must be text"
            ),
        ])
    func malformed(body: String, field: String, part: String) throws {
        let fault = try #require(throws: InvalidRequest.self) {
            try ChatFixture.call(Array(body.utf8)).neutral(parser: JSONParser())
        }
        #expect(fault.field == field)
        #expect(fault.message.hasPrefix("'\(field)' ") && fault.message.contains(part), "\(fault.message)")
    }

    @Test(
        "a malformed member beside the messages is refused by its name",
        arguments: [
            (#""tools":[{"type":"function"}]"#, "tools[0].function"),
            (#""tools":[{"type":"function","function":{"name":"f","parameters":[]}}]"#, "tools[0].function.parameters"),
            (#""functions":[{}]"#, "functions[0].name"), (#""tool_choice":"maybe""#, "tool_choice"),
            (#""tool_choice":{"type":"function","function":{}}"#, "tool_choice.function.name"),
            (
                #""tool_choice":{"type":"allowed_tools","allowed_tools":{"tools":[]}}"#,
                "tool_choice.allowed_tools.tools"
            ),
            (#""function_call":{}"#, "function_call.name"), (#""parallel_tool_calls":1"#, "parallel_tool_calls"),
            (#""max_tokens":0"#, "max_tokens"), (#""max_completion_tokens":1.5"#, "max_completion_tokens"),
            (#""temperature":"hot""#, "temperature"), (#""n":0"#, "n"), (#""stop":5"#, "stop"),
            (#""stop":["a",5]"#, "stop[1]"), (#""logit_bias":[]"#, "logit_bias"),
            (#""response_format":{"type":"xml"}"#, "response_format.type"),
            (#""response_format":{"type":"json_schema"}"#, "response_format.json_schema"),
            (
                #""response_format":{"type":"json_schema","json_schema":{"schema":5}}"#,
                "response_format.json_schema.schema"
            ),
            (#""reasoning_effort":"very""#, "reasoning_effort"), (#""metadata":{"a":5}"#, "metadata.a"),
            (#""modalities":"text""#, "modalities"), (#""user":5"#, "user"),
        ])
    func malformedMembers(members: String, field: String) throws {
        let fault = try #require(throws: InvalidRequest.self) { try ChatFixture.neutral(members) }
        #expect(fault.field == field, "\(fault.message)")
    }

    @Test("system and developer messages come out of the conversation, with their cache markers")
    func system() throws {
        let request = try ChatFixture.neutral(
            "",
            messages: #"""
                [{"role":"system","content":"a"},{"role":"user","content":"x"},{"role":"developer","content":[
                {"type":"text","text":"b","cache_control":{"type":"ephemeral","ttl":"1h"}},{"type":"text","text":""}]}]
                """#)
        #expect(request.system == [SystemBlock("a"), SystemBlock("b", cache: CacheMarker(ttl: "1h"))])
        #expect(request.turns == [Turn(.user, [.text("x")])])
    }

    @Test("results of tools that follow each other are one turn, with the names of their calls")
    func results() throws {
        let turns = try ChatFixture.turns(
            #"""
            [{"role":"assistant","tool_calls":[{"id":"1","type":"function","function":{"name":"f","arguments":"{}"}},
            {"id":"2","type":"function","function":{"name":"g","arguments":{"a":1}}}]},
            {"role":"tool","tool_call_id":"2","content":"b"},{"role":"tool","tool_call_id":"1","content":""},
            {"role":"user","content":"x"},{"role":"tool","tool_call_id":"9","content":"late"}]
            """#)
        #expect(
            turns == [
                Turn(
                    .assistant,
                    [
                        .toolCall(ToolCall(id: "1", name: "f", arguments: "{}")),
                        .toolCall(ToolCall(id: "2", name: "g", arguments: #"{"a":1}"#)),
                    ]),
                Turn(
                    .user,
                    [
                        .toolResult(ToolResult(callID: "2", name: "g", parts: [.text("b")])),
                        .toolResult(ToolResult(callID: "1", name: "f", parts: [])),
                    ]),
                Turn(.user, [.text("x")]),
                Turn(.user, [.toolResult(ToolResult(callID: "9", parts: [.text("late")]))]),
            ])
    }

    @Test("a thought comes back with its signature, a call with Google's")
    func thoughts() throws {
        let turns = try ChatFixture.turns(
            #"""
            [{"role":"assistant","content":"t","reasoning_content":"r","signature":"s","tool_calls":[{"id":"1",
            "function":{"name":"f","arguments":""},"extra_content":{"google":{"thought_signature":"g"}}}]}]
            """#)
        #expect(
            turns == [
                Turn(
                    .assistant,
                    [
                        .thinking(Thinking("r", signature: "s")), .text("t"),
                        .toolCall(ToolCall(id: "1", name: "f", arguments: "{}", signature: "g")),
                    ])
            ])
    }

    @Test("media are read with their kind, type and place")
    func media() throws {
        let turns = try ChatFixture.turns(
            #"""
            [{"role":"user","content":[
            {"type":"image_url","image_url":{"url":"data:image/jpeg;base64,_-8","detail":"high"},"cache_control":{"type":"ephemeral"}},
            {"type":"input_audio","input_audio":{"data":"UklGRg==","format":"mp3"}},
            {"type":"input_audio","input_audio":{"data":"https://x.test/a","format":"wav"}},
            {"type":"file","file":{"file_id":"f1"}},
            {"type":"file","file":{"filename":"p.png","file_data":"data:image/png;base64,iVBORw0K"}}]}]
            """#)
        #expect(
            turns.first?.parts == [
                .media(
                    Media(.image, .base64("/+8="), mediaType: "image/jpeg", detail: "high", cache: CacheMarker())),
                .media(Media(.audio, .base64("UklGRg=="), mediaType: "audio/mpeg")),
                .media(Media(.audio, .url("https://x.test/a"), mediaType: "audio/wav")),
                .media(Media(.document, .file("f1"))),
                .media(Media(.image, .base64("iVBORw0K"), mediaType: "image/png", fileName: "p.png")),
            ])
    }

    @Test(
        "reasoning is read in the words of any vendor's clients",
        arguments: [
            (#""reasoning_effort":"none""#, Reasoning.disabled),
            (#""reasoning_effort":"high""#, .enabled(effort: .high)),
            (#""reasoning":{"effort":"low"}"#, .enabled(effort: .low)),
            (#""reasoning":{"max_tokens":3000}"#, .enabled(effort: .low, budget: 3000)),
            (#""thinking":{"type":"enabled","budget_tokens":9000}"#, .enabled(effort: .medium, budget: 9000)),
            (#""thinking":{"type":"disabled"}"#, .disabled), (#""enable_thinking":false"#, .disabled),
            (#""enable_thinking":true,"thinking_budget":500"#, .enabled(effort: .minimal, budget: 500)),
            (#""reasoning_effort":"low","thinking":{"type":"disabled"}"#, .enabled(effort: .low)),
            (#""thinking":7"#, nil), (#""reasoning":{"effort":"odd"}"#, nil),
        ] as [(String, Reasoning?)])
    func reasoning(members: String, expected: Reasoning?) throws {
        #expect(try ChatFixture.neutral(members).reasoning == expected)
    }

    @Test("a choice of allowed tools is one of several, one, or fewer tools")
    func allowed() throws {
        let tools =
            #""tools":[{"type":"function","function":{"name":"a"}},{"type":"function","function":{"name":"b"}}]"#
        func choice(_ mode: String, _ names: String...) throws -> InferenceRequest {
            let list = names.map { #"{"type":"function","function":{"name":"\#($0)"}}"# }.joined(separator: ",")
            return try ChatFixture.neutral(
                #"\#(tools),"tool_choice":{"type":"allowed_tools","allowed_tools":{"mode":"\#(mode)","tools":[\#(list)]}}"#
            )
        }
        #expect(try choice("required", "a", "b").toolChoice == .oneOf(["a", "b"]))
        #expect(try choice("required", "a").toolChoice == .function("a"))
        let auto = try choice("auto", "b")
        #expect(auto.toolChoice == .auto && auto.tools == [.function(FunctionTool(name: "b"))])
    }
}

@Suite("Completions for chat models")
struct CompletionsCallTests {
    @Test(
        "what only a completion model can do is refused by its name",
        arguments: [
            (#"{"model":"m"}"#, "prompt"), (#"{"model":"m","prompt":[1,2]}"#, "prompt"),
            (#"{"model":"m","prompt":["a","b"]}"#, "prompt"), (#"{"model":"m","prompt":""}"#, "prompt"),
            (#"{"model":"m","prompt":"a","echo":true}"#, "echo"),
            (#"{"model":"m","prompt":"a","suffix":"b"}"#, "suffix"),
        ])
    func refused(body: String, field: String) throws {
        let fault = try #require(throws: InvalidRequest.self) {
            try ChatFixture.call(Array(body.utf8), .completions).neutral(parser: JSONParser())
        }
        #expect(fault.field == field)
    }
}
