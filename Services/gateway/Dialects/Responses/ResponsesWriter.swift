import Contracts
import InferenceModel
import JSON

/// Writes response objects for a caller of the Responses protocol (contract providers §6.6).
struct ResponsesWriter {
    /// One thing of the output, as far as it is known.
    enum Item {
        case reasoning(id: String, text: String, signature: String?)
        case message(id: String, [MessagePart])
        case call(id: String, callID: String, name: String, arguments: String)
        case customCall(id: String, callID: String, name: String, input: String)
    }

    /// A part of a message.
    enum MessagePart {
        /// A text, and the log probabilities of its tokens.
        case text(String, logprobs: [JSONValue] = [], citations: [Citation] = [])
        case refusal(String)
    }

    let context: UpstreamContext
    /// The names of the caller's tools that take text.
    let customTools: Set<String>
    private let call: ResponsesCall

    init(_ call: ResponsesCall, _ context: UpstreamContext) {
        self.call = call
        self.context = context
        customTools = CustomTool.names(in: call.request.raw("tools"))
    }

    /// The id of the response: made here where no channel keeps it.
    var responseID: String { context.keptID ?? "resp_" + context.nonce }

    /// An id of an item, the same for the same place.
    func itemID(_ prefix: String, _ place: Int) -> String { "\(prefix)_\(context.nonce)\(place)" }

    /// A whole answer.
    func whole(_ response: InferenceResponse) -> [UInt8] {
        let choice = response.choices.first
        var writer = JSONWriter(reserving: 2048)
        var items = items(choice?.parts ?? [], logprobs: Self.tokens(choice?.logprobs))
        cite(choice?.citations ?? [], in: &items)
        object(
            items, finish: choice?.finish ?? .stop, usage: response.usage, created: response.created, into: &writer)
        return writer.bytes
    }

    /// Tells the sources with the text, when there is one only: they count from its beginning.
    private func cite(_ citations: [Citation], in items: inout [Item]) {
        guard !citations.isEmpty else { return }
        let places = items.indices.filter { if case .message = items[$0] { true } else { false } }
        guard places.count == 1, case .message(let id, let parts) = items[places[0]], parts.count == 1,
            case .text(let text, let logprobs, _) = parts[0]
        else { return }
        items[places[0]] = .message(id: id, [.text(text, logprobs: logprobs, citations: citations)])
    }

    /// The tokens of log probabilities in the words of OpenAI chat, which are the same objects here.
    static func tokens(_ logprobs: JSONValue?) -> [JSONValue] { logprobs?["content"]?.array ?? [] }

    private func items(_ parts: [Part], logprobs: [JSONValue]) -> [Item] {
        var items: [Item] = []
        var logprobs = logprobs
        for part in parts {
            switch part {
            case .thinking(let thinking):
                if thinking.text.isEmpty, thinking.signature == nil { continue }
                items.append(
                    .reasoning(id: itemID("rs", items.count), text: thinking.text, signature: thinking.signature))
            case .text(let text, _):
                add(.text(text, logprobs: logprobs), to: &items)
                logprobs = []
            case .refusal(let text): add(.refusal(text), to: &items)
            case .toolCall(let call):
                if let signature = call.signature { sign(signature, &items) }
                items.append(item(call, place: items.count))
            case .media(let media):
                if let text = Self.text(of: media) { add(.text(text), to: &items) }
            case .toolResult: break
            }
        }
        return items
    }

    private func item(_ call: ToolCall, place: Int) -> Item {
        guard customTools.contains(call.name) else {
            return .call(id: itemID("fc", place), callID: call.id, name: call.name, arguments: call.arguments)
        }
        return .customCall(
            id: itemID("ctc", place), callID: call.id, name: call.name, input: CustomTool.input(call.arguments))
    }

    /// Tells the signature of the call that follows, which has no place for it: as that of the thought in front of it, or as a thought without words.
    private func sign(_ signature: String, _ items: inout [Item]) {
        if case .reasoning(let id, let text, nil)? = items.last {
            items[items.count - 1] = .reasoning(id: id, text: text, signature: signature)
        } else {
            items.append(.reasoning(id: itemID("rs", items.count), text: "", signature: signature))
        }
    }

    /// The protocol has no place for a picture of another vendor but its address in the text; `nil` for one that has no address.
    static func text(of media: Media) -> String? {
        switch media.source {
        case .base64(let data):
            let address = DataURL.text(mediaType: media.mediaType ?? "image/png", base64: data)
            return "![\(media.kind.rawValue)](\(address))"
        case .url(let address): return "![\(media.kind.rawValue)](\(address))"
        case .file: return nil
        }
    }

    private func add(_ part: MessagePart, to items: inout [Item]) {
        if case .message(let id, var parts)? = items.last {
            if case .text(let more, let new, _) = part, case .text(let text, let old, _)? = parts.last {
                parts[parts.count - 1] = .text(text + more, logprobs: old + new)
            } else {
                parts.append(part)
            }
            items[items.count - 1] = .message(id: id, parts)
        } else {
            items.append(.message(id: itemID("msg", items.count), [part]))
        }
    }

    /// What a response says of its state.
    enum State: Equatable {
        case inProgress
        case finished(FinishReason)
        case failed(code: String, message: String)

