import Contracts
import HTTPCore
import InferenceModel
import JSON
import TestSupport
import Testing

@testable import Dialects

/// Vertex AI: addresses, keys, and the golden cases `Golden/vendors/vertex/<caller>-<case>.in.json`, whose `.out.json` holds the address, the fields and the body.
@Suite("Vertex AI")
struct VertexTests {
    static let file =
        #"{"type":"service_account","project_id":"p-1","private_key_id":"kid","private_key":"-----BEGIN\nx","client_email":"a@p-1.test"}"#
    private static let own = "https://oauth2.googleapis.com/token"

    private func route(
        _ key: String, model: String = "gemini-2.5-pro", base: String = "", mode: RelayMode = .chatCompletions,
        family: ProtocolFamily = .chat, isStream: Bool = false, action: String? = nil
    ) throws -> UpstreamRoute? {
        let type = try #require(ChannelType.find(42))
        return Vertex().route(
            VendorCall(mode: mode, family: family, model: model, isStream: isStream, action: action),
            VendorChannel(base: base, key: key, type: type))
    }

    @Test(
        "region, project and key say where a model is",
        arguments: [
            ("us-east1|\(file)", "https://us-east1-aiplatform.googleapis.com/v1/projects/p-1/locations/us-east1"),
            ("global|\(file)", "https://aiplatform.googleapis.com/v1/projects/p-1/locations/global"),
            ("|\(file)", "https://aiplatform.googleapis.com/v1/projects/p-1/locations/global"),
            (file, "https://aiplatform.googleapis.com/v1/projects/p-1/locations/global"),
            (" us \n| \(file) ", "https://aiplatform.us.rep.googleapis.com/v1/projects/p-1/locations/us"),
            ("us-east5|p 2|k", "https://us-east5-aiplatform.googleapis.com/v1/projects/p%202/locations/us-east5"),
            ("us-east5|k", "https://us-east5-aiplatform.googleapis.com/v1"),
            ("global|k", "https://aiplatform.googleapis.com/v1"), ("k|k", "https://aiplatform.googleapis.com/v1"),
            ("us-east5|k|k", "https://us-east5-aiplatform.googleapis.com/v1"),
        ])
    func places(key: String, place: String) throws {
        let route = try #require(try route(key))
        #expect(route.url == place + "/publishers/google/models/gemini-2.5-pro:generateContent")
        if key.contains("{") {
            #expect(route.credential.grant?.address == Self.own && route.credential.grant?.margin == .seconds(300))
        } else {
            #expect(route.credential == .field(name: "x-goog-api-key", value: "k"))
        }
    }

