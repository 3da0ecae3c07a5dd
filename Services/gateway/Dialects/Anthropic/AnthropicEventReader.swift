package import InferenceModel
package import JSON

/// Reads a streamed answer of Anthropic's protocol from server-sent events; one per stream.
package struct AnthropicEventReader: EventReader {
    private var splitter = SSESplitter()
    private var events: AnthropicEvents

    /// The largest event that is read.
    static let maxEventBytes = 16 * 1024 * 1024

    package init(_ context: UpstreamContext) {
        events = AnthropicEvents(context)
    }

    package mutating func feed(
        _ bytes: [UInt8], parser: JSONParser, into out: inout [InferenceEvent]
    ) throws(UpstreamError) {
        guard !events.isEnded else { return }
        splitter.append(bytes)
        while let block = splitter.next() {
            if let payload = block.payload { try events.take(splitter.bytes, payload, parser: parser, into: &out) }
        }
        guard splitter.waiting <= Self.maxEventBytes else {
            throw AnthropicAnswerReader.bad(
                "an event of the upstream's stream is larger than \(Self.maxEventBytes) bytes")
        }
    }

    package mutating func end(parser: JSONParser, into out: inout [InferenceEvent]) throws(UpstreamError) {
        if !events.isEnded, let payload = splitter.rest()?.payload {
            try events.take(splitter.bytes, payload, parser: parser, into: &out)
        }
        events.end(into: &out)
    }
}

