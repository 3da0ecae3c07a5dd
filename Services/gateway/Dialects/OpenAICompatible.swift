package import Contracts

/// A vendor that speaks OpenAI's protocol: data, plus the differences (contract providers §3, §7, §10–§14, §17, §20, §21).
package struct OpenAICompatible: Sendable {
    /// How the vendor's addresses are formed.
    package enum Addressing: Equatable, Sendable {
        /// `{base}{prefix}/chat/completions`, and so on.
        case plain(prefix: String)
        /// `{base}/openai/deployments/{model}/chat/completions?api-version=V`; dots of the model are dropped for the deprecated type.
        case azure
        /// `{base}/client/v4/accounts/{account}/ai/v1/chat/completions`.
        case cloudflare
    }

    /// The name that the channel types carry.
    package let id: String
    package let addressing: Addressing
    package let auth: AuthScheme
    /// Paths that differ from OpenAI's.
    package let paths: [RelayMode: String]
    /// Whether the vendor takes `stream_options`.
    package let takesStreamOptions: Bool

    init(
        _ id: String, addressing: Addressing = .plain(prefix: ""), auth: AuthScheme = .bearer,
        paths: [RelayMode: String] = [:], takesStreamOptions: Bool = true
    ) {
        self.id = id
        self.addressing = addressing
        self.auth = auth
        self.paths = paths
        self.takesStreamOptions = takesStreamOptions
    }

    /// The operations of this family that the relay speaks, with OpenAI's paths below the base address.
    private static let openAIPaths: [RelayMode: String] = [
        .chatCompletions: "/chat/completions",
        .completions: "/completions",
        .embeddings: "/embeddings",
    ]

    /// Whether the relay can send calls of this mode to the vendor.
    package func serves(_ mode: RelayMode, of type: ChannelType) -> Bool {
        Self.openAIPaths[mode] != nil && type.modes.contains(mode)
    }

    /// The address and the credential of one call; `nil` when the mode has no address here.
    ///
    /// - Parameters:
    ///   - base: The channel's address without a trailing slash.
    ///   - key: The channel's key in the form of its type.
    ///   - model: The upstream's name of the model.
    package func target(_ mode: RelayMode, base: String, key: String, model: String, type: ChannelType)
        -> UpstreamTarget?
    {
        guard let path = paths[mode] ?? Self.openAIPaths[mode] else { return nil }
        switch addressing {
        case .plain(let prefix):
            return UpstreamTarget(
                url: base + prefix + path, credential: auth.field(key: firstPart(of: key, type: type)))
        case .azure:
            let parts = key.split(separator: "|", omittingEmptySubsequences: false).map(String.init)
            let version = parts.count > 1 && !parts[1].isEmpty ? parts[1] : "2025-04-01-preview"
            let deployment = type.id == 3 ? model.filter { $0 != "." } : model
            let url =
                "\(base)/openai/deployments/\(Self.escaped(deployment))\(path)?api-version=\(Self.escaped(version))"
            return UpstreamTarget(url: url, credential: auth.field(key: parts.first ?? ""))
        case .cloudflare:
            let parts = key.split(separator: "|", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            let isGateway = base.hasPrefix("https://gateway.ai.cloudflare.com") && base.hasSuffix("/workers-ai")
            guard isGateway || parts.count == 2 else { return nil }
            let prefix = isGateway ? base : "\(base)/client/v4/accounts/\(Self.escaped(parts[0]))/ai"
            return UpstreamTarget(url: prefix + "/v1" + path, credential: auth.field(key: parts.last ?? ""))
        }
    }

    /// Keys of more than one part carry the secret first; a key whose type knows no parts is sent as it is.
    private func firstPart(of key: String, type: ChannelType) -> String {
        guard case .parts = type.keyRule else { return key }
        return String(key.prefix { $0 != "|" })
    }

    /// Percent-encodes everything that has a meaning in a path segment or query (RFC 3986 §2.3).
    private static func escaped(_ text: String) -> String {
        var out = ""
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
                UInt8(ascii: "~"):
                out.append(Character(UnicodeScalar(byte)))
            default:
                out += "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
            }
        }
        return out
    }
}

/// Where a call goes and what proves that it may.
package struct UpstreamTarget: Sendable {
    package let url: String
    /// The header field with the key; `nil` for a channel without one. Never logged.
    package let credential: (name: String, value: String)?
}
