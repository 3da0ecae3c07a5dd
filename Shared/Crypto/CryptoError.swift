/// Why something could not be opened or decoded. No case says more than an attacker may know.
package enum CryptoError: Error, Equatable, Sendable {
    /// The key of an AES-256 operation is not 32 bytes long.
    case keyLength(Int)
    /// The text is not in the form that ``SecretBox`` or a decoder accepts.
    case malformed
    /// The box was sealed with a key that is not at hand; its id is no secret.
    case unknownKey(id: String)
    /// The bytes were changed, or the key or the context is another one.
    case authenticationFailed
}
