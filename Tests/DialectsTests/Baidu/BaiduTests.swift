import Contracts
import HTTPCore
import InferenceModel
import JSON
import Testing

@testable import Dialects

/// Chat stands in the golden files of the vendors; here is what they do not show.
@Suite("Baidu")
struct BaiduTests {
    private let parser = JSONParser()

    private func route(_ type: Int, _ mode: RelayMode, key: String, base: String? = nil, model: String = "M") throws
        -> UpstreamRoute?
    {
        let type = try #require(ChannelType.find(type))
        return DialectCatalog.vendor(of: type)?.route(
            VendorCall(mode: mode, family: .chat, model: model, isStream: false),
            VendorChannel(base: base ?? type.defaultBaseURL, key: key, type: type))
    }

    @Test("both versions fetch a token with both parts of the key, and cannot without")
    func grants() throws {
        let first = try #require(try route(15, .chatCompletions, key: "i d|s", model: "ERNIE-Bot-turbo"))
        #expect(first.url == "https://aip.baidubce.com/rpc/2.0/ai_custom/v1/wenxinworkshop/chat/eb-instant")
        let grant = try #require(first.credential.grant)
        #expect(
            grant.address
                == "https://aip.baidubce.com/oauth/2.0/token?grant_type=client_credentials&client_id=i%20d&client_secret=s"
        )
        #expect(grant.placement == .query("access_token") && grant.margin == .seconds(600))
        let second = try #require(try route(13, .chatCompletions, key: "a|s")?.credential.grant)
        #expect(second.request == .signed(BCEKeys(accessKey: "a", secretKey: "s")))
        #expect(second.address == "https://iam.bj.baidubce.com/v1/BCE-BEARER/token?expireInSeconds=86400")
        let proxied = try #require(try route(13, .chatCompletions, key: "a|s", base: "http://proxy.test:81/x/v2"))
        #expect(proxied.credential.grant?.address.hasPrefix("http://proxy.test:81/v1/BCE-BEARER/") ?? false)
        for key in ["", "a", "a|", "|s", "a|b|c"] {
            for type in [13, 15] { #expect(try route(type, .chatCompletions, key: key) == nil, "\(key)") }
        }
    }

    @Test("Qianfan's names are in small letters, also those of a rerank")
    func names() throws {
        for (mode, body) in [
            (RelayMode.chatCompletions, #""messages":[{"role":"user","content":"a"}]"#),
            (.rerank, #""query":"q","documents":["d"]"#),
        ] {
            let wire = try #require(try route(13, mode, key: "a|s")?.wire)
            let call = try OpenAIDialect().read(
                CallerRequest(mode: mode, body: Array(#"{"model":"asked",\#(body)}"#.utf8)), parser: parser)
            let context = UpstreamContext(
                mode: mode, channelType: try #require(ChannelType.find(13)),
                upstreamModel: "ERNIE-Character-Fiction-8K", requestedModel: "asked")
            let sent = try #require(try wire.exchange(call, context, parser: parser)).request.bytes
            #expect(try JSONValue.parse(sent)["model"] == "ernie-char-fiction-8k")
        }
    }

    private let context = UpstreamContext(
        channelType: ChannelType.all[0], upstreamModel: "up", requestedModel: "asked", now: 7, nonce: "N")

    @Test("an error stands in a good status: as a body, as an event, and bare in a stream")
    func faults() throws {
        let fault = #"{"error_code":17,"error_msg":"no more"}"#
        let wanted = UpstreamError(status: 403, message: "no more", type: "upstream_error", code: "upstream_17")
        #expect(throws: wanted) { try BaiduV1Upstream().read(Array(fault.utf8), context, parser: parser) }
        #expect(throws: wanted) { try BaiduV1Embeddings().read(Array(fault.utf8), context, parser: parser) }
        #expect(throws: wanted) { try BaiduV1Rerank().read(Array(fault.utf8), context, parser: parser) }
        for bytes in ["data: \(fault)\n\n", fault] {
            var reader = BaiduV1Upstream().makeEventReader(context)
            var events: [InferenceEvent] = []
            #expect(throws: wanted) {
                try reader.feed(Array(bytes.utf8), parser: parser, into: &events)
                try reader.end(parser: parser, into: &events)
            }
        }
        #expect(throws: UpstreamError.self) { try BaiduV1Upstream().read(Array("[]".utf8), context, parser: parser) }
    }

    @Test("embeddings and rerank")
    func vectors() throws {
        var request = EmbeddingRequest(model: "m", inputs: ["a"])
        request.user = "u"
        let sent = try BaiduV1Embeddings().write(request, context).bytes
        #expect(String(decoding: sent, as: UTF8.self) == #"{"input":["a"],"user_id":"u"}"#)
        let answer = #"{"data":[{"embedding":[0.10],"index":0}],"usage":{"prompt_tokens":2,"total_tokens":2}}"#
        #expect(try BaiduV1Embeddings().read(Array(answer.utf8), context, parser: parser).usage?.inputTokens == 2)
        let ranks = #"{"results":[{"index":0,"relevance_score":0.5}],"usage":{"total_tokens":3}}"#
        let read = try BaiduV1Rerank().read(Array(ranks.utf8), context, parser: parser)
        #expect(read.rows.count == 1 && read.usage?.inputTokens == 3)
    }
}
