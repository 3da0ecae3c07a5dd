package import Contracts
import JSON

/// A vendor that speaks OpenAI's protocol: data, plus the differences (contract providers §3, §7, §10–§14, §17, §20, §21).
package struct OpenAICompatible: Vendor {
    /// How the vendor's addresses are formed.
    package enum Addressing: Equatable, Sendable {
        /// `{base}{prefix}/chat/completions`, and so on.
        case plain(prefix: String)
        /// `{base}/openai/deployments/{model}/chat/completions?api-version=V`; dots of the model are dropped for the deprecated type.
        case azure
        /// `{base}/client/v4/accounts/{account}/ai/v1/chat/completions`.
        case cloudflare
    }

    /// An operation that a vendor of this family has in a form that is not OpenAI's.
    package enum OwnOperation: Sendable {
        /// At a path that is appended to the channel's address, in a protocol of its own.
        case at(String, Wire)
        /// Not for this model.
        case missing
    }

    /// The name that the channel types carry.
    package let id: String
    package let addressing: Addressing
    package let auth: AuthScheme
    /// Paths that differ from OpenAI's.
    package let paths: [RelayMode: String]
    package let traits: OpenAITraits
    /// Whether the vendor has `/responses`; calls in that protocol are converted to chat elsewhere.
    package let hasResponses: Bool
    /// The vendor's own route for Claude clients.
    package let anthropic: AnthropicRoute?
    /// What the model's name and the channel's `configs` change.
    let adapt: @Sendable (inout OpenAITraits, _ model: String, _ configs: JSONObject) -> Void
    /// A path that depends on the model or the `configs`; `nil` for the usual one.
    let path: @Sendable (RelayMode, _ model: String, _ configs: JSONObject) -> String?
    /// What goes with the key by the `configs`.
    let fields: @Sendable (_ configs: JSONObject) -> [CredentialField]
    /// What the vendor does in a way of its own; `nil` for all else.
    let own: @Sendable (VendorCall, VendorChannel) -> OwnOperation?

    init(
        _ id: String, addressing: Addressing = .plain(prefix: ""), auth: AuthScheme = .bearer,
        paths: [RelayMode: String] = [:], traits: OpenAITraits = OpenAITraits(), hasResponses: Bool = false,
        anthropic: AnthropicRoute? = nil,
        path: @escaping @Sendable (RelayMode, String, JSONObject) -> String? = { _, _, _ in nil },
        fields: @escaping @Sendable (JSONObject) -> [CredentialField] = { _ in [] },
        own: @escaping @Sendable (VendorCall, VendorChannel) -> OwnOperation? = { _, _ in nil },
        adapt: @escaping @Sendable (inout OpenAITraits, String, JSONObject) -> Void = { _, _, _ in }
    ) {
        self.id = id
        self.addressing = addressing
        self.auth = auth
        self.paths = paths
        self.traits = traits
        self.hasResponses = hasResponses
        self.anthropic = anthropic
        self.path = path
        self.fields = fields
        self.own = own
        self.adapt = adapt
    }

    /// The operations of this family that the relay speaks, with OpenAI's paths below the base address.
    private static let openAIPaths: [RelayMode: String] = [
        .chatCompletions: "/chat/completions",
        .completions: "/completions",
        .embeddings: "/embeddings",
        .moderations: "/moderations",
        .imagesGenerations: "/images/generations",
        .imagesEdits: "/images/edits",
        .audioSpeech: "/audio/speech",
        .audioTranscription: "/audio/transcriptions",
        .audioTranslation: "/audio/translations",
        .rerank: "/rerank",
    ]

    package func serves(_ mode: RelayMode, of type: ChannelType) -> Bool {
        if VendorModes.chat.contains(Self.operation(mode, of: type)) {
            return !type.modes.isDisjoint(with: VendorModes.chat)
        }
        return type.modes.contains(mode) && (Self.openAIPaths[mode] != nil || VendorModes.keeping.contains(mode))
    }

    package func route(_ call: VendorCall, _ channel: VendorChannel) -> UpstreamRoute? {
        let secret = firstPart(of: channel.key, type: channel.type)
        if let native = anthropic?.route(call, base: channel.base, key: secret, errors: traits.errors) {
            return native
        }
        switch own(call, channel) {
        case .at(let path, let wire):
            let credential = auth.credential(secret).with(fields(channel.configs))
            return UpstreamRoute(url: channel.base + path, credential: credential, wire: wire)
        case .missing: return nil
        case nil: break
        }
        if ResponsesModels.takes(call, channel, isUsual: hasResponses) { return responses(call, channel) }
        let mode = Self.operation(call.mode, of: channel.type)
        let usual = call.action == "variations" ? "/images/variations" : Self.openAIPaths[mode]
        guard let path = path(mode, call.model, channel.configs) ?? paths[mode] ?? usual else { return nil }
        var traits = traits
        adapt(&traits, call.model, channel.configs)
        traits = traits.for(model: call.model)
        switch addressing {
        case .plain(let prefix):
            let credential = auth.credential(secret).with(fields(channel.configs))
            return UpstreamRoute(url: channel.base + prefix + path, credential: credential, wire: wire(mode, traits))
        case .azure: return azure(call, path, channel, traits, mode)
        case .cloudflare: return cloudflare(path, channel, wire(mode, traits))
        }
    }

    /// Cloudflare's address names the account, which the key has, or is that of a gateway, which knows it.
    private func cloudflare(_ path: String, _ channel: VendorChannel, _ wire: Wire) -> UpstreamRoute? {
        let base = channel.base
        let parts = channel.key.split(separator: "|", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        let isGateway = base.hasPrefix("https://gateway.ai.cloudflare.com") && base.hasSuffix("/workers-ai")
        guard isGateway || parts.count == 2 else { return nil }
        let prefix = isGateway ? base : "\(base)/client/v4/accounts/\(PathText.escaped(parts[0]))/ai"
        return UpstreamRoute(
            url: prefix + "/v1" + path, credential: auth.credential(parts.last ?? ""), wire: wire)
    }

    /// The address of the Responses protocol; Azure's names no deployment, and has a version of its own.
    private func responses(_ call: VendorCall, _ channel: VendorChannel) -> UpstreamRoute? {
        var traits = traits
        adapt(&traits, call.model, channel.configs)
        traits = traits.for(model: call.model)
        if channel.type.id == 3 { traits.modelName = .dotless }
        let wire = Wire(.responses, ResponsesUpstream(traits), traits: traits)
        let (base, key) = (channel.base, channel.key)
        switch addressing {
        case .azure:
            return UpstreamRoute(
                url: "\(base)/openai/v1/responses?api-version=preview",
                credential: auth.credential(String(key.prefix { $0 != "|" })), wire: wire)
        case .plain(let prefix):
            return UpstreamRoute(
                url: "\(base)\(prefix)/responses",
                credential: auth.credential(firstPart(of: key, type: channel.type)).with(fields(channel.configs)),
                wire: wire)
        case .cloudflare: return cloudflare("/responses", channel, wire)
        }
    }

    /// Azure's address names the deployment and the version of the API; `v1` has neither.
    private func azure(
        _ call: VendorCall, _ path: String, _ channel: VendorChannel, _ traits: OpenAITraits, _ mode: RelayMode
    ) -> UpstreamRoute {
        let parts = channel.key.split(separator: "|", omittingEmptySubsequences: false).map(String.init)
        let credential = auth.credential(parts.first ?? "")
        let version = parts.count > 1 && !parts[1].isEmpty ? parts[1] : "2025-04-01-preview"
        var traits = traits
        if version == "v1" {
            traits.namesModelInAddress = false
            return UpstreamRoute(
                url: "\(channel.base)/openai/v1\(path)", credential: credential, wire: wire(mode, traits))
        }
        // Older versions do not know the option.
        if version < "2024-09" { traits.takesStreamOptions = false }
        let deployment = channel.type.id == 3 ? call.model.filter { $0 != "." } : call.model
        let url =
            "\(channel.base)/openai/deployments/\(PathText.escaped(deployment))\(path)"
            + "?api-version=\(PathText.escaped(version))"
        return UpstreamRoute(url: url, credential: credential, wire: wire(mode, traits))
    }

    /// What is asked of the vendor: chat for everything that is converted into it, completions of vendors without them too.
    private static func operation(_ mode: RelayMode, of type: ChannelType) -> RelayMode {
        if VendorModes.chat.contains(mode) { return .chatCompletions }
        return mode == .completions && !type.modes.contains(.completions) ? .chatCompletions : mode
    }

    private func wire(_ mode: RelayMode, _ traits: OpenAITraits) -> Wire {
        switch mode {
        case .chatCompletions: Wire(.chat, ChatUpstream(traits), traits: traits)
        case .completions: Wire(.completions, nil, traits: traits)
        case .embeddings: Wire(embedding: .embeddings, OpenAIEmbeddings(), traits: traits)
        case .imagesGenerations, .imagesEdits: Wire(.operations, nil, traits: traits)
        default: Wire(.operations, nil, traits: traits.with { $0.namesModelInAddress = false })
        }
    }

    /// Keys of more than one part carry the secret first; a key whose type knows no parts is sent as it is.
    private func firstPart(of key: String, type: ChannelType) -> String {
        guard case .parts = type.keyRule else { return key }
        return String(key.prefix { $0 != "|" })
    }
}
