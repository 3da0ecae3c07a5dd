import Glibc

/// Bedrock with Claude: `POST …/model/{id}/invoke` and `…/invoke-with-response-stream`. The id chooses the answer as in OpenAI's part; a request that Bedrock would refuse is
/// refused, a signature is made again and compared.
enum BedrockAnswer {
    /// Whether a request is of this protocol.
    static func isAsked(_ request: MockRequest) -> Bool {
        request.method == "POST" && BedrockPath(request.path) != nil
    }

    static func steps(for request: MockRequest) -> any Steps {
        guard let path = BedrockPath(request.path) else { return error(404, "UnknownOperationException") }
        let kind = Behaviour(model: path.model).kind
        switch kind {
        case .status(let code): return error(code, names[code] ?? "InternalServerException")
        case .retryAfter(let seconds):
            return error(429, "ThrottlingException", more: "Retry-After: \(seconds)\r\n")
        case .errorIn200: return error(200, "ThrottlingException", isInBody: true)
        default: if let fault = Answer.fault(kind) { return fault }
        }
        if let (name, message) = BedrockSignature.fault(request) { return error(403, name, message) }
        if let fault = bodyFault(request) { return error(400, "ValidationException", fault) }
        let translated = translated(request, path)
        if let fault = AnthropicCheck.fault(translated, isCount: false) {
            return error(400, "ValidationException", fault)
        }
        let steps = AnthropicAnswer.steps(for: translated)
        return path.isStream && kind != .jsonForStream ? FrameSteps(steps, kind) : steps
    }

    private static let names = [
        400: "ValidationException", 403: "AccessDeniedException", 404: "ResourceNotFoundException",
        408: "ModelTimeoutException", 424: "ModelErrorException", 429: "ThrottlingException",
        503: "ServiceUnavailableException",
    ]

    /// An error as AWS writes it.
    private static func error(
        _ code: Int, _ name: String, _ message: String? = nil, more: String = "", isInBody: Bool = false
    ) -> any Steps {
        var out = Array((isInBody ? #"{"__type":"com.amazon.bedrock#\#(name)","# : "{").utf8)
        out.append(#""message":"#)
        out.appendJSON((message ?? "mock error \(code)").utf8)
        out.append("}")
        let field = isInBody ? "" : "x-amzn-ErrorType: \(name):http://internal.amazon.com/coral/\r\n"
        return FixedSteps([
            .write(
                Answer.whole(code, "application/json", out, more: "x-amzn-RequestId: bedrock-mock\r\n\(field)\(more)"))
        ])
    }

    private static func bodyFault(_ request: MockRequest) -> String? {
        let body = request.body
        let members = LenientJSON.members(body, 0..<body.count)
        func value(_ key: String) -> Range<Int>? { members.last { $0.key == key }?.value }
        for key in ["model", "stream", "service_tier"] where value(key) != nil {
            return "\(key): Extra inputs are not permitted"
        }
        guard LenientJSON.text(body, value("anthropic_version")) == "bedrock-2023-05-31" else {
            return "anthropic_version: Input should be 'bedrock-2023-05-31'"
        }
        if let betas = value("anthropic_beta") {
            guard let all = LenientJSON.elements(body, betas) else { return "anthropic_beta: a list is needed" }
            let refused = ["tool-examples", "prompt-caching-scope", "advanced-tool-use"]
            let names = all.map { LenientJSON.text(body, $0) ?? "" }
            if names.contains(where: { name in name.isEmpty || refused.contains { name.hasPrefix($0) } }) {
                return "invalid beta flag"
            }
        }
        for tool in value("tools").flatMap({ LenientJSON.elements(body, $0) }) ?? [] {
            for key in ["input_examples", "defer_loading"] where LenientJSON.member(body, tool, key) != nil {
                return "tools.0.custom.\(key): Extra inputs are not permitted"
            }
        }
        for message in value("messages").flatMap({ LenientJSON.elements(body, $0) }) ?? [] {
            let content = LenientJSON.member(body, message, "content") ?? 0..<0
            for block in LenientJSON.elements(body, content) ?? [] {
                let source = LenientJSON.member(body, block, "source")
                if LenientJSON.text(body, source.flatMap { LenientJSON.member(body, $0, "type") }) == "url" {
                    return "messages.0.content.0.image.source: URL sources are not supported"
                }
            }
        }
        return nil
    }

    /// The same request as Anthropic would get it.
    private static func translated(_ request: MockRequest, _ path: BedrockPath) -> MockRequest {
        let body = request.body
        var out = Array(#"{"model":"#.utf8)
        out.appendJSON(path.model.utf8)
        if path.isStream { out.append(#","stream":true"#) }
        for member in LenientJSON.members(body, 0..<body.count) where !member.key.hasPrefix("anthropic_") {
            out.append(#","\#(member.key)":"#)
            out += body[member.value]
        }
        out.append("}")
        var translated = request
        translated.body = out
        translated.head += Array("anthropic-version: 2023-06-01\r\nx-api-key: k\r\n".utf8)
        return translated
    }
}

/// The model that a path names, and whether a stream is wanted.
struct BedrockPath {
    let model: String
    let isStream: Bool

    init?(_ path: Substring) {
        let parts = path.split(separator: "/")
        guard parts.count >= 3, parts[parts.count - 3] == "model", let verb = parts.last,
            verb == "invoke" || verb == "invoke-with-response-stream"
        else { return nil }
        isStream = verb != "invoke"
        model = Self.decoded(parts[parts.count - 2])
    }

    private static func decoded(_ text: Substring) -> String {
        var out: [UInt8] = []
        var rest = text.utf8[...]
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "%"), let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16)
            {
                out.append(value)
                rest = rest.dropFirst(2)
            } else {
                out.append(byte)
            }
        }
        return String(decoding: out, as: UTF8.self)
    }
}
