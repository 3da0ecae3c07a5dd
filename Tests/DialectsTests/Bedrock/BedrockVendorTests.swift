import Contracts
import HTTPCore
import InferenceModel
import JSON
import Testing

@testable import Dialects

@Suite("Bedrock: addresses, bodies and errors")
struct BedrockVendorTests {
    private let parser = JSONParser()

    private func route(
        _ model: String, key: String = "us-east-1|ak|sk", base: String = "", mode: RelayMode = .chatCompletions,
        isStream: Bool = false, action: String? = nil
    ) throws -> UpstreamRoute? {
        let type = try #require(ChannelType.find(33))
        let vendor = try #require(DialectCatalog.vendor(of: type))
        let call = VendorCall(mode: mode, family: .chat, model: model, isStream: isStream, action: action)
        return vendor.route(call, VendorChannel(base: base, key: key, type: type))
    }

    @Test(
        "models are called what Bedrock calls them in the region",
        arguments: [
            ("claude-sonnet-4-5-20250929", "us-west-2", "us.anthropic.claude-sonnet-4-5-20250929-v1:0"),
            ("claude-sonnet-4-6", "eu-central-1", "eu.anthropic.claude-sonnet-4-6"),
            ("claude-opus-4-6", "ap-northeast-1", "apac.anthropic.claude-opus-4-6-v1"),
            ("claude-opus-4-7", "sa-east-1", "anthropic.claude-opus-4-7"),
            ("claude-haiku-4-5-20251001", "us-gov-west-1", "us-gov.anthropic.claude-haiku-4-5-20251001-v1:0"),
            ("claude-opus-4-1-20250805", "us-east-1", "us.anthropic.claude-opus-4-1-20250805-v1:0"),
            ("claude-opus-4-1-20250805", "eu-west-1", "anthropic.claude-opus-4-1-20250805-v1:0"),
            ("claude-opus-4-20250514", "ap-south-1", "anthropic.claude-opus-4-20250514-v1:0"),
            ("claude-sonnet-4-20250514", "ap-south-1", "apac.anthropic.claude-sonnet-4-20250514-v1:0"),
            ("claude-3-7-sonnet-20250219", "eu-west-1", "eu.anthropic.claude-3-7-sonnet-20250219-v1:0"),
            ("claude-3-5-sonnet-latest", "us-east-1", "us.anthropic.claude-3-5-sonnet-20241022-v2:0"),
            ("claude-3-5-sonnet-20241022", "eu-west-1", "anthropic.claude-3-5-sonnet-20241022-v2:0"),
            ("claude-3-5-sonnet-20241022", "ap-east-1", "apac.anthropic.claude-3-5-sonnet-20241022-v2:0"),
            ("claude-3-5-sonnet-20240620", "eu-west-1", "eu.anthropic.claude-3-5-sonnet-20240620-v1:0"),
            ("claude-3-5-haiku-20241022", "us-east-1", "us.anthropic.claude-3-5-haiku-20241022-v1:0"),
            ("claude-3-5-haiku-20241022", "eu-west-1", "anthropic.claude-3-5-haiku-20241022-v1:0"),
            ("claude-3-haiku-20240307", "eu-west-1", "eu.anthropic.claude-3-haiku-20240307-v1:0"),
            ("anthropic.claude-3-opus-20240229-v1:0", "us-east-1", "us.anthropic.claude-3-opus-20240229-v1:0"),
            ("anthropic.claude-3-opus-20240229-v1:0", "eu-west-1", "anthropic.claude-3-opus-20240229-v1:0"),
            ("claude-2.1", "us-east-1", "anthropic.claude-v2:1"), ("claude-2.0", "eu-west-1", "anthropic.claude-v2"),
            ("claude-instant-1.2", "us-east-1", "anthropic.claude-instant-v1"),
            ("claude-sonnet-4-5", "us-east-1", "us.anthropic.claude-sonnet-4-5-20250929-v1:0"),
            ("claude-3-5-sonnet", "us-east-1", "us.anthropic.claude-3-5-sonnet-20241022-v2:0"),
            ("claude-opus-4", "eu-west-1", "anthropic.claude-opus-4-20250514-v1:0"),
            ("claude-sonnet", "eu-west-1", "eu.anthropic.claude-sonnet"),
            ("claude-opus-5", "us-east-1", "us.anthropic.claude-opus-5"),
            ("claude-mythos-preview", "eu-west-1", "eu.anthropic.claude-mythos-preview"),
            ("global.anthropic.claude-sonnet-4-6", "eu-west-1", "global.anthropic.claude-sonnet-4-6"),
            ("jp.anthropic.claude-sonnet-4-6", "us-east-1", "jp.anthropic.claude-sonnet-4-6"),
            ("us.anthropic.claude-sonnet-4-6", "eu-west-1", "us.anthropic.claude-sonnet-4-6"),
            ("anthropic.claude-sonnet-4-6", "eu-west-1", "eu.anthropic.claude-sonnet-4-6"),
            (
                "arn:aws:bedrock:us-east-1:1:application-inference-profile/x", "eu-west-1",
                "arn:aws:bedrock:us-east-1:1:application-inference-profile/x"
            ),
            ("something-else", "us-east-1", "something-else"),
        ])
    func ids(model: String, region: String, id: String) {
        #expect(BedrockModel.id(model, region: region) == id)
    }

