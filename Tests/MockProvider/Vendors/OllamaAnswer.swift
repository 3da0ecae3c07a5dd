/// Ollama's protocol: `POST …/api/chat` and `…/api/embed`. Streams are lines of JSON; a request that Ollama would refuse is refused.
enum OllamaAnswer {
    /// Whether a request is of this protocol.
    static func isAsked(_ request: MockRequest) -> Bool {
        request.path.hasSuffix("/api/chat") || isEmbed(request)
    }

    private static func isEmbed(_ request: MockRequest) -> Bool { request.path.hasSuffix("/api/embed") }

    static func steps(for request: MockRequest) -> any Steps {
        let asked = Asked(request)
        let error = { (code: Int) in Array(#"{"error":"mock error \#(code)"}"#.utf8) }
        if let fault = VendorAnswer.fault(asked.behaviour, error: error) { return fault }
        if let fault = OllamaCheck(request.body).fault(isEmbed: isEmbed(request)) {
            return VendorAnswer.whole(400, Array(#"{"error":"\#(fault)"}"#.utf8))
        }
        if isEmbed(request) { return VendorAnswer.plain(embeddings(asked), asked.behaviour) }
        // A stream is what comes when nothing is said.
        let streams = asked.value("stream").map { LenientJSON.isTrue(request.body, $0) } ?? true
        guard streams, asked.behaviour.kind != .jsonForStream else {
            return VendorAnswer.plain(whole(asked), asked.behaviour)
        }
        return VendorAnswer.stream(
            asked.behaviour, type: "application/x-ndjson", lines(asked),
            error: Array("{\"error\":\"mock error in the stream\"}\n".utf8))
    }

    private static func thinks(_ asked: Asked) -> Bool {
        asked.behaviour.kind == .reasoning
            || (asked.value("think").map { LenientJSON.isTrue(asked.request.body, $0) } ?? false)
    }

    private static func line(_ asked: Asked, _ message: String, _ rest: String) -> [UInt8] {
        let model = VendorAnswer.json(Array(asked.model.utf8))
        return Array(
            "{\"model\":\(model),\"created_at\":\"2026-01-01T00:00:00.5Z\",\"message\":{\"role\":\"assistant\",\(message)},\(rest)}\n"
                .utf8)
    }

    /// `mock-no-usage` stands for a prompt from the cache, of which only the output is counted.
    private static func end(_ asked: Asked, _ output: Int) -> String {
        let input =
            asked.behaviour.kind == .noUsage ? "" : #""prompt_eval_count":\#(PlainBody.promptTokens),"#
        let reason = asked.behaviour.end("stop", length: "length", filter: "stop")
        return
            #""done":true,"done_reason":"\#(reason)","total_duration":5,"load_duration":1,\#(input)"eval_count":\#(output)"#
    }

    private static func calls(_ asked: Asked) -> String {
        let list = asked.toolCalls.map { #"{"function":{"name":"\#($0)","arguments":{"city":"Paris"}}}"# }
        return #""tool_calls":[\#(list.joined(separator: ","))]"#
    }

    private static func whole(_ asked: Asked) -> [UInt8] {
        let calls = asked.toolCalls
        var message = #""content":\#(calls.isEmpty ? VendorAnswer.json(PlainBody.text(asked)) : #""""#)"#
        if thinks(asked) { message += #","thinking":"first I think""# }
        if !calls.isEmpty { message += "," + self.calls(asked) }
        return line(asked, message, end(asked, PlainBody.completionTokens))
    }

    private static func lines(_ asked: Asked) -> [[UInt8]] {
        var lines: [[UInt8]] = []
        if thinks(asked) {
            lines += ["first ", "I think"].map { line(asked, #""content":"","thinking":"\#($0)""#, #""done":false"#) }
        }
        var output = PlainBody.completionTokens
        if asked.toolCalls.isEmpty {
            let words = VendorAnswer.words(asked)
            output = words.count
            lines += words.map { line(asked, #""content":\#(VendorAnswer.json($0))"#, #""done":false"#) }
        } else {
            lines.append(line(asked, #""content":"",\#(calls(asked))"#, #""done":false"#))
        }
        guard asked.behaviour.kind != .noFinish else { return lines }
        lines.append(line(asked, #""content":"""#, end(asked, output)))
        return lines
    }

    private static func embeddings(_ asked: Asked) -> [UInt8] {
        let count = asked.value("input").flatMap { LenientJSON.elements(asked.request.body, $0) }?.count ?? 1
        let vectors = (0..<count).map { "[\($0),0.25,-1.5]" }.joined(separator: ",")
        return Array(
            #"{"model":"mock","embeddings":[\#(vectors)],"total_duration":5,"load_duration":1,"prompt_eval_count":\#(PlainBody.promptTokens)}"#
                .utf8)
    }
}

/// What Ollama refuses, as far as conversions get it wrong.
struct OllamaCheck {
    private let bytes: [UInt8]

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    /// What is wrong with a request; `nil` when Ollama would take it.
    func fault(isEmbed: Bool) -> String? {
        let members = Dictionary(
            LenientJSON.members(bytes, 0..<bytes.count).map { ($0.key, $0.value) }, uniquingKeysWith: { $1 })
        guard text(members["model"])?.isEmpty == false else { return "model is required" }
        if isEmbed { return members["input"] == nil ? "input is required" : nil }
        for (name, kinds) in [
            ("stream", "tf"), ("think", "tf\""), ("format", "\"{"), ("options", "{"), ("tools", "["),
        ] {
            if let value = members[name], !starts(value, kinds) { return "json: cannot unmarshal \(name)" }
        }
        if let format = text(members["format"]), format != "json" { return "invalid format" }
        guard let messages = elements(members["messages"]) else { return "messages is required" }
        for message in messages {
            if let fault = fault(ofMessage: message) { return fault }
        }
        return nil
    }

    private func fault(ofMessage message: Range<Int>) -> String? {
        guard let role = text(LenientJSON.member(bytes, message, "role")),
            ["system", "user", "assistant", "tool"].contains(role)
        else { return "invalid role" }
        guard text(LenientJSON.member(bytes, message, "content")) != nil else {
            return "json: cannot unmarshal content into a string"
        }
        for image in LenientJSON.member(bytes, message, "images").flatMap({ elements($0) }) ?? [] {
            guard let data = text(image), !data.hasPrefix("data:"), !data.hasPrefix("http") else {
                return "illegal base64 data"
            }
        }
        for call in LenientJSON.member(bytes, message, "tool_calls").flatMap({ elements($0) }) ?? [] {
            let function = LenientJSON.member(bytes, call, "function")
            guard let arguments = function.flatMap({ LenientJSON.member(bytes, $0, "arguments") }),
                starts(arguments, "{")
            else { return "json: cannot unmarshal arguments into an object" }
        }
        return nil
    }

    private func starts(_ range: Range<Int>, _ with: String) -> Bool {
        bytes[range].first.map { with.utf8.contains($0) } ?? false
    }

    private func text(_ range: Range<Int>?) -> String? {
        guard let range, starts(range, "\"") else { return nil }
        return LenientJSON.text(bytes, range)
    }

    private func elements(_ range: Range<Int>?) -> [Range<Int>]? { range.flatMap { LenientJSON.elements(bytes, $0) } }
}
