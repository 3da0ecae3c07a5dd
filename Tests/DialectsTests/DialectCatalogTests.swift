import Contracts
import Testing

@testable import Dialects

@Suite("Dialect catalogue")
struct DialectCatalogTests {
    private func url(
        _ type: Int, _ mode: RelayMode = .chatCompletions, base: String? = nil, key: String = "k", model: String = "m"
    ) throws
        -> UpstreamRoute
    {
        let type = try #require(ChannelType.find(type))
        let vendor = try #require(DialectCatalog.vendor(of: type))
        let route = vendor.route(
            VendorCall(mode: mode, family: .chat, model: model, isStream: false),
            VendorChannel(base: base ?? type.defaultBaseURL, key: key, type: type))
        return try #require(route)
    }

    @Test("every channel type of OpenAI's family but the signed ones has a dialect")
    func coverage() {
        let missing = ChannelType.all.filter { DialectCatalog.vendor(of: $0) == nil }.map(\.dialect)
        #expect(
            Set(missing) == [
                "coze",
                "volc-speech",
                "doc2x",
            ])
    }

    @Test(
        "addresses are formed as the vendors want them",
        arguments: [
            (1, "https://api.openai.com/v1/chat/completions"),
            (17, "https://dashscope.aliyuncs.com/compatible-mode/v1/chat/completions"),
            (40, "https://ark.cn-beijing.volces.com/api/v3/chat/completions"),
            (27, "https://api.minimaxi.com/v1/text/chatcompletion_v2"),
            (52, "https://open.bigmodel.cn/api/coding/paas/v4/chat/completions"),
            (54, "https://api.tbox.cn/api/llm/v1/chat/completions"),
        ])
    func addresses(type: Int, expected: String) throws {
        #expect(try url(type).url == expected)
    }

    @Test("Azure names the deployment and the version, and its key has a header of its own")
    func azure() throws {
        let base = "https://r.openai.azure.com"
        let new = try url(4, base: base, key: "k|2024-10-21", model: "gpt-3.5 turbo")
        #expect(new.url == base + "/openai/deployments/gpt-3.5%20turbo/chat/completions?api-version=2024-10-21")
        #expect(new.credential == .field(name: "api-key", value: "k"))
        #expect(
            try url(3, base: base, model: "gpt-3.5-turbo").url
                == base + "/openai/deployments/gpt-35-turbo/chat/completions?api-version=2025-04-01-preview")
    }

    @Test("Cloudflare takes the account from the key, or a gateway address")
    func cloudflare() throws {
        let direct = try url(37, key: "acc|tok")
        #expect(direct.url == "https://api.cloudflare.com/client/v4/accounts/acc/ai/v1/chat/completions")
        #expect(direct.credential == .field(name: "authorization", value: "Bearer tok"))
        let gateway = try url(37, base: "https://gateway.ai.cloudflare.com/v1/a/b/workers-ai", key: "tok")
        #expect(gateway.url == "https://gateway.ai.cloudflare.com/v1/a/b/workers-ai/v1/chat/completions")
    }

    @Test("only the part of a key that is the secret is sent, and no header without a key")
    func credentials() throws {
        #expect(try url(27, key: "secret|group").credential == .field(name: "authorization", value: "Bearer secret"))
        #expect(try url(1, key: "a|b").credential == .field(name: "authorization", value: "Bearer a|b"))
        #expect(try url(1, key: "").credential == .none)
    }

    @Test("a mode that the type does not have is not served; chat is, in whatever protocol it is asked for")
    func modes() throws {
        let deepseek = try #require(ChannelType.find(36))
        let vendor = try #require(DialectCatalog.vendor(of: deepseek))
        #expect(vendor.serves(.chatCompletions, of: deepseek) && !vendor.serves(.embeddings, of: deepseek))
        #expect(vendor.serves(.anthropic, of: deepseek) && vendor.serves(.responses, of: deepseek))
    }
}
