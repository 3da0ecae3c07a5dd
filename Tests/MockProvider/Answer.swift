import EventLoop

/// What a connection does next for the answer under way.
enum Step {
    case write([UInt8], isChunk: Bool = false)
    case wait(Duration)
    /// Nothing more comes until the client leaves.
    case stall
    case done
    /// Everything was sent; the end of the connection ends the answer.
    case close
    /// The connection ends though the answer has not.
    case cut
    case reset
}

/// The steps of one answer, made one at a time so that a long stream takes no memory.
protocol Steps: AnyObject {
    func next() -> Step
}

/// Steps that are known from the start.
final class FixedSteps: Steps {
    private var steps: [Step]

    init(_ steps: [Step]) {
        self.steps = steps.reversed()
    }

    func next() -> Step {
        steps.popLast() ?? .done
    }
}

/// Turns a request into steps.
enum Answer {
    static func steps(for request: MockRequest) -> any Steps {
        if BedrockAnswer.isAsked(request) { return BedrockAnswer.steps(for: request) }
        if VertexAnswer.isAsked(request) { return VertexAnswer.steps(for: request) }
        if AnthropicAnswer.isAsked(request) { return AnthropicAnswer.steps(for: request) }
        if ResponsesAnswer.isAsked(request) { return ResponsesAnswer.steps(for: request) }
        if GeminiAnswer.isAsked(request) { return GeminiAnswer.steps(for: request) }
        if CohereAnswer.isAsked(request) { return CohereAnswer.steps(for: request) }
        if BaiduAnswer.isAsked(request) { return BaiduAnswer.steps(for: request) }
        if TEIAnswer.isAsked(request) { return TEIAnswer.steps(for: request) }
        if OllamaAnswer.isAsked(request) { return OllamaAnswer.steps(for: request) }
        let asked = Asked(request)
        switch asked.behaviour.kind {
        case .status(let code):
            return fixed(whole(code, "application/json", error(code)))
        case .retryAfter(let seconds):
            return fixed(whole(429, "application/json", error(429), more: "Retry-After: \(seconds)\r\n"))
        case .errorIn200:
            return fixed(whole(200, "application/json", error(400)))
        default:
            if let fault = fault(asked.behaviour.kind) { return fault }
        }
        if case .other(let kind) = asked.operation, !asked.isBroken { return OperationAnswer.steps(kind, asked) }
        if asked.streams, asked.behaviour.kind != .jsonForStream { return ChunkFrames.steps(asked) }
        return plain(asked)
    }

    /// The answers that are none in any protocol.
    static func fault(_ kind: Behaviour.Kind) -> (any Steps)? {
        switch kind {
        case .textError: fixed(whole(500, "text/plain", Array("internal trouble".utf8)))
        case .htmlError: fixed(whole(502, "text/html", page))
        case .hugeError(let size):
            fixed(whole(500, "text/plain", [UInt8](repeating: UInt8(ascii: "e"), count: size << 20)))
        case .html: fixed(whole(200, "text/html", page))
        case .redirect: fixed(whole(302, "text/plain", [], more: "Location: /__mock/trap\r\n"))
        case .reset: FixedSteps([.reset])
        case .close: FixedSteps([.cut])
        default: nil
        }
    }

    /// A whole answer with a length.
    static func whole(_ code: Int, _ type: String, _ body: [UInt8], more: String = "") -> [UInt8] {
        var out: [UInt8] = []
        out.reserveCapacity(body.count + 160)
        out.append(
            "HTTP/1.1 \(code) \(code < 300 ? "OK" : "Mock")\r\nContent-Type: \(type)\r\n\(more)Content-Length: \(body.count)\r\n\r\n"
        )
        out.append(contentsOf: body)
        return out
    }

    /// The member that every OpenAI error has.
    static func error(_ code: Int) -> [UInt8] {
        Array(
            #"{"error":{"message":"mock error \#(code)","type":"mock_error","param":null,"code":"mock_\#(code)"}}"#.utf8
        )
    }

    private static let page = Array("<html><head><title>Bad gateway</title></head><body>nginx</body></html>".utf8)

    private static func fixed(_ bytes: [UInt8]) -> any Steps {
        FixedSteps([.write(bytes)])
    }

