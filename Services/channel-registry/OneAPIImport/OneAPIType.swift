import Contracts

/// What becomes of a channel type of One API.
struct OneAPIType: Sendable {
    /// How the key of a type is written here, where One API writes it in another way or keeps a part of it in `config`.
    enum KeyForm: Sendable {
        /// As it is there.
        case same
        /// `key` and the API version of `config` or `other`: `key|version`.
        case azure
        /// `AppID|APISecret|APIKey` of the WebSocket API: `APIKey:APISecret` of the HTTP one.
        case xunfeiSocket
        /// `AppId|SecretId|SecretKey` of the signed API: nothing that the compatible one takes.
        case tencentSigned
        /// `ak|sk|region`, or those of `config`: `region|ak|sk`.
        case aws
        /// The token, and the user of `config`: `token|user`.
        case coze
        /// The token, and the account of `config`: `account|token`.
        case cloudflare
        /// `region|project|{service account}`, or those of `config`: `region|{service account}`.
        case vertex
    }

    /// The number there.
    let id: Int
    /// The name there.
    let name: String
    /// The number of our type; `nil` when there is none.
    let ours: Int?
    /// What follows a base address here and not there, because One API adds it to the path.
    let append: String
    /// The address that an empty one stands for, where ours would be another vendor's.
    let keepsBase: String
    /// Whether a channel without an address reaches nobody there.
    let needsBase: Bool
    /// Why there is no type of ours.
    let refusal: String
    let key: KeyForm

    init(
        _ id: Int, _ name: String, becomes ours: Int?, append: String = "", keepsBase: String = "",
        needsBase: Bool = false, refusal: String = "", key: KeyForm = .same
    ) {
        self.id = id
        self.name = name
        self.ours = ours
        self.append = append
        self.keepsBase = keepsBase
        self.needsBase = needsBase
        self.refusal = refusal
        self.key = key
    }

    private static let byID = Dictionary(uniqueKeysWithValues: all.map { ($0.id, $0) })

    /// The type with this number; `nil` when One API has none.
    static func find(_ id: Int) -> OneAPIType? {
        byID[id]
    }

    /// The numbers that the mapping treats by name.
    enum Number {
        static let ali = 17
        static let xunfei = 18
        static let tencent = 23
        static let gemini = 24
    }
}
