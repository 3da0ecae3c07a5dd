import Crypto
package import HTTPCore
package import Telemetry

/// Decides whether a request carries the admin key (contract admin-api §1.1).
///
/// The key is read from `Authorization`, and only when that is empty or absent from the query parameter `key`. `K`, `Bearer K`, `sk-K` and
/// `Bearer sk-K` are one key; the configured key is stripped in the same way, so that one that begins with `sk-` works.
package struct AdminAuth: Sendable {
    private let expected: [UInt8]

    /// Takes the configured key; an empty one admits nobody.
    package init(adminKey: Redacted<String>) {
        expected = Array(Self.stripped(adminKey.reveal).utf8)
    }

    /// Whether the request may use the admin routes. The comparison takes the same time for every wrong key of one length.
    package func admits(_ headers: HTTPHeaders, _ target: RequestTarget) -> Bool {
        let header = headers.first("authorization") ?? ""
        let presented = header.isEmpty ? target.query("key") ?? "" : header
        guard !expected.isEmpty else { return false }
        return constantTimeEquals(Array(Self.stripped(presented).utf8), expected)
    }

    private static func stripped(_ key: String) -> Substring {
        var key = key[...]
        if key.hasPrefix("Bearer ") { key = key.dropFirst("Bearer ".count) }
        if key.hasPrefix("sk-") { key = key.dropFirst("sk-".count) }
        return key
    }
}
