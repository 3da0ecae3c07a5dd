import InferenceModel
import JSON

/// Reads a stream of Cohere's chat protocol of version 2: server-sent events whose data name their `type` (contract providers §16).
///
/// Memory is one event of at most 16 MiB and a few words for each call that is open.
struct CohereEventReader: EventReader {
    /// A call that was begun.
    private struct Call {
        /// The upstream's number.
        let number: Int
        let index: Int
        var hasArguments = false
    }

    private let context: UpstreamContext
    private var splitter = SSESplitter()
    private var open: [Call] = []
    private var calls = 0
    private var isStarted = false
    private var isOver = false

    private static let maxEventBytes = 16 * 1024 * 1024
    private static let maxOpenCalls = 1024

    init(_ context: UpstreamContext) {
        self.context = context
    }

    mutating func feed(_ bytes: [UInt8], parser: JSONParser, into events: inout [InferenceEvent]) throws(UpstreamError)
    {
        guard !isOver else { return }
        splitter.append(bytes)
        while !isOver, let block = splitter.next() { try read(block, parser, into: &events) }
        guard splitter.waiting <= Self.maxEventBytes else {
            throw UpstreamError.foreign("with an event larger than \(Self.maxEventBytes) bytes")
        }
    }

    mutating func end(parser: JSONParser, into events: inout [InferenceEvent]) throws(UpstreamError) {
        guard !isOver, let block = splitter.rest() else { return }
        try read(block, parser, into: &events)
    }

    /// What is no event of the protocol is passed over.
    private mutating func read(
        _ block: SSEBlock, _ parser: JSONParser, into events: inout [InferenceEvent]
    ) throws(UpstreamError) {
        guard let payload = block.payload, let tree = try? parser.parse(splitter.bytes, in: payload),
            tree.object != nil
        else { return }
        let type = tree["type"]?.string
        let message = tree["delta"]?["message"]
        switch type {
        case "message-start": start(tree["id"]?.string, into: &events)
        case "content-start", "content-delta":
            if let thought = message?["content"]?["thinking"]?.string, !thought.isEmpty {
                start(nil, into: &events)
                events.append(.thinking(choice: 0, thought))
            }
            if let text = message?["content"]?["text"]?.string { say(text, into: &events) }
        case "tool-plan-delta": say(message?["tool_plan"]?.string ?? "", into: &events)
        case "tool-call-start": try begin(message?["tool_calls"] ?? .null, number(tree), into: &events)
        case "tool-call-delta":
            continueCall(message?["tool_calls"]?["function"]?["arguments"]?.string ?? "", number(tree), into: &events)
        case "tool-call-end":
            if let place = open.firstIndex(where: { $0.number == number(tree) }) { close(place, into: &events) }
        case "message-end": try finish(tree["delta"], into: &events)
        case "content-end", "citation-start", "citation-end", "debug": break
        default:
            guard let fault = UpstreamError(status: 500, tree: tree) else { return }
            isOver = true
            throw fault
        }
    }

    private func number(_ tree: JSONValue) -> Int { tree["index"]?.int ?? 0 }

    private mutating func start(_ id: String?, into events: inout [InferenceEvent]) {
        guard !isStarted else { return }
        isStarted = true
        events.append(.started(id: id ?? "", model: context.requestedModel, created: context.now))
    }

    private mutating func say(_ text: String, into events: inout [InferenceEvent]) {
        guard !text.isEmpty else { return }
        start(nil, into: &events)
        events.append(.text(choice: 0, text))
    }

    // MARK: Calls

    private mutating func begin(
        _ call: JSONValue, _ number: Int, into events: inout [InferenceEvent]
    ) throws(UpstreamError) {
        start(nil, into: &events)
        if let place = open.firstIndex(where: { $0.number == number }) { close(place, into: &events) }
        guard open.count < Self.maxOpenCalls else {
            throw UpstreamError.foreign("with more than \(Self.maxOpenCalls) calls of tools at once")
        }
        let name = call["function"]?["name"]?.string ?? ""
        events.append(
            .toolCallStarted(
                choice: 0, index: calls, id: CohereAnswer.id(call, calls, context),
                name: context.callersName(ofTool: name), signature: nil))
        open.append(Call(number: number, index: calls))
        calls += 1
        continueCall(call["function"]?["arguments"]?.string ?? "", number, into: &events)
    }

    private mutating func continueCall(_ arguments: String, _ number: Int, into events: inout [InferenceEvent]) {
        guard !arguments.isEmpty, let place = open.firstIndex(where: { $0.number == number }) else { return }
        open[place].hasArguments = true
        events.append(.toolArguments(choice: 0, index: open[place].index, arguments))
    }

    private mutating func close(_ place: Int, into events: inout [InferenceEvent]) {
        let call = open.remove(at: place)
        if !call.hasArguments { events.append(.toolArguments(choice: 0, index: call.index, "{}")) }
        events.append(.toolCallEnded(choice: 0, index: call.index))
    }

    private mutating func finish(_ end: JSONValue?, into events: inout [InferenceEvent]) throws(UpstreamError) {
        isOver = true
        let reason = end?["finish_reason"]?.string
        if let fault = CohereAnswer.fault(reason, end?["error"]?.string) { throw fault }
        start(nil, into: &events)
        while !open.isEmpty { close(0, into: &events) }
        events.append(.finished(choice: 0, CohereAnswer.finish(reason, hasCalls: calls > 0), stopSequence: nil))
        if let usage = CohereAnswer.usage(end?["usage"]) { events.append(.usage(usage)) }
        events.append(.ended)
    }
}
