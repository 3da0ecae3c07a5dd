import Contracts
import HTTPCore
import InferenceModel
import JSON
import Testing

@testable import Dialects

@Suite("Responses: calls and routes")
struct ResponsesCallTests {
    private let parser = JSONParser()

    @Test("a body that needs no edit passes as it is; the model and the id of the response before are the upstream's")
    func passed() throws {
        let plain = try ResponsesFixture.native(
            try ResponsesFixture.call(#","new":{"x":1.0}"#), try ResponsesFixture.context())
        #expect(
            String(decoding: plain.request.bytes, as: UTF8.self) == #"{"model":"asked","input":"x","new":{"x":1.0}}"#)
        #expect(plain.request.headers.first("accept") == "application/json")
        let call = try ResponsesFixture.call(
            #", "previous_response_id": "resp_1_sb2_abc","background":true,"stream":true"#)
        #expect(call.storedID == "resp_1_sb2_abc" && call.isStream)
        let next = try ResponsesFixture.native(
            call, try ResponsesFixture.context(upstream: "gpt-5", storedID: "resp_1"))
        #expect(
            String(decoding: next.request.bytes, as: UTF8.self)
                == #"{"model":"gpt-5","input":"x", "previous_response_id": "resp_1","background":true,"stream":true}"#)
        #expect(next.request.headers.first("accept") == "text/event-stream, application/json")
    }

    @Test("ids of what is kept are the caller's, in answers and in events; what is not kept has the upstream's")
    func seals() throws {
        let answer =
            #"{"id":"f0db-1","object":"response","model":"asked","status":"completed","output":[],"previous_response_id":"resp_0"}"#
        let event = "event: response.completed\ndata: {\"type\":\"response.completed\",\"response\":\(answer)}\n\n"
        for (members, id) in [
            ("", "sealed-f0db-1"), (#","store":null"#, "sealed-f0db-1"), (#","store":false"#, "f0db-1"),
        ] {
            let expected = answer.replacing("f0db-1", with: id).replacing("resp_0", with: "sealed-resp_0")
            let plain = try ResponsesFixture.native(try ResponsesFixture.call(members), try ResponsesFixture.context())
            #expect(
                String(decoding: try plain.answer(Array(answer.utf8), parser: parser).body, as: UTF8.self) == expected)
            let stream = try ResponsesFixture.native(
                try ResponsesFixture.call(members + #","stream":true"#), try ResponsesFixture.context())
            let (text, _, _) = try StreamSplits.relay(Array(event.utf8)) { stream.makeStream() }
            #expect(text == event.replacing(answer, with: expected))
        }
        let unsealed = try ResponsesFixture.native(
            try ResponsesFixture.call(), try ResponsesFixture.context(seals: false))
        #expect(try unsealed.answer(Array(answer.utf8), parser: parser).body == Array(answer.utf8))
    }

    @Test(
        "calls about a kept response go to its address with the upstream's id",
        arguments: [
            (StoredResponseDialect.Operation.get, HTTPMethod.get, "https://api.openai.com/v1/responses/resp%2F1?a=b"),
            (.delete, .delete, "https://api.openai.com/v1/responses/resp%2F1"),
            (.cancel, .post, "https://api.openai.com/v1/responses/resp%2F1/cancel"),
            (.inputItems, .get, "https://api.openai.com/v1/responses/resp%2F1/input_items?a=b"),
        ])
    func stored(operation: StoredResponseDialect.Operation, method: HTTPMethod, address: String) throws {
        let call = try StoredResponseDialect(operation).read(
            CallerRequest(mode: .responsesGet, body: [], pathModel: "resp_sealed", query: "a=b"), parser: parser)
        #expect(call.storedID == "resp_sealed" && call.model.isEmpty && !call.isStream)
        let request = try ResponsesFixture.native(call, try ResponsesFixture.context("", storedID: "resp/1")).request
        #expect(request.method == method && request.bytes.isEmpty)
        #expect(request.address("https://api.openai.com/v1/responses") == address)
        #expect(throws: InvalidRequest.self) { try ResponsesFixture.native(call, try ResponsesFixture.context("")) }
    }

    @Test("a kept response that failed is an answer like any other, whole and streamed; its model is the upstream's")
    func storedFailure() throws {
        let body =
            #"{"id":"resp_1","model":"gpt-5","status":"failed","output":[],"error":{"code":"server_error","message":"m"}}"#
        let expected = body.replacing("resp_1", with: "sealed-resp_1")
        let request = CallerRequest(
            mode: .responsesGet, body: [], pathModel: "x", query: "stream=true&starting_after=3")
        let call = try StoredResponseDialect(.get).read(request, parser: parser)
        #expect(call.isStream)
        let exchange = try ResponsesFixture.native(call, try ResponsesFixture.context("", storedID: "resp_1"))
        let answer = try exchange.answer(Array(body.utf8), parser: parser)
        #expect(String(decoding: answer.body, as: UTF8.self) == expected)
        let event = "event: response.failed\ndata: {\"type\":\"response.failed\",\"response\":\(body)}\n\n"
        let (text, _, isComplete) = try StreamSplits.relay(Array(event.utf8)) { exchange.makeStream() }
        #expect(isComplete && text == event.replacing(body, with: expected))
        #expect(throws: UpstreamError.self) {
            try exchange.answer(Array(#"{"error":{"message":"m","code":"x"}}"#.utf8), parser: parser)
        }
    }

    @Test("a kept response is counted when it was made in the background, with its model, and for its id once")
    func storedUsage() throws {
        for (background, operation, counts) in [
            (false, StoredResponseDialect.Operation.get, false), (true, .get, true), (true, .cancel, true),
        ] {
            let body =
                #"{"id":"resp_1","model":"gpt-5","status":"completed","background":\#(background),"output":[],"usage":{"input_tokens":5,"output_tokens":7}}"#
            let call = try StoredResponseDialect(operation).read(
                CallerRequest(mode: .responsesGet, body: [], pathModel: "x"), parser: parser)
            let exchange = try ResponsesFixture.native(call, try ResponsesFixture.context("", storedID: "resp_1"))
            let answer = try exchange.answer(Array(body.utf8), parser: parser)
            #expect((answer.usage?.totalTokens, answer.answeredModel) == (counts ? 12 : nil, counts ? "gpt-5" : ""))
            #expect(answer.countsOnce == background && answer.id == "resp_1")
            var stream = exchange.makeStream()
            var out: [UInt8] = []
            let event = "data: {\"type\":\"response.completed\",\"response\":\(body)}\n\n"
            try stream.feed(Array(event.utf8), parser: parser, into: &out)
            #expect((stream.usage?.totalTokens, stream.answeredModel) == (counts ? 12 : nil, counts ? "gpt-5" : ""))
            #expect(stream.countsOnce == background)
        }
    }

    @Test("lists of what went in, and what is deleted, pass; the deleted id is the caller's")
    func others() throws {
        let request = CallerRequest(mode: .responsesDelete, body: [], pathModel: "x")
        let call = try StoredResponseDialect(.delete).read(request, parser: parser)
        let exchange = try ResponsesFixture.native(call, try ResponsesFixture.context("", storedID: "resp_1"))
        for (body, expected) in [
            (
                #"{"id":"resp_1","object":"response","deleted":true}"#,
                #"{"id":"sealed-resp_1","object":"response","deleted":true}"#
            ),
            (
                #"{"object":"list","data":[{"id":"msg_1"}],"first_id":"msg_1"}"#,
                #"{"object":"list","data":[{"id":"msg_1"}],"first_id":"msg_1"}"#
            ),
            // A deletion that is told by its status alone (204).
            ("", #"{"id":"sealed-resp_1","object":"response","deleted":true}"#),
        ] {
            let answer = try exchange.answer(Array(body.utf8), parser: parser)
            #expect(String(decoding: answer.body, as: UTF8.self) == expected)
        }
    }

    @Test(
        "what only a channel that keeps responses can do is refused elsewhere, and named",
        arguments: [
            (#","previous_response_id":"resp_1""#, "previous_response_id"), (#","background":true"#, "background"),
            (#","conversation":{"id":"conv_1"}"#, "conversation"), (#","prompt":{"id":"pmpt_1"}"#, "prompt"),
        ])
    func keeping(members: String, field: String) throws {
        let fault = try ResponsesFixture.fault(members)
        #expect(fault.field == field && fault.message.contains("'\(field)' is not possible here"))
        _ = try ResponsesFixture.native(try ResponsesFixture.call(members), try ResponsesFixture.context())
    }

    @Test(
        "a wrong input is refused with its place",
        arguments: [
            ("[]", "input"), ("null", "input"), ("3", "input"), (#"["x"]"#, "input[0]"),
            (#"[{"role":"robot","content":"x"}]"#, "input[0].role"), (#"[{"role":"user"}]"#, "input[0].content"),
            (#"[{"role":"user","content":[{"type":"hologram"}]}]"#, "input[0].content[0].type"),
            (
                #"[{"role":"user","content":[{"type":"input_image","image_url":"data:x"}]}]"#,
                "input[0].content[0].image_url"
            ),
            (
                #"[{"role":"user","content":[{"type":"input_file","file_data":"***"}]}]"#,
                "input[0].content[0].file_data"
            ),
            (
                #"[{"role":"user","content":[{"type":"input_audio","input_audio":{"data":"***"}}]}]"#,
                "input[0].content[0].input_audio.data"
            ),
            (#"[{"type":"function_call","name":"f"}]"#, "input[0].call_id"),
            (#"[{"type":"function_call","call_id":"c","name":"f","arguments":3}]"#, "input[0].arguments"),
            (#"[{"type":"function_call_output","call_id":"c"}]"#, "input[0].output"),
            (#"[{"role":"user","content":"x"},{"type":"item_reference","id":"rs_1"}]"#, "input[1].type"),
            (#"[{"role":"user","content":"x"},{"type":"telepathy"}]"#, "input[1].type"),
            (#"[{"role":"user","content":"x"},{"type":"computer_call_output","output":{}}]"#, "input[1].type"),
            (#"[{"type":"custom_tool_call","call_id":"c","input":"x"}]"#, "input[0].name"),
        ])
    func wrongInput(input: String, field: String) throws {
        #expect(try ResponsesFixture.fault(input: input).field == field)
    }

    @Test(
        "a wrong member is refused and named",
        arguments: [
            (#","tools":[{"type":"function"}]"#, "tools[0].name"), (#","tools":[{"name":"f"}]"#, "tools[0].type"),
            (#","tools":[{"type":"custom"}]"#, "tools[0].name"),
            (#","tool_choice":{"type":"allowed_tools","tools":[]}"#, "tool_choice.tools"),
            (#","tool_choice":{"type":"allowed_tools","mode":"x","tools":[{"name":"f"}]}"#, "tool_choice.mode"),
            (#","tool_choice":"maybe""#, "tool_choice"),
            (#","tool_choice":{"type":"function"}"#, "tool_choice.name"),
            (#","max_output_tokens":0"#, "max_output_tokens"),
            (#","temperature":"hot""#, "temperature"),
            (#","text":{"format":{"type":"json_schema"}}"#, "text.format.schema"),
            (#","reasoning":{"effort":3}"#, "reasoning.effort"), (#","background":"yes""#, "background"),
        ])
    func wrongMembers(members: String, field: String) throws {
        #expect(try ResponsesFixture.fault(members).field == field)
    }

    @Test("a wrong kind of what every call needs is refused at once")
    func wrongKinds() {
        for (body, field) in [
            (#"{"input":"x"}"#, "model"), (#"{"model":"m","store":"no"}"#, "store"),
            (#"{"model":"m","previous_response_id":3}"#, "previous_response_id"),
        ] {
            let fault = #expect(throws: InvalidRequest.self) { try ResponsesFixture.call(Array(body.utf8)) }
            #expect(fault?.field == field)
        }
    }

    @Test(
        "a signed thought without words, and text after it, are items of their own; a second thought is not the first")
    func thoughts() throws {
        let context = try ResponsesFixture.context()
        let events: [InferenceEvent] = [
            .started(id: "1", model: "asked", created: 1), .thinking(choice: 0, "a"),
            .thinkingSignature(choice: 0, "s1"), .thinking(choice: 0, "b"), .thinkingSignature(choice: 0, "s2"),
            .text(choice: 0, "x"), .thinkingSignature(choice: 0, "s3"), .finished(choice: 0, .stop, stopSequence: nil),
            .ended,
        ]
        let writer = try ResponsesFixture.call().makeEventWriter(context)
        let assembler = try ResponsesAssembler(StreamSplits.text(events, writer))
        #expect(assembler.faults == [])
        let output = assembler.last?["output"]?.array ?? []
        #expect(output.map { $0["encrypted_content"]?.string } == ["s1", "s2", nil, "s3"])
        #expect(output.map { $0["summary"]?[0]?["text"]?.string } == ["a", "b", nil, nil])
        var response = InferenceResponse(id: "1", model: "asked", created: 1, choices: [])
        let parts: [Part] = [
            .thinking(Thinking("a", signature: "s1")), .thinking(Thinking("b", signature: "s2")), .text("x"),
            .thinking(Thinking("", signature: "s3")),
        ]
        response.choices = [Choice(parts: parts, finish: .stop)]
        let whole = try JSONValue.parse(try ResponsesFixture.call().write(response, context))
        #expect(whole["output"]?.array == output)
    }

    @Test("pictures of other vendors are told as their addresses")
    func pictures() throws {
        let context = try ResponsesFixture.context()
        let media: [Media] = [
            Media(.image, .base64("AAAA"), mediaType: "image/webp"), Media(.image, .url("https://example.com/a.png")),
        ]
        let response = InferenceResponse(
            id: "1", model: "asked", created: 1, choices: [Choice(parts: media.map { .media($0) }, finish: .stop)])
        let whole = try JSONValue.parse(try ResponsesFixture.call().write(response, context))
        let text = "![image](data:image/webp;base64,AAAA)![image](https://example.com/a.png)"
        #expect(whole["output"]?[0]?["content"]?[0]?["text"]?.string == text)
        let streamed = StreamSplits.text(response.events, try ResponsesFixture.call().makeEventWriter(context))
        #expect(try ResponsesAssembler(streamed).last?["output"] == whole["output"])
    }

    @Test(
        "text of a custom tool comes out of the arguments, also of wrong ones",
        arguments: [
            (#"{"input":"a\nb"}"#, "a\nb"), ("{}", ""), ("plain", "plain"), (#"{"other":1}"#, #"{"other":1}"#),
        ])
    func customTools(arguments: String, input: String) {
        #expect(CustomTool.input(arguments) == input)
        #expect(CustomTool.input(CustomTool.arguments(input)) == input)
    }

    @Test("a call of a tool that takes text is told so to a caller of chat, whole and streamed")
    func chatCustomTools() throws {
        let body =
            #"{"model":"asked","messages":[],"tools":[{"type":"custom","custom":{"name":"apply_patch"}},{"type":"custom","custom":{"name":"say"}}]}"#
        let call = ChatCall(try OpenAIRequest(Array(body.utf8), parser: parser))
        let context = try ResponsesFixture.context()
        let golden = GoldenCase(folder: "responses/answers", name: "custom-call")
        let response = try ResponsesUpstream().read(try golden.bytes("in.json"), context, parser: parser)
        let whole = try JSONValue.parse(call.write(response, context))["choices"]?[0]
        #expect(
            whole?["message"]?["tool_calls"]
                == [["id": "call_1", "type": "custom", "custom": ["name": "apply_patch", "input": "*** \"a\"\n"]]])
        #expect(whole?["finish_reason"] == "tool_calls")
        let stream = GoldenCase(folder: "responses/streams", name: "custom-call")
        let events = try StreamSplits.events(try stream.bytes("in.sse")) { ResponsesEventReader(context) }
        let text = StreamSplits.text(events, call.makeEventWriter(context))
        #expect(
            text.contains(
                ##"{"index":0,"id":"call_1","type":"custom","custom":{"name":"apply_patch","input":"*** \"a\"\n"}}"##))
        #expect(text.contains(##"{"index":1,"id":"call_2","type":"custom","custom":{"name":"say","input":"hi"}}"##))
        #expect(!text.contains("function"))
    }

    @Test("a beginning that never ends is not held back for ever; our own event goes on in the upstream's numbers")
    func heldBeginning() throws {
        let exchange = try ResponsesFixture.native(
            try ResponsesFixture.call(#","stream":true"#), try ResponsesFixture.context())
        var stream = exchange.makeStream()
        let event =
            "data: {\"type\":\"response.in_progress\",\"sequence_number\":41,\"response\":{\"instructions\":\""
            + String(repeating: "x", count: 1024 * 1024) + "\"}}\n\n"
        var out: [UInt8] = []
        for _ in 0..<5 { try stream.feed(Array(event.utf8), parser: parser, into: &out) }
        #expect(out.count == 5 * event.utf8.count && stream.holding == nil)
        out = []
        stream.fail(ResponsesFixture.wire(UpstreamError(status: 502, message: "m", type: "t")), into: &out)
        #expect(String(decoding: out, as: UTF8.self).contains(#""sequence_number":42"#))
    }

    @Test(
        "chat calls of models that speak only Responses go there, of others to chat",
        arguments: [
            (1, "gpt-5", ProtocolFamily.responses, "https://api.openai.com/v1/responses"),
            (1, "GPT-5.1-Codex", .responses, "https://api.openai.com/v1/responses"),
            (1, "o1-pro", .responses, "https://api.openai.com/v1/responses"),
            (1, "o3-pro-2025-06-10", .responses, "https://api.openai.com/v1/responses"),
            (1, "gpt-5.2-pro-2025-12-11", .responses, "https://api.openai.com/v1/responses"),
            (1, "o3-pro-2025-06-1x", .chat, "https://api.openai.com/v1/chat/completions"),
            (1, "gpt-4o-2024-11-20", .chat, "https://api.openai.com/v1/chat/completions"),
            (1, "gpt-4o", .chat, "https://api.openai.com/v1/chat/completions"),
            (1, "gpt-5-chat-latest", .chat, "https://api.openai.com/v1/chat/completions"),
            (20, "gpt-5", .chat, "https://openrouter.ai/api/v1/chat/completions"),
            (36, "gpt-5", .chat, "https://api.deepseek.com/v1/chat/completions"),
        ])
    func routes(type: Int, model: String, family: ProtocolFamily, url: String) throws {
        let route = try self.route(type, .chatCompletions, .chat, model)
        #expect(route?.url == url && route?.wire.family == family)
    }

    @Test(
        "calls in the protocol go where the vendor speaks it",
        arguments: [
            (1, "gpt-4o", ProtocolFamily.responses, "https://api.openai.com/v1/responses"),
            (17, "qwen3-max", .responses, "https://dashscope.aliyuncs.com/compatible-mode/v1/responses"),
            (40, "ep-1", .responses, "https://ark.cn-beijing.volces.com/api/v3/responses"),
            (49, "DeepSeek-V3.2", .responses, "https://qianfan.baidubce.com/v2/responses"),
            (49, "ernie-4.5", .chat, "https://qianfan.baidubce.com/v2/chat/completions"),
            (36, "deepseek-chat", .chat, "https://api.deepseek.com/v1/chat/completions"),
            (28, "mistral-large", .chat, "https://api.mistral.ai/v1/chat/completions"),
            (45, "grok-4", .responses, "https://api.x.ai/v1/responses"),
        ])
    func nativeRoutes(type: Int, model: String, family: ProtocolFamily, url: String) throws {
        let route = try self.route(type, .responses, .responses, model)
        #expect(route?.url == url && route?.wire.family == family)
    }

    @Test("a channel says that its address lacks Responses, or which more models Qianfan has there")
    func configured() throws {
        for mode in [RelayMode.chatCompletions, .responses] {
            let family: ProtocolFamily = mode == .responses ? .responses : .chat
            #expect(try route(1, mode, family, "gpt-5", ["disable_responses": true])?.wire.family == .chat)
        }
        #expect(
            try route(28, .responses, .responses, "m", ["disable_responses": false])?.wire.family == .responses)
        let more = try route(49, .responses, .responses, "Ernie-X", ["response_models": ["ernie-x"], "appid": "a"])
        #expect(more?.wire.family == .responses)
        #expect(
            more?.credential
                == .fields([.init(name: "authorization", value: "Bearer k"), .init(name: "appid", value: "a")]))
    }

    @Test("Azure's address names no deployment; the body does, for the deprecated type without dots")
    func azure() throws {
        for (type, name) in [(3, "gpt-51"), (4, "gpt-5.1")] {
            let route = try #require(try self.route(type, .responses, .responses, "gpt-5.1"))
            #expect(route.url == "https://{resource_name}.openai.azure.com/openai/v1/responses?api-version=preview")
            #expect(route.credential == .field(name: "api-key", value: "k"))
            let context = try ResponsesFixture.context(upstream: "gpt-5.1", type: type)
            for call in [try ResponsesFixture.call() as any CallerCall, try AnthropicFixture.plainChat()] {
                let exchange = try #require(try route.wire.exchange(call, context, parser: parser))
                #expect(try JSONValue.parse(exchange.request.bytes)["model"]?.string == name)
            }
        }
    }

    @Test("Cloudflare takes the account from the key, or a gateway address")
    func cloudflare() throws {
        let type = try #require(ChannelType.find(37))
        let call = VendorCall(mode: .responses, family: .responses, model: "m", isStream: false)
        for (base, key, url) in [
            (type.defaultBaseURL, "acc|tok", "https://api.cloudflare.com/client/v4/accounts/acc/ai/v1/responses"),
            (
                "https://gateway.ai.cloudflare.com/v1/a/b/workers-ai", "tok",
                "https://gateway.ai.cloudflare.com/v1/a/b/workers-ai/v1/responses"
            ),
        ] {
            let route = DialectCatalog.vendor(of: type)?.route(call, VendorChannel(base: base, key: key, type: type))
            #expect(route?.url == url && route?.credential == .field(name: "authorization", value: "Bearer tok"))
        }
    }

    private func route(
        _ type: Int, _ mode: RelayMode, _ family: ProtocolFamily, _ model: String, _ configs: JSONObject = [:]
    ) throws -> UpstreamRoute? {
        let type = try #require(ChannelType.find(type))
        return DialectCatalog.vendor(of: type)?.route(
            VendorCall(mode: mode, family: family, model: model, isStream: false),
            VendorChannel(base: type.defaultBaseURL, key: "k", type: type, configs: configs))
    }
}
