import Contracts
import InferenceModel
import JSON

/// Reads a stream of the Responses protocol (contract providers §6.4).
struct ResponsesEventReader: EventReader {
    /// A call that the stream is telling.
    private struct Call {
        /// Its place in the output; -1 where the upstream tells none.
        let place: Int
        /// The id of its item; empty where the upstream tells none.
        let item: String
        let index: Int
        /// Whether it is one of a tool that takes text, which is told as the one argument of a function.
        let isCustom: Bool
        var hasArguments = false
        var isEnded = false
    }

    private let context: UpstreamContext
    private let errors: VendorErrors
    private var splitter = SSESplitter()
    private var calls: [Call] = []
    private var isStarted = false
    private var isOver = false
    /// The part of a summary that was told last: the next is set apart from it.
    private var summary: (place: Int, part: Int)?

    private static let keys = JSONKeys(
        "type", "delta", "output_index", "item_id", "item", "response", "arguments", "error")
    private static let rareKeys = JSONKeys("summary_index", "content_index", "logprobs", "input")
    /// More calls than any model makes in one answer.
    private static let maxCalls = 1024
    private static let maxEventBytes = 16 * 1024 * 1024

    init(_ context: UpstreamContext, errors: VendorErrors = .openAI) {
        self.context = context
        self.errors = errors
    }

    mutating func feed(_ bytes: [UInt8], parser: JSONParser, into events: inout [InferenceEvent]) throws(UpstreamError)
    {
        guard !isOver else { return }
        splitter.append(bytes)
        while !isOver, let block = splitter.next() { try read(block, parser, into: &events) }
        guard splitter.waiting <= Self.maxEventBytes else { throw ResponsesFault.tooLarge(Self.maxEventBytes) }
    }

    mutating func end(parser: JSONParser, into events: inout [InferenceEvent]) throws(UpstreamError) {
        if !isOver, let block = splitter.rest() { try read(block, parser, into: &events) }
    }

    private mutating func read(
        _ block: SSEBlock, _ parser: JSONParser, into events: inout [InferenceEvent]
    ) throws(UpstreamError) {
        let bytes = splitter.bytes
        guard let payload = block.payload else {
            guard bytes[block.range].first == UInt8(ascii: "{"), let tree = try? parser.parse(bytes, in: block.range)
            else { return }
            throw fault(tree)
        }
        guard let scan = try? parser.scan(bytes, in: payload, for: Self.keys) else { return }
        let base = payload.lowerBound
        let text = { (place: Int) in scan[place]?.string(in: bytes, from: base) ?? "" }
        let tree = { (place: Int) in
            scan[place].flatMap { try? parser.parse(bytes, in: $0.range.shifted(by: base)) } ?? .null
        }
        let place = scan[2]?.int(in: bytes, from: base) ?? -1
        switch text(0) {
        case "response.created", "response.in_progress", "response.queued": start(tree(5), into: &events)
        case "response.output_text.delta":
            let rare = try? parser.scan(bytes, in: payload, for: Self.rareKeys)
            if let field = rare?[2], field.kind == .array, field.range.count > 2,
                let tokens = (try? parser.parse(bytes, in: field.range.shifted(by: base)))?.array, !tokens.isEmpty
            {
                say(.logprobs(choice: 0, ResponsesAnswer.logprobs(tokens)), into: &events)
            }
            say(.text(choice: 0, text(1)), into: &events)
        case "response.refusal.delta": say(.refusal(choice: 0, text(1)), into: &events)
        case "response.reasoning_summary_text.delta", "response.reasoning_text.delta", "response.reasoning.delta":
            let rare = try? parser.scan(bytes, in: payload, for: Self.rareKeys)
            let part = (rare?[0] ?? rare?[1])?.int(in: bytes, from: base) ?? 0
            think(text(1), place: place, part: part, into: &events)
        case "response.output_item.added": added(tree(4), place: place, into: &events)
        case "response.function_call_arguments.delta", "response.custom_tool_call_input.delta":
            argue(text(1), place, text(3), into: &events)
        case "response.function_call_arguments.done":
            whole(scan[6].map { _ in tree(6) }, place, text(3), into: &events)
        case "response.custom_tool_call_input.done":
            let rare = try? parser.scan(bytes, in: payload, for: Self.rareKeys)
            whole(rare?[3]?.string(in: bytes, from: base).map { .string($0) }, place, text(3), into: &events)
        case "response.output_item.done": done(tree(4), place: place, into: &events)
        case "response.completed", "response.incomplete", "response.done": complete(tree(5), into: &events)
        case "response.failed", "error", "response.error": throw fault((try? parser.parse(bytes, in: payload)) ?? .null)
        case "" where scan[7].map({ $0.kind != .null }) ?? false:
            throw fault((try? parser.parse(bytes, in: payload)) ?? .null)
        default: break
        }
    }

