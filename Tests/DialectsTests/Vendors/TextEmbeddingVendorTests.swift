import Contracts
import HTTPCore
import InferenceModel
import JSON
import Testing

@testable import Dialects

/// Vendors of embeddings and rerank alone (contract providers §19).
@Suite("Jina and text-embeddings-inference")
struct TextEmbeddingVendorTests {
    private let parser = JSONParser()

    private func exchange(_ type: Int, _ mode: RelayMode, _ body: String) throws -> any Exchange {
        let type = try #require(ChannelType.find(type))
        let call = try OpenAIDialect().read(CallerRequest(mode: mode, body: Array(body.utf8)), parser: parser)
        let route = try #require(
            DialectCatalog.vendor(of: type)?.route(
                VendorCall(mode: mode, family: call.family, model: "up", isStream: false),
                VendorChannel(base: "https://v.test/v1", key: "k", type: type)))
        let context = UpstreamContext(
            mode: mode, channelType: type, upstreamModel: "up", requestedModel: "asked", nonce: "N")
        return try #require(try route.wire.exchange(call, context, parser: parser))
    }

    private func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

    @Test(
        "Jina gets objects and its own name of the form of vectors",
        arguments: [
            (#""input":"a""#, #""input":[{"text":"a"}]"#),
            (
                #""input":["a",{"text":"b"}],"task":"text-matching""#,
                #""input":[{"text":"a"},{"text":"b"}],"task":"text-matching""#
            ),
            (
                #""input":[{"image":"https://x.test/i.png"},{"image":"data:image/png;base64,aGk="},{"type":"image_url","image_url":{"url":"data:image/png;base64,aGk="}},{"type":"text","text":"c"}]"#,
                #""input":[{"image":"https://x.test/i.png"},{"image":"aGk="},{"image":"aGk="},{"text":"c"}]"#
            ),
            (#""input":[1,2]"#, #""input":[1,2]"#),
            (
                #""input":"a","encoding_format":"base64""#, #""input":[{"text":"a"}],"embedding_type":"base64""#
            ),
            (
                #""input":"a","encoding_format":"float","embedding_type":"binary""#,
                #""input":[{"text":"a"}],"embedding_type":"binary""#
            ),
        ])
    func jina(members: String, sent: String) throws {
        let exchange = try exchange(47, .embeddings, #"{"model":"asked",\#(members)}"#)
        #expect(text(exchange.request.bytes) == #"{"model":"up",\#(sent)}"#)
    }

    @Test("Jina's rerank has its counts where callers look for them")
    func jinaRerank() throws {
        let exchange = try exchange(47, .rerank, #"{"model":"asked","query":"q","documents":["d"],"top_n":1}"#)
        #expect(text(exchange.request.bytes) == #"{"model":"up","query":"q","documents":["d"],"top_n":1}"#)
        let answer = try exchange.answer(
            Array(#"{"model":"up","usage":{"total_tokens":15},"results":[]}"#.utf8), parser: parser)
        #expect(try JSONValue.parse(answer.body)["meta"]?["tokens"]?["input_tokens"] == 15)
        #expect(answer.usage?.inputTokens == 15)
    }

    @Test(
        "errors of both vendors are understood",
        arguments: [
            (#"{"detail":"Invalid API key"}"#, "Invalid API key", "upstream_error"),
            (
                #"{"detail":[{"loc":["body","input",0],"msg":"field required","type":"value_error"}]}"#,
                "body.input.0: field required", "upstream_error"
            ),
            (#"{"error":"Model is overloaded","error_type":"overloaded"}"#, "Model is overloaded", "overloaded"),
            (#"{"message":"batch size 64 > 32","type":"validation"}"#, "batch size 64 > 32", "upstream_error"),
        ])
    func errors(body: String, message: String, type: String) throws {
        for (channel, mode) in [(47, RelayMode.embeddings), (48, .rerank), (48, .embeddings)] {
            let members = mode == .rerank ? #""query":"q","documents":["d"]"# : #""input":"a""#
            let fault = try exchange(channel, mode, #"{"model":"m",\#(members)}"#)
                .refusal(status: 422, headers: [:], body: Array(body.utf8), parser: parser)
            #expect((fault.status, fault.message) == (422, message) && fault.type == type)
        }
    }

    @Test("text-embeddings-inference gets texts and no model; the best are picked here")
    func rerank() throws {
        let exchange = try exchange(
            48, .rerank, #"{"model":"asked","query":"q","documents":["a","b","c"],"top_n":2,"return_documents":true}"#)
        #expect(
            text(exchange.request.bytes)
                == #"{"query":"q","texts":["a","b","c"],"return_text":false,"truncate":true}"#)
        let answer = try exchange.answer(
            Array(#"[{"index":1,"score":0.10},{"index":0,"score":0.9},{"index":2,"score":-3e-2}]"#.utf8), parser: parser
        )
        #expect(
            text(answer.body)
                == #"{"id":"rerank-N","model":"asked","results":[{"index":0,"relevance_score":0.9,"document":{"text":"a"}},{"index":1,"relevance_score":0.10,"document":{"text":"b"}}],"meta":{"tokens":{"input_tokens":1,"output_tokens":0}}}"#
        )
        #expect(answer.isEstimated)
        for wrong in [#"{"error":"x","error_type":"y"}"#, #"[{"index":3,"score":1}]"#, "[{}]", "1", ""] {
            #expect(throws: UpstreamError.self) { try exchange.answer(Array(wrong.utf8), parser: parser) }
        }
    }

    @Test("text-embeddings-inference's embeddings are OpenAI's")
    func embeddings() throws {
        let exchange = try exchange(48, .embeddings, #"{"model":"asked","input":["a"]}"#)
        #expect(text(exchange.request.bytes) == #"{"model":"up","input":["a"]}"#)
    }
}
