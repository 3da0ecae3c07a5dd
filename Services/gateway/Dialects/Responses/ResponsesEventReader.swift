import Contracts
import InferenceModel
import JSON

/// Reads a stream of the Responses protocol (contract providers §6.4).
struct ResponsesEventReader: EventReader {
    /// A call that the stream is telling.
    private struct Call {
        let place: Int
        let index: Int
        var hasArguments = false
        var isEnded = false
    }

    private let context: UpstreamContext
    private var splitter = SSESplitter()
    private var calls: [Call] = []
    private var isStarted = false
    private var isOver = false
    /// The part of a summary that was told last: the next is set apart from it.
    private var summary = (place: -1, part: 0)

    private static let keys = JSONKeys(
        "type", "delta", "output_index", "summary_index", "content_index", "item", "response", "arguments")
    private static let maxEventBytes = 16 * 1024 * 1024

    init(_ context: UpstreamContext) {
        self.context = context
    }

    mutating func feed(_ bytes: [UInt8], parser: JSONParser, into events: inout [InferenceEvent]) throws(UpstreamError)
    {
        guard !isOver else { return }
        splitter.append(bytes)
        while !isOver, let block = splitter.next() { try read(block, parser, into: &events) }
        guard splitter.waiting <= Self.maxEventBytes else {
            throw UpstreamError(
                status: 502, message: "an event of the upstream's stream is larger than \(Self.maxEventBytes) bytes",
                type: "upstream_error", code: .string(UpstreamError.badResponse))
        }
    }

    mutating func end(parser: JSONParser, into events: inout [InferenceEvent]) throws(UpstreamError) {
        if !isOver, let block = splitter.rest() { try read(block, parser, into: &events) }
    }

    private mutating func read(
        _ block: SSEBlock, _ parser: JSONParser, into events: inout [InferenceEvent]
    ) throws(UpstreamError) {
        let bytes = splitter.bytes
        guard let payload = block.payload, let scan = try? parser.scan(bytes, in: payload, for: Self.keys),
            let type = scan[0]?.string(in: bytes, from: payload.lowerBound)
        else { return }
        func text(_ place: Int) -> String { scan[place]?.string(in: bytes, from: payload.lowerBound) ?? "" }
        func number(_ place: Int) -> Int { scan[place]?.int(in: bytes, from: payload.lowerBound) ?? 0 }
        func tree(_ place: Int) -> JSONValue {
            guard let field = scan[place] else { return .null }
            return (try? parser.parse(bytes, in: field.range.shifted(by: payload.lowerBound))) ?? .null
        }
        switch type {
        case "response.created", "response.in_progress", "response.queued":
            start(tree(6), into: &events)
        case "response.output_text.delta": events.append(.text(choice: 0, text(1)))
        case "response.refusal.delta": events.append(.refusal(choice: 0, text(1)))
        case "response.reasoning_summary_text.delta":
            think(text(1), place: number(2), part: number(3), into: &events)
        case "response.reasoning_text.delta", "response.reasoning.delta":
            think(text(1), place: number(2), part: number(4), into: &events)
        case "response.output_item.added": added(tree(5), place: number(2), into: &events)
        case "response.function_call_arguments.delta": argue(text(1), place: number(2), into: &events)
        case "response.function_call_arguments.done":
            whole(scan[7].map { _ in tree(7) }, place: number(2), into: &events)
        case "response.output_item.done": done(tree(5), place: number(2), into: &events)
        case "response.completed", "response.incomplete", "response.done": complete(tree(6), into: &events)
        case "response.failed", "error", "response.error":
            let whole = (try? parser.parse(bytes, in: payload)) ?? .null
            isOver = true
            throw ResponsesFault.read(whole)
                ?? UpstreamError(
                    status: 502, message: "the upstream failed without saying why", type: "upstream_error",
                    code: .string(UpstreamError.badResponse))
        default: break
        }
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
        if summary.place >= 0, summary != (place, part) { events.append(.thinking(choice: 0, "\n\n")) }
        summary = (place, part)
        events.append(.thinking(choice: 0, delta))
    }

    // MARK: Calls

    private mutating func added(_ item: JSONValue, place: Int, into events: inout [InferenceEvent]) {
        guard item["type"]?.string == "function_call", !calls.contains(where: { $0.place == place }) else { return }
        let call = Call(place: place, index: calls.count)
        calls.append(call)
        events.append(
            .toolCallStarted(
                choice: 0, index: call.index, id: item["call_id"]?.string ?? item["id"]?.string ?? "",
                name: item["name"]?.string ?? "", signature: nil))
    }

    private mutating func argue(_ delta: String, place: Int, into events: inout [InferenceEvent]) {
        guard !delta.isEmpty, let slot = calls.firstIndex(where: { $0.place == place }) else { return }
        calls[slot].hasArguments = true
        events.append(.toolArguments(choice: 0, index: calls[slot].index, delta))
    }

    /// Arguments that were not told in pieces.
    private mutating func whole(_ arguments: JSONValue?, place: Int, into events: inout [InferenceEvent]) {
        guard let slot = calls.firstIndex(where: { $0.place == place }), !calls[slot].hasArguments else { return }
        calls[slot].hasArguments = true
        events.append(.toolArguments(choice: 0, index: calls[slot].index, ResponsesAnswer.arguments(arguments)))
    }

    private mutating func done(_ item: JSONValue, place: Int, into events: inout [InferenceEvent]) {
        switch item["type"]?.string {
        case "function_call":
            added(item, place: place, into: &events)
            whole(item["arguments"], place: place, into: &events)
            guard let slot = calls.firstIndex(where: { $0.place == place }), !calls[slot].isEnded else { return }
            calls[slot].isEnded = true
            events.append(.toolCallEnded(choice: 0, index: calls[slot].index))
        case "reasoning":
            if let proof = item["encrypted_content"]?.string { events.append(.thinkingSignature(choice: 0, proof)) }
        default: break
        }
    }

    private mutating func complete(_ response: JSONValue, into events: inout [InferenceEvent]) {
        start(response, into: &events)
        for slot in calls.indices where !calls[slot].isEnded {
            if !calls[slot].hasArguments {
                events.append(.toolArguments(choice: 0, index: calls[slot].index, "{}"))
            }
            events.append(.toolCallEnded(choice: 0, index: calls[slot].index))
        }
        isOver = true
        events.append(
            .finished(
                choice: 0, ResponsesAnswer.finish(response, hasCalls: !calls.isEmpty), stopSequence: nil))
        if let usage = ResponsesAnswer.usage(response["usage"]) { events.append(.usage(usage)) }
        events.append(.ended)
    }
}
