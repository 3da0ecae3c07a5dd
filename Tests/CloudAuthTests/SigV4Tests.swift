import Crypto
import Dialects
import HTTPCore
import Testing

@testable import CloudAuth

@Suite("CloudAuth: AWS's signature, version 4")
struct SigV4Tests {
    private static let secret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"

    private static func signer(_ service: String, token: String? = nil) -> SigV4 {
        SigV4(
            AWSKey(
                region: "us-east-1", service: service, accessKey: "AKIDEXAMPLE", secretKey: secret,
                sessionToken: token))
    }

    /// A case of the suite that AWS published for this signature (`aws-sig-v4-test-suite`).
    struct Published: CustomTestStringConvertible {
        let name: String
        var method = "GET"
        var path = "/"
        var query = ""
        var fields: [(name: String, value: String)] = []
        var body = ""
        let signature: String

        var testDescription: String { name }
    }

    static let suite = [
        Published(name: "get-vanilla", signature: "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"),
        Published(
            name: "post-vanilla", method: "POST",
            signature: "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"),
        Published(
            name: "get-vanilla-query-order-key-case", query: "Param2=value2&Param1=value1",
            signature: "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500"),
        Published(
            name: "get-vanilla-empty-query-key", query: "Param1=value1",
            signature: "a67d582fa61cc504c4bae71f336f98b97f1ea3c7a6bfe1b6e45aec72011b9aeb"),
        Published(
            name: "get-unreserved", path: "/-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz",
            signature: "07ef7494c76fa4850883e2b006601f940f8a34d404d0cfa977f52a65bbf5f24f"),
        Published(
            name: "get-utf8", path: "/ሴ",
            signature: "8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85"),
        Published(
            name: "get-space", path: "/example space/",
            signature: "652487583200325589f1fba4c7e578f72c47cb61beeca81406b39ddec1366741"),
        Published(
            name: "get-header-key-duplicate",
            fields: [("my-header1", "value2"), ("my-header1", "value2"), ("my-header1", "value1")],
            signature: "c9d5ea9f3f72853aea855b47ea873832890dbdd183b4468f858259531a5138ea"),
        Published(
            name: "get-header-value-trim", fields: [("my-header1", " value1"), ("my-header2", " \"a   b   c\"")],
            signature: "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736"),
        Published(
            name: "post-header-value-case", method: "POST", fields: [("my-header1", "VALUE1")],
            signature: "cdbc9802e29d2942e5e10b5bccfdd67c5f22c7c4e8ae67b53629efa58b974b7d"),
        Published(
            name: "post-x-www-form-urlencoded", method: "POST",
            fields: [("content-type", "application/x-www-form-urlencoded")], body: "Param1=value1",
            signature: "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a"),
    ]

    @Test("the published test suite", arguments: suite)
    func published(_ one: Published) {
        let fields = [(name: "host", value: "example.amazonaws.com"), ("x-amz-date", "20150830T123600Z")] + one.fields
        let names = Set(fields.map(\.name)).sorted().joined(separator: ";")
        let made = Self.signer("service").authorization(
            one.method, path: one.path, query: one.query, fields: fields, digest: SHA256.hex(one.body),
            time: "20150830T123600Z")
        #expect(
            made
                == "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, SignedHeaders=\(names), Signature=\(one.signature)"
        )
    }

    /// 2026-11-30T17:30:00.999999Z.
    private static let now: Int64 = 1_796_059_800_999_999

    private func signed(_ url: String, _ body: String, token: String? = nil) -> HTTPHeaders {
        var headers: HTTPHeaders = ["content-type": "application/json", "accept": "application/json"]
        Self.signer("bedrock", token: token)
            .sign(.post, url: url, headers: &headers, body: Array(body.utf8), at: Self.now)
        return headers
    }

    /// Made with botocore 1.44.8.
    @Test(
        "a call of Bedrock: the path is encoded a second time, a token is signed too",
        arguments: [
            (
                "https://bedrock-runtime.us-east-1.amazonaws.com/model/us.anthropic.claude-sonnet-4-5-20250929-v1%3A0/invoke",
                #"{"max_tokens":5}"#, nil, "004b59168d3764b073f540a1800e390cc19e36166418df82d45a2a30f940d5d5"
            ),
            (
                "https://bedrock-runtime.us-east-1.amazonaws.com:443/model/arn%3Aaws%3Abedrock%3Aus-east-1%3A123456789012%3Ainference-profile%2Fus.anthropic.claude-sonnet-4-6/invoke-with-response-stream",
                #"{"é":1}"#, "AQoDYXdzEPT//////////wEXAMPLE==",
                "b82fe6c699204b7543b2c6327a24c719e62b39990fd831337b24cb86971a7004"
            ),
            (
                "http://127.0.0.1:8080/v1/model/m/invoke", "{}", nil,
                "4697d274825057fb57469ca7143c8f44935d1ba95ee40e9980262d0b142754a8"
            ),
        ] as [(String, String, String?, String)])
    func bedrock(url: String, body: String, token: String?, signature: String) {
        let headers = signed(url, body, token: token)
        let names = "content-type;host;x-amz-content-sha256;x-amz-date" + (token == nil ? "" : ";x-amz-security-token")
        #expect(
            headers.first("authorization")
                == "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20261130/us-east-1/bedrock/aws4_request, SignedHeaders=\(names), Signature=\(signature)"
        )
        #expect(headers.first("x-amz-date") == "20261130T173000Z")
        #expect(headers.first("x-amz-content-sha256") == SHA256.hex(body))
        #expect(headers.first("x-amz-security-token") == token)
    }

    @Test(
        "the host is signed as it is sent, and no fault of an address traps",
        arguments: [
            ("https://h.test/p", "h.test"), ("https://h.test:443/p", "h.test"), ("http://h.test:80/p?a=b", "h.test"),
            ("http://h.test:443", "h.test:443"), ("HTTPS://u:p@h.test:8443/p", "h.test:8443"),
            ("https://[::1]:443/p", "[::1]"), ("", ""), ("://", ""), ("https://?x", ""), ("@", ""),
            ("h.test", "h.test"),
        ])
    func hosts(url: String, host: String) {
        #expect(signed(url, "").first("host") == host)
    }

    @Test("signing again replaces what was signed")
    func again() {
        var headers = signed("https://h.test/a", "1", token: "t")
        let first = headers.first("authorization")
        Self.signer("bedrock", token: "t")
            .sign(.post, url: "https://h.test/b", headers: &headers, body: [], at: Self.now)
        for name in ["host", "x-amz-date", "x-amz-content-sha256", "x-amz-security-token", "authorization"] {
            #expect(headers.all(name).count == 1, "\(name)")
        }
        #expect(headers.first("authorization") != first)
    }
}
