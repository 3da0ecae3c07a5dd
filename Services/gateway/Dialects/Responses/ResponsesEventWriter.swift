import Contracts
import InferenceModel
import JSON

/// Tells a stream in the Responses protocol (contract providers §6.6): items open and close, everything has its place and number, the whole response ends it.
///
/// Memory: the texts of the answer, which the last events repeat; beyond 64 MiB they are told once and not repeated.
struct ResponsesEventWriter: EventWriter {
    /// A text or a thought that is being told.
    private enum Open {
        case none
        case reasoning(place: Int)
        case message(place: Int)
        case refusal(place: Int)
    }

    /// A call whose arguments are being told.
    private struct OpenCall {
        let index: Int
        let place: Int
        let callID: String
        let name: String
        /// Whether the caller knows the tool as one that takes text.
        let isCustom: Bool
        var arguments = ""

        func item(_ id: String, arguments: String) -> ResponsesWriter.Item {
            isCustom
                ? .customCall(id: id, callID: callID, name: name, input: CustomTool.input(arguments))
                : .call(id: id, callID: callID, name: name, arguments: arguments)
        }

        var prefix: String { isCustom ? "ctc" : "fc" }
    }

    private let writer: ResponsesWriter
    private var frames = ResponsesFrames()
    private var created = 0
    private var items: [ResponsesWriter.Item?] = []
    private var open = Open.none
    private var text = ""
    /// Log probabilities of the next text, and of the text that is being told.
    private var nextLogprobs: [JSONValue] = []
    private var logprobs: [JSONValue] = []
    /// The sources of the text that is being told.
    private var citations: [Citation] = []
    /// How many texts were begun.
    private var texts = 0
    private var room = 64 * 1024 * 1024
    /// Calls may interleave; an answer has few.
    private var calls: [OpenCall] = []
    private var finish = FinishReason.stop
    private var usage: TokenUsage?
    private var isStarted = false

    /// The most tokens whose log probabilities are repeated at the end.
    private static let maxTokens = 65_536

    init(_ writer: ResponsesWriter) {
        self.writer = writer
    }

    mutating func write(_ event: InferenceEvent, into out: inout [UInt8]) {
        switch event {
        case .started(_, _, let created):
            self.created = created
            start(into: &out)
        case .logprobs(0, let value):
            if nextLogprobs.count < Self.maxTokens { nextLogprobs += ResponsesWriter.tokens(value) }
        case .text(0, let delta): say(delta, into: &out)
        case .thinking(0, let delta): think(delta, into: &out)
        case .thinkingSignature(0, let proof): sign(proof, into: &out)
        case .refusal(0, let delta): refuse(delta, into: &out)
        case .toolCallStarted(0, let index, let id, let name, let signature):
            // A call has no place for it: it is told as a thought's in front of the call.
            if let signature { sign(signature, into: &out) }
            begin(index, id, name, into: &out)
        case .toolArguments(0, let index, let delta): argue(index, delta, into: &out)
        case .toolCallEnded(0, let index): end(call: index, into: &out)
        case .media(0, let media):
            if let text = ResponsesWriter.text(of: media) { say(text, into: &out) }
        case .citations(0, let sources): cite(sources, into: &out)
        case .finished(0, let reason, _): finish = reason
        case .usage(let counts): usage = counts
        case .ended: complete(into: &out)
        default: break
        }
    }

    mutating func write(_ error: WireError, into out: inout [UInt8]) {
        guard isStarted else { return ResponsesFault.append(error, &frames, to: &out) }
        closeAll(into: &out)
        let code = error.upstream?.code.string ?? (error.status == 429 ? "rate_limit_exceeded" : "server_error")
        respond("response.failed", .failed(code: code, message: error.message), into: &out)
    }

    // MARK: The response

    private mutating func start(into out: inout [UInt8]) {
        guard !isStarted else { return }
        isStarted = true
        respond("response.created", .inProgress, into: &out)
        respond("response.in_progress", .inProgress, into: &out)
    }

    private mutating func complete(into out: inout [UInt8]) {
        start(into: &out)
        closeAll(into: &out)
        let state = ResponsesWriter.State(finish)
        respond("response.\(state.status)", state, into: &out)
    }

