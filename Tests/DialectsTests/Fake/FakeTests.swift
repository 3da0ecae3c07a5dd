import Contracts
import HTTPCore
import InferenceModel
import JSON
import Testing

@testable import Dialects

/// Debug channels (contract providers §24).
@Suite("Channels without a network")
struct FakeTests {
    private let parser = JSONParser()

    private func script(
        _ dialect: any CallerDialect, _ mode: RelayMode, _ body: String,
        configs: JSONObject = [:], fails: Bool = false, action: String? = nil, storedID: String? = nil
    ) throws -> ScriptedAnswer? {
        let isGemini = dialect is GeminiDialect
        let request = CallerRequest(
            mode: mode, body: Array(body.utf8), pathModel: storedID ?? (isGemini ? "asked" : nil),
            action: isGemini ? action ?? "generateContent" : nil)
        let call = try dialect.read(request, parser: parser)
        var context = UpstreamContext(
            mode: mode, channelType: try #require(ChannelType.find(fails ? 55 : 53)), upstreamModel: "up",
            requestedModel: "asked", configs: configs, now: 7, nonce: "N")
        context.sealID = { "sealed_" + $0 }
        context.storedID = storedID
        return try Wire(fake: FakeUpstream(fails: fails)).exchange(call, context, parser: parser)?.script
    }

    private func script(_ body: String, configs: JSONObject = [:], fails: Bool = false) throws -> ScriptedAnswer? {
        try script(OpenAIDialect(), .chatCompletions, body, configs: configs, fails: fails)
    }

    private func object(_ text: String) throws -> JSONObject {
        try JSONValue.parse(Array(text.utf8)).object ?? [:]
    }

    private func json(_ script: ScriptedAnswer?) throws -> JSONValue {
        guard case .whole(let answer, _)? = script else { throw Missing() }
        return try JSONValue.parse(answer.body)
    }

    private struct Missing: Error {}

    private let chat = #"{"model":"asked","messages":[{"role":"user","content":"hello there"}]}"#
    private let anthropic = #"{"model":"asked","max_tokens":9,"messages":[{"role":"user","content":"hello there"}]}"#
    private let gemini = #"{"contents":[{"role":"user","parts":[{"text":"hello there"}]}]}"#

