/// Gemini's protocol: `POST …/models/{model}:{action}`, also below Vertex AI's addresses. The model name chooses the answer as in OpenAI's part, and whether it thinks; a request
/// that Google would refuse is refused, so that a wrong conversion fails.
enum GeminiAnswer {
    /// Whether a request is of this protocol.
    static func isAsked(_ request: MockRequest) -> Bool {
        request.method == "POST" && GeminiPath(request) != nil
    }

    static func steps(for request: MockRequest) -> any Steps {
        guard let path = GeminiPath(request) else { return refused(404, "Not found") }
        let behaviour = path.behaviour
        switch behaviour.kind {
        case .status(let code): return whole(code, error(code))
        case .retryAfter(let seconds): return whole(429, limit(seconds))
        case .errorIn200: return whole(200, error(400))
        default: break
        }
        if let fault = Answer.fault(behaviour.kind) { return fault }
        if let (code, message, reason) = keyFault(request, path) {
            return whole(code, error(code, message: message, details: reason.map(errorInfo) ?? ""))
        }
        if let fault = GeminiCheck.fault(request, path) { return refused(400, fault) }
        switch path.action {
        case .count: return whole(200, Array(#"{"totalTokens":\#(10 + request.body.count / 100)}"#.utf8))
        case .embed: return whole(200, GeminiVectors.one(request))
        case .embedBatch: return whole(200, GeminiVectors.several(request))
        case .generate: return plain(GeminiAsked(request, path))
        case .stream:
            let asked = GeminiAsked(request, path)
            return behaviour.kind == .jsonForStream ? plain(asked) : GeminiEvents.steps(asked)
        }
    }

    private static func keyFault(_ request: MockRequest, _ path: GeminiPath) -> (Int, String, reason: String?)? {
        var key: String?, isAuthorized = false
        for header in request.headers {
            switch header.name.lowercased() {
            case "x-goog-api-key": key = header.value
            case "authorization": isAuthorized = true
            default: break
            }
        }
        if path.isVertex {
            return isAuthorized || key != nil
                ? nil : (401, "Request is missing required authentication credential.", nil)
        }
        if isAuthorized { return (401, "Request had invalid authentication credentials. Expected OAuth 2.", nil) }
        guard let key else { return (403, "Method doesn't allow unregistered callers. Please use API Key.", nil) }
        if key.contains("invalid") {
            return (400, "API key not valid. Please pass a valid API key.", "API_KEY_INVALID")
        }
        return nil
    }

    // MARK: Errors

    private static let words = [
        400: "INVALID_ARGUMENT", 401: "UNAUTHENTICATED", 403: "PERMISSION_DENIED", 404: "NOT_FOUND",
        429: "RESOURCE_EXHAUSTED", 500: "INTERNAL", 503: "UNAVAILABLE", 504: "DEADLINE_EXCEEDED",
    ]

    /// An error as Google writes it.
    static func error(_ code: Int, message: String? = nil, details: String = "") -> [UInt8] {
        var out = Array(#"{"error":{"code":\#(code),"message":"#.utf8)
        out.appendJSON((message ?? "mock error \(code)").utf8)
        out.append(#","status":"\#(words[code] ?? (code < 500 ? "INVALID_ARGUMENT" : "INTERNAL"))""#)
        if !details.isEmpty { out.append(#","details":[\#(details)]"#) }
        out.append("}}")
        return out
    }

    private static func errorInfo(_ reason: String) -> String {
        #"{"@type":"type.googleapis.com/google.rpc.ErrorInfo","reason":"\#(reason)","domain":"googleapis.com","metadata":{"service":"generativelanguage.googleapis.com"}}"#
    }

    /// A limit that was reached: Google tells the wait in the body, not in a header.
    private static func limit(_ seconds: Int) -> [UInt8] {
        error(
            429, message: "You exceeded your current quota. Please retry in \(seconds)s.",
            details: #"""
                {"@type":"type.googleapis.com/google.rpc.QuotaFailure","violations":[{"quotaId":"GenerateRequestsPerMinutePerProjectPerModel"}]},\#
                {"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"\#(seconds)s"}
                """#)
    }

    private static func refused(_ code: Int, _ message: String) -> any Steps {
        whole(code, error(code, message: message))
    }

    private static func whole(_ code: Int, _ body: [UInt8]) -> any Steps {
        FixedSteps([.write(Answer.whole(code, "application/json; charset=UTF-8", body))])
    }

    // MARK: Answers

    private static func plain(_ asked: GeminiAsked) -> any Steps {
        let body = asked.chunk(asked.parts, isLast: true)
        let answer = Answer.whole(200, "application/json; charset=UTF-8", body)
        switch asked.behaviour.kind {
        case .slowHead(let milliseconds): return FixedSteps([.wait(.milliseconds(milliseconds)), .write(answer)])
        case .cutJSON, .cutMidStream: return FixedSteps([.write(Array(answer.dropLast(body.count / 2))), .cut])
        case .splitUTF8: return FixedSteps(answer.map { .write([$0]) })
        case .invalidJSON: return whole(200, Array(#"{"candidates":[{"content":"#.utf8))
        default: return FixedSteps([.write(answer)])
        }
    }
}

/// The model and the action that a path names, whatever stands before `models/`.
struct GeminiPath {
    enum Action: String {
        case generate = "generateContent"
        case stream = "streamGenerateContent"
        case count = "countTokens"
        case embed = "embedContent"
        case embedBatch = "batchEmbedContents"
    }

    let model: String
    let action: Action
    let behaviour: Behaviour
    /// What chooses the answer: the model, or a segment of the path where that says nothing.
    let name: String
    /// Whether the address is one of Vertex AI's: calls carry no id there, contents name their role.
    let isVertex: Bool
    /// Whether a stream is to be sent as events rather than as one array.
    let wantsEvents: Bool

    init?(_ request: MockRequest) {
        let parts = request.path.split(separator: "/")
        guard parts.count >= 2, ["models", "tunedModels"].contains(parts[parts.count - 2]), let last = parts.last,
            let colon = last.lastIndex(of: ":"),
            let action = Action(rawValue: String(last[last.index(after: colon)...]))
        else { return nil }
        model = String(last[..<colon])
        self.action = action
        behaviour = Behaviour(model: model, path: request.path)
        name = ([last] + parts).first { $0.hasPrefix("mock-") }.map { String($0.prefix { $0 != ":" }) } ?? ""
        isVertex = request.path.contains("/publishers/google/")
        wantsEvents = request.target.contains("alt=sse")
    }
}

/// Embeddings: the same numbers as in OpenAI's part.
enum GeminiVectors {
    static func one(_ request: MockRequest) -> [UInt8] {
        Array(#"{"embedding":\#(vector(0, request.body, 0..<request.body.count))}"#.utf8)
    }

    static func several(_ request: MockRequest) -> [UInt8] {
        let body = request.body
        let requests =
            LenientJSON.member(body, 0..<body.count, "requests").flatMap { LenientJSON.elements(body, $0) } ?? []
        let vectors = requests.enumerated().map { vector($0, body, $1) }
        return Array(#"{"embeddings":[\#(vectors.joined(separator: ","))]}"#.utf8)
    }

    private static func vector(_ index: Int, _ body: [UInt8], _ request: Range<Int>) -> String {
        let size = ["outputDimensionality", "output_dimensionality"].compactMap { name in
            LenientJSON.member(body, request, name).flatMap { Int(String(decoding: body[$0], as: UTF8.self)) }
        }.first
        let values = (0..<(size ?? 8)).map { "\(Float(index) + Float($0) * 0.25)" }
        return #"{"values":[\#(values.joined(separator: ","))]}"#
    }
}