    private mutating func fault(_ tree: JSONValue) -> UpstreamError {
        isOver = true
        return errors.adjusted(ResponsesFault.read(tree) ?? ResponsesFault.silent)
    }

    private mutating func say(_ event: InferenceEvent, into events: inout [InferenceEvent]) {
        start(.null, into: &events)
        events.append(event)
    }

    private mutating func start(_ response: JSONValue, into events: inout [InferenceEvent]) {
        guard !isStarted else { return }
        isStarted = true
        events.append(
            .started(
                id: response["id"]?.string ?? "", model: context.requestedModel,
                created: response["created_at"]?.int ?? context.now))
    }

    private mutating func think(_ delta: String, place: Int, part: Int, into events: inout [InferenceEvent]) {
        if let summary, summary != (place, part) { say(.thinking(choice: 0, "\n\n"), into: &events) }
        summary = (place, part)
        say(.thinking(choice: 0, delta), into: &events)
    }

    // MARK: Calls

    /// The call that an event is about.
    private func slot(_ place: Int, _ item: String) -> Int? {
        calls.firstIndex { place >= 0 ? $0.place == place : !item.isEmpty && $0.item == item }
    }

    private mutating func added(_ item: JSONValue, place: Int, into events: inout [InferenceEvent]) {
        let id = item["id"]?.string ?? ""
        let type = item["type"]?.string
        guard type == "function_call" || type == "custom_tool_call", slot(place, id) == nil,
            calls.count < Self.maxCalls
        else { return }
        let call = Call(place: place, item: id, index: calls.count, isCustom: type == "custom_tool_call")
        calls.append(call)
        say(
            .toolCallStarted(
                choice: 0, index: call.index, id: item["call_id"]?.string ?? id, name: item["name"]?.string ?? "",
                signature: nil), into: &events)
    }

    private mutating func argue(_ delta: String, _ place: Int, _ item: String, into events: inout [InferenceEvent]) {
        guard !delta.isEmpty, let slot = slot(place, item) else { return }
        let call = calls[slot]
        calls[slot].hasArguments = true
        let text = call.isCustom ? CustomTool.piece(delta, isFirst: !call.hasArguments) : delta
        events.append(.toolArguments(choice: 0, index: call.index, text))
    }

    /// Arguments that were not told in pieces.
    private mutating func whole(
        _ arguments: JSONValue?, _ place: Int, _ item: String, into events: inout [InferenceEvent]
    ) {
        guard let arguments, !arguments.isNull, arguments != "", let slot = slot(place, item),
            !calls[slot].hasArguments
        else { return }
        let call = calls[slot]
        calls[slot].hasArguments = true
        let text =
            call.isCustom
            ? CustomTool.piece(arguments.string ?? "", isFirst: true) : ResponsesAnswer.arguments(arguments)
        events.append(.toolArguments(choice: 0, index: call.index, text))
    }

    private mutating func done(_ item: JSONValue, place: Int, into events: inout [InferenceEvent]) {
        switch item["type"]?.string {
        case "function_call", "custom_tool_call":
            added(item, place: place, into: &events)
            let id = item["id"]?.string ?? ""
            whole(item["arguments"] ?? item["input"], place, id, into: &events)
            if let slot = slot(place, id) { end(slot, into: &events) }
        case "reasoning":
            if let proof = item["encrypted_content"]?.string {
                say(.thinkingSignature(choice: 0, proof), into: &events)
                summary = nil
            }
        default: break
        }
    }

    private mutating func end(_ slot: Int, into events: inout [InferenceEvent]) {
        guard !calls[slot].isEnded else { return }
        calls[slot].isEnded = true
        if calls[slot].isCustom {
            let rest = calls[slot].hasArguments ? CustomTool.ending : CustomTool.arguments("")
            events.append(.toolArguments(choice: 0, index: calls[slot].index, rest))
        } else if !calls[slot].hasArguments {
            events.append(.toolArguments(choice: 0, index: calls[slot].index, "{}"))
        }
        events.append(.toolCallEnded(choice: 0, index: calls[slot].index))
    }

    private mutating func complete(_ response: JSONValue, into events: inout [InferenceEvent]) {
        start(response, into: &events)
        for slot in calls.indices { end(slot, into: &events) }
        isOver = true
        events.append(
            .finished(
                choice: 0, ResponsesAnswer.finish(response, hasCalls: !calls.isEmpty), stopSequence: nil))
        if let usage = ResponsesAnswer.usage(response["usage"]) { events.append(.usage(usage)) }
        events.append(.ended)
    }
}
