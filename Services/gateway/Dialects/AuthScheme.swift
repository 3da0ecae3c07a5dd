/// How an upstream wants its key; named by a dialect, applied when the request is built.
package enum AuthScheme: Equatable, Sendable {
    /// `Authorization: Bearer {key}`.
    case bearer
    /// A header of this name that holds the key alone.
    case header(String)

    /// The header field for a key; `nil` for an empty key, which is then not sent at all.
    package func field(key: String) -> (name: String, value: String)? {
        guard !key.isEmpty else { return nil }
        switch self {
        case .bearer: return ("authorization", "Bearer \(key)")
        case .header(let name): return (name, key)
        }
    }
}
