package import Contracts

/// The vendors whose protocol the gateway speaks, by the dialect name of their channel type.
package enum DialectCatalog {
    private static let rows: [any Vendor] = [
        OpenAICompatible("openai"),
        OpenAICompatible("openrouter"),
        OpenAICompatible(
            "deepseek", anthropic: AnthropicRoute("/anthropic/v1/messages", from: .host, auth: .header("x-api-key"))),
        OpenAICompatible("siliconflow"),
        OpenAICompatible("zhipu"),
        OpenAICompatible(
            "zhipu-coding", addressing: .plain(prefix: "/api/coding/paas/v4"),
            anthropic: AnthropicRoute("/api/anthropic/v1/messages")),
        OpenAICompatible("qianfan"),
        OpenAICompatible(
            "streamlake",
            anthropic: AnthropicRoute("/{model}/claude-code-proxy/v1/messages", models: ["kat", "coder"])),
        OpenAICompatible(
            "antling", addressing: .plain(prefix: "/llm/v1"),
            anthropic: AnthropicRoute("/anthropic/v1/messages", auth: .bearerAndHeader("x-api-key"))),
        OpenAICompatible("jina"),
        OpenAICompatible(
            "dashscope", addressing: .plain(prefix: "/compatible-mode/v1"),
            anthropic: AnthropicRoute("/apps/anthropic/v1/messages")),
        OpenAICompatible("ark", addressing: .plain(prefix: "/api/v3")),
        OpenAICompatible(
            "minimax", paths: [.chatCompletions: "/text/chatcompletion_v2"],
            traits: OpenAITraits(takesStreamOptions: false),
            anthropic: AnthropicRoute("/anthropic/v1/messages", from: .host, auth: .header("x-api-key"))),
        OpenAICompatible("azure-openai", addressing: .azure, auth: .header("api-key")),
        OpenAICompatible("cloudflare", addressing: .cloudflare),
        Anthropic(),
    ]

    private static let byName: [String: any Vendor] = Dictionary(uniqueKeysWithValues: rows.map { ($0.id, $0) })

    /// The vendor of a channel type; `nil` when the gateway does not speak its protocol.
    package static func vendor(of type: ChannelType) -> (any Vendor)? {
        byName[type.dialect]
    }
}
