package import Telemetry

/// Keeps secrets at rest: AES-256-GCM under a key derived from `SECRETS_KEY`, with a key id for rotation.
///
/// A sealed text reads `v1.<key id>.<base64url(nonce ‖ ciphertext ‖ tag)>`. The context (such as `channel:12`) is
/// authenticated but not stored, so a sealed text that is moved to another row does not open there.
package struct SecretBox: Sendable {
    private struct Key: Sendable {
        let id: String
        let bytes: Redacted<[UInt8]>

        init(_ text: String) {
            bytes = Redacted(SHA256.hash(Array("switchboard.secretbox.key.v1\0\(text)".utf8)))
            id = Hex.encode(Array(SHA256.hash(Array("switchboard.secretbox.id.v1\0\(text)".utf8)).prefix(4)))
        }
    }

    private static let version = "v1"
    private let current: Key
    private let keys: [String: Key]

    /// A box that seals with one key and opens what that key or an earlier one sealed.
    ///
    /// - Parameters:
    ///   - secretsKey: Any text; it should carry at least 128 bits of chance, since it is hashed once and not stretched.
    ///   - previous: Earlier keys, still accepted for opening.
    package init(secretsKey: String, previous: [String] = []) {
        current = Key(secretsKey)
        var keys: [String: Key] = [:]
        for text in previous {
            let key = Key(text)
            keys[key.id] = key
        }
        keys[current.id] = current
        self.keys = keys
    }

    /// The id of the key that seals; stored with each text, no secret.
    package var keyID: String { current.id }

    /// Whether a text was sealed with another key than the current one and should be sealed again.
    package func needsResealing(_ sealed: String) -> Bool {
        let parts = sealed.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count != 3 || parts[1] != current.id
    }

    /// Seals a text for one place.
    ///
    /// - Parameters:
    ///   - plain: The secret.
    ///   - context: Where the secret belongs; the same text must be given to open it.
    package func seal(_ plain: String, context: String) -> String {
        do {
            let sealed = try AESGCM.seal(
                Array(plain.utf8), key: current.bytes.reveal, additionalData: additionalData(current.id, context))
            return "\(Self.version).\(current.id).\(Base64URL.encode(sealed))"
        } catch {
            preconditionFailure("a derived key always has 32 bytes")
        }
    }

    /// Opens a sealed text.
    ///
    /// - Throws: `malformed` for text that no box made, `unknownKey` for a key not at hand, `authenticationFailed`
    ///   for changed bytes or another context.
    package func open(_ sealed: String, context: String) throws(CryptoError) -> Redacted<String> {
        let parts = sealed.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 3, parts[0] == Self.version, let bytes = Base64URL.decode(parts[2]) else {
            throw .malformed
        }
        guard let key = keys[parts[1]] else { throw .unknownKey(id: parts[1]) }
        let plain = try AESGCM.open(bytes, key: key.bytes.reveal, additionalData: additionalData(key.id, context))
        guard let text = String(validating: plain, as: UTF8.self) else { throw .malformed }
        return Redacted(text)
    }

    private func additionalData(_ id: String, _ context: String) -> [UInt8] {
        Array("\(Self.version)\0\(id)\0\(context)".utf8)
    }
}
