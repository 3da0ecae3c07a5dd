/// Vertex AI: below `/projects/…/locations/…/publishers/` Google's own models as in Gemini's part, Claude as in Anthropic's, and embeddings by `:predict`.
///
/// Tokens are taken as they come, but for those that begin with `expired`. What Vertex AI wants otherwise than the protocols it speaks is checked.
enum VertexAnswer {
    /// Whether a request is of this address.
    static func isAsked(_ request: MockRequest) -> Bool {
        request.method == "POST" && request.path.contains("/publishers/")
    }

    static func steps(for request: MockRequest) -> any Steps {
        guard let path = VertexPath(request) else { return refused(404, "Not found") }
        var key: String?, token: String?
        for header in request.headers {
            switch header.name.lowercased() {
            case "x-goog-api-key": key = header.value
            case "authorization": token = header.value.hasPrefix("Bearer ") ? String(header.value.dropFirst(7)) : ""
            default: break
            }
        }
        guard token.map({ !$0.isEmpty && !$0.hasPrefix("expired") }) ?? (key != nil) else {
            return refused(401, "Request had invalid authentication credentials.")
        }
        guard path.hasProject || key != nil && path.publisher == "google" else {
            return refused(403, "The address names no project.")
        }
        switch (path.publisher, path.verb) {
        case ("anthropic", "rawPredict"), ("anthropic", "streamRawPredict"): return claude(request, path)
        case ("google", "predict"): return predictions(request)
        case ("google", _): return GeminiAnswer.steps(for: request)
        default: return refused(404, "Publisher Model was not found.")
        }
    }

    // MARK: Claude

    private static func claude(_ request: MockRequest, _ path: VertexPath) -> any Steps {
        let body = request.body
        let isCount = path.model == "count-tokens"
        var members: [(key: String, value: [UInt8])] = []
        var version: String?
        for member in LenientJSON.members(body, 0..<body.count) {
            if member.key == "anthropic_version" {
                version = LenientJSON.text(body, member.value)
            } else {
                members.append((member.key, Array(body[member.value])))
            }
        }
        guard version == "vertex-2023-10-16" else { return refused(400, "anthropic_version: Field required") }
        let streams = members.contains { $0.key == "stream" && $0.value.elementsEqual("true".utf8) }
        guard streams == (path.verb == "streamRawPredict") else { return refused(400, "stream: not with this method") }
        if isCount {
            guard members.contains(where: { $0.key == "model" }) else { return refused(400, "model: Field required") }
        } else {
            guard !members.contains(where: { $0.key == "model" }) else {
                return refused(400, "model: Extra inputs are not permitted")
            }
            var model: [UInt8] = []
            model.appendJSON(path.model.utf8)
            members.append(("model", model))
        }
        if members.contains(where: { $0.key == "context_management" }) {
            return refused(400, "context_management: Extra inputs are not permitted")
        }
        var inner = request
        inner.target = isCount ? "/v1/messages/count_tokens" : "/v1/messages"
        inner.head += Array("anthropic-version: \(version ?? "")\r\n".utf8)
        inner.body = Array("{".utf8)
        for (place, member) in members.enumerated() {
            if place > 0 { inner.body.append(UInt8(ascii: ",")) }
            inner.body.append(#""\#(member.key)":"#)
            inner.body += member.value
        }
        inner.body.append("}")
        return AnthropicAnswer.steps(for: inner)
    }

    // MARK: Embeddings

    private static func predictions(_ request: MockRequest) -> any Steps {
        let body = request.body
        let instances = LenientJSON.member(body, 0..<body.count, "instances").flatMap { LenientJSON.elements(body, $0) }
        guard let instances, !instances.isEmpty else { return refused(400, "Empty instances.") }
        let size =
            LenientJSON.member(body, 0..<body.count, "parameters")
            .flatMap { LenientJSON.member(body, $0, "outputDimensionality") }
            .flatMap { Int(String(decoding: body[$0], as: UTF8.self)) } ?? 8
        var predictions: [String] = []
        for (place, instance) in instances.enumerated() {
            guard let text = LenientJSON.text(body, LenientJSON.member(body, instance, "content")) else {
                return refused(400, "content is required")
            }
            let values = (0..<size).map { "\(Float(place) + Float($0) * 0.25)" }.joined(separator: ",")
            let count = text.split(separator: " ").count
            predictions.append(
                #"{"embeddings":{"values":[\#(values)],"statistics":{"truncated":false,"token_count":\#(count)}}}"#)
        }
        let list = predictions.joined(separator: ",")
        let answer = #"{"predictions":[\#(list)],"metadata":{"billableCharacterCount":9}}"#
        return FixedSteps([.write(Answer.whole(200, "application/json; charset=UTF-8", Array(answer.utf8)))])
    }

    /// A refusal as Google writes it; a stream's stands in an array.
    private static func refused(_ code: Int, _ message: String) -> any Steps {
        let error = GeminiAnswer.error(code, message: message)
        return FixedSteps([.write(Answer.whole(code, "application/json; charset=UTF-8", [91] + error + [93]))])
    }
}

/// What an address of Vertex AI names.
struct VertexPath {
    let hasProject: Bool
    let publisher: String
    let model: String
    let verb: String

    /// Reads `/v1[/projects/…/locations/…]/publishers/…/models/{model}:{verb}`; `nil` for another form.
    init?(_ request: MockRequest) {
        let parts = request.path.split(separator: "/").map(String.init)
        guard let place = parts.firstIndex(of: "publishers"), parts.count == place + 4, parts[place + 2] == "models",
            let colon = parts[place + 3].lastIndex(of: ":")
        else { return nil }
        publisher = parts[place + 1]
        model = String(parts[place + 3][..<colon])
        verb = String(parts[place + 3][parts[place + 3].index(after: colon)...])
        hasProject = place >= 4 && parts[place - 4] == "projects" && parts[place - 2] == "locations"
    }
}