    @Test("a channel's own address replaces the host, with a version or without")
    func bases() throws {
        for base in ["http://h:1", "http://h:1/v1"] {
            #expect(
                try route("r|\(Self.file)", base: base)?.url
                    == "http://h:1/v1/projects/p-1/locations/r/publishers/google/models/gemini-2.5-pro:generateContent")
        }
        #expect(try route("r|k", base: "http://h/v1beta1")?.url.hasPrefix("http://h/v1beta1/publishers/") ?? false)
    }

    @Test(
        "models go to their publisher, Claude's with a date behind an @",
        arguments: [
            ("gemini-3-pro", "google/models/gemini-3-pro"), ("models/gemini-3-pro", "google/models/gemini-3-pro"),
            ("claude-opus-4-6", "anthropic/models/claude-opus-4-6"),
            ("claude-sonnet-4-5@20250929", "anthropic/models/claude-sonnet-4-5@20250929"),
            ("claude-sonnet-4-5-20250929", "anthropic/models/claude-sonnet-4-5@20250929"),
            ("claude-3-5-sonnet-20240620", "anthropic/models/claude-3-5-sonnet@20240620"),
            ("claude-3-5-sonnet-20241022", "anthropic/models/claude-3-5-sonnet-v2@20241022"),
            ("claude/../x?y", "anthropic/models/claude%2F..%2Fx%3Fy"),
        ])
    func models(model: String, path: String) throws {
        let place = "https://aiplatform.googleapis.com/v1/projects/p-1/locations/global/publishers/\(path):"
        let isClaude = path.hasPrefix("anthropic")
        let plain = try #require(try route("global|\(Self.file)", model: model))
        #expect(plain.url == place + (isClaude ? "rawPredict" : "generateContent"))
        #expect(plain.wire.family == (isClaude ? .anthropic : .gemini))
        let stream = try #require(try route("global|\(Self.file)", model: model, isStream: true))
        #expect(stream.url == place + (isClaude ? "streamRawPredict?alt=sse" : "streamGenerateContent?alt=sse"))
    }

    @Test("counts, embeddings and tuned models have addresses of their own")
    func others() throws {
        let place = "https://aiplatform.googleapis.com/v1/projects/p-1/locations/global"
        let key = "global|\(Self.file)"
        #expect(
            try route(key, model: "claude-x", mode: .anthropic, family: .anthropic, action: "count_tokens")?.url
                == place + "/publishers/anthropic/models/count-tokens:rawPredict")
        #expect(
            try route(key, mode: .gemini, family: .gemini, action: "countTokens")?.url
                == place + "/publishers/google/models/gemini-2.5-pro:countTokens")
        #expect(
            try route(key, model: "text-embedding-005", mode: .embeddings, family: .embeddings)?.url
                == place + "/publishers/google/models/text-embedding-005:predict")
        #expect(try route(key, model: "claude-x", mode: .embeddings, family: .embeddings) == nil)
        #expect(try route(key, model: "endpoints/77")?.url == place + "/endpoints/77:generateContent")
    }

    @Test(
        "a key that does not do says what is wrong with it, and nothing of it",
        arguments: [
            ("r|{", "its service account is not valid JSON"),
            ("r|{}", "client_email of its service account is missing"),
            (#"r|{"project_id":"p","private_key":"k"}"#, "client_email of its service account is missing"),
            (#"r|{"project_id":"p","client_email":"e"}"#, "private_key of its service account is missing"),
            (
                #"r|{"project_id":"p","client_email":"e","private_key":7}"#,
                "private_key of its service account is missing"
            ),
            (#"r|{"type":"authorized_user"}"#, "type of its service account is not service_account"),
            (
                #"r|{"project_id":"p","client_email":"e","private_key":"k","token_uri":"file:///x"}"#,
                "token_uri of its service account is no web address"
            ),
            ("evil.test/|k", "the region of its key is none"), ("r@evil|\(file)", "the region of its key is none"),
        ])
    func faults(key: String, reason: String) throws {
        #expect(try route(key)?.credential == .unusable(reason))
    }

    @Test("a key that breaks off anywhere, or holds anything, ends in no route or in words")
    func broken() throws {
        let key = "us-east5|" + Self.file
        for end in key.indices { _ = try route(String(key[..<end])) }
        for text in HostileText.all {
            for key in [text, "r|" + text, "r|p|" + text, text + "|k", #"r|{"project_id":"\#(text)"}"#] {
                _ = try route(key, model: text)
            }
        }
    }

    @Test("what holds no key is no route, and Claude needs more than a key")
    func incomplete() throws {
        for key in ["", "r", "r|", "r| ", "r|p|"] { #expect(try route(key) == nil) }
        #expect(
            try route("r|k", model: "claude-opus-4-6")?.credential
                == .unusable("its API key without a project serves no Claude"))
        #expect(
            try route("r|p|k", model: "claude-opus-4-6")?.credential == .field(name: "x-goog-api-key", value: "k"))
    }

    @Test("a private key whose line breaks were spelled out twice is mended; the file's own token_uri is asked")
    func account() throws {
        let file =
            #"{"project_id":"p","client_email":"e","private_key":"a\\nb","token_uri":"https://sts.test/t"}"#
        let grant = try #require(try route("r|\(file)")?.credential.grant)
        #expect(grant.address == "https://sts.test/t")
        let account = ServiceAccount(
            email: "e", keyID: "", privateKey: "a\nb", scope: "https://www.googleapis.com/auth/cloud-platform")
        #expect(grant.request == .assertion(account))
    }

    // MARK: Bodies

    private let parser = JSONParser()

    static let cases = GoldenCase.all(in: "vendors/vertex").filter { $0.has("in.json") }

    /// The call that a golden file holds: its name begins with the caller's protocol.
    private func call(_ golden: GoldenCase) throws -> (any CallerCall, RelayMode) {
        let caller = String(golden.name.prefix { $0 != "-" })
        let body = try golden.bytes("in.json")
        let model = (try JSONValue.parse(body)["model"])?.string ?? "gemini-2.5-pro"
        let headers: HTTPHeaders = [
            "anthropic-version": "2023-06-01",
            "anthropic-beta":
                "interleaved-thinking-2025-05-14,context-management-2025-06-27,prompt-caching-scope-2026-01-05,new-beta",
        ]
        func read(_ dialect: any CallerDialect, _ mode: RelayMode, action: String? = nil) throws -> any CallerCall {
            try dialect.read(
                CallerRequest(
                    mode: mode, body: body, pathModel: model, action: action, headers: headers, query: "beta=true"),
                parser: parser)
        }
        switch caller {
        case "messages": return (try read(AnthropicDialect(), .anthropic), .anthropic)
        case "tokens": return (try read(AnthropicDialect(counts: true), .anthropic), .anthropic)
        case "gemini": return (try read(GeminiDialect(), .gemini, action: "generateContent"), .gemini)
        case "count": return (try read(GeminiDialect(), .gemini, action: "countTokens"), .gemini)
        case "embed": return (try read(GeminiDialect(), .embeddings, action: "batchEmbedContents"), .embeddings)
        case "embeddings": return (try read(OpenAIDialect(), .embeddings), .embeddings)
        default: return (try read(OpenAIDialect(), .chatCompletions), .chatCompletions)
        }
    }

    private func exchange(_ golden: GoldenCase) throws -> (UpstreamRoute, any Exchange) {
        let (call, mode) = try call(golden)
        let route = try #require(
            try route(
                "us-east5|\(Self.file)", model: call.model, mode: mode, family: call.family, isStream: call.isStream,
                action: call.action))
        let type = try #require(ChannelType.find(42))
        let context = UpstreamContext(
            mode: mode, channelType: type, upstreamModel: call.model, requestedModel: "asked", now: 1_700_000_000,
            nonce: "nonce")
        return (route, try #require(try route.wire.exchange(call, context, parser: parser)))
    }

    @Test("requests", arguments: cases)
    func requests(golden: GoldenCase) throws {
        let (route, exchange) = try exchange(golden)
        var out: JSONObject = ["url": .string(exchange.request.address(route.url))]
        for name in ["anthropic-version", "anthropic-beta"] {
            if let value = exchange.request.headers.first(name) { out[name] = .string(value) }
        }
        out["body"] = try JSONValue.parse(exchange.request.bytes)
        try golden.expect(json: JSONValue.object(out).serialized(), "out.json")
    }

    @Test("answers", arguments: cases.filter { $0.has("answer.json") })
    func answers(golden: GoldenCase) throws {
        let (_, exchange) = try exchange(golden)
        let answer = try exchange.answer(try golden.bytes("answer.json"), parser: parser)
        try golden.expect(json: answer.body, "answered.json")
        #expect(answer.usage?.inputTokens == 7)
    }

    @Test("an array around an error, or Google's form of one, is understood for either publisher")
    func errors() throws {
        let google = #"{"error":{"code":429,"message":"Quota exceeded","status":"RESOURCE_EXHAUSTED"}}"#
        let claude = #"{"type":"error","error":{"type":"rate_limit_error","message":"Quota exceeded"}}"#
        for golden in Self.cases where golden.name.hasSuffix("tools") {
            let (_, exchange) = try exchange(golden)
            for body in [google, "[\(google)]", "[\(google)\n]\n", claude] {
                let refusal = exchange.refusal(status: 429, headers: [:], body: Array(body.utf8), parser: parser)
                #expect(refusal.status == 429 && refusal.message == "Quota exceeded", "\(golden.name): \(body)")
            }
            for body in [google, "[\(google)]"] {
                let error = try #require(throws: UpstreamError.self) {
                    try exchange.answer(Array(body.utf8), parser: parser)
                }
                #expect(error.status == 429 && error.message == "Quota exceeded", "\(golden.name): \(body)")
            }
        }
    }
}
