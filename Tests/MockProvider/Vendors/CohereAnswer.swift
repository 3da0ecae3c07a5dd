/// Cohere's protocol of version 2: `POST …/v2/chat`, `…/v2/embed` and `…/v2/rerank`. A request that Cohere would refuse is refused.
enum CohereAnswer {
    private enum Operation: String, CaseIterable {
        case chat = "/v2/chat"
        case embed = "/v2/embed"
        case rerank = "/v2/rerank"
    }

    private static func operation(_ request: MockRequest) -> Operation? {
        Operation.allCases.first { request.path.hasSuffix($0.rawValue) }
    }

    /// Whether a request is of this protocol.
    static func isAsked(_ request: MockRequest) -> Bool { operation(request) != nil }

    static func steps(for request: MockRequest) -> any Steps {
        let asked = Asked(request)
        if let fault = VendorAnswer.fault(asked.behaviour, error: { error($0) }) { return fault }
        guard request.headers.contains(where: { $0.name.lowercased() == "authorization" }) else {
            return VendorAnswer.whole(401, error(401, "no api key supplied"))
        }
        let operation = operation(request) ?? .chat
        if let fault = CohereCheck(request.body).fault(operation.rawValue) {
            return VendorAnswer.whole(400, error(400, fault))
        }
        switch operation {
        case .embed: return VendorAnswer.plain(embeddings(asked), asked.behaviour)
        case .rerank: return VendorAnswer.plain(rerank(asked), asked.behaviour)
        case .chat:
            guard asked.streams, asked.behaviour.kind != .jsonForStream else {
                return VendorAnswer.plain(chat(asked), asked.behaviour)
            }
            return VendorAnswer.stream(
                asked.behaviour, type: "text/event-stream", frames(asked),
                error: event(#"{"message":"mock error in the stream"}"#))
        }
    }

    private static func error(_ code: Int, _ message: String? = nil) -> [UInt8] {
        Array(#"{"id":"mock","message":"\#(message ?? "mock error \(code)")"}"#.utf8)
    }

    private static func usage(_ output: Int) -> String {
        #"{"billed_units":{"input_tokens":5,"output_tokens":\#(output)},"tokens":{"input_tokens":11.0,"output_tokens":\#(output).0},"cached_tokens":3}"#
    }

    /// Cohere has no word for a filter.
    private static func reason(_ asked: Asked, _ calls: [String]) -> String {
        let natural = calls.isEmpty ? "COMPLETE" : "TOOL_CALL"
        return asked.behaviour.end(natural, length: "MAX_TOKENS", filter: natural)
    }

    private static func thinks(_ asked: Asked) -> Bool {
        let type = asked.value("thinking").flatMap {
            LenientJSON.text(asked.request.body, LenientJSON.member(asked.request.body, $0, "type"))
        }
        return asked.behaviour.kind == .reasoning || type == "enabled"
    }

    // MARK: Answers

    private static func chat(_ asked: Asked) -> [UInt8] {
        let calls = asked.toolCalls
        var out = Array(#"{"id":"mock-chat","finish_reason":"\#(reason(asked, calls))","#.utf8)
        out.append(#""message":{"role":"assistant""#)
        var blocks: [String] = thinks(asked) ? [#"{"type":"thinking","thinking":"first I think"}"#] : []
        if calls.isEmpty { blocks.append(#"{"type":"text","text":\#(VendorAnswer.json(PlainBody.text(asked)))}"#) }
        if !blocks.isEmpty { out.append(#","content":[\#(blocks.joined(separator: ","))]"#) }
        if !calls.isEmpty {
            let list = calls.enumerated().map { call($0.element, $0.offset, #"{\"city\":\"Paris\"}"#) }
            out.append(#","tool_plan":"Let me look.","tool_calls":[\#(list.joined(separator: ","))]"#)
        }
        out.append("}")
        if asked.behaviour.kind != .noUsage { out.append(#","usage":\#(usage(PlainBody.completionTokens))"#) }
        out.append("}")
        return out
    }

    private static func call(_ name: String, _ place: Int, _ arguments: String) -> String {
        #"{"id":"\#(name)_\#(place)","type":"function","function":{"name":"\#(name)","arguments":"\#(arguments)"}}"#
    }

    private static func embeddings(_ asked: Asked) -> [UInt8] {
        let body = asked.request.body
        let count = asked.value("texts").flatMap { LenientJSON.elements(body, $0) }?.count ?? 0
        let vectors = (0..<count).map { "[\($0),0.25,-1.5]" }.joined(separator: ",")
        return Array(
            #"{"id":"mock-embed","embeddings":{"float":[\#(vectors)]},"response_type":"embeddings_by_type","meta":{"api_version":{"version":"2"},"billed_units":{"input_tokens":11}}}"#
                .utf8)
    }

    /// The last document is the best.
    private static func rerank(_ asked: Asked) -> [UInt8] {
        let body = asked.request.body
        let count = asked.value("documents").flatMap { LenientJSON.elements(body, $0) }?.count ?? 0
        let wanted = asked.value("top_n").flatMap { Int(String(decoding: body[$0], as: UTF8.self)) } ?? count
        let rows = (0..<count).reversed().prefix(wanted).map {
            #"{"index":\#($0),"relevance_score":0.\#($0 + 1)}"#
        }
        return Array(
            #"{"id":"mock-rerank","results":[\#(rows.joined(separator: ","))],"meta":{"billed_units":{"search_units":1}}}"#
                .utf8)
    }

    // MARK: Streams

    private static func event(_ data: String) -> [UInt8] { Array("event: mock\ndata: \(data)\n\n".utf8) }

    private static func event(_ type: String, _ index: Int? = nil, _ message: String? = nil) -> [UInt8] {
        let place = index.map { #","index":\#($0)"# } ?? ""
        let delta = message.map { #","delta":{"message":{\#($0)}}"# } ?? ""
        return Array("event: \(type)\ndata: {\"type\":\"\(type)\"\(place)\(delta)}\n\n".utf8)
    }

    private static func block(_ index: Int, _ name: String, _ pieces: [[UInt8]]) -> [[UInt8]] {
        [event("content-start", index, #""content":{"type":"\#(name)","\#(name)":""}"#)]
            + pieces.map { event("content-delta", index, #""content":{"\#(name)":\#(VendorAnswer.json($0))}"#) }
            + [event("content-end", index)]
    }

    private static func frames(_ asked: Asked) -> [[UInt8]] {
        let calls = asked.toolCalls
        let words = VendorAnswer.words(asked)
        var frames = [
            Array(
                "event: message-start\ndata: {\"id\":\"mock-chat\",\"type\":\"message-start\",\"delta\":{\"message\":{\"role\":\"assistant\",\"content\":[],\"tool_plan\":\"\",\"tool_calls\":[],\"citations\":[]}}}\n\n"
                    .utf8)
        ]
        let isThinking = thinks(asked)
        if isThinking { frames += block(0, "thinking", [Array("first ".utf8), Array("I think".utf8)]) }
        if calls.isEmpty {
            frames += block(isThinking ? 1 : 0, "text", words)
        } else {
            frames += ["Let me", " look."].map { event("tool-plan-delta", nil, #""tool_plan":"\#($0)""#) }
        }
        for (place, name) in calls.enumerated() {
            frames.append(event("tool-call-start", place, #""tool_calls":\#(call(name, place, ""))"#))
            frames += [#"{\"ci"#, #"ty\":\"Pa"#, #"ris\"}"#].map {
                event("tool-call-delta", place, #""tool_calls":{"function":{"arguments":"\#($0)"}}"#)
            }
            frames.append(event("tool-call-end", place))
        }
        guard asked.behaviour.kind != .noFinish else { return frames }
        let output = calls.isEmpty ? words.count : PlainBody.completionTokens
        let usage = asked.behaviour.kind == .noUsage ? "" : #","usage":\#(usage(output))"#
        let reason = reason(asked, calls)
        frames.append(
            Array(
                "event: message-end\ndata: {\"type\":\"message-end\",\"delta\":{\"finish_reason\":\"\(reason)\"\(usage)}}\n\n"
                    .utf8))
        return frames
    }
}

/// What Cohere refuses, as far as conversions get it wrong.
struct CohereCheck {
    private let bytes: [UInt8]

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    private static let known: [String: Set<String>] = [
        "/v2/chat": [
            "model", "messages", "stream", "tools", "strict_tools", "documents", "citation_options", "response_format",
            "safety_mode", "max_tokens", "stop_sequences", "temperature", "seed", "frequency_penalty",
            "presence_penalty", "k", "p", "logprobs", "tool_choice", "thinking",
        ],
        "/v2/embed": [
            "model", "input_type", "texts", "images", "inputs", "max_tokens", "output_dimension", "embedding_types",
            "truncate",
        ],
        "/v2/rerank": ["model", "query", "documents", "top_n", "max_tokens_per_doc"],
    ]

    /// What is wrong with a request; `nil` when Cohere would take it.
    func fault(_ path: String) -> String? {
        var members: [String: Range<Int>] = [:]
        for member in LenientJSON.members(bytes, 0..<bytes.count) {
            guard Self.known[path]?.contains(member.key) ?? false else { return "unknown field: \(member.key)" }
            members[member.key] = member.value
        }
        guard text(members["model"])?.isEmpty == false else { return "model is required" }
        switch path {
        case "/v2/embed":
            let types = ["search_document", "search_query", "classification", "clustering", "image"]
            guard let type = text(members["input_type"]), types.contains(type) else { return "input_type is required" }
            return (elements(members["texts"])?.isEmpty ?? true) ? "texts is required" : nil
        case "/v2/rerank":
            guard text(members["query"]) != nil else { return "query is required" }
            guard let documents = elements(members["documents"]), !documents.isEmpty else {
                return "documents is required"
            }
            return documents.allSatisfy { text($0) != nil } ? nil : "documents must be strings"
        default: return settings(members) ?? tools(members) ?? messages(members)
        }
    }

    private func settings(_ members: [String: Range<Int>]) -> String? {
        for (name, range) in [
            ("p", 0.01...0.99), ("k", 0...500), ("frequency_penalty", 0...1), ("presence_penalty", 0...1),
        ] {
            if let value = members[name].flatMap(number), !range.contains(value) { return "\(name) is out of range" }
        }
        if (elements(members["stop_sequences"])?.count ?? 0) > 5 { return "too many stop_sequences" }
        guard let thinking = members["thinking"] else { return nil }
        let budget = LenientJSON.member(bytes, thinking, "token_budget").flatMap(number)
        guard ["enabled", "disabled"].contains(text(LenientJSON.member(bytes, thinking, "type"))) else {
            return "thinking.type is unknown"
        }
        return budget.map { $0 >= 1 } ?? true ? nil : "thinking.token_budget must be positive"
    }

    private func tools(_ members: [String: Range<Int>]) -> String? {
        let tools = elements(members["tools"]) ?? []
        for tool in tools {
            let function = LenientJSON.member(bytes, tool, "function")
            guard let function, let name = text(LenientJSON.member(bytes, function, "name")) else {
                return "tools: function.name is required"
            }
            guard !name.isEmpty, name.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_") }) else {
                return "tools: invalid name \(name)"
            }
            guard LenientJSON.member(bytes, function, "parameters") != nil else {
                return "tools: function.parameters is required"
            }
        }
        if !tools.isEmpty, members["response_format"] != nil { return "response_format is not supported with tools" }
        guard let choice = members["tool_choice"] else { return nil }
        guard !tools.isEmpty else { return "tool_choice without tools" }
        return ["REQUIRED", "NONE"].contains(text(choice)) ? nil : "tool_choice is unknown"
    }

    private func messages(_ members: [String: Range<Int>]) -> String? {
        guard let list = elements(members["messages"]), !list.isEmpty else { return "messages is required" }
        var calls: Set<String> = []
        for (place, message) in list.enumerated() {
            let content = LenientJSON.member(bytes, message, "content")
            switch text(LenientJSON.member(bytes, message, "role")) {
            case "system":
                if content == nil { return "messages[\(place)].content is required" }
            case "user":
                guard let content else { return "messages[\(place)].content is required" }
                if text(content) == nil, let fault = blocks(content, ["text", "image_url"]) {
                    return "messages[\(place)]: \(fault)"
                }
            case "assistant":
                let made = LenientJSON.member(bytes, message, "tool_calls").flatMap { elements($0) } ?? []
                if content == nil, made.isEmpty { return "messages[\(place)]: neither content nor tool_calls" }
                if let content, text(content) == nil, let fault = blocks(content, ["text", "thinking"]) {
                    return "messages[\(place)]: \(fault)"
                }
                for call in made {
                    guard let id = text(LenientJSON.member(bytes, call, "id")) else { return "a call has no id" }
                    calls.insert(id)
                }
            case "tool":
                guard let id = text(LenientJSON.member(bytes, message, "tool_call_id")), calls.contains(id) else {
                    return "messages[\(place)]: tool_call_id belongs to no call"
                }
                if content == nil { return "messages[\(place)].content is required" }
            default: return "messages[\(place)].role is unknown"
            }
        }
        return nil
    }

    private func blocks(_ content: Range<Int>, _ types: Set<String>) -> String? {
        guard let blocks = elements(content), !blocks.isEmpty else { return "content is neither text nor blocks" }
        for block in blocks {
            guard let type = text(LenientJSON.member(bytes, block, "type")), types.contains(type),
                let value = LenientJSON.member(bytes, block, type)
            else { return "a block of content is wrong" }
            if type == "image_url", text(LenientJSON.member(bytes, value, "url")) == nil { return "image_url.url" }
        }
        return nil
    }

    private func text(_ range: Range<Int>?) -> String? {
        guard let range, bytes[range].first == UInt8(ascii: "\"") else { return nil }
        return LenientJSON.text(bytes, range)
    }

    private func elements(_ range: Range<Int>?) -> [Range<Int>]? { range.flatMap { LenientJSON.elements(bytes, $0) } }

    private func number(_ range: Range<Int>) -> Double? { Double(String(decoding: bytes[range], as: UTF8.self)) }
}
