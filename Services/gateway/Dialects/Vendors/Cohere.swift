import Contracts

/// Cohere (contract providers §16): the second version of its API for chat, embeddings and rerank.
package struct Cohere: Vendor {
    package let id = "cohere"

    package init() {}

    package func route(_ call: VendorCall, _ channel: VendorChannel) -> UpstreamRoute? {
        let base = Self.host(channel.base) + "/v2"
        let credential = AuthScheme.bearer.credential(channel.key)
        switch call.mode {
        case .embeddings:
            return UpstreamRoute(
                url: base + "/embed", credential: credential, wire: Wire(embedding: .vendor, CohereEmbeddings()))
        case .rerank:
            return UpstreamRoute(url: base + "/rerank", credential: credential, wire: Wire(rerank: CohereRerank()))
        case let mode where VendorModes.chat.contains(mode):
            return UpstreamRoute(
                url: base + "/chat", credential: credential, wire: Wire(.vendor, CohereUpstream()))
        default: return nil
        }
    }

    /// The address without a version; operators also paste it with one.
    private static func host(_ base: String) -> String {
        base.hasSuffix("/v1") || base.hasSuffix("/v2") ? String(base.dropLast(3)) : base
    }
}
