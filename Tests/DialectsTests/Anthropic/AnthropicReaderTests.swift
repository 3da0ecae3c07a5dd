import InferenceModel
import JSON
import Testing

@testable import Dialects

@Suite("Anthropic: requests of callers")
struct AnthropicReaderTests {
    private func fault(_ body: String) -> InvalidRequest? {
        do {
            let call = try AnthropicFixture.call(Array(body.utf8))
            _ = try call.neutral(parser: JSONParser())
            return nil
        } catch {
            return error as? InvalidRequest
        }
    }

    private func neutral(_ members: String) throws -> InferenceRequest {
        let body = #"{"model":"m","messages":[{"role":"user","content":"x"}]\#(members)}"#
        return try AnthropicFixture.call(Array(body.utf8)).neutral(parser: JSONParser())
    }

    @Test(
        "the member at fault is named",
        arguments: [
            (#"{"messages":[]}"#, "model"), (#"{"model":"","messages":[]}"#, "model"),
            (#"{"model":3,"messages":[]}"#, "model"), (#"{"model":"m","stream":"yes"}"#, "stream"),
            (#"{"model":"m"}"#, "messages"), (#"{"model":"m","messages":[]}"#, "messages"),
            (#"{"model":"m","messages":{}}"#, "messages"), (#"{"model":"m","messages":[1]}"#, "messages.0"),
            (#"{"model":"m","messages":[{"role":"tool","content":"x"}]}"#, "messages.0.role"),
            (#"{"model":"m","messages":[{"role":"user"}]}"#, "messages.0.content"),
            (#"{"model":"m","messages":[{"role":"user","content":7}]}"#, "messages.0.content"),
            (
                #"{"model":"m","messages":[{"role":"user","content":[{"type":"text","text":"a"},{"type":"voice"}]}]}"#,
                "messages.0.content.1.type"
            ),
            (
                #"{"model":"m","messages":[{"role":"user","content":[{"type":"tool_use","id":"a","name":"b"}]}]}"#,
                "messages.0.content.0.type"
            ),
            (
                #"{"model":"m","messages":[{"role":"user","content":[{"type":"image","source":{"type":"ftp"}}]}]}"#,
                "messages.0.content.0.source.type"
            ),
            (
                #"{"model":"m","messages":[{"role":"user","content":[{"type":"image","source":{"type":"base64","media_type":"image/png","data":"%%"}}]}]}"#,
                "messages.0.content.0.source.data"
            ),
            (
                #"{"model":"m","messages":[{"role":"user","content":[{"type":"tool_result","tool_use_id":"t","content":[{"type":"text"}]}]}]}"#,
                "messages.0.content.0.content.0.text"
            ),
            (#"{"model":"m","system":[{"type":"image"}],"messages":[{"role":"user","content":"x"}]}"#, "system.0.type"),
            (#"{"model":"m","tools":[{"name":1}],"messages":[{"role":"user","content":"x"}]}"#, "tools.0.name"),
            (
                #"{"model":"m","tool_choice":{"type":"all"},"messages":[{"role":"user","content":"x"}]}"#,
                "tool_choice.type"
            ),
            (#"{"model":"m","max_tokens":0,"messages":[{"role":"user","content":"x"}]}"#, "max_tokens"),
            (#"{"model":"m","thinking":{"type":"on"},"messages":[{"role":"user","content":"x"}]}"#, "thinking.type"),
            (
                #"{"model":"m","output_config":{"effort":"huge"},"messages":[{"role":"user","content":"x"}]}"#,
                "output_config.effort"
            ),
            (
                #"{"model":"m","stop_sequences":["a",2],"messages":[{"role":"user","content":"x"}]}"#,
                "stop_sequences[1]"
            ),
            (#"{"model":"m","temperature":"hot","messages":[{"role":"user","content":"x"}]}"#, "temperature"),
        ])
    func faults(body: String, field: String) {
        #expect(fault(body)?.field == field)
    }

    @Test("a body that is no JSON object is the fault of no member")
    func noObject() {
        for body in ["", "[]", "{", "nonsense"] { #expect(fault(body)?.field == .some(nil), "\(body)") }
    }

    @Test(
        "thinking in all its words",
        arguments: [
            ("", nil), (#","thinking":{"type":"disabled"}"#, Reasoning.disabled),
            (#","thinking":{"type":"enabled","budget_tokens":10000}"#, .enabled(effort: .medium, budget: 10000)),
            (#","thinking":{"type":"adaptive"}"#, .enabled(effort: .medium)),
            (#","thinking":{"type":"adaptive"},"output_config":{"effort":"max"}"#, .enabled(effort: .xhigh)),
            (
                #","thinking":{"type":"enabled","budget_tokens":1024},"output_config":{"effort":"high"}"#,
                .enabled(effort: .high)
            ), (#","output_config":{"effort":"low"}"#, .enabled(effort: .low)),
            (#","thinking":{"type":"disabled"},"output_config":{"effort":"low"}"#, .disabled),
        ] as [(String, Reasoning?)])
    func reasoning(members: String, expected: Reasoning?) throws {
        #expect(try neutral(members).reasoning == expected)
    }

    @Test("choices of tools, tiers, the user and what is streamed")
    func members() throws {
        #expect(try neutral(#","tool_choice":{"type":"any"}"#).toolChoice == .required)
        #expect(try neutral(#","tool_choice":{"type":"none"}"#).toolChoice == ToolChoice.none)
        let alone = try neutral(#","tool_choice":{"type":"tool","name":"f","disable_parallel_tool_use":true}"#)
        #expect(alone.toolChoice == .function("f") && alone.allowsParallelCalls == false)
        #expect(try neutral(#","service_tier":"standard_only"}"#.dropLast().description).serviceTier == "default")
        #expect(try neutral(#","metadata":{"user_id":"u"}"#).user == "u")
        #expect(try neutral(#","stream":true"#).isStream)
        #expect(try neutral(#","output_format":{"type":"json_schema","schema":{}}"#).format != nil)
    }

    @Test("the name of a tool is known of its result, a call's signature comes back")
    func results() throws {
        let body = """
            {"model":"m","messages":[{"role":"assistant","content":[{"type":"tool_use","id":"t1","name":"f","input":{"a":1.50},\
            "signature":"sig"}]},{"role":"user","content":[{"type":"tool_result","tool_use_id":"t1","content":"r"}]}]}
            """
        let turns = try AnthropicFixture.call(Array(body.utf8)).neutral(parser: JSONParser()).turns
        #expect(
            turns[0].parts == [.toolCall(ToolCall(id: "t1", name: "f", arguments: #"{"a":1.50}"#, signature: "sig"))])
        #expect(turns[1].parts == [.toolResult(ToolResult(callID: "t1", name: "f", parts: [.text("r")]))])
    }

    @Test("a count of tokens is an estimate where the upstream has none")
    func counts() throws {
        let parser = JSONParser()
        let body = Array(#"{"model":"m","messages":[{"role":"user","content":"12345678"}]}"#.utf8)
        let read = try AnthropicDialect(counts: true).read(AnthropicFixture.request(body), parser: parser)
        let call = try #require(read as? AnthropicCountCall)
        #expect(call.action == "count_tokens")
        let exchange = try Wire(.chat, nil).exchange(call, try AnthropicFixture.context("m"), parser: parser)
        let answer = try #require(exchange?.localAnswer)
        #expect(String(decoding: answer.body, as: UTF8.self) == #"{"input_tokens":6}"#)
        #expect(answer.usage == nil)
    }
}
