import Crypto
import Routing
package import Telemetry

/// Ids of what an upstream keeps, as callers get them: they say which channel has it and are bound to their owner, so that any replica finds the way back
/// without a store, also after a restart (contract relay §8.4: another token does not see it).
///
/// Form: `{upstream's id}_sb{channel in base 36}_{first 16 hex digits of an HMAC-SHA256}`.
package struct StoredIDs: Sendable {
    private let key: Redacted<[UInt8]>

    private static let mark = "_sb"

    /// Makes the codec; all replicas have the same secret.
    package init(secret: Redacted<String>) {
        key = Redacted(HMAC.sha256(key: Array(secret.reveal.utf8), message: Array("switchboard stored ids".utf8)))
    }

    /// The codec of one channel's ids for one caller.
    func sealing(channel: Int, for caller: Caller?) -> (@Sendable (String) -> String)? {
        guard let caller else { return nil }
        let owner = Self.owner(caller)
        return { id in
            "\(id)\(Self.mark)\(String(channel, radix: 36))_\(proof(id, channel, owner))"
        }
    }

    /// The channel and the upstream's id; `nil` for an id that is not this caller's.
    func open(_ text: String, for caller: Caller) -> (channel: Int, id: String)? {
        guard text.utf8.count <= 1024, let mark = text.ranges(of: Self.mark).last else { return nil }
        let id = String(text[..<mark.lowerBound])
        let halves = text[mark.upperBound...].split(separator: "_", omittingEmptySubsequences: false)
        guard halves.count == 2, let channel = Int(halves[0], radix: 36), channel > 0,
            halves[0] == String(channel, radix: 36)
        else { return nil }
        let wanted = proof(id, channel, Self.owner(caller))
        guard constantTimeEquals(Array(halves[1].utf8), Array(wanted.utf8)) else { return nil }
        return (channel, id)
    }

    private static func owner(_ caller: Caller) -> String {
        caller.tenant.map { "token \($0.tokenID)" } ?? "operator"
    }

    private func proof(_ id: String, _ channel: Int, _ owner: String) -> String {
        let message = Array("\(owner)\n\(channel)\n\(id)".utf8)
        return Hex.encode(Array(HMAC.sha256(key: key.reveal, message: message).prefix(8)))
    }
}
