package import Contracts

/// AWS Bedrock with Claude (contract providers §8): Anthropic's body, model and streaming in the address, streams in Amazon's frames. Callers of every protocol are served.
package struct Bedrock: Vendor {
    package let id = "bedrock"

    package init() {}

    /// Calls of every chat protocol, and completions, which are converted too.
    package func serves(_ mode: RelayMode, of type: ChannelType) -> Bool {
        VendorModes.chat.contains(mode) || mode == .completions
    }

    package func route(_ call: VendorCall, _ channel: VendorChannel) -> UpstreamRoute? {
        guard VendorModes.chat.contains(call.mode) || call.mode == .completions else { return nil }
        let parts = channel.key.split(separator: "|", omittingEmptySubsequences: false).map(String.init)
        guard let region = parts.first, Self.isRegion(region), let credential = Self.credential(parts) else {
            return nil
        }
        let base = channel.base.isEmpty ? "https://bedrock-runtime.\(region).amazonaws.com" : channel.base
        let model = PathText.escaped(BedrockModel.id(call.model, region: region))
        // Its count of tokens takes other ids than its answers do: the gateway counts.
        let wire = call.action == nil ? Wire(.anthropic, AnthropicUpstream(.bedrock)) : Wire(.vendor, nil)
        return UpstreamRoute(
            url: "\(base)/model/\(model)/\(call.isStream ? "invoke-with-response-stream" : "invoke")",
            credential: credential, wire: wire)
    }

    /// A part of the host's name, and of what is signed.
    private static func isRegion(_ text: String) -> Bool {
        !text.isEmpty
            && text.utf8.allSatisfy {
                switch $0 {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"):
                    true
                default: false
                }
            }
    }

    /// `region|api_key`, `region|access_key|secret_key` or `region|access_key|secret_key|session_token`.
    private static func credential(_ parts: [String]) -> Credential? {
        guard !parts.contains(where: \.isEmpty) else { return nil }
        switch parts.count {
        case 2: return AuthScheme.bearer.credential(parts[1])
        case 3, 4:
            return .signature(
                AWSKey(
                    region: parts[0], service: "bedrock", accessKey: parts[1], secretKey: parts[2],
                    sessionToken: parts.count == 4 ? parts[3] : nil))
        default: return nil
        }
    }
}