    private mutating func respond(_ type: String, _ state: ResponsesWriter.State, into out: inout [UInt8]) {
        let told = items.compactMap(\.self)
        event(type, into: &out) { [writer, usage, created] root in
            root.key("response")
            writer.object(told, state: state, usage: usage, created: created, into: &root)
        }
    }

    private mutating func event(
        _ type: String, into out: inout [UInt8], _ members: (inout JSONWriter) -> Void
    ) {
        frames.append(type, to: &out, members)
    }

    /// What is repeated later of a piece of text.
    private mutating func kept(_ delta: String) -> String {
        guard delta.utf8.count <= room else {
            room = 0
            return ""
        }
        room -= delta.utf8.count
        return delta
    }

    // MARK: Items

    private mutating func add(_ item: ResponsesWriter.Item, into out: inout [UInt8]) -> Int {
        let place = items.count
        items.append(nil)
        event("response.output_item.added", into: &out) { [writer] root in
            root.field("output_index", place)
            root.key("item")
            writer.item(item, status: "in_progress", into: &root)
        }
        return place
    }

    private mutating func done(_ item: ResponsesWriter.Item, _ place: Int, into out: inout [UInt8]) {
        items[place] = item
        event("response.output_item.done", into: &out) { [writer] root in
            root.field("output_index", place)
            root.key("item")
            writer.item(item, status: "completed", into: &root)
        }
    }

    private mutating func say(_ delta: String, into out: inout [UInt8]) {
        guard !delta.isEmpty else { return }
        let place: Int
        if case .message(let known) = open {
            place = known
        } else {
            close(into: &out)
            place = add(.message(id: writer.itemID("msg", items.count), []), into: &out)
            open = .message(place: place)
            texts += 1
            part("response.content_part.added", place, "msg", .text(""), into: &out)
        }
        text += kept(delta)
        let tokens = nextLogprobs
        nextLogprobs = []
        if !tokens.isEmpty, logprobs.count + tokens.count <= Self.maxTokens { logprobs += tokens }
        content("response.output_text.delta", place, "msg", into: &out) { root in
            root.field("content_index", 0)
            root.field("delta", delta)
            root.field("logprobs", .array(tokens))
        }
    }

    /// Tells the sources of the text, when it is the only one: they count from its beginning.
    private mutating func cite(_ sources: [Citation], into out: inout [UInt8]) {
        guard case .message(let place) = open, texts == 1 else { return }
        for source in sources {
            let number = citations.count
            content("response.output_text.annotation.added", place, "msg", into: &out) { root in
                root.field("content_index", 0)
                root.field("annotation_index", number)
                root.key("annotation")
                root.object { ResponsesWriter.annotation(source, into: &$0) }
            }
            citations.append(source)
        }
    }

    private mutating func refuse(_ delta: String, into out: inout [UInt8]) {
        guard !delta.isEmpty else { return }
        let place: Int
        if case .refusal(let known) = open {
            place = known
        } else {
            close(into: &out)
            place = add(.message(id: writer.itemID("msg", items.count), []), into: &out)
            open = .refusal(place: place)
            part("response.content_part.added", place, "msg", .refusal(""), into: &out)
        }
        text += kept(delta)
        content("response.refusal.delta", place, "msg", into: &out) { root in
            root.field("content_index", 0)
            root.field("delta", delta)
        }
    }

    private mutating func think(_ delta: String, into out: inout [UInt8]) {
        guard !delta.isEmpty else { return }
        let place: Int
        if case .reasoning(let known) = open {
            place = known
        } else {
            close(into: &out)
            place = add(
                .reasoning(id: writer.itemID("rs", items.count), text: "", signature: nil), into: &out)
            open = .reasoning(place: place)
            summary("response.reasoning_summary_part.added", place, "", into: &out)
        }
        text += kept(delta)
        content("response.reasoning_summary_text.delta", place, "rs", into: &out) { root in
            root.field("summary_index", 0)
            root.field("delta", delta)
        }
    }

    private mutating func begin(_ index: Int, _ id: String, _ name: String, into out: inout [UInt8]) {
        close(into: &out)
        let call = OpenCall(
            index: index, place: items.count, callID: id, name: name, isCustom: writer.customTools.contains(name))
        _ = add(call.item(writer.itemID(call.prefix, call.place), arguments: ""), into: &out)
        calls.append(call)
    }

