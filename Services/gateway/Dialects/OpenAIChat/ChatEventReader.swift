import Contracts
package import InferenceModel
package import JSON

/// Reads a stream of `chat.completion.chunk` events, as far as any vendor writes them (contract providers §3.4, §13, §21).
///
/// Each event is looked at where it stands, without a tree. Memory is one event (at most 16 MiB), and a few words for each choice and call.
package struct ChatEventReader: EventReader {
    private let context: UpstreamContext
    private let traits: OpenAITraits
    private let maxEventBytes: Int
    private var splitter = SSESplitter()
    private var isStarted = false
    private var isDone = false
    private var choices: [ChatChoiceState] = []
    private var usage: TokenUsage?

    /// Makes the reader of one stream.
    package init(
        _ context: UpstreamContext, traits: OpenAITraits = OpenAITraits(), maxEventBytes: Int = 16 * 1024 * 1024
    ) {
        self.context = context
        self.traits = traits
        self.maxEventBytes = maxEventBytes
    }

    private static let keys = JSONKeys("id", "created", "choices", "usage", "error", "x_groq", "bot_usage")
    private static let choiceKeys = JSONKeys("index", "delta", "finish_reason", "logprobs", "usage", "message")
    private static let usageKeys = JSONKeys("usage")
    /// More candidates than any vendor gives.
    private static let maxChoices = 128

    package mutating func feed(
        _ bytes: [UInt8], parser: JSONParser, into events: inout [InferenceEvent]
    ) throws(UpstreamError) {
        guard !isDone else { return }
        splitter.append(bytes)
        while !isDone, let block = splitter.next() { try read(block, parser, into: &events) }
        guard splitter.waiting <= maxEventBytes else {
            throw UpstreamError(
                status: 502, message: "an event of the upstream's stream is larger than \(maxEventBytes) bytes",
                type: "upstream_error", code: .string(UpstreamError.badResponse))
        }
    }

    package mutating func end(parser: JSONParser, into events: inout [InferenceEvent]) throws(UpstreamError) {
        guard !isDone else { return }
        if let block = splitter.rest() { try read(block, parser, into: &events) }
        guard !isDone, !choices.isEmpty, choices.allSatisfy({ $0.isFinished || !$0.isSeen }) else { return }
        isDone = true
        events.append(.ended)
    }

    private mutating func read(
        _ block: SSEBlock, _ parser: JSONParser, into events: inout [InferenceEvent]
    ) throws(UpstreamError) {
        let bytes = splitter.bytes
        guard let payload = block.payload else { return try readStray(bytes, block.range, parser) }
        if bytes[payload].elementsEqual("[DONE]".utf8) { return finish(into: &events) }
        guard let scan = try? parser.scan(bytes, in: payload, for: Self.keys) else { return }
        try ChatAnswerReader.checkError(bytes, in: payload, scan[4], traits.errors, parser)
        let list = scan[2].flatMap { $0.kind == .array ? $0.range.shifted(by: payload.lowerBound) : nil }
        if list == nil, scan[0] == nil, scan[3] == nil, let tree = try? parser.parse(bytes, in: payload),
            let error = UpstreamError(status: 500, tree: tree)
        {
            throw traits.errors.adjusted(error)
        }
        // Azure begins with an event that has neither an id nor a choice.
        let isEmpty = scan[0]?.range.count == 2 && list?.count == 2
        if !isStarted, !isEmpty {
            isStarted = true
            events.append(
                .started(
                    id: scan[0]?.string(in: bytes, from: payload.lowerBound) ?? "", model: context.requestedModel,
                    created: scan[1]?.int(in: bytes, from: payload.lowerBound) ?? context.now))
        }
        if let list {
            var place = 0
            for element in JSONElements(bytes, list) {
                try readChoice(bytes, element, place, parser, into: &events)
                place += 1
            }
        }
        noteUsage(bytes, payload, scan, parser, into: &events)
    }

    /// A block without `data:`: an error that was not put into the form of an event, or nothing.
    private func readStray(_ bytes: [UInt8], _ block: Range<Int>, _ parser: JSONParser) throws(UpstreamError) {
        guard bytes[block].first == UInt8(ascii: "{"), let tree = try? parser.parse(bytes, in: block) else { return }
        if let error = traits.errors.hidden(in: tree) ?? UpstreamError(status: 500, tree: tree) {
            throw traits.errors.adjusted(error)
        }
    }

    // MARK: Choices

    private mutating func readChoice(
        _ bytes: [UInt8], _ range: Range<Int>, _ place: Int, _ parser: JSONParser, into events: inout [InferenceEvent]
    ) throws(UpstreamError) {
        guard let scan = try? parser.scan(bytes, in: range, for: Self.choiceKeys) else { return }
        let index = scan[0]?.int(in: bytes, from: range.lowerBound) ?? place
        guard (0..<Self.maxChoices).contains(index) else { throw ChatAnswerReader.foreign }
        while choices.count <= index {
            choices.append(ChatChoiceState(choice: choices.count, nonce: context.nonce))
        }
        choices[index].isSeen = true
        if let field = scan[4], field.kind == .object {
            note(UsageReader.read(bytes, field.range.shifted(by: range.lowerBound)), into: &events)
        }
        if let field = scan[3], field.kind == .object,
            let tree = try? parser.parse(bytes, in: field.range.shifted(by: range.lowerBound))
        {
            events.append(.logprobs(choice: index, tree))
        }
        // A whole message in place of a delta repeats what was said (MiniMax), or is all that there is.
        let isWhole = scan[1] == nil && !choices[index].hasSpoken
        if let field = isWhole ? scan[5] : scan[1], field.kind == .object {
            try choices[index].read(bytes, field.range.shifted(by: range.lowerBound), parser, into: &events)
        }
        if let word = scan[2]?.string(in: bytes, from: range.lowerBound), !word.isEmpty {
            if word == "network_error" || word == "error" { throw ChatAnswerReader.broken }
            choices[index].finish(word, into: &events)
        }
    }

    // MARK: Usage

    private mutating func noteUsage(
        _ bytes: [UInt8], _ payload: Range<Int>, _ scan: JSONScan, _ parser: JSONParser,
        into events: inout [InferenceEvent]
    ) {
        if let field = scan[3], field.kind == .object {
            note(UsageReader.read(bytes, field.range.shifted(by: payload.lowerBound)), into: &events)
        } else if let groq = scan[5], groq.kind == .object {
            let range = groq.range.shifted(by: payload.lowerBound)
            guard let inner = try? parser.scan(bytes, in: range, for: Self.usageKeys), let field = inner[0] else {
                return
            }
            note(UsageReader.read(bytes, field.range.shifted(by: range.lowerBound)), into: &events)
        } else if let bot = scan[6], let tree = try? parser.parse(bytes, in: bot.range.shifted(by: payload.lowerBound)),
            let counts = tree["model_usage"]?[0]?.serialized()
        {
            note(UsageReader.read(counts, 0..<counts.count), into: &events)
        }
    }

    private mutating func note(_ counts: TokenUsage?, into events: inout [InferenceEvent]) {
        guard let counts = traits.meant(counts), counts != usage else { return }
        usage = counts
        events.append(.usage(counts))
    }

    // MARK: The end

    /// The upstream said that its answer is over; what it forgot to say is added.
    private mutating func finish(into events: inout [InferenceEvent]) {
        isDone = true
        if !isStarted {
            isStarted = true
            events.append(.started(id: "", model: context.requestedModel, created: context.now))
        }
        if choices.isEmpty { choices.append(ChatChoiceState(choice: 0, nonce: context.nonce)) }
        for index in choices.indices where choices[index].isSeen || choices.count == 1 {
            choices[index].finish(nil, into: &events)
        }
        events.append(.ended)
    }
}
