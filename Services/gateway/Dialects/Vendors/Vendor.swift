package import Contracts
package import InferenceModel
package import JSON

/// A kind of vendor: where each call goes, in which protocol, and what proves that it may (contract providers §2).
///
/// A new vendor is one file with a value of this protocol, one row in `DialectCatalog`, and one golden folder under `Tests/DialectsTests/Golden/vendors/<id>`.
package protocol Vendor: Sendable {
    /// The name that the channel types carry (`ChannelType.dialect`).
    var id: String { get }

    /// Whether calls of this mode can be put to the vendor at all; a cheap question, asked of every candidate.
    func serves(_ mode: RelayMode, of type: ChannelType) -> Bool

    /// The address, protocol and credential of one call; `nil` when the vendor does not serve it, or the channel lacks what it needs.
    func route(_ call: VendorCall, _ channel: VendorChannel) -> UpstreamRoute?
}

extension Vendor {
    /// Chat in any protocol where the type has chat in any, other modes where the type lists them.
    package func serves(_ mode: RelayMode, of type: ChannelType) -> Bool {
        VendorModes.chat.contains(mode) ? !type.modes.isDisjoint(with: VendorModes.chat) : type.modes.contains(mode)
    }
}

/// Kinds of modes.
package enum VendorModes {
    /// The modes that are answers of chat models, and are converted into each other.
    package static let chat: Set<RelayMode> = [.chatCompletions, .anthropic, .gemini, .responses]
    /// The modes of things that a vendor keeps.
    package static let keeping: Set<RelayMode> = [
        .responses, .responsesGet, .responsesDelete, .responsesCancel, .responsesInputItems,
    ]
}

/// What a vendor must know of a call to say where it goes.
package struct VendorCall: Hashable, Sendable {
    package var mode: RelayMode
    /// The family that the caller speaks; a vendor with several protocols answers in the same one where it can.
    package var family: ProtocolFamily
    /// The upstream's name of the model.
    package var model: String
    package var isStream: Bool
    /// What is asked of the model beyond its mode (`count_tokens`, `embedContent`, `variations`); `nil` for the mode itself.
    package var action: String?

    package init(mode: RelayMode, family: ProtocolFamily, model: String, isStream: Bool, action: String? = nil) {
        self.mode = mode
        self.family = family
        self.model = model
        self.isStream = isStream
        self.action = action
    }
}

/// What a vendor must know of a channel. Holds the key: never printed, never kept beyond the channel.
package struct VendorChannel: Sendable {
    /// The address without a trailing slash; may be empty.
    package var base: String
    /// The key in the form of its type.
    package var key: String
    package var type: ChannelType
    package var configs: JSONObject

    package init(base: String, key: String, type: ChannelType, configs: JSONObject = JSONObject()) {
        self.base = base
        self.key = key
        self.type = type
        self.configs = configs
    }
}

/// Where a call goes, what is spoken there, and what proves that it may.
package struct UpstreamRoute: Sendable {
    package let url: String
    package let credential: Credential
    package let wire: Wire

    package init(url: String, credential: Credential, wire: Wire) {
        self.url = url
        self.credential = credential
        self.wire = wire
    }
}

/// What goes with a request to prove that it may be made. Never printed.
package enum Credential: Equatable, Sendable {
    case none
    /// One header field.
    case field(name: String, value: String)
    /// Several header fields.
    case fields([CredentialField])
    /// A signature of the very bytes that are sent, made when they are.
    case signature(AWSKey)
    /// A token that is fetched with the channel's key and kept for a while, and header fields beside it.
    indirect case token(TokenGrant, fields: [CredentialField] = [])
    /// The channel's key can prove nothing; the text says what is wrong with it, without it.
    case unusable(String)

    /// The same with more fields beside it; a signature has none.
    func with(_ more: [CredentialField]) -> Credential {
        guard !more.isEmpty else { return self }
        switch self {
        case .signature: return self
        case .none: return .fields(more)
        case .field(let name, let value): return .fields([CredentialField(name: name, value: value)] + more)
        case .fields(let fields): return .fields(fields + more)
        case .token(let grant, let fields): return .token(grant, fields: fields + more)
        case .unusable: return self
        }
    }

    /// The token that must be at hand before the call can be made; `nil` for all other credentials.
    package var grant: TokenGrant? {
        if case .token(let grant, _) = self { grant } else { nil }
    }
}

/// One header field of a credential. Never printed.
package struct CredentialField: Equatable, Sendable {
    package let name: String
    package let value: String

    package init(name: String, value: String) {
        self.name = name
        self.value = value
    }
}
