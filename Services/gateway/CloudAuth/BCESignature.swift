import Crypto
import InferenceModel
import Telemetry

/// Baidu's signature `bce-auth-v1` of a `GET` without a body, of which the host alone is signed among the fields (contract providers §11.2); pure.
enum BCESignature {
    /// For how many seconds a signature is good.
    private static let validity = 1800

    /// The value of `Authorization`.
    ///
    /// - Parameters:
    ///   - address: An absolute address; its query has names and values of letters and digits alone.
    ///   - unixTime: In seconds.
    static func authorization(_ keys: BCEKeys, address: String, unixTime: Int) -> String {
        let parts = address.split(separator: "/", maxSplits: 3, omittingEmptySubsequences: false)
        let host = parts.count > 2 ? parts[2] : ""
        let target = parts.count > 3 ? "/" + parts[3] : ""
        let path = target.prefix { $0 != "?" }
        let query = target.dropFirst(path.count + 1).split(separator: "&").sorted().joined(separator: "&")
        let time = String(RFC3339.text(Int64(unixTime) * 1_000_000).prefix(19)) + "Z"
        let prefix = "bce-auth-v1/\(keys.accessKey)/\(time)/\(validity)"
        // The colon before a port is escaped in what is signed.
        let signedHost = host.lowercased().replacing(":", with: "%3A")
        let canonical = "GET\n\(path.isEmpty ? "/" : path)\n\(query)\nhost:\(signedHost)"
        let signingKey = hmac(keys.secretKey, prefix)
        return "\(prefix)/host/\(hmac(signingKey, canonical))"
    }

    private static func hmac(_ key: String, _ message: String) -> String {
        Hex.encode(HMAC.sha256(key: Array(key.utf8), message: Array(message.utf8)))
    }
}
