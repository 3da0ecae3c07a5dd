package import Contracts

/// The vendors whose protocol the gateway speaks, by the dialect name of their channel type.
package enum DialectCatalog {
    private static let rows: [any Vendor] = [
        OpenAICompatible.openAI,
        OpenAICompatible.azure,
        OpenAICompatible.openRouter,
        OpenAICompatible.deepSeek,
        OpenAICompatible.siliconFlow,
        OpenAICompatible.zhipu,
        OpenAICompatible.zhipuCoding,
        OpenAICompatible.qianfan,
        OpenAICompatible.streamLake,
        OpenAICompatible.dashScope,
        OpenAICompatible.ark,
        OpenAICompatible.miniMax,
        OpenAICompatible.cloudflare,
        OpenAICompatible(
            "antling", addressing: .plain(prefix: "/llm/v1"),
            anthropic: AnthropicRoute("/anthropic/v1/messages", auth: .bearerAndHeader("x-api-key"))),
        OpenAICompatible.jina,
        Anthropic(),
        Bedrock(),
        Gemini(),
        Vertex(),
        Ollama(),
        Cohere(),
        TEI(),
        BaiduV1(),
        BaiduV2(),
        Fake("fake", fails: false),
        Fake("fake-error", fails: true),
    ]

    /// Vendors whose types name the dialect `openai` and which are not OpenAI, by the number of the type.
    private static let byType: [Int: any Vendor] = [
        12: OpenAICompatible.google,
        18: OpenAICompatible.spark,
        19: OpenAICompatible.compatible,
        23: OpenAICompatible.tencent,
        25: OpenAICompatible.moonshot,
        26: OpenAICompatible.compatible,
        28: OpenAICompatible.mistral,
        29: OpenAICompatible.groq,
        31: OpenAICompatible.compatible,
        32: OpenAICompatible.compatible,
        41: OpenAICompatible.compatible,
        45: OpenAICompatible.xAI,
        50: OpenAICompatible.compatible,
    ]

    private static let byName: [String: any Vendor] = Dictionary(uniqueKeysWithValues: rows.map { ($0.id, $0) })

    /// Every vendor once, by its id.
    static let vendors: [String: any Vendor] = byType.values.reduce(into: byName) { $0[$1.id] = $1 }

    /// The vendor of a channel type; `nil` when the gateway does not speak its protocol.
    package static func vendor(of type: ChannelType) -> (any Vendor)? {
        byType[type.id] ?? byName[type.dialect]
    }
}
