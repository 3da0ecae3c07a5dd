import Contracts
import InferenceModel
import JSON
import Testing

@testable import Dialects

private let context = UpstreamContext(
    channelType: ChannelType.all[0], upstreamModel: "llama", requestedModel: "asked", now: 7, nonce: "N")

private func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

/// Feeds a stream in pieces.
private func events(_ pieces: [[UInt8]]) throws -> [InferenceEvent] {
    var reader = OllamaUpstream().makeEventReader(context)
    var events: [InferenceEvent] = []
    let parser = JSONParser()
    for piece in pieces { try reader.feed(piece, parser: parser, into: &events) }
    try reader.end(parser: parser, into: &events)
    return events
}

private let stream = Array(
    """
    {"model":"llama","created_at":"2026-01-01T00:00:00Z","message":{"role":"assistant","content":"","thinking":"hm"},"done":false}
    {"model":"llama","message":{"role":"assistant","content":"It is \\u00e9 🌍"},"done":false}

    {"model":"llama","message":{"role":"assistant","content":"","tool_calls":[{"function":{"name":"f","arguments":{"a":1.0}}},{"function":{"name":"g","arguments":{}}}]},"done":false}
    {"model":"llama","message":{"role":"assistant","content":""},"done":true,"done_reason":"stop","prompt_eval_count":11,"eval_count":5}

    """.utf8)