    private static func plain(_ asked: Asked) -> any Steps {
        var body: [UInt8]
        if asked.behaviour.kind == .invalidJSON {
            body = Array(#"{"id":"mock","choices":[{"message":{"content":"#.utf8)
        } else {
            body = PlainBody.make(asked)
        }
        switch asked.behaviour.kind {
        case .slowHead(let milliseconds):
            return FixedSteps([.wait(.milliseconds(milliseconds)), .write(whole(200, "application/json", body))])
        case .cutJSON, .cutMidStream:
            let full = whole(200, "application/json", body)
            return FixedSteps([.write(Array(full.dropLast(body.count / 2))), .cut])
        case .resetMidStream:
            let full = whole(200, "application/json", body)
            return FixedSteps([.write(Array(full.dropLast(body.count / 2))), .wait(.milliseconds(50)), .reset])
        case .stallMidStream:
            return FixedSteps([.write(Array(whole(200, "application/json", body).dropLast(body.count / 2))), .stall])
        case .closeDelimited:
            return FixedSteps([
                .write(
                    Array("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n".utf8) + body),
                .close,
            ])
        case .splitUTF8:
            return FixedSteps(whole(200, "application/json", body).map { .write([$0]) })
        default:
            return fixed(whole(200, "application/json", body))
        }
    }
}

/// What a request asks for, as far as the mock looks.
struct Asked {
    enum Operation: Equatable {
        case chat
        case completion
        case embedding
        case models
        case rerank
        case other(OperationAnswer.Kind)
        case unknown
    }

    let request: MockRequest
    let operation: Operation
    let model: String
    let streams: Bool
    let wantsUsage: Bool
    let behaviour: Behaviour
    let members: [(key: String, value: Range<Int>)]
    /// The form of an operation that takes one; `nil` for a body that is none.
    let form: FormParts?
    /// Whether events are asked for, of any operation.
    let wantsStream: Bool

    /// Whether the answer is to be wrong in a way that `Answer` knows.
    var isBroken: Bool {
        switch behaviour.kind {
        case .cutJSON, .invalidJSON, .slowHead: true
        default: false
        }
    }

    init(_ request: MockRequest) {
        self.request = request
        let body = request.body
        let other = OperationAnswer.Kind(path: request.path)
        form = other?.takesForm ?? false ? FormParts(request) : nil
        members = other?.takesForm ?? false ? [] : LenientJSON.members(body, 0..<body.count)
        var model = form?.text("model") ?? "", streams = form?.text("stream") == "true", usage = false
        for member in members {
            switch member.key {
            case "model": model = LenientJSON.text(body, member.value) ?? ""
            case "stream": streams = LenientJSON.isTrue(body, member.value)
            case "stream_options":
                usage = LenientJSON.isTrue(body, LenientJSON.member(body, member.value, "include_usage"))
            default: break
            }
        }
        self.model = model
        behaviour = Behaviour(model: model, path: request.path)
        wantsUsage = usage && behaviour.kind != .noUsage
        if ["/chat/completions", "/v2/chat", "/api/chat"].contains(where: request.path.hasSuffix) {
            operation = .chat
        } else if request.path.hasSuffix("/completions") {
            operation = .completion
        } else if request.path.hasSuffix("/embeddings") {
            operation = .embedding
        } else if request.path.hasSuffix("/models") {
            operation = .models
        } else if request.path.hasSuffix("/rerank") || request.path.hasSuffix("/rerankers") {
            operation = .rerank
        } else if let other {
            operation = .other(other)
        } else {
            operation = .unknown
        }
        wantsStream = streams
        self.streams = streams && (operation == .chat || operation == .completion)
    }

    func value(_ key: String) -> Range<Int>? {
        members.last { $0.key == key }?.value
    }

    var finishReason: String {
        behaviour.end(toolCalls.isEmpty ? "stop" : "tool_calls", length: "length", filter: "content_filter")
    }

    /// The names of the functions to call, empty for an answer in text.
    var toolCalls: [String] {
        guard operation == .chat else { return [] }
        let body = request.body
        let answered = value("messages").flatMap { LenientJSON.elements(body, $0) }?.last
            .flatMap { LenientJSON.text(body, LenientJSON.member(body, $0, "role")) }
        if answered == "tool" { return [] }
        let offered = value("tools").flatMap { LenientJSON.elements(body, $0) } ?? []
        let names = offered.compactMap { tool in
            LenientJSON.member(body, tool, "function").flatMap {
                LenientJSON.text(body, LenientJSON.member(body, $0, "name"))
            }
        }
        if case .tools(let count) = behaviour.kind {
            return (0..<count).map { names.isEmpty ? "lookup" : names[$0 % names.count] }
        }
        return Array(names.prefix(1))
    }
}
