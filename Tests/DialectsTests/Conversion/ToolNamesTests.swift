import Contracts
import InferenceModel
import JSON
import Testing

@testable import Dialects

@Suite("Names of tools that an upstream does not take")
struct ToolNamesTests {
    private static let request = """
        {"contents":[{"role":"user","parts":[{"text":"x"}]},\
        {"role":"model","parts":[{"functionCall":{"name":"files.read","args":{}}}]},\
        {"role":"user","parts":[{"functionResponse":{"name":"files.read","response":{"result":"y"}}}]}],\
        "tools":[{"functionDeclarations":[{"name":"files.read"},{"name":"files_read"},{"name":"fine"}]}],\
        "toolConfig":{"functionCallingConfig":{"mode":"ANY","allowedFunctionNames":["files.read"]}}}
        """

    private static let upstreams: [(String, any UpstreamDialect, plain: String, stream: String)] = [
        (
            "anthropic", AnthropicUpstream(),
            #"{"type":"message","content":[{"type":"tool_use","id":"t","name":"NAME","input":{}}],"stop_reason":"tool_use"}"#,
            #"data: {"type":"content_block_start","index":0,"content_block":{"type":"tool_use","id":"t","name":"NAME","input":{}}}"#
        ),
        (
            "chat", ChatUpstream(OpenAITraits()),
            #"{"id":"c","choices":[{"index":0,"message":{"tool_calls":[{"id":"t","type":"function","function":{"name":"NAME","arguments":"{}"}}]},"finish_reason":"tool_calls"}]}"#,
            #"data: {"id":"c","choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"t","function":{"name":"NAME","arguments":"{}"}}]},"finish_reason":"tool_calls"}]}"#
        ),
        (
            "responses", ResponsesUpstream(),
            #"{"id":"r","status":"completed","output":[{"type":"function_call","call_id":"t","name":"NAME","arguments":"{}"}]}"#,
            #"data: {"type":"response.output_item.done","output_index":0,"item":{"type":"function_call","call_id":"t","name":"NAME","arguments":"{}"}}"#
        ),
    ]

    private func exchange(_ place: Int, isStream: Bool) throws -> ConvertedInference {
        let request = CallerRequest(
            mode: .gemini, body: Array(Self.request.utf8), pathModel: "m",
            action: isStream ? "streamGenerateContent" : "generateContent", query: "alt=sse")
        let call = try #require(try GeminiDialect().read(request, parser: JSONParser()) as? any InferenceCall)
        let context = UpstreamContext(
            mode: .gemini, channelType: try #require(ChannelType.find(1)), upstreamModel: "m", requestedModel: "m")
        return try ConvertedInference(call, to: Self.upstreams[place].1, context, parser: JSONParser())
    }

    @Test("are sent as others, each once, and come back as the caller's, whole and in streams", arguments: 0..<3)
    func names(place: Int) throws {
        let exchange = try exchange(place, isStream: false)
        let sent = String(decoding: exchange.request.bytes, as: UTF8.self)
        #expect(!sent.contains("files.read") && sent.contains("files_read_2") && sent.contains(#""fine""#), "\(sent)")
        let answer = Self.upstreams[place].plain.replacing("NAME", with: "files_read_2")
        let told = try exchange.answer(Array(answer.utf8), parser: JSONParser())
        #expect(String(decoding: told.body, as: UTF8.self).contains(#""name":"files.read""#))
        let other = Self.upstreams[place].plain.replacing("NAME", with: "files_read")
        let same = try exchange.answer(Array(other.utf8), parser: JSONParser())
        #expect(String(decoding: same.body, as: UTF8.self).contains(#""name":"files_read""#))

        var stream = try self.exchange(place, isStream: true).makeStream()
        var out: [UInt8] = []
        let event = Self.upstreams[place].stream.replacing("NAME", with: "files_read_2") + "\n\n"
        try stream.feed(Array(event.utf8), parser: JSONParser(), into: &out)
        _ = try stream.end(parser: JSONParser(), into: &out)
        stream.fail(WireError(status: 502, message: "m", code: "c", requestID: ""), into: &out)
        let text = String(decoding: out, as: UTF8.self)
        #expect(text.contains(#""name":"files.read""#) || !text.contains("files_read_2"), "\(text)")
    }

    @Test("thousands of names that come to the same one are told apart, each under one of its own")
    func collisions() {
        let names = (0..<20_000).map { String(UnicodeScalar(UInt32(0x4E00 + $0)) ?? "x") }
        var sent = ToolNames(names, .openAI)
        let given = names.map { sent.name($0) }
        #expect(Set(given).count == names.count && given.allSatisfy { $0.utf8.count <= ToolNames.longest })
        #expect(zip(given, names).allSatisfy { sent.changed[$0] == $1 })
    }
}
