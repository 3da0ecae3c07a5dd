package import InferenceModel
package import JSON

/// `POST /v1/completions`; for a vendor with chat alone the prompt is one turn of a user (contract providers §3.9).
package final class CompletionsCall: OpenAICall, InferenceCall {
    package let request: OpenAIRequest
    package var family: ProtocolFamily { .completions }
    package var hasStreamOptions: Bool { true }

    package init(_ request: OpenAIRequest) {
        self.request = request
    }

    package func neutral(parser: JSONParser) throws(InvalidRequest) -> InferenceRequest {
        let body = try request.tree(parser)
        do {
            return try Self.read(body)
        } catch {
            throw error.invalidRequest
        }
    }

    /// Reads the members; what only a completion model can do is turned down, for its absence would change the answer's meaning.
    private static func read(_ body: JSONObject) throws(Malformed) -> InferenceRequest {
        var request = InferenceRequest(model: try body.requiredText("model"))
        request.turns = [Turn(.user, [.text(try prompt(body))])]
        try ChatRequestReader.readShared(body, into: &request)
        request.maxOutputTokens = try body.whole("max_tokens", from: 1)
        if try body.flag("echo") == true { throw Malformed("echo", "is not known to chat models") }
        if let suffix = try body.text("suffix"), !suffix.isEmpty {
            throw Malformed("suffix", "is not known to chat models")
        }
        return request
    }

    private static func prompt(_ body: JSONObject) throws(Malformed) -> String {
        let text: String
        switch body["prompt"] {
        case .string(let only)?: text = only
        case .array(let list)?:
            guard list.allSatisfy({ $0.kind == .string }) else {
                throw Malformed("prompt", "must be text; chat models take no tokens")
            }
            guard list.count == 1, let only = list[0].string else {
                throw Malformed("prompt", "must be one text for a chat model, not \(list.count)")
            }
            text = only
        case nil, .null?: throw Malformed("prompt", "is missing")
        case let other?: throw Malformed("prompt", "must be a string, not \(other.kind.phrase)")
        }
        guard !text.isEmpty else { throw Malformed("prompt", "must not be empty") }
        return text
    }

    package func write(_ response: InferenceResponse, _ context: UpstreamContext) -> [UInt8] {
        var writer = JSONWriter(reserving: 1024)
        writer.object { root in
            root.field("id", response.id.isEmpty ? "cmpl-\(context.nonce)" : response.id)
            root.field("object", "text_completion")
            root.field("created", response.created == 0 ? context.now : response.created)
            root.field("model", response.model)
            root.key("choices")
            root.array { choices in
                for (index, choice) in response.choices.enumerated() {
                    choices.object { member in
                        member.field("text", Self.text(choice))
                        member.field("index", index)
                        member.field("logprobs", JSONValue.null)
                        member.field("finish_reason", Self.finish(choice.finish))
                    }
                }
            }
            if let usage = response.usage { root.field("usage", raw: ChatWords.usage(usage)) }
        }
        return writer.bytes
    }

    private static func text(_ choice: Choice) -> String {
        choice.parts.map { part in
            switch part {
            case .text(let text, _), .refusal(let text): text
            default: ""
            }
        }.joined()
    }

    /// This protocol knows no calls.
    static func finish(_ reason: FinishReason) -> String {
        reason == .toolCalls ? "stop" : ChatWords.finish(reason)
    }

    package func makeEventWriter(_ context: UpstreamContext) -> any EventWriter {
        CompletionsEventWriter(context, includesUsage: request.includesUsage)
    }
}

/// Writes a stream as `text_completion` events; thoughts, calls and media have no place in them.
struct CompletionsEventWriter: EventWriter {
    private let context: UpstreamContext
    private let includesUsage: Bool?
    private var head: [UInt8] = []
    private var usage: [UInt8]?
    private var isOver = false

    /// Makes the writer of one stream.
    ///
    /// - Parameter includesUsage: As `ChatEventWriter`; here only a caller that asked gets the counts, in a chunk of their own.
    init(_ context: UpstreamContext, includesUsage: Bool?) {
        self.context = context
        self.includesUsage = includesUsage
    }

    mutating func write(_ event: InferenceEvent, into out: inout [UInt8]) {
        switch event {
        case .started(let id, let model, let created):
            var writer = JSONWriter(reserving: 256)
            writer.object { root in
                root.field("id", id.isEmpty ? "cmpl-\(context.nonce)" : id)
                root.field("object", "text_completion")
                root.field("created", created == 0 ? context.now : created)
                root.field("model", model)
            }
            head = Array("data: ".utf8) + writer.bytes.dropLast() + Array(#","choices":["#.utf8)
        case .text(let choice, let text), .refusal(let choice, let text):
            chunk(choice, text, nil, into: &out)
        case .finished(let choice, let reason, _):
            chunk(choice, "", CompletionsCall.finish(reason), into: &out)
        case .usage(let counts): usage = ChatWords.usage(counts)
        case .ended: end(into: &out)
        default: break
        }
    }

    mutating func write(_ error: WireError, into out: inout [UInt8]) {
        out += Array("data: ".utf8) + OpenAIErrors.body(error) + [10, 10]
        isOver = true
    }

    private func chunk(_ choice: Int, _ text: String, _ finish: String?, into out: inout [UInt8]) {
        var writer = JSONWriter(reserving: 128)
        writer.object { member in
            member.field("text", text)
            member.field("index", choice)
            member.field("logprobs", JSONValue.null)
            member.field("finish_reason", finish.map { .string($0) } ?? .null)
        }
        out += head
        out += writer.bytes
        out += Array("]}\n\n".utf8)
    }

    private mutating func end(into out: inout [UInt8]) {
        guard !isOver else { return }
        isOver = true
        if includesUsage == true, let usage {
            out += head
            out += Array(#"],"usage":"#.utf8)
            out += usage
            out += Array("}\n\n".utf8)
        }
        out += Array("data: [DONE]\n\n".utf8)
    }
}