    @Test("an address names the model, encoded, and whether a stream is wanted; a base address takes the host's place")
    func addresses() throws {
        #expect(
            try route("claude-3-7-sonnet-20250219", key: "eu-west-3|ak|sk", isStream: true)?.url
                == "https://bedrock-runtime.eu-west-3.amazonaws.com/model/eu.anthropic.claude-3-7-sonnet-20250219-v1%3A0/invoke-with-response-stream"
        )
        #expect(
            try route("arn:aws:bedrock:us-east-1:1:provisioned-model/a", base: "https://vpce-1.test")?.url
                == "https://vpce-1.test/model/arn%3Aaws%3Abedrock%3Aus-east-1%3A1%3Aprovisioned-model%2Fa/invoke")
    }

    @Test("two parts of a key are a region and an API key, three and four are signed with")
    func credentials() throws {
        let key = AWSKey(region: "us-east-1", service: "bedrock", accessKey: "ak", secretKey: "sk")
        #expect(try route("m")?.credential == .signature(key))
        #expect(key.sessionToken == nil)
        #expect(
            try route("m", key: "us-east-1|ASIA|sk|tok/+=")?.credential
                == .signature(
                    AWSKey(
                        region: "us-east-1", service: "bedrock", accessKey: "ASIA", secretKey: "sk",
                        sessionToken: "tok/+=")))
        #expect(
            try route("m", key: "us-east-1|ABSK=")?.credential
                == .field(name: "authorization", value: "Bearer ABSK="))
        for bad in ["", "us-east-1", "|k", "us-east-1|", "us-east-1|a|", "a|b|c|d|e", "evil.test/|k", "US|k", "a b|k"] {
            #expect(try route("m", key: bad) == nil, "\(bad)")
        }
        let type = try #require(ChannelType.find(33))
        for good in ["r|k", "r|a|s", "r|a|s|t"] { #expect(type.keyFault(good) == nil) }
        for bad in ["r", "|k", "r|", "r|a|s|t|x", "r||s"] { #expect(type.keyFault(bad) != nil, "\(bad)") }
    }

    @Test("calls of every chat protocol are served, counts of tokens by the gateway itself")
    func modes() throws {
        for mode in [RelayMode.chatCompletions, .anthropic, .gemini, .responses, .completions] {
            #expect(try route("m", mode: mode)?.wire.family == .anthropic)
        }
        #expect(try route("m", mode: .embeddings) == nil)
        let body = Array(#"{"model":"m","messages":[{"role":"user","content":"hello"}]}"#.utf8)
        let call = try AnthropicDialect(counts: true).read(AnthropicFixture.request(body), parser: parser)
        let count = try #require(try route("m", mode: .anthropic, action: "count_tokens"))
        #expect(count.wire.inlinedMedia(of: call).isEmpty)
        let exchange = try count.wire.exchange(call, try AnthropicFixture.context("m"), parser: parser)
        #expect(exchange?.localAnswer != nil)
    }

    @Test(
        "what a channel of Bedrock's gets: address, fields and body",
        arguments: GoldenCase.all(in: "vendors/bedrock").filter { $0.has("in.json") })
    func requests(_ golden: GoldenCase) throws {
        let name = String(golden.name.prefix { $0 != "-" })
        let mode: RelayMode =
            ["chat": .chatCompletions, "responses": .responses, "gemini": .gemini][name] ?? .anthropic
        let dialects: [RelayMode: any CallerDialect] = [
            .chatCompletions: OpenAIDialect(), .responses: ResponsesDialect(), .gemini: GeminiDialect(),
        ]
        let betas = [
            "interleaved-thinking-2025-05-14", "tool-examples-2025-10-29", "advanced-tool-use-2025-11-20",
            "context-management-2025-06-27",
        ]
        let isGemini = mode == .gemini
        let request = CallerRequest(
            mode: mode, body: try golden.bytes("in.json"),
            pathModel: isGemini ? "claude-sonnet-4-5-20250929" : nil,
            action: isGemini ? "streamGenerateContent" : nil,
            headers: ["anthropic-version": "2023-06-01", "anthropic-beta": betas.joined(separator: ",")],
            query: isGemini ? "alt=sse" : "beta=true")
        let call = try (dialects[mode] ?? AnthropicDialect()).read(request, parser: parser)
        let found = try route(call.model, mode: mode, isStream: call.isStream)
        let route = try #require(found)
        let context = try AnthropicFixture.context(call.model)
        let exchange = try #require(try route.wire.exchange(call, context, parser: parser))
        var json = JSONWriter()
        json.object { root in
            root.field("url", exchange.request.address(route.url))
            root.key("fields")
            root.object { fields in exchange.request.headers.forEach { fields.field($0, $1) } }
            root.field("body", raw: exchange.request.bytes)
        }
        try golden.expect(json: json.bytes, "out.json")
    }

    /// What callers of Anthropic's protocol, and of others, hear of an error answer.
    private func refusal(_ status: Int, _ name: String?, _ body: String) throws -> UpstreamError {
        let found = try route("m")
        let wire = try #require(found).wire
        let headers: HTTPHeaders = name.map { ["x-amzn-errortype": $0] } ?? [:]
        let context = try AnthropicFixture.context("m")
        var errors: [UpstreamError] = []
        for call in [
            try AnthropicFixture.call(Array(#"{"model":"m","messages":[]}"#.utf8)), try AnthropicFixture.plainChat(),
        ] {
            let exchange = try #require(try wire.exchange(call, context, parser: parser))
            errors.append(
                exchange.refusal(status: status, headers: headers, body: Array(body.utf8), parser: parser))
        }
        #expect(errors[0] == errors[1])
        return errors[0]
    }

    @Test(
        "errors are told by the name in the head, or in the body",
        arguments: [
            (400, "ValidationException", #"{"message":"m"}"#, 400, "m"),
            (
                400, "ValidationException:http://internal.amazon.com/coral/", #"{"message":"Operation not allowed"}"#,
                403,
                "Operation not allowed"
            ),
            (429, "ThrottlingException", #"{"message":"m"}"#, 429, "m"),
            (400, "ThrottlingException", #"{"message":"m"}"#, 429, "m"),
            (403, "AccessDeniedException", #"{"Message":"m"}"#, 403, "m"),
            (404, "ResourceNotFoundException", #"{"message":"m"}"#, 404, "m"),
            (429, "ModelNotReadyException", #"{"message":"m"}"#, 429, "m"),
            (503, "ServiceUnavailableException", #"{"message":"m"}"#, 503, "m"),
            (424, "ModelErrorException", #"{"message":"m","originalStatusCode":500}"#, 500, "m"),
            (408, "ModelTimeoutException", #"{"message":"m"}"#, 408, "m"),
            (400, "ServiceQuotaExceededException", #"{"message":"m"}"#, 429, "m"),
            (403, "UnrecognizedClientException", #"{"message":"m"}"#, 403, "m"),
            (
                404, nil,
                #"{"Output":{"__type":"com.amazon.coral.service#UnknownOperationException"},"Version":"1.0"}"#,
                404, nil
            ),
            (400, nil, #"{"__type":"a.b#ThrottlingException","message":"m"}"#, 429, "m"),
            (500, nil, "", 500, nil), (503, "", "<html>", 503, "<html>"), (200, "#:", "[]", 502, nil),
        ] as [(Int, String?, String, Int, String?)])
    func errors(status: Int, name: String?, body: String, expected: Int, message: String?) throws {
        let error = try refusal(status, name, body)
        #expect(error.status == expected && !error.message.isEmpty)
        if let message { #expect(error.message == message) }
        if name == "ThrottlingException" { #expect(error.code == "ThrottlingException") }
        if body.contains("Coral") { #expect(error.code == "UnknownOperationException") }
    }

    @Test("a refused signature is told without what was signed")
    func signature() throws {
        let error = try refusal(
            403, "InvalidSignatureException",
            #"{"message":"The request signature we calculated does not match.\n\nThe Canonical String for this request should have been\n'POST\nx-amz-security-token:secret-token'"}"#
        )
        #expect(error.status == 403 && error.message == "The request signature we calculated does not match.")
    }

    @Test("an error inside a good status is one")
    func hidden() throws {
        let call = try AnthropicFixture.call(Array(#"{"model":"m","messages":[]}"#.utf8))
        let wire = try #require(try route("m")?.wire)
        let exchange = try #require(try wire.exchange(call, AnthropicFixture.context("m"), parser: parser))
        let error = #expect(throws: UpstreamError.self) {
            try exchange.answer(Array(#"{"__type":"x#ThrottlingException","message":"slow"}"#.utf8), parser: parser)
        }
        #expect(error?.status == 429 && error?.message == "slow")
    }
}
