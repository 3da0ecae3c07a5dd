package import Contracts

/// Anthropic (contract providers §4): callers of every protocol are served through `/messages`.
package struct Anthropic: Vendor {
    package let id = "anthropic"

    package init() {}

    /// Calls of every chat protocol, and completions, which are converted too.
    package func serves(_ mode: RelayMode, of type: ChannelType) -> Bool {
        VendorModes.chat.contains(mode) || mode == .completions
    }

    package func route(_ call: VendorCall, _ channel: VendorChannel) -> UpstreamRoute? {
        guard VendorModes.chat.contains(call.mode) || call.mode == .completions else { return nil }
        // Somebody else behind this type may know less than Anthropic.
        let isOwn = channel.base.hasPrefix("https://api.anthropic.com")
        let upstream = AnthropicUpstream(isOwn ? .anthropic : .compatible)
        let counts = call.action == AnthropicCountCall.action
        return UpstreamRoute(
            url: channel.base + (counts ? "/messages/count_tokens" : "/messages"),
            credential: AuthScheme.header("x-api-key").credential(channel.key), wire: Wire(.anthropic, upstream))
    }
}
