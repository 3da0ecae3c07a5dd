package import Contracts

/// The vendors whose protocol the gateway speaks, by the dialect name of their channel type.
package enum DialectCatalog {
    private static let rows: [OpenAICompatible] = [
        OpenAICompatible("openai"),
        OpenAICompatible("openrouter"),
        OpenAICompatible("deepseek"),
        OpenAICompatible("siliconflow"),
        OpenAICompatible("zhipu"),
        OpenAICompatible("zhipu-coding", addressing: .plain(prefix: "/api/coding/paas/v4")),
        OpenAICompatible("qianfan"),
        OpenAICompatible("streamlake"),
        OpenAICompatible("antling", addressing: .plain(prefix: "/llm/v1")),
        OpenAICompatible("jina"),
        OpenAICompatible("dashscope", addressing: .plain(prefix: "/compatible-mode/v1")),
        OpenAICompatible("ark", addressing: .plain(prefix: "/api/v3")),
        OpenAICompatible(
            "minimax", paths: [.chatCompletions: "/text/chatcompletion_v2"], takesStreamOptions: false),
        OpenAICompatible("azure-openai", addressing: .azure, auth: .header("api-key")),
        OpenAICompatible("cloudflare", addressing: .cloudflare),
    ]

    private static let byName: [String: OpenAICompatible] = Dictionary(uniqueKeysWithValues: rows.map { ($0.id, $0) })

    /// The dialect of a channel type; `nil` when the gateway does not speak it.
    package static func dialect(of type: ChannelType) -> OpenAICompatible? {
        byName[type.dialect]
    }
}
