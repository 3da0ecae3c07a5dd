import Crypto
import HTTPClient
import HTTPCore
import InferenceModel
import JSON

/// Forms the request for a token; pure but for the time that it is given.
enum TokenRequest {
    /// All of a fetch; nobody waits longer for a token.
    static let patience: Duration = .seconds(20)
    private static let connecting: Duration = .seconds(10)
    /// The longest life that Google gives (contract providers §9).
    private static let assertionLifetime = 3600

    /// The request of a grant, without the channel's proxy.
    ///
    /// - Parameter unixTime: In seconds.
    /// - Throws: `unusable` when the key cannot sign.
    static func make(_ grant: TokenGrant, unixTime: Int) throws(TokenError) -> ClientRequest {
        let timeouts = ClientTimeouts(connect: connecting, firstByte: patience, idle: patience, total: patience)
        switch grant.request {
        case .plain(let method):
            return ClientRequest(
                method: method, url: grant.address, headers: ["accept": "application/json"], timeouts: timeouts,
                poolKey: "token")
        case .signed(let keys):
            let proof = BCESignature.authorization(keys, address: grant.address, unixTime: unixTime)
            return ClientRequest(
                method: .get, url: grant.address,
                headers: ["accept": "application/json", "authorization": proof], timeouts: timeouts, poolKey: "token")
        case .assertion(let account):
            let assertion = try assertion(account, audience: grant.address, unixTime: unixTime)
            let form = "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion=\(assertion)"
            return ClientRequest(
                method: .post, url: grant.address,
                headers: ["accept": "application/json", "content-type": "application/x-www-form-urlencoded"],
                body: .bytes(Array(form.utf8)), timeouts: timeouts, poolKey: "token")
        }
    }

    /// A JSON Web Token (RFC 7519) that the account signs with RS256.
    private static func assertion(
        _ account: ServiceAccount, audience: String, unixTime: Int
    ) throws(TokenError) -> String {
        var header = JSONWriter()
        header.object { json in
            json.field("alg", "RS256")
            json.field("typ", "JWT")
            if !account.keyID.isEmpty { json.field("kid", account.keyID) }
        }
        var claims = JSONWriter()
        claims.object { json in
            json.field("iss", account.email)
            json.field("sub", account.email)
            json.field("aud", audience)
            json.field("scope", account.scope)
            json.field("iat", unixTime)
            json.field("exp", unixTime + assertionLifetime)
        }
        let signed = Base64URL.encode(header.bytes) + "." + Base64URL.encode(claims.bytes)
        do throws(CryptoError) {
            let signature = try RSAKey(pem: account.privateKey).signature(of: Array(signed.utf8))
            return signed + "." + Base64URL.encode(signature)
        } catch {
            throw .unusable("private_key of its service account is no RSA key in PEM")
        }
    }
}
