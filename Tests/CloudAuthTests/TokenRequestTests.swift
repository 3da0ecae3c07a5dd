import Crypto
import HTTPClient
import HTTPCore
import InferenceModel
import JSON
import TestSupport
import Testing

@testable import CloudAuth

@Suite("Token request")
struct TokenRequestTests {
    @Test("a service account's assertion is a JSON Web Token that openssl verifies")
    func assertion() throws {
        let keys = try SigningKeys()
        let request = try TokenRequest.make(Fixture.account(try keys.pkcs8()), unixTime: 1_700_000_000)
        #expect(request.method == .post && request.url == "https://issuer.test/token")
        #expect(request.headers.first("content-type") == "application/x-www-form-urlencoded")
        guard case .bytes(let body) = request.body else { throw Command.Failure(description: "no body") }
        let form = String(decoding: body, as: UTF8.self)
        let start = "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion="
        #expect(form.hasPrefix(start))
        let parts = form.dropFirst(start.count).split(separator: ".").map(String.init)
        #expect(parts.count == 3)
        let json = try parts.prefix(2).map { try JSONValue.parse(try #require(Base64URL.decode($0))) }
        #expect(String(decoding: json[0].serialized(), as: UTF8.self) == #"{"alg":"RS256","typ":"JWT","kid":"k1"}"#)
        #expect(json[1]["iss"]?.string == "a@p.test" && json[1]["sub"]?.string == "a@p.test")
        #expect(json[1]["aud"]?.string == "https://issuer.test/token")
        #expect(json[1]["scope"]?.string == "https://scope.test/all")
        #expect(json[1]["iat"]?.int == 1_700_000_000 && json[1]["exp"]?.int == 1_700_003_600)
        let signature = Hex.encode(try #require(Base64URL.decode(parts[2])))
        #expect(try keys.verifies(signature, of: "\(parts[0]).\(parts[1])"))
    }

    @Test("a private key that is none is told by its member's name")
    func badKey() {
        #expect(throws: TokenError.unusable("private_key of its service account is no RSA key in PEM")) {
            try TokenRequest.make(Fixture.account("no key"), unixTime: 0)
        }
    }

    @Test("a grant that needs no signature is asked as its address says")
    func plain() throws {
        let request = try TokenRequest.make(Fixture.plain, unixTime: 0)
        #expect(request.method == .post && request.url == Fixture.plain.address)
    }
}

@Suite("Issued token")
struct IssuedTokenTests {
    private func read(_ body: String, status: Int = 200) throws -> IssuedToken {
        try IssuedToken(Fixture.plain, status: status, body: Array(body.utf8))
    }

    @Test("the life of a token is a number, or one in quotes, or ten minutes when nothing is said")
    func lifetimes() throws {
        #expect(try read(#"{"access_token":"t","expires_in":3599}"#).use == .seconds(3299))
        #expect(try read(#"{"access_token":"t","expires_in":"3599"}"#).use == .seconds(3299))
        #expect(try read(#"{"access_token":"t"}"#).use == .seconds(300))
        #expect(try read(#"{"access_token":"t","expires_in":1e300}"#).use < .seconds(31 * 86_400))
        #expect(throws: TokenError.badAnswer) { try read(#"{"access_token":"t","expires_in":0}"#) }
        #expect(throws: TokenError.badAnswer) { try read(#"{"access_token":"t","expires_in":"nan"}"#) }
    }

    @Test(
        "what is no token is a refusal in the issuer's words, or no answer",
        arguments: [
            (
                400, #"{"error":"invalid_grant","error_description":"Invalid JWT Signature."}"#,
                TokenError.refused(status: 400, reason: "invalid_grant: Invalid JWT Signature.")
            ),
            (200, #"{"error":"invalid_client"}"#, .refused(status: 200, reason: "invalid_client")),
            (
                403, #"{"error":{"code":403,"message":"no","status":"PERMISSION_DENIED"}}"#,
                .refused(status: 403, reason: "PERMISSION_DENIED: no")
            ),
            (503, "<html>", .refused(status: 503, reason: "it answered with status 503")),
            (401, #"{"error":"unknown sec-2 of id-1"}"#, .refused(status: 401, reason: "unknown ••• of •••")),
            (302, "", .badAnswer), (200, "", .badAnswer), (200, "[]", .badAnswer),
            (200, #"{"access_token":""}"#, .badAnswer), (200, #"{"access_token":5}"#, .badAnswer),
            (200, #"{"access_token":"a\r\nx: y"}"#, .badAnswer), (200, #"{"access_token":"ä"}"#, .badAnswer),
        ])
    func refusals(status: Int, body: String, expected: TokenError) {
        #expect(throws: expected) { try read(body, status: status) }
    }

    @Test("neither the words of an issuer nor a token are taken without bound")
    func bounds() {
        let long = String(repeating: "w", count: 20_000)
        #expect(throws: TokenError.refused(status: 400, reason: String(repeating: "w", count: 300) + "…")) {
            try read(#"{"error":"\#(long)"}"#, status: 400)
        }
        #expect(throws: TokenError.badAnswer) { try read(#"{"access_token":"\#(long)"}"#) }
    }
}
