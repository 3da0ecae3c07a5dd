/// Anthropic's protocol: `POST …/messages` and `…/messages/count_tokens`. The model name chooses the answer as in OpenAI's part; a request that Anthropic would refuse is
/// refused, so that a wrong conversion fails.
enum AnthropicAnswer {
    /// Whether a request is of this protocol.
    static func isAsked(_ request: MockRequest) -> Bool {
        request.path.hasSuffix("/messages") || isCount(request)
    }

    private static func isCount(_ request: MockRequest) -> Bool {
        request.path.hasSuffix("/messages/count_tokens")
    }

    static func steps(for request: MockRequest) -> any Steps {
        let body = request.body
        let asked = AnthropicAsked(request)
        switch asked.behaviour.kind {
        case .status(let code): return whole(code, error(code))
        case .retryAfter(let seconds): return whole(429, error(429), more: "Retry-After: \(seconds)\r\n")
        case .textError: return FixedSteps([.write(Answer.whole(500, "text/plain", Array("internal trouble".utf8)))])
        case .errorIn200: return whole(200, error(400))
        case .reset: return FixedSteps([.reset])
        case .close: return FixedSteps([.cut])
        default: break
        }
        if let fault = AnthropicCheck.fault(request, isCount: isCount(request)) {
            return whole(400, error(400, message: fault))
        }
        if isCount(request) { return whole(200, Array(#"{"input_tokens":\#(10 + body.count / 100)}"#.utf8)) }
        if asked.streams, asked.behaviour.kind != .jsonForStream { return AnthropicEvents.steps(asked) }
        return plain(asked)
    }

    private static func whole(_ code: Int, _ body: [UInt8], more: String = "") -> any Steps {
        FixedSteps([
            .write(Answer.whole(code, "application/json", body, more: "request-id: req_mock\r\n" + more))
        ])
    }

    /// An error as Anthropic writes it.
    static func error(_ code: Int, message: String? = nil) -> [UInt8] {
        let types = [
            400: "invalid_request_error", 401: "authentication_error", 402: "billing_error", 403: "permission_error",
            404: "not_found_error", 413: "request_too_large", 429: "rate_limit_error", 529: "overloaded_error",
        ]
        var out = Array(#"{"type":"error","error":{"type":"\#(types[code] ?? "api_error")","message":"#.utf8)
        out.appendJSON((message ?? (code == 529 ? "Overloaded" : "mock error \(code)")).utf8)
        out.append(#"},"request_id":"req_mock"}"#)
        return out
    }

    /// Counts as Anthropic tells them: what came from the cache stands beside the input.
    static func usage(output: Int) -> String {
        #"{"input_tokens":8,"cache_creation_input_tokens":0,"cache_read_input_tokens":3,"output_tokens":\#(output)}"#
    }

    private static func plain(_ asked: AnthropicAsked) -> any Steps {
        var out = Array(#"{"id":"msg_mock","type":"message","role":"assistant","model":"#.utf8)
        out.appendJSON(asked.model.utf8)
        out.append(#","content":["#)
        if asked.thinks {
            out.append(#"{"type":"thinking","thinking":"first I think","signature":"c2lnbmF0dXJl"},"#)
        }
        out.append(#"{"type":"text","text":"#)
        out.appendJSON(asked.calls.isEmpty ? asked.text : Array("Let me look.".utf8))
        out.append("}")
        for (place, name) in asked.calls.enumerated() {
            out.append(#",{"type":"tool_use","id":"toolu_\#(place)","name":"\#(name)","input":{"city":"Paris"}}"#)
        }
        out.append(#"],"stop_reason":"\#(asked.stopReason)","stop_sequence":null"#)
        if asked.behaviour.kind != .noUsage { out.append(#","usage":\#(usage(output: PlainBody.completionTokens))"#) }
        out.append("}")
        let answer = Answer.whole(200, "application/json", out, more: "request-id: req_mock\r\n")
        switch asked.behaviour.kind {
        case .slowHead(let milliseconds): return FixedSteps([.wait(.milliseconds(milliseconds)), .write(answer)])
        case .cutJSON, .cutMidStream: return FixedSteps([.write(Array(answer.dropLast(out.count / 2))), .cut])
        case .splitUTF8: return FixedSteps(answer.map { .write([$0]) })
        case .invalidJSON: return whole(200, Array(#"{"type":"message","content":["#.utf8))
        default: return FixedSteps([.write(answer)])
        }
    }
}

/// What a request of Anthropic's protocol asks for, as far as the mock looks.
struct AnthropicAsked {
    let model: String
    let streams: Bool
    let behaviour: Behaviour
    /// Whether the answer begins with a thought.
    let thinks: Bool
    /// The names of the tools to call, empty for an answer in text.
    let calls: [String]
    let text: [UInt8]

    init(_ request: MockRequest) {
        let asked = Asked(request)
        let body = request.body
        model = asked.model
        behaviour = asked.behaviour
        streams = asked.value("stream").map { LenientJSON.isTrue(body, $0) } ?? false
        let thinking = asked.value("thinking").flatMap {
            LenientJSON.text(body, LenientJSON.member(body, $0, "type"))
        }
        thinks = behaviour.kind == .reasoning || thinking == "enabled" || thinking == "adaptive"
        calls = Self.calls(asked, body)
        text = PlainBody.text(asked)
    }

    private static func calls(_ asked: Asked, _ body: [UInt8]) -> [String] {
        let last = asked.value("messages").flatMap { LenientJSON.elements(body, $0) }?.last
        let content = last.flatMap { LenientJSON.member(body, $0, "content") }
        let blocks = content.flatMap { LenientJSON.elements(body, $0) } ?? []
        if blocks.contains(where: { LenientJSON.text(body, LenientJSON.member(body, $0, "type")) == "tool_result" }) {
            return []
        }
        let offered = asked.value("tools").flatMap { LenientJSON.elements(body, $0) } ?? []
        let names = offered.filter { LenientJSON.member(body, $0, "input_schema") != nil }.compactMap {
            LenientJSON.text(body, LenientJSON.member(body, $0, "name"))
        }
        let choice = asked.value("tool_choice").flatMap {
            LenientJSON.text(body, LenientJSON.member(body, $0, "type"))
        }
        if choice == "none" { return [] }
        if case .tools(let count) = asked.behaviour.kind {
            return (0..<count).map { names.isEmpty ? "lookup" : names[$0 % names.count] }
        }
        return Array(names.prefix(1))
    }

    var stopReason: String {
        behaviour.end(calls.isEmpty ? "end_turn" : "tool_use", length: "max_tokens", filter: "refusal")
    }
}
