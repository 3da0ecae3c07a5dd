/// How an upstream wants its key; named by a dialect, applied when the request is built.
package enum AuthScheme: Equatable, Sendable {
    /// `Authorization: Bearer {key}`.
    case bearer
    /// A header of this name that holds the key alone.
    case header(String)
    /// Both, for vendors that look at one or the other.
    case bearerAndHeader(String)

    /// What proves a call with this key; an empty key is not sent at all.
    package func credential(_ key: String) -> Credential {
        guard !key.isEmpty else { return .none }
        switch self {
        case .bearer: return .field(name: "authorization", value: "Bearer \(key)")
        case .header(let name): return .field(name: name, value: key)
        case .bearerAndHeader(let name):
            return .fields([
                CredentialField(name: "authorization", value: "Bearer \(key)"),
                CredentialField(name: name, value: key),
            ])
        }
    }
}
