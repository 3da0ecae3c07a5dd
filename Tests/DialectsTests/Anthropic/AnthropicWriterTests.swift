import HTTPCore
import InferenceModel
import JSON
import Testing

@testable import Dialects

@Suite("Anthropic: requests for upstreams")
struct AnthropicWriterTests {
    private typealias Fixture = AnthropicFixture

    @Test("the thinking budget stays below max_tokens, and leaves room for the answer as far as the model gives it")
    func budgets() throws {
        for (effort, limit) in [("low", 10), ("medium", 8192), ("high", 1000), ("xhigh", 60000), ("minimal", 1)] {
            let body = try Fixture.written(
                model: "claude-sonnet-4-5", #","reasoning_effort":"\#(effort)","max_tokens":\#(limit)"#)
            let budget = try #require(body["thinking"]?["budget_tokens"]?.int)
            let tokens = try #require(body["max_tokens"]?.int)
            #expect(budget >= 1024 && tokens > budget && tokens >= 2048, "\(effort) \(limit)")
            #expect(tokens <= 64000)
        }
    }

    @Test("thinking is left out with a forced tool and before a prefilled answer")
    func withoutThinking() throws {
        let tool =
            #","tools":[{"type":"function","function":{"name":"f"}}],"tool_choice":"required","reasoning_effort":"low""#
        #expect(try Fixture.written(model: "claude-sonnet-4-5", tool)["thinking"] == nil)
        let prefill = #"[{"role":"user","content":"x"},{"role":"assistant","content":"Sure:  "}]"#
        let body = try Fixture.written(model: "claude-sonnet-4-5", #","reasoning_effort":"low""#, messages: prefill)
        #expect(body["thinking"] == nil)
        #expect(body["messages"]?[1]?["content"]?[0]?["text"]?.string == "Sure:")
    }

    @Test("roles alternate whatever the caller's turns, and blank texts are not sent")
    func alternation() throws {
        let messages = """
            [{"role":"user","content":"a"},{"role":"user","content":"   "},{"role":"user","content":"b"},\
            {"role":"assistant","content":""},{"role":"assistant","content":"c"},{"role":"assistant","content":"d"},\
            {"role":"user","content":"e"}]
            """
        let body = try Fixture.written(model: "claude-sonnet-4-5", "", messages: messages)
        let roles = body["messages"]?.array?.compactMap { $0["role"]?.string }
        #expect(roles == ["user", "assistant", "user"])
        #expect(body["messages"]?[0]?["content"]?.array?.count == 2)
    }

    @Test("sound and film are refused with the member named")
    func refusedMedia() throws {
        var request = InferenceRequest(model: "claude-sonnet-4-5")
        request.turns = [Turn(.user, [.media(Media(.audio, .base64("AAAA"), mediaType: "audio/wav"))])]
        let context = try Fixture.context("claude-sonnet-4-5")
        #expect(throws: InvalidRequest(message: "this model takes no audio", field: "messages")) {
            try AnthropicUpstream().write(request, context)
        }
    }

    @Test("a request without anything to say is refused, system texts alone become the message")
    func nothing() throws {
        var request = InferenceRequest(model: "claude-sonnet-4-5")
        request.turns = [Turn(.user, [.text(" ")])]
        let context = try Fixture.context("claude-sonnet-4-5")
        #expect(throws: InvalidRequest.self) { try AnthropicUpstream().write(request, context) }
        request.system = [SystemBlock("s")]
        let body = try JSONValue.parse(try AnthropicUpstream().write(request, context).bytes)
        #expect(body["messages"]?[0]?["content"]?[0]?["text"]?.string == "s" && body["system"] == nil)
    }

    @Test("Bedrock's and Vertex's bodies have a version, no model, and streaming where it belongs")
    func flavors() throws {
        let call = try Fixture.chat(
            Array(#"{"model":"claude-sonnet-4-5","messages":[{"role":"user","content":"x"}],"stream":true}"#.utf8))
        let bedrock = try Fixture.written(call, .bedrock)
        #expect(bedrock["model"] == nil && bedrock["stream"] == nil)
        #expect(bedrock["anthropic_version"]?.string == "bedrock-2023-05-31")
        let vertex = try Fixture.written(call, .vertex)
        #expect(vertex["model"] == nil && vertex["stream"]?.bool == true)
        #expect(vertex["anthropic_version"]?.string == "vertex-2023-10-16")
        let headers = AnthropicUpstream.headers(.vertex, isStream: true, version: nil, betas: ["a", "b"])
        #expect(headers.first("anthropic-version") == nil && headers.first("anthropic-beta") == "a,b")
    }

    @Test("a conversion is written for a version of its own, whatever the caller's")
    func version() throws {
        let request = InferenceRequest(model: "m", turns: [Turn(.user, [.text("x")])])
        let body = try AnthropicUpstream().write(request, try Fixture.context("m"))
        #expect(body.headers.first("anthropic-version") == "2023-06-01")
    }

    @Test("a text in base64 becomes a text document, an image without a type gets the one its bytes tell")
    func media() throws {
        var request = InferenceRequest(model: "m")
        request.turns = [
            Turn(
                .user,
                [
                    .media(Media(.document, .base64("aGk="), mediaType: "text/markdown", fileName: "n")),
                    .media(Media(.image, .base64("/9j/4AAQ"))),
                ])
        ]
        let body = try JSONValue.parse(try AnthropicUpstream().write(request, try Fixture.context("m")).bytes)
        let content = body["messages"]?[0]?["content"]
        #expect(content?[0]?["source"] == ["type": "text", "media_type": "text/plain", "data": "hi"])
        #expect(content?[0]?["title"]?.string == "n")
        #expect(content?[1]?["source"]?["media_type"]?.string == "image/jpeg")
    }
}