        init(_ finish: FinishReason) {
            self = .finished(finish)
        }

        var status: String {
            switch self {
            case .inProgress: "in_progress"
            case .finished(.length), .finished(.contentFilter): "incomplete"
            case .finished: "completed"
            case .failed: "failed"
            }
        }
    }

    func object(
        _ items: [Item], finish: FinishReason, usage: TokenUsage?, created: Int, into writer: inout JSONWriter
    ) {
        object(items, state: State(finish), usage: usage, created: created, into: &writer)
    }

    /// The response object: what the caller asked for comes back with it.
    func object(_ items: [Item], state: State, usage: TokenUsage?, created: Int, into writer: inout JSONWriter) {
        writer.object { root in
            root.field("id", responseID)
            root.field("object", "response")
            root.field("created_at", created == 0 ? context.now : created)
            root.field("status", state.status)
            root.field("background", false)
            root.key("error")
            if case .failed(let code, let message) = state {
                root.object { error in
                    error.field("code", code)
                    error.field("message", message)
                }
            } else {
                root.null()
            }
            root.key("incomplete_details")
            switch state {
            case .finished(.length): root.object { $0.field("reason", "max_output_tokens") }
            case .finished(.contentFilter): root.object { $0.field("reason", "content_filter") }
            default: root.null()
            }
            echo("instructions", "null", into: &root)
            echo("max_output_tokens", "null", into: &root)
            root.field("model", context.requestedModel)
            root.key("output")
            root.array { list in
                for item in items { self.item(item, status: "completed", into: &list) }
            }
            echo("parallel_tool_calls", "true", into: &root)
            root.key("previous_response_id")
            root.null()
            echo("reasoning", #"{"effort":null,"summary":null}"#, into: &root)
            root.field("store", context.keptID != nil)
            echo("temperature", "1.0", into: &root)
            echo("text", #"{"format":{"type":"text"}}"#, into: &root)
            echo("tool_choice", #""auto""#, into: &root)
            echo("tools", "[]", into: &root)
            echo("top_p", "1.0", into: &root)
            root.field("truncation", "disabled")
            root.key("usage")
            if let usage { Self.usage(usage, into: &root) } else { root.null() }
            echo("user", "null", into: &root)
            echo("metadata", "{}", into: &root)
        }
    }

    /// A member of the request, as the caller wrote it.
    private func echo(_ member: String, _ otherwise: String, into writer: inout JSONWriter) {
        if let raw = call.request.raw(member), !raw.elementsEqual("null".utf8) {
            // A line end of the caller's would end the line of an event; inside strings JSON has none.
            writer.field(member, raw: raw.map { $0 == 10 || $0 == 13 ? 32 : $0 })
        } else {
            writer.field(member, raw: otherwise.utf8)
        }
    }

    func item(_ item: Item, status: String, into writer: inout JSONWriter) {
        writer.object { root in
            switch item {
            case .reasoning(let id, let text, let signature):
                root.field("id", id)
                root.field("type", "reasoning")
                root.key("summary")
                root.array { list in
                    guard !text.isEmpty else { return }
                    list.object { part in
                        part.field("type", "summary_text")
                        part.field("text", text)
                    }
                }
                root.field("encrypted_content", signature)
                root.field("status", status)
            case .message(let id, let parts):
                root.field("id", id)
                root.field("type", "message")
                root.field("status", status)
                root.field("role", "assistant")
                root.key("content")
                root.array { list in
                    for part in parts { Self.part(part, into: &list) }
                }
            case .call(let id, let callID, let name, let arguments):
                root.field("id", id)
                root.field("type", "function_call")
                root.field("status", status)
                root.field("call_id", callID)
                root.field("name", name)
                root.field("arguments", arguments)
            case .customCall(let id, let callID, let name, let input):
                root.field("id", id)
                root.field("type", "custom_tool_call")
                root.field("status", status)
                root.field("call_id", callID)
                root.field("name", name)
                root.field("input", input)
            }
        }
    }

    static func part(_ part: MessagePart, into writer: inout JSONWriter) {
        writer.object { root in
            switch part {
            case .text(let text, let logprobs, let citations):
                root.field("type", "output_text")
                root.field("text", text)
                root.key("annotations")
                root.array { list in
                    for citation in citations { list.object { annotation(citation, into: &$0) } }
                }
                root.field("logprobs", .array(logprobs))
            case .refusal(let text):
                root.field("type", "refusal")
                root.field("refusal", text)
            }
        }
    }

    /// The members of a source.
    static func annotation(_ citation: Citation, into writer: inout JSONWriter) {
        writer.field("type", "url_citation")
        OpenAICitation.write(citation, to: &writer)
    }

    static func usage(_ usage: TokenUsage, into writer: inout JSONWriter) {
        writer.object { root in
            root.field("input_tokens", usage.inputTokens)
            root.key("input_tokens_details")
            root.object { $0.field("cached_tokens", usage.cachedTokens) }
            root.field("output_tokens", usage.outputTokens)
            root.key("output_tokens_details")
            root.object { $0.field("reasoning_tokens", usage.reasoningTokens) }
            root.field("total_tokens", max(usage.totalTokens, usage.inputTokens + usage.outputTokens))
        }
    }
}
