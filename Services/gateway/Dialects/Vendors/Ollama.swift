import Contracts

/// Ollama (contract providers §18): its own protocol for chat and embeddings, OpenAI's for completions.
package struct Ollama: Vendor {
    package let id = "ollama"

    package init() {}

    package func route(_ call: VendorCall, _ channel: VendorChannel) -> UpstreamRoute? {
        let credential = AuthScheme.bearer.credential(channel.key)
        switch call.mode {
        case .embeddings:
            return UpstreamRoute(
                url: channel.base + "/api/embed", credential: credential,
                wire: Wire(embedding: .vendor, OllamaEmbeddings()))
        case .completions:
            return UpstreamRoute(
                url: channel.base + "/v1/completions", credential: credential, wire: Wire(.completions, nil))
        case let mode where VendorModes.chat.contains(mode):
            return UpstreamRoute(
                url: channel.base + "/api/chat", credential: credential, wire: Wire(.vendor, OllamaUpstream()))
        default: return nil
        }
    }
}
