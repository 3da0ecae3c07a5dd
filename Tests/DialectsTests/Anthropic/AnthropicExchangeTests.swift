import Contracts
import HTTPCore
import InferenceModel
import JSON
import Testing

@testable import Dialects

@Suite("Anthropic: pass-through and routes")
struct AnthropicExchangeTests {
    private let parser = JSONParser()

    private func exchange(
        _ members: String = "", headers: HTTPHeaders = [:], query: String? = nil, flavor: AnthropicFlavor = .anthropic,
        model: String = "claude-sonnet-4-5", configs: JSONObject = [:]
    ) throws -> AnthropicExchange {
        let body = #"{"model":"\#(model)","max_tokens":5,"messages":[{"role":"user","content":"x"}]\#(members)}"#
        let call = try AnthropicFixture.call(Array(body.utf8), headers: headers, query: query)
        return AnthropicExchange(
            call.request, flavor: flavor, try AnthropicFixture.context(model, configs: configs), parser: parser)
    }

    @Test("the caller's version and betas go on, and the beta form of the address")
    func headers() throws {
        let plain = try exchange()
        #expect(plain.request.headers.first("anthropic-version") == "2023-06-01" && plain.request.query == nil)
        let asked: HTTPHeaders = [
            "anthropic-version": "2026-10-21",
            "anthropic-beta": "output-128k-2025-02-19, interleaved-thinking-2025-05-14 ,new-thing,new-thing",
        ]
        let request = try exchange(headers: asked, query: "a=1&beta=true").request
        #expect(request.headers.first("anthropic-version") == "2026-10-21")
        #expect(request.headers.first("anthropic-beta") == "interleaved-thinking-2025-05-14,new-thing")
        #expect(request.query == "beta=true")
        let native = try exchange(headers: asked, flavor: .native).request
        #expect(
            native.headers.first("anthropic-beta")
                == "output-128k-2025-02-19,interleaved-thinking-2025-05-14,new-thing")
    }

    @Test("a body that needs no edit passes as it is, an upstream's name replaces the caller's")
    func untouched() throws {
        #expect(
            String(decoding: try exchange().request.bytes, as: UTF8.self)
                == #"{"model":"claude-sonnet-4-5","max_tokens":5,"messages":[{"role":"user","content":"x"}]}"#)
        let call = try AnthropicFixture.call(Array(#"{"x":1,"model":"smart","messages":[]}"#.utf8))
        let context = try AnthropicFixture.context("smart", upstream: "claude-opus-4-1")
        let edited = AnthropicExchange(call.request, flavor: .anthropic, context, parser: parser).request.bytes
        #expect(
            String(decoding: edited, as: UTF8.self)
                == #"{"x":1,"model":"claude-opus-4-1","messages":[],"max_tokens":32000}"#)
    }

    @Test(
        "the channel's configuration decides on context management and tools",
        arguments: [
            (["disable_context_management": true], nil, #"[{"name":"f","input_examples":[],"defer_loading":true}]"#),
            (
                ["supported_context_management_edits_type": ["b"]], #"{"edits":[{"type":"b"}],"k":1}"#,
                #"[{"name":"f","input_examples":[],"defer_loading":true}]"#
            ),
            (
                ["supported_context_management_edits_type": ["c"], "remove_tools_examples": true], nil,
                #"[{"name":"f","defer_loading":true}]"#
            ),
            (
                ["remove_tools_custom_defer_loading": true], #"{"edits":[{"type":"a"},{"type":"b"}],"k":1}"#,
                #"[{"name":"f","input_examples":[]}]"#
            ),
        ] as [(JSONObject, String?, String)])
    func configuration(configs: JSONObject, management: String?, tools: String) throws {
        let members =
            #","context_management":{"edits":[{"type":"a"},{"type":"b"}],"k":1},"tools":[{"name":"f","input_examples":[],"defer_loading":true}]"#
        let body = try JSONValue.parse(try exchange(members, configs: configs).request.bytes)
        #expect(body["context_management"] == (try management.map { try JSONValue.parse(Array($0.utf8)) }))
        #expect(body["tools"] == (try JSONValue.parse(Array(tools.utf8))))
    }

    @Test("an answer keeps its bytes but the model, and its counts include the cache")
    func answers() throws {
        let text = """
            {"id":"msg_1", "type":"message","model":"claude-sonnet-4-5-20250929","content":[{"type":"new","x":1.0}],\
            "usage":{"input_tokens":10,"cache_read_input_tokens":100,"cache_creation_input_tokens":5,"output_tokens":7}}
            """
        let answer = try exchange().answer(Array(text.utf8), parser: parser)
        #expect(
            String(decoding: answer.body, as: UTF8.self)
                == text.split(separator: "-20250929").joined())
        #expect(answer.id == "msg_1")
        #expect(
            answer.usage
                == TokenUsage(
                    inputTokens: 115, outputTokens: 7, totalTokens: 122, cachedTokens: 100, cacheCreationTokens: 5))
    }

    @Test("an error in spite of a good status is one, and so is what is no message")
    func wrongAnswers() throws {
        let exchange = try exchange()
        let error = #expect(throws: UpstreamError.self) {
            try exchange.answer(
                Array(#"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}"#.utf8),
                parser: parser)
        }
        #expect(error?.status == 429)
        for text in ["", "<html>", "{}", #"{"base_resp":{"status_code":1}}"#] {
            let error = #expect(throws: UpstreamError.self) {
                try exchange.answer(Array(text.utf8), parser: parser)
            }
            #expect(error?.status == 502 && error?.code == .string(UpstreamError.badResponse), "\(text)")
        }
    }

    @Test("a native route understands the errors of its vendor, also inside a good status")
    func vendorErrors() throws {
        var flavor = AnthropicFlavor.native
        flavor.errors = .miniMax
        let exchange = try exchange(flavor: flavor)
        let body = Array(#"{"base_resp":{"status_code":1008,"status_msg":"insufficient balance"}}"#.utf8)
        let error = #expect(throws: UpstreamError.self) { try exchange.answer(body, parser: parser) }
        #expect(error?.status == 402 && error?.message == "insufficient balance")
        let type = try #require(ChannelType.find(27))
        let route = DialectCatalog.vendor(of: type)?.route(
            VendorCall(mode: .anthropic, family: .anthropic, model: "MiniMax-M2", isStream: false),
            VendorChannel(base: type.defaultBaseURL, key: "k", type: type))
        #expect(route?.wire.anthropicFlavor.errors == .miniMax)
    }

    @Test("a whole answer to a call for a stream becomes one")
    func wholeForStream() throws {
        let bytes = try GoldenCase(folder: "anthropic/answers", name: "tool-use").bytes("in.json")
        let answer = try exchange(#","stream":true"#).answer(bytes, parser: parser)
        let text = String(decoding: answer.body, as: UTF8.self)
        #expect(answer.contentType.hasPrefix("text/event-stream"))
        #expect(text.hasPrefix("event: message_start\n") && text.hasSuffix("data: {\"type\":\"message_stop\"}\n\n"))
    }

    @Test(
        "errors of upstreams, with the statuses that callers understand",
        arguments: [
            (529, #"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}"#, 429),
            (
                400,
                #"{"type":"error","error":{"type":"invalid_request_error","message":"Your credit balance is too low"}}"#,
                402
            ),
            (401, #"{"type":"error","error":{"type":"authentication_error","message":"invalid x-api-key"}}"#, 401),
            (500, "not JSON", 500),
        ])
    func refusals(status: Int, body: String, expected: Int) throws {
        let error = try exchange().refusal(status: status, headers: [:], body: Array(body.utf8), parser: parser)
        #expect(error.status == expected && !error.message.isEmpty)
    }

    @Test(
        "errors for callers have a type by their status, an upstream's own where it fits",
        arguments: [
            (400, "invalid_request_error"), (401, "authentication_error"), (402, "billing_error"),
            (403, "permission_error"), (404, "not_found_error"), (413, "request_too_large"), (429, "rate_limit_error"),
            (503, "overloaded_error"), (529, "overloaded_error"), (500, "api_error"), (502, "api_error"),
        ])
    func errorTypes(status: Int, type: String) throws {
        let plain = WireError(status: status, message: "m", code: "c", field: "messages.0", requestID: "r")
        let tree = try JSONValue.parse(AnthropicDialect().write(plain))
        #expect(
            tree == ["type": "error", "error": ["type": .string(type), "message": "messages.0: m"], "request_id": "r"])
        let own = UpstreamError(status: status, message: "m", type: "overloaded_error")
        let upstream = WireError(status: status, message: "m", upstream: own, code: "c", requestID: "r")
        #expect(try JSONValue.parse(AnthropicErrors.body(upstream))["error"]?["type"]?.string == "overloaded_error")
    }

    @Test("a count is asked without an answer's members, and passes as the upstream gave it")
    func counts() throws {
        let body = Array(
            #"{"model":"m","messages":[{"role":"user","content":[{"type":"text","text":""}]}],"temperature":1,"top_p":1}"#
                .utf8)
        let read = try AnthropicDialect(counts: true).read(AnthropicFixture.request(body), parser: parser)
        let context = try AnthropicFixture.context("m", upstream: "claude-opus-4-1")
        let made = try Wire(.anthropic, AnthropicUpstream()).exchange(read, context, parser: parser)
        let exchange = try #require(made)
        #expect(
            String(decoding: exchange.request.bytes, as: UTF8.self)
                == #"{"model":"claude-opus-4-1","messages":[],"temperature":1,"top_p":1}"#)
        let answer = try exchange.answer(Array(#"{"input_tokens": 14}"#.utf8), parser: parser)
        #expect(String(decoding: answer.body, as: UTF8.self) == #"{"input_tokens": 14}"# && answer.usage == nil)
        #expect(throws: UpstreamError.self) { try exchange.answer(Array("{}".utf8), parser: parser) }
    }

    @Test("usage is the merge of what beginning and end tell: a later count wins where it is not zero")
    func usage() {
        var usage = AnthropicUsage()
        #expect(usage.counts == nil)
        usage.merge(["input_tokens": 25, "cache_read_input_tokens": 7, "output_tokens": 1])
        usage.merge(["input_tokens": 0, "output_tokens": 15, "cache_creation_input_tokens": -3])
        #expect(
            usage.counts
                == TokenUsage(inputTokens: 32, outputTokens: 15, totalTokens: 47, cachedTokens: 7))
    }

    @Test(
        "Claude clients reach the native routes of other vendors, with the header each wants",
        arguments: [
            (
                36, nil, "deepseek-chat", "https://api.deepseek.com/anthropic/v1/messages",
                Credential.field(name: "x-api-key", value: "k")
            ),
            (
                27, nil, "MiniMax-M2", "https://api.minimaxi.com/anthropic/v1/messages",
                .field(name: "x-api-key", value: "k")
            ),
            (
                27, "https://api.minimax.chat/v1", "MiniMax-M2", "https://api.minimaxi.com/anthropic/v1/messages",
                .field(name: "x-api-key", value: "k")
            ),
            (
                52, nil, "glm-4.6", "https://open.bigmodel.cn/api/anthropic/v1/messages",
                .field(name: "authorization", value: "Bearer k")
            ),
            (
                17, nil, "qwen3-max", "https://dashscope.aliyuncs.com/apps/anthropic/v1/messages",
                .field(name: "authorization", value: "Bearer k")
            ),
            (
                51, nil, "KAT-Coder-Pro",
                "https://wanqing.streamlakeapi.com/api/gateway/v1/endpoints/KAT-Coder-Pro/claude-code-proxy/v1/messages",
                .field(name: "authorization", value: "Bearer k")
            ),
            (
                54, nil, "Ling-1T", "https://api.tbox.cn/api/anthropic/v1/messages",
                .fields([.init(name: "authorization", value: "Bearer k"), .init(name: "x-api-key", value: "k")])
            ),
            (
                14, nil, "claude-opus-4-1", "https://api.anthropic.com/v1/messages",
                .field(name: "x-api-key", value: "k")
            ),
        ] as [(Int, String?, String, String, Credential)])
    func routes(type: Int, base: String?, model: String, url: String, credential: Credential) throws {
        let type = try #require(ChannelType.find(type))
        let vendor = try #require(DialectCatalog.vendor(of: type))
        let channel = VendorChannel(base: base ?? type.defaultBaseURL, key: "k", type: type)
        let route = try #require(
            vendor.route(VendorCall(mode: .anthropic, family: .anthropic, model: model, isStream: false), channel))
        #expect(route.url == url && route.credential == credential && route.wire.family == .anthropic)
        let isOwn = type.id == 14
        let other = vendor.route(
            VendorCall(mode: .chatCompletions, family: .chat, model: model, isStream: false), channel)
        #expect(other?.wire.family == (isOwn ? .anthropic : .chat))
        let count = vendor.route(
            VendorCall(mode: .anthropic, family: .anthropic, model: model, isStream: false, action: "count_tokens"),
            channel)
        #expect(isOwn ? count?.url == url + "/count_tokens" : count?.wire.family == .chat)
    }

    @Test("a model that the native route does not know is served through chat")
    func otherModels() throws {
        let type = try #require(ChannelType.find(51))
        let vendor = try #require(DialectCatalog.vendor(of: type))
        let route = vendor.route(
            VendorCall(mode: .anthropic, family: .anthropic, model: "ep-1", isStream: false),
            VendorChannel(base: type.defaultBaseURL, key: "k", type: type))
        #expect(route?.wire.family == .chat)
    }

    @Test("only Anthropic itself keeps the lifetimes of cache markers")
    func lifetimes() throws {
        let type = try #require(ChannelType.find(14))
        for (base, keeps) in [("https://api.anthropic.com/v1", true), ("https://proxy.example/v1", false)] {
            let route = Anthropic().route(
                VendorCall(mode: .anthropic, family: .anthropic, model: "m", isStream: false),
                VendorChannel(base: base, key: "k", type: type))
            #expect(route?.wire.anthropicFlavor.keepsCacheTTL == keeps)
        }
    }
}
