import HTTPClient
import HTTPCore
import InferenceModel
import Testing

@testable import CloudAuth

@Suite("Baidu's signature")
struct BCESignatureTests {
    /// Computed with Python's `hmac`.
    @Test("a signature is what another implementation makes of the same")
    func vector() {
        let told = BCESignature.authorization(
            BCEKeys(accessKey: "ak-1", secretKey: "sk-2"),
            address: "https://iam.bj.baidubce.com/v1/BCE-BEARER/token?expireInSeconds=86400", unixTime: 1_700_000_000)
        #expect(
            told == "bce-auth-v1/ak-1/2023-11-14T22:13:20Z/1800/host/"
                + "e5879f5845e3b7ccd7e59574429ffe8b552eabae14e9c833dcd14a04cf3c3353")
    }

    @Test("a grant is asked by a signed GET, and its token is good for as long as it was asked for")
    func grant() throws {
        var grant = TokenGrant(
            address: "https://issuer.test/v1/BCE-BEARER/token?expireInSeconds=86400",
            request: .signed(BCEKeys(accessKey: "ak", secretKey: "sk")))
        grant.tokenMember = "token"
        grant.assumedLifetime = 86_400
        let request = try TokenRequest.make(grant, unixTime: 1_700_000_000)
        #expect(request.method == .get && request.url == grant.address)
        #expect(
            request.headers.first("authorization")?.hasPrefix("bce-auth-v1/ak/2023-11-14T22:13:20Z/1800/host/") ?? false
        )
        let answer = Array(#"{"userId":"u","token":"bce-v3/x","expireTime":"2023-11-15T22:13:20Z"}"#.utf8)
        let issued = try IssuedToken(grant, status: 201, body: answer)
        #expect(issued.token == "bce-v3/x" && issued.use == .seconds(86_100))
        #expect(throws: TokenError.refused(status: 403, reason: "no •••")) {
            try IssuedToken(grant, status: 403, body: Array(#"{"code":"AccessDenied","message":"no sk"}"#.utf8))
        }
    }
}
