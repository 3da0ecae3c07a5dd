package import HTTPClient

/// Why there is no token. The texts are fit for a caller: they hold no key and no address.
package enum TokenError: Error, Equatable, Sendable {
    /// The channel's key cannot be used; the text names what is wrong with it.
    case unusable(String)
    /// The issuer gave none.
    ///
    /// - `status`: that of its answer.
    /// - `reason`: its own words, or ours.
    case refused(status: Int, reason: String)
    /// The issuer's answer is neither a token nor a refusal.
    case badAnswer
    /// The issuer could not be asked.
    case transport(HTTPClientError)
    /// Whoever asked no longer waits.
    case cancelled
}