private let told: [InferenceEvent] = [
    .started(id: "", model: "asked", created: 7),
    .thinking(choice: 0, "hm"),
    .text(choice: 0, "It is é 🌍"),
    .toolCallStarted(choice: 0, index: 0, id: "call_N0", name: "f", signature: nil),
    .toolArguments(choice: 0, index: 0, #"{"a":1.0}"#),
    .toolCallEnded(choice: 0, index: 0),
    .toolCallStarted(choice: 0, index: 1, id: "call_N1", name: "g", signature: nil),
    .toolArguments(choice: 0, index: 1, "{}"),
    .toolCallEnded(choice: 0, index: 1),
    .finished(choice: 0, .toolCalls, stopSequence: nil),
    .usage(TokenUsage(inputTokens: 11, outputTokens: 5, totalTokens: 16)),
    .ended,
]

@Suite("Ollama")
struct OllamaTests {
    @Test("a request says everything in the vendor's words; results carry the tool's name, arguments are objects")
    func request() throws {
        var request = InferenceRequest(
            model: "llama",
            turns: [
                Turn(.user, [.text("look"), .media(Media(.image, .base64("aGk="), mediaType: "image/png"))]),
                Turn(
                    .assistant, [.thinking(Thinking("t")), .toolCall(ToolCall(id: "c1", name: "f", arguments: "{}"))]),
                Turn(.user, [.toolResult(ToolResult(callID: "c1", parts: [.text("no")], isError: true))]),
            ])
        request.system = [SystemBlock("be kind")]
        request.tools = [.function(FunctionTool(name: "f", description: "d"))]
        request.maxOutputTokens = 9
        request.stop = ["x"]
        request.sampling.seed = 3
        request.reasoning = .enabled(effort: .low)
        request.format = .jsonObject
        let body = try OllamaUpstream().write(request, context).bytes
        #expect(
            text(body)
                == #"{"model":"llama","messages":[{"role":"system","content":"be kind"},{"role":"user","content":"look","images":["aGk="]},{"role":"assistant","content":"","thinking":"t","tool_calls":[{"function":{"name":"f","arguments":{}}}]},{"role":"tool","content":"Error: no","tool_name":"f"}],"stream":false,"tools":[{"type":"function","function":{"name":"f","description":"d","parameters":{"type":"object","properties":{}}}}],"format":"json","think":true,"options":{"seed":3,"num_predict":9,"stop":["x"]}}"#
        )
    }

    @Test("tools that must not be used are left out")
    func noTools() throws {
        var request = InferenceRequest(model: "llama", turns: [Turn(.user, [.text("hi")])])
        request.tools = [.function(FunctionTool(name: "f"))]
        request.toolChoice = ToolChoice.none
        #expect(try JSONValue.parse(OllamaUpstream().write(request, context).bytes)["tools"] == nil)
    }

    @Test("an answer with a call finishes for it, its counts are read; a cut one finishes for its length")
    func answer() throws {
        let source =
            #"{"message":{"role":"assistant","content":"a","tool_calls":[{"function":{"name":"f","arguments":{"b":[1]}}}]},"done":true,"done_reason":"stop","prompt_eval_count":2,"eval_count":3}"#
        let answer = try OllamaUpstream().read(Array(source.utf8), context, parser: JSONParser())
        #expect(
            answer.choices == [
                Choice(
                    parts: [.text("a"), .toolCall(ToolCall(id: "call_N0", name: "f", arguments: #"{"b":[1]}"#))],
                    finish: .toolCalls)
            ])
        #expect(answer.usage == TokenUsage(inputTokens: 2, outputTokens: 3, totalTokens: 5))
        let cut = #"{"message":{"content":"a"},"done":true,"done_reason":"length","eval_count":3}"#
        let short = try OllamaUpstream().read(Array(cut.utf8), context, parser: JSONParser())
        #expect(short.choices.first?.finish == .length && short.usage == nil)
    }

    @Test("a stream tells the same however its bytes are cut")
    func splits() throws {
        #expect(try events([stream]) == told)
        #expect(try events(stream.map { [$0] }) == told)
        for cut in 1..<stream.count {
            #expect(try events([Array(stream[..<cut]), Array(stream[cut...])]) == told, "cut at \(cut)")
        }
    }

    @Test("a stream that breaks off does not end")
    func cut() throws {
        let lines = stream.split(separator: 10).map { Array($0) + [10] }
        #expect(try events(lines).last == .ended)
        #expect(try !events(lines.dropLast()).contains(.ended))
        #expect(try !events(lines.dropLast() + [Array(lines[3].dropLast(9))]).contains(.ended))
    }

    @Test("errors inside a good status are errors", arguments: [#"{"error":"model not found"}"#, "[]", "no"])
    func faults(body: String) throws {
        #expect(throws: UpstreamError.self) {
            try OllamaUpstream().read(Array(body.utf8), context, parser: JSONParser())
        }
        #expect(throws: UpstreamError.self) { try events([Array((body + "\n").utf8)]) }
        #expect(throws: UpstreamError.self) {
            try OllamaEmbeddings().read(Array(body.utf8), context, parser: JSONParser())
        }
    }

    @Test("vectors keep their digits and their order")
    func embeddings() throws {
        let body = try OllamaEmbeddings().write(EmbeddingRequest(model: "e", inputs: ["a", "b"]), context).bytes
        #expect(text(body) == #"{"model":"e","input":["a","b"]}"#)
        let source = Array(#"{"embeddings":[[0.10,-1e-3],[2]],"prompt_eval_count":4}"#.utf8)
        let answer = try OllamaEmbeddings().read(source, context, parser: JSONParser())
        #expect(answer.vectors.map(text) == ["[0.10,-1e-3]", "[2]"])
        #expect(answer.usage?.inputTokens == 4)
    }

    @Test("the prompt of a cached answer is counted here, and that is said")
    func cachedPrompt() throws {
        let request = InferenceRequest(model: "llama", turns: [Turn(.user, [.text("four token text.")])])
        var asked = context
        asked.promptEstimate = try OllamaUpstream().write(request, context).promptEstimate
        let end = #"{"message":{"content":"a"},"done":true,"done_reason":"stop","eval_count":3}"#
        let answer = try OllamaUpstream().read(Array(end.utf8), asked, parser: JSONParser())
        #expect(answer.usage == TokenUsage(inputTokens: 8, outputTokens: 3, totalTokens: 11))
        #expect(answer.isUsageEstimated)
        var reader = OllamaUpstream().makeEventReader(asked)
        var events: [InferenceEvent] = []
        try reader.feed(Array((end + "\n").utf8), parser: JSONParser(), into: &events)
        #expect(events.contains(.usage(TokenUsage(inputTokens: 8, outputTokens: 3, totalTokens: 11))))
        #expect(reader.isUsageEstimated)
    }

    @Test("an error line inside a stream ends it; what was told before stays")
    func errorLine() throws {
        var reader = OllamaUpstream().makeEventReader(context)
        var events: [InferenceEvent] = []
        let lines = [#"{"message":{"content":"a"},"done":false}"#, #"{"error":"an error was encountered"}"#, ""]
            .joined(separator: "\n")
        let fault = #expect(throws: UpstreamError.self) {
            try reader.feed(Array(lines.utf8), parser: JSONParser(), into: &events)
        }
        #expect(fault?.message == "an error was encountered")
        #expect(events == [.started(id: "", model: "asked", created: 7), .text(choice: 0, "a")])
    }

    @Test("documents that are text are sent as text, and gpt-oss hears how much to think")
    func documents() throws {
        var request = InferenceRequest(
            model: "gpt-oss:20b",
            turns: [Turn(.user, [.text("a"), .media(Media(.document, .base64("aGk="), mediaType: "text/plain"))])])
        request.reasoning = .enabled(effort: .xhigh)
        let body = try JSONValue.parse(OllamaUpstream().write(request, context).bytes)
        #expect(body["messages"]?[0]?["content"] == "a\nhi" && body["think"] == "high")
    }
}
