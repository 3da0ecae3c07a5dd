package import Contracts

/// The vendors whose protocol the gateway speaks, by the dialect name of their channel type.
package enum DialectCatalog {
    private static let rows: [any Vendor] = [
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
            "minimax", paths: [.chatCompletions: "/text/chatcompletion_v2"],
            traits: OpenAITraits(takesStreamOptions: false)),
        OpenAICompatible("azure-openai", addressing: .azure, auth: .header("api-key")),
        OpenAICompatible("cloudflare", addressing: .cloudflare),
    ]

    private static let byName: [String: any Vendor] = Dictionary(uniqueKeysWithValues: rows.map { ($0.id, $0) })

    /// The vendor of a channel type; `nil` when the gateway does not speak its protocol.
    package static func vendor(of type: ChannelType) -> (any Vendor)? {
        byName[type.dialect]
    }
}
