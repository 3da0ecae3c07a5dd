import Contracts

/// Hugging Face's text-embeddings-inference (contract providers §19): a server of one model, with OpenAI's embeddings and a rerank of its own.
package struct TEI: Vendor {
    package let id = "tei"

    package init() {}

    package func route(_ call: VendorCall, _ channel: VendorChannel) -> UpstreamRoute? {
        // Operators also paste the address of the embeddings.
        let base = channel.base.hasSuffix("/v1") ? String(channel.base.dropLast(3)) : channel.base
        let credential = AuthScheme.bearer.credential(channel.key)
        switch call.mode {
        case .embeddings:
            return UpstreamRoute(
                url: base + "/v1/embeddings", credential: credential,
                wire: Wire(embedding: .embeddings, OpenAIEmbeddings()))
        case .rerank:
            return UpstreamRoute(url: base + "/rerank", credential: credential, wire: Wire(rerank: TEIRerank()))
        default: return nil
        }
    }
}
