import InferenceModel
import JSON

/// Reads a stream of Ollama's: one JSON object a line (contract providers §18).
struct OllamaEventReader: EventReader {
    private let context: UpstreamContext
    private var splitter = LineSplitter()
    private var calls = 0
    private var isStarted = false
    private var isOver = false
    private(set) var isUsageEstimated = false

    private static let keys = JSONKeys("message", "done", "error")
    private static let messageKeys = JSONKeys("content", "thinking", "tool_calls")

    init(_ context: UpstreamContext) {
        self.context = context
    }

    mutating func feed(_ bytes: [UInt8], parser: JSONParser, into events: inout [InferenceEvent]) throws(UpstreamError)
    {
        guard !isOver else { return }
        splitter.append(bytes)
        while !isOver, let line = try splitter.next() { try read(line, parser, into: &events) }
    }

    mutating func end(parser: JSONParser, into events: inout [InferenceEvent]) throws(UpstreamError) {
        // A line that broke off is no error of its own: the answer is cut.
        guard !isOver, let line = splitter.rest(), (try? parser.scan(line, for: Self.keys)) != nil else { return }
        try read(line, parser, into: &events)
    }

    private mutating func read(
        _ line: [UInt8], _ parser: JSONParser, into events: inout [InferenceEvent]
    ) throws(UpstreamError) {
        guard let scan = try? parser.scan(line, for: Self.keys) else { throw OllamaAnswer.unreadable }
        if scan[2] != nil, let tree = try? parser.parse(line), let fault = UpstreamError(status: 500, tree: tree) {
            isOver = true
            throw fault
        }
        if !isStarted {
            isStarted = true
            events.append(.started(id: "", model: context.requestedModel, created: context.now))
        }
        if let message = scan[0], message.kind == .object { read(line, message.range, parser, into: &events) }
        guard scan[1]?.bool(in: line) == true, let tree = try? parser.parse(line) else { return }
        isOver = true
        events.append(
            .finished(
                choice: 0, OllamaAnswer.finish(tree["done_reason"], hasCalls: calls > 0), stopSequence: nil))
        if let usage = OllamaAnswer.usage(tree, context) {
            isUsageEstimated = usage.isEstimated
            events.append(.usage(usage.counts))
        }
        events.append(.ended)
    }

    private mutating func read(
        _ line: [UInt8], _ place: Range<Int>, _ parser: JSONParser, into events: inout [InferenceEvent]
    ) {
        guard let message = try? parser.scan(line, in: place, for: Self.messageKeys) else { return }
        if let thought = message[1]?.string(in: line, from: place.lowerBound), !thought.isEmpty {
            events.append(.thinking(choice: 0, thought))
        }
        if let text = message[0]?.string(in: line, from: place.lowerBound), !text.isEmpty {
            events.append(.text(choice: 0, text))
        }
        guard let field = message[2], field.kind == .array,
            let list = try? parser.parse(line, in: field.range.shifted(by: place.lowerBound)).array
        else { return }
        // Calls come whole.
        for value in list {
            let call = OllamaAnswer.read(value, calls, context)
            events.append(.toolCallStarted(choice: 0, index: calls, id: call.id, name: call.name, signature: nil))
            events.append(.toolArguments(choice: 0, index: calls, call.arguments))
            events.append(.toolCallEnded(choice: 0, index: calls))
            calls += 1
        }
    }
}