    private mutating func argue(_ index: Int, _ delta: String, into out: inout [UInt8]) {
        guard !delta.isEmpty, let slot = calls.firstIndex(where: { $0.index == index }) else { return }
        calls[slot].arguments += kept(delta)
        // A text inside JSON cannot be told before it is whole.
        if calls[slot].isCustom { return }
        content("response.function_call_arguments.delta", calls[slot].place, "fc", into: &out) {
            $0.field("delta", delta)
        }
    }

    private mutating func end(call index: Int, into out: inout [UInt8]) {
        guard let slot = calls.firstIndex(where: { $0.index == index }) else { return }
        let call = calls.remove(at: slot)
        let arguments = call.arguments.isEmpty ? "{}" : call.arguments
        if call.isCustom {
            let input = CustomTool.input(arguments)
            content("response.custom_tool_call_input.delta", call.place, "ctc", into: &out) {
                $0.field("delta", input)
            }
            content("response.custom_tool_call_input.done", call.place, "ctc", into: &out) {
                $0.field("input", input)
            }
        } else {
            content("response.function_call_arguments.done", call.place, "fc", into: &out) { root in
                root.field("name", call.name)
                root.field("arguments", arguments)
            }
        }
        done(call.item(writer.itemID(call.prefix, call.place), arguments: arguments), call.place, into: &out)
    }

    /// A proof ends the thought that it belongs to; without one it is an item of its own.
    private mutating func sign(_ proof: String, into out: inout [UInt8]) {
        if case .reasoning = open { return close(signature: proof, into: &out) }
        close(into: &out)
        let id = writer.itemID("rs", items.count)
        let place = add(.reasoning(id: id, text: "", signature: nil), into: &out)
        done(.reasoning(id: id, text: "", signature: proof), place, into: &out)
    }

    /// Ends the text or thought that is being told.
    private mutating func close(signature: String? = nil, into out: inout [UInt8]) {
        let told = text
        let tokens = logprobs
        text = ""
        logprobs = []
        let sources = citations
        citations = []
        switch open {
        case .none: return
        case .message(let place):
            content("response.output_text.done", place, "msg", into: &out) { root in
                root.field("content_index", 0)
                root.field("text", told)
                root.field("logprobs", .array(tokens))
            }
            let whole = ResponsesWriter.MessagePart.text(told, logprobs: tokens, citations: sources)
            part("response.content_part.done", place, "msg", whole, into: &out)
            done(.message(id: writer.itemID("msg", place), [whole]), place, into: &out)
        case .refusal(let place):
            content("response.refusal.done", place, "msg", into: &out) { root in
                root.field("content_index", 0)
                root.field("refusal", told)
            }
            part("response.content_part.done", place, "msg", .refusal(told), into: &out)
            done(.message(id: writer.itemID("msg", place), [.refusal(told)]), place, into: &out)
        case .reasoning(let place):
            content("response.reasoning_summary_text.done", place, "rs", into: &out) { root in
                root.field("summary_index", 0)
                root.field("text", told)
            }
            summary("response.reasoning_summary_part.done", place, told, into: &out)
            done(.reasoning(id: writer.itemID("rs", place), text: told, signature: signature), place, into: &out)
        }
        open = .none
    }

    private mutating func closeAll(into out: inout [UInt8]) {
        close(into: &out)
        for call in calls { end(call: call.index, into: &out) }
    }

    private mutating func content(
        _ type: String, _ place: Int, _ prefix: String, into out: inout [UInt8], _ members: (inout JSONWriter) -> Void
    ) {
        let id = writer.itemID(prefix, place)
        event(type, into: &out) { root in
            root.field("item_id", id)
            root.field("output_index", place)
            members(&root)
        }
    }

    private mutating func part(
        _ type: String, _ place: Int, _ prefix: String, _ part: ResponsesWriter.MessagePart, into out: inout [UInt8]
    ) {
        content(type, place, prefix, into: &out) { root in
            root.field("content_index", 0)
            root.key("part")
            ResponsesWriter.part(part, into: &root)
        }
    }

    private mutating func summary(_ type: String, _ place: Int, _ text: String, into out: inout [UInt8]) {
        content(type, place, "rs", into: &out) { root in
            root.field("summary_index", 0)
            root.key("part")
            root.object { part in
                part.field("type", "summary_text")
                part.field("text", text)
            }
        }
    }
}
