package import Contracts

/// Google's Gemini API (contract providers §5.1): `{base}/v1beta/models/{model}:{action}`, the key in a header of its own.
package struct Gemini: Vendor {
    package let id = "gemini"
    private let auth = AuthScheme.header("x-goog-api-key")

    package init() {}

    package func serves(_ mode: RelayMode, of type: ChannelType) -> Bool {
        VendorModes.chat.contains(mode) || mode == .embeddings
    }

    package func route(_ call: VendorCall, _ channel: VendorChannel) -> UpstreamRoute? {
        let credential = auth.credential(channel.key)
        let model = Self.base(channel.base) + "/" + Self.resource(call.model)
        if call.mode == .embeddings {
            return UpstreamRoute(
                url: "\(model):\(GeminiAction.embedBatch.rawValue)", credential: credential,
                wire: Wire(embedding: .geminiEmbeddings, GeminiEmbeddings()))
        }
        guard VendorModes.chat.contains(call.mode) else { return nil }
        let wire = Wire(.gemini, GeminiUpstream())
        if call.family == .gemini, call.action == GeminiAction.count.rawValue {
            return UpstreamRoute(url: "\(model):\(GeminiAction.count.rawValue)", credential: credential, wire: wire)
        }
        // Without `alt=sse` a stream is one JSON array.
        let action = call.isStream ? "\(GeminiAction.stream.rawValue)?alt=sse" : GeminiAction.generate.rawValue
        return UpstreamRoute(url: "\(model):\(action)", credential: credential, wire: wire)
    }

    /// The base address with its version; operators also paste it with one.
    private static func base(_ base: String) -> String {
        base.hasSuffix("/v1beta") || base.hasSuffix("/v1") ? base : base + "/v1beta"
    }

    /// The model as a part of the path: `models/{model}`, and a tuned one as it is named.
    private static func resource(_ model: String) -> String {
        GeminiBody.resource(model).split(separator: "/").map { PathText.escaped(String($0)) }.joined(separator: "/")
    }
}
