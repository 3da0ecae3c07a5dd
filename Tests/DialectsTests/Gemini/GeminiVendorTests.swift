import Contracts
import InferenceModel
import JSON
import Testing

@testable import Dialects

@Suite("Gemini: vendor and embeddings")
struct GeminiVendorTests {
    private func route(_ call: VendorCall, base: String? = nil) throws -> UpstreamRoute {
        let type = try #require(ChannelType.find(24))
        let vendor = try #require(DialectCatalog.vendor(of: type))
        return try #require(
            vendor.route(call, VendorChannel(base: base ?? type.defaultBaseURL, key: "k", type: type)))
    }

    private func call(
        _ mode: RelayMode, _ family: ProtocolFamily, model: String = "gemini-2.5-pro", isStream: Bool = false,
        action: String? = nil
    ) -> VendorCall {
        VendorCall(mode: mode, family: family, model: model, isStream: isStream, action: action)
    }

    @Test("addresses name the model and the action, and the key has a header of its own")
    func addresses() throws {
        let base = "https://generativelanguage.googleapis.com/v1beta/models/gemini-2.5-pro"
        let plain = try route(call(.chatCompletions, .chat))
        #expect(plain.url == base + ":generateContent")
        #expect(plain.credential == .field(name: "x-goog-api-key", value: "k"))
        #expect(try route(call(.gemini, .gemini, isStream: true)).url == base + ":streamGenerateContent?alt=sse")
        #expect(try route(call(.gemini, .gemini, action: "countTokens")).url == base + ":countTokens")
        // Another protocol's count is an estimate; its address is never asked.
        #expect(try route(call(.anthropic, .anthropic, action: "count_tokens")).url == base + ":generateContent")
        #expect(try route(call(.embeddings, .embeddings)).url == base + ":batchEmbedContents")
        #expect(
            try route(call(.gemini, .gemini, model: "tunedModels/a b"), base: "http://h/v1beta").url
                == "http://h/v1beta/tunedModels/a%20b:generateContent")
        #expect(
            try route(call(.gemini, .gemini, model: "../x?y"), base: "http://h").url
                == "http://h/v1beta/models/../x%3Fy:generateContent")
    }

    @Test("OpenAI's embeddings on Gemini, as numbers and as base64 of little-endian floats")
    func openAIOnGemini() throws {
        let context = try GeminiFixture.context("gemini-embedding-001")
        let answer = Array(
            #"{"embeddings":[{"values":[0.5,-1,2.5e0]},{ "values" : [ 1, 2, 3 ] }],"usageMetadata":{"promptTokenCount":4}}"#
                .utf8)
        for (format, first) in [("float", "[0.5,-1,2.5e0]"), ("base64", "\"AAAAPwAAgL8AACBA\"")] {
            let body = #"{"model":"asked","input":["a","b"],"dimensions":3,"encoding_format":"\#(format)"}"#
            let call = try #require(
                try OpenAIDialect().read(
                    CallerRequest(mode: .embeddings, body: Array(body.utf8)), parser: JSONParser()) as? EmbeddingsCall)
            let exchange = try #require(
                try Wire(embedding: .geminiEmbeddings, GeminiEmbeddings()).exchange(call, context, parser: JSONParser())
            )
            #expect(
                GeminiFixture.text(exchange.request.bytes)
                    == #"{"requests":[{"model":"models/gemini-embedding-001","content":{"parts":[{"text":"a"}]},"outputDimensionality":3},{"model":"models/gemini-embedding-001","content":{"parts":[{"text":"b"}]},"outputDimensionality":3}]}"#
            )
            let told = try exchange.answer(answer, parser: JSONParser())
            let text = GeminiFixture.text(told.body)
            #expect(text.contains(#"{"object":"embedding","index":0,"embedding":\#(first)}"#), "\(text)")
            #expect(text.contains(#""index":1"#) && text.contains(#""usage":{"prompt_tokens":4,"total_tokens":4}"#))
            #expect(told.usage?.inputTokens == 4)
        }
    }

    @Test(
        "inputs that another protocol cannot take are refused and named",
        arguments: ["[1,2]", "[[1]]", "[]", "\"\"", "null", "[\"a\",{}]"])
    func badInputs(input: String) throws {
        let body = Array(#"{"model":"m","input":\#(input)}"#.utf8)
        let call = try #require(
            try OpenAIDialect().read(CallerRequest(mode: .embeddings, body: body), parser: JSONParser())
                as? EmbeddingsCall)
        let fault = #expect(throws: InvalidRequest.self) { try call.neutral(parser: JSONParser()) }
        #expect(fault?.field == "input")
    }

    @Test("Gemini's embeddings on OpenAI, one and many, in the order of the inputs")
    func geminiOnOpenAI() throws {
        let context = try GeminiFixture.context("text-embedding-3-small")
        let answer = Array(
            #"{"data":[{"index":1,"embedding":[3.0,4]},{"index":0,"embedding":[1,2.50]}],"usage":{"prompt_tokens":2,"total_tokens":2}}"#
                .utf8)
        let many =
            #"{"requests":[{"model":"models/x","content":{"parts":[{"text":"a"},{"text":"b"}]},"outputDimensionality":2},{"content":{"parts":{"text":"c"}},"output_dimensionality":2}]}"#
        let wire = Wire(embedding: .embeddings, OpenAIEmbeddings())
        let batch = try #require(
            try wire.exchange(
                try GeminiFixture.read(Array(many.utf8), action: .embedBatch), context, parser: JSONParser()))
        #expect(
            GeminiFixture.text(batch.request.bytes)
                == #"{"model":"text-embedding-3-small","input":["a\nb","c"],"dimensions":2,"encoding_format":"float"}"#)
        #expect(
            GeminiFixture.text(try batch.answer(answer, parser: JSONParser()).body)
                == #"{"embeddings":[{"values":[1,2.50]},{"values":[3.0,4]}],"usageMetadata":{"promptTokenCount":2}}"#)
        let one = try #require(
            try wire.exchange(
                try GeminiFixture.read(Array(#"{"content":{"parts":[{"text":"a"}]}}"#.utf8), action: .embed), context,
                parser: JSONParser()))
        let base64 = Array(#"{"data":[{"embedding":"AAAAPwAAgL8="}]}"#.utf8)
        #expect(
            GeminiFixture.text(try one.answer(base64, parser: JSONParser()).body)
                == #"{"embedding":{"values":[0.5,-1.0]},"usageMetadata":{"promptTokenCount":1}}"#)
        // The upstream counted nothing.
        #expect(try one.answer(base64, parser: JSONParser()).isEstimated)
        #expect(try !batch.answer(answer, parser: JSONParser()).isEstimated)
    }

    @Test("embeddings and counts that pass name the upstream's model, and keep every other byte")
    func passing() throws {
        let context = try GeminiFixture.context("real")
        let wire = Wire(embedding: .geminiEmbeddings, GeminiEmbeddings())
        let one = try #require(
            try wire.exchange(
                try GeminiFixture.read(Array(#"{"content":{"parts":[{"text":"a"}]}, "x":1.0}"#.utf8), action: .embed),
                context, parser: JSONParser()))
        #expect(
            GeminiFixture.text(one.request.bytes)
                == #"{"requests":[{"model":"models/real","content":{"parts":[{"text":"a"}]}, "x":1.0}]}"#)
        #expect(
            GeminiFixture.text(
                try one.answer(Array(#"{"embeddings":[ {"values":[1.0]} ]}"#.utf8), parser: JSONParser()).body)
                == #"{"embedding":{"values":[1.0]}}"#)
        let many = try #require(
            try wire.exchange(
                try GeminiFixture.read(
                    Array(#"{"requests":[{"model":"models/asked","content":{}},{"content":{}}]}"#.utf8),
                    action: .embedBatch), context, parser: JSONParser()))
        #expect(
            GeminiFixture.text(many.request.bytes)
                == #"{"requests":[{"model":"models/real","content":{}},{"model":"models/real","content":{}}]}"#)
        let count = try GeminiFixture.read(
            Array(#"{"generateContentRequest":{"model":"models/asked","contents":[]}}"#.utf8), action: .count)
        let passed = try #require(
            try Wire(.gemini, GeminiUpstream()).exchange(count, context, parser: JSONParser()))
        #expect(
            GeminiFixture.text(passed.request.bytes)
                == #"{"generateContentRequest":{"model":"models/real","contents":[]}}"#)
    }

    @Test("what passes is not touched: the answer keeps its bytes, its usage is read")
    func answers() throws {
        let body =
            #"{"candidates":[{"content":{"parts":[{"text":"a"}]},"finishReason":"STOP"}],"usageMetadata":{"promptTokenCount":3,"candidatesTokenCount":2,"thoughtsTokenCount":4,"cachedContentTokenCount":1},"modelVersion":"real","responseId":"r","big":12345678901234567890}"#
        let exchange = GeminiExchange(
            try GeminiFixture.plain(), try GeminiFixture.context("real"), flavour: .developer)
        let told = try exchange.answer(Array(body.utf8), parser: JSONParser())
        #expect(GeminiFixture.text(told.body) == body && told.id == "r")
        #expect(
            told.usage
                == TokenUsage(inputTokens: 3, outputTokens: 6, totalTokens: 9, cachedTokens: 1, reasoningTokens: 4))
    }
}