/// The meaning of Anthropic's events, whatever carries them: server-sent events, or Bedrock's frames (contract providers §4.5).
package struct AnthropicEvents {
    /// A call whose block is open.
    private struct Call {
        let block: Int
        let index: Int
        /// What the beginning held; told when nothing follows.
        var input: String
        var isTold = false
    }

    /// Whether the answer is complete; nothing more is read then.
    package private(set) var isEnded = false

    private let context: UpstreamContext
    private var isStarted = false
    private var calls: [Call] = []
    private var callCount = 0
    private var usage = AnthropicUsage()
    private var isFinished = false

    /// Blocks that are open at once are one; a stream that opens more than this is broken.
    private static let maxOpenCalls = 1024

    private static let keys = JSONKeys(
        "type", "index", "delta", "content_block", "message", "usage", "error",
        "amazon-bedrock-invocationMetrics")
    private static let deltaKeys = JSONKeys(
        "type", "text", "thinking", "signature", "partial_json", "stop_reason", "stop_sequence", "stop_details")
    private static let detailKeys = JSONKeys("explanation")
    private static let blockKeys = JSONKeys(
        "type", "text", "thinking", "signature", "data", "id", "name", "input")
    private static let messageKeys = JSONKeys("id", "usage")

    package init(_ context: UpstreamContext) {
        self.context = context
    }

    /// Takes the data of one event; what is no event of the protocol is passed over.
    ///
    /// - Throws: `UpstreamError` when the event reports one.
    package mutating func take(
        _ bytes: [UInt8], _ payload: Range<Int>, parser: JSONParser, into out: inout [InferenceEvent]
    ) throws(UpstreamError) {
        guard !isEnded, let scan = try? parser.scan(bytes, in: payload, for: Self.keys) else { return }
        let base = payload.lowerBound
        func part(_ key: Int) -> Range<Int>? {
            guard let field = scan[key], field.kind == .object else { return nil }
            return field.range.shifted(by: base)
        }
        let index = scan[1]?.int(in: bytes, from: base) ?? 0
        switch AnthropicEventType(bytes, scan[0], base) {
        case .messageStart: start(bytes, part(4), parser, into: &out)
        case .blockStart: try begin(bytes, part(3), index, parser, into: &out)
        case .blockDelta: delta(bytes, part(2), index, parser, into: &out)
        case .blockStop: stop(index, into: &out)
        case .messageDelta:
            if let counts = part(5) { usage.merge(bytes, counts, parser: parser) }
            finish(bytes, part(2), parser, into: &out)
        case .messageStop:
            if let metrics = part(7), usage.fill(bytes, metrics, parser: parser), let counts = usage.counts {
                out.append(.usage(counts))
            }
            complete(into: &out)
        case .error: throw Self.fault(bytes, payload, parser)
        case .ping: break
        case .other:
            if let error = scan[6], error.kind == .object || error.kind == .string {
                throw Self.fault(bytes, payload, parser)
            }
        }
    }

    /// The upstream's events are over: an answer with a stop reason is complete, also without `message_stop`.
    package mutating func end(into out: inout [InferenceEvent]) {
        if isFinished { complete(into: &out) }
    }

    static func fault(_ bytes: [UInt8], _ payload: Range<Int>, _ parser: JSONParser) -> UpstreamError {
        let tree = try? parser.parse(bytes, in: payload)
        return tree.flatMap { AnthropicErrors.read($0) }
            ?? AnthropicAnswerReader.bad("the upstream reported an error in its stream")
    }

    private mutating func start(
        _ bytes: [UInt8], _ message: Range<Int>?, _ parser: JSONParser, into out: inout [InferenceEvent]
    ) {
        guard !isStarted else { return }
        isStarted = true
        var id = ""
        if let message, let scan = try? parser.scan(bytes, in: message, for: Self.messageKeys) {
            id = scan[0]?.string(in: bytes, from: message.lowerBound) ?? ""
            if let counts = scan[1], counts.kind == .object {
                usage.merge(bytes, counts.range.shifted(by: message.lowerBound), parser: parser)
            }
        }
        out.append(.started(id: id, model: context.requestedModel, created: context.now))
        if let counts = usage.counts { out.append(.usage(counts)) }
    }

    private mutating func ensureStarted(into out: inout [InferenceEvent]) {
        guard !isStarted else { return }
        isStarted = true
        out.append(.started(id: "", model: context.requestedModel, created: context.now))
    }

    private mutating func begin(
        _ bytes: [UInt8], _ block: Range<Int>?, _ index: Int, _ parser: JSONParser, into out: inout [InferenceEvent]
    ) throws(UpstreamError) {
        guard let block, let scan = try? parser.scan(bytes, in: block, for: Self.blockKeys) else { return }
        ensureStarted(into: &out)
        func text(_ key: Int) -> String { scan[key]?.string(in: bytes, from: block.lowerBound) ?? "" }
        switch text(0) {
        case "text":
            let first = text(1)
            if !first.isEmpty { out.append(.text(choice: 0, first)) }
        case "thinking":
            let first = text(2)
            if !first.isEmpty { out.append(.thinking(choice: 0, first)) }
            let signature = text(3)
            if !signature.isEmpty { out.append(.thinkingSignature(choice: 0, signature)) }
        case "redacted_thinking": out.append(.redactedThinking(choice: 0, text(4)))
        case "tool_use":
            guard calls.count < Self.maxOpenCalls else {
                throw AnthropicAnswerReader.bad("the upstream's stream opens more than \(Self.maxOpenCalls) blocks")
            }
            var input = "{}"
            if let field = scan[7], field.kind == .object {
                input = String(decoding: bytes[field.range.shifted(by: block.lowerBound)], as: UTF8.self)
            }
            calls.append(Call(block: index, index: callCount, input: input))
            let signature = text(3).isEmpty ? nil : text(3)
            out.append(.toolCallStarted(choice: 0, index: callCount, id: text(5), name: text(6), signature: signature))
            callCount += 1
        default: break
        }
    }

    private mutating func delta(
        _ bytes: [UInt8], _ delta: Range<Int>?, _ index: Int, _ parser: JSONParser, into out: inout [InferenceEvent]
    ) {
        guard let delta, let scan = try? parser.scan(bytes, in: delta, for: Self.deltaKeys) else { return }
        ensureStarted(into: &out)
        func text(_ key: Int) -> String? {
            guard let text = scan[key]?.string(in: bytes, from: delta.lowerBound), !text.isEmpty else { return nil }
            return text
        }
        // The members tell the kinds apart; each delta has one of them.
        if let more = text(1) {
            out.append(.text(choice: 0, more))
        } else if let more = text(4) {
            guard let place = calls.firstIndex(where: { $0.block == index }) else { return }
            calls[place].isTold = true
            out.append(.toolArguments(choice: 0, index: calls[place].index, more))
        } else if let more = text(2) {
            out.append(.thinking(choice: 0, more))
        } else if let signature = text(3) {
            out.append(.thinkingSignature(choice: 0, signature))
        }
    }

    private mutating func stop(_ index: Int, into out: inout [InferenceEvent]) {
        guard let place = calls.firstIndex(where: { $0.block == index }) else { return }
        end(calls.remove(at: place), into: &out)
    }

    private func end(_ call: Call, into out: inout [InferenceEvent]) {
        // Clients parse the arguments: a call without any still needs an object.
        if !call.isTold { out.append(.toolArguments(choice: 0, index: call.index, call.input)) }
        out.append(.toolCallEnded(choice: 0, index: call.index))
    }

    private mutating func finish(
        _ bytes: [UInt8], _ delta: Range<Int>?, _ parser: JSONParser, into out: inout [InferenceEvent]
    ) {
        ensureStarted(into: &out)
        if let delta, !isFinished, let scan = try? parser.scan(bytes, in: delta, for: Self.deltaKeys),
            let reason = scan[5]?.string(in: bytes, from: delta.lowerBound)
        {
            isFinished = true
            endCalls(into: &out)
            if let field = scan[7], field.kind == .object {
                let details = field.range.shifted(by: delta.lowerBound)
                let inner = try? parser.scan(bytes, in: details, for: Self.detailKeys)
                let why = inner?[0]?.string(in: bytes, from: details.lowerBound) ?? ""
                if !why.isEmpty { out.append(.refusal(choice: 0, why)) }
            }
            out.append(
                .finished(
                    choice: 0, AnthropicAnswerReader.finish(reason),
                    stopSequence: scan[6]?.string(in: bytes, from: delta.lowerBound)))
        }
        if let counts = usage.counts { out.append(.usage(counts)) }
    }

    private mutating func endCalls(into out: inout [InferenceEvent]) {
        for call in calls { end(call, into: &out) }
        calls = []
    }

    private mutating func complete(into out: inout [InferenceEvent]) {
        guard !isEnded else { return }
        ensureStarted(into: &out)
        endCalls(into: &out)
        if !isFinished { out.append(.finished(choice: 0, callCount > 0 ? .toolCalls : .stop, stopSequence: nil)) }
        isFinished = true
        isEnded = true
        out.append(.ended)
    }
}

/// The type of an event, told without making a text of it.
enum AnthropicEventType {
    case messageStart, blockStart, blockDelta, blockStop, messageDelta, messageStop, error, ping, other

    /// The event of a payload whose `type` was found; `base` is where the payload starts.
    init(_ bytes: [UInt8], _ type: JSONField?, _ base: Int) {
        guard let type, type.kind == .string, type.range.count >= 2 else {
            self = .other
            return
        }
        let name = bytes[type.range.lowerBound + base + 1..<type.range.upperBound + base - 1]
        self = Self.names.first { name.elementsEqual($0.name) }?.type ?? .other
    }

    private static let names: [(name: [UInt8], type: Self)] = [
        (Array("content_block_delta".utf8), .blockDelta), (Array("content_block_start".utf8), .blockStart),
        (Array("content_block_stop".utf8), .blockStop), (Array("message_start".utf8), .messageStart),
        (Array("message_delta".utf8), .messageDelta), (Array("message_stop".utf8), .messageStop),
        (Array("error".utf8), .error), (Array("ping".utf8), .ping),
    ]
}