    @Test("every caller gets an echo in its own shape")
    func echo() throws {
        #expect(try json(script(chat))["choices"]?[0]?["message"]?["content"] == "hello there")
        #expect(try json(script(AnthropicDialect(), .anthropic, anthropic))["content"]?[0]?["text"] == "hello there")
        let told = try json(script(GeminiDialect(), .gemini, gemini))
        #expect(told["candidates"]?[0]?["content"]?["parts"]?[0]?["text"] == "hello there")
        let response = try json(script(ResponsesDialect(), .responses, #"{"model":"asked","input":"hello there"}"#))
        #expect(response["output"]?[0]?["content"]?[0]?["text"] == "hello there")
        #expect(response["id"] == "sealed_resp_N" && response["store"] == true)
        let completion = try json(script(OpenAIDialect(), .completions, #"{"model":"asked","prompt":"hello there"}"#))
        #expect(completion["choices"]?[0]?["text"] == "hello there")
    }

    @Test("the settings say what is answered")
    func settings() throws {
        let configs: JSONObject = [
            "static_text": "fixed", "response_prefix": "<", "response_suffix": ">", "reasoning_text": "hm",
            "usage": ["input_tokens": 5, "output_tokens": 7, "cached_tokens": 2],
            "anthropic": ["stop_reason": "max_tokens"],
            "gemini": ["finish_reason": "SAFETY", "model_version": "gemini-x"],
        ]
        let told = try json(script(chat, configs: configs))
        #expect(told["choices"]?[0]?["message"]?["content"] == "<fixed>")
        #expect(told["choices"]?[0]?["message"]?["reasoning_content"] == "hm")
        #expect(told["usage"]?["prompt_tokens"] == 5 && told["usage"]?["total_tokens"] == 12)
        let claude = try json(script(AnthropicDialect(), .anthropic, anthropic, configs: configs))
        #expect(claude["stop_reason"] == "max_tokens" && claude["usage"]?["cache_read_input_tokens"] == 2)
        let google = try json(script(GeminiDialect(), .gemini, gemini, configs: configs))
        #expect(google["modelVersion"] == "gemini-x" && google["candidates"]?[0]?["finishReason"] == "SAFETY")
        // Settings of a wrong kind are as good as none.
        let wrong: JSONObject = ["static_text": 5, "delay_ms": "x", "usage": [], "stream_chunks": -3]
        #expect(try json(script(chat, configs: wrong))["choices"]?[0]?["message"]?["content"] == "hello there")
    }

    @Test(
        "a stream is cut as the settings say, within bounds",
        arguments: [
            (["stream_chunk_size": 4], 3), (["stream_chunks": 2], 2), ([:], 1), (["stream_chunk_size": -1], 1),
            (["stream_chunks": 9_999_999], 11),
        ] as [(JSONObject, Int)])
    func streams(configs: JSONObject, count: Int) throws {
        var configs = configs
        configs["delay_ms"] = 99_999_999
        let body = String(chat.dropLast()) + #","stream":true}"#
        guard case .stream(let stream)? = try script(body, configs: configs) else { throw Missing() }
        let text = stream.pieces.map { String(decoding: $0, as: UTF8.self) }
        #expect(text.count { $0.contains(#""content":""#) && !$0.contains(#""content":"""#) } == count)
        #expect(text.last?.hasSuffix("data: [DONE]\n\n") ?? false)
        #expect(stream.pause == .seconds(10) && stream.usage != nil)
        let long = String(repeating: "x", count: 100_000)
        #expect(FakeSettings(["stream_chunk_size": 1]).pieces(long).count == 1000)
    }

    @Test("embeddings, rerank and images")
    func operations() throws {
        let vectors = try json(
            script(
                OpenAIDialect(), .embeddings, #"{"model":"asked","input":["a","b"]}"#,
                configs: object(#"{"embedding":{"dimensions":2,"base":0.5}}"#)))
        #expect(vectors["data"]?[1]?["embedding"]?.array?.map { $0.double } == [1.5, 1.5009765625])
        let ranks = try json(
            script(
                OpenAIDialect(), .rerank, #"{"model":"asked","query":"q","documents":["a","b"],"top_n":1}"#,
                configs: object(#"{"rerank":{"base_score":0.75,"step":0.25,"return_documents":true}}"#)))
        #expect(ranks["results"]?[0]?["relevance_score"]?.double == 0.75 && ranks["results"]?.array?.count == 1)
        #expect(ranks["results"]?[0]?["document"] == ["text": "a"])
        let images = try json(
            script(
                OpenAIDialect(), .imagesGenerations, #"{"model":"asked","prompt":"a cat","n":2}"#,
                configs: ["image": ["url": "https://x.test/i.png", "output_tokens": 9]]))
        #expect(images["data"]?.array?.count == 2 && images["data"]?[0]?["url"] == "https://x.test/i.png")
        #expect(images["usage"]?["output_tokens"] == 9)
    }

    @Test("a response is there when it is asked for again")
    func stored() throws {
        func told(_ operation: StoredResponseDialect.Operation) throws -> JSONValue {
            try json(script(StoredResponseDialect(operation), .responsesGet, "", storedID: "resp_N"))
        }
        #expect(try told(.get)["id"] == "sealed_resp_N" && told(.get)["status"] == "completed")
        #expect(try told(.delete)["deleted"] == true)
        #expect(try told(.cancel)["object"] == "response")
        #expect(try told(.inputItems)["object"] == "list")
    }

    @Test("the type that only fails tells the error of its settings")
    func failing() throws {
        guard case .refusal(let usual, _)? = try script(chat, fails: true) else { throw Missing() }
        #expect((usual.status, usual.message) == (400, "fake error") && usual.code == "fake_error")
        let configs: JSONObject = ["error_status_code": 503, "error_message": "no", "error_code": "busy"]
        guard
            case .refusal(let told, _)? = try script(
                AnthropicDialect(), .anthropic, anthropic, configs: configs, fails: true)
        else { throw Missing() }
        #expect((told.status, told.message) == (503, "no") && told.code == "busy")
        guard case .refusal(let odd, _)? = try script(chat, configs: ["error_status_code": 200], fails: true) else {
            throw Missing()
        }
        #expect(odd.status == 400)
    }
}
