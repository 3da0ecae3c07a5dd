import Contracts
import InferenceModel
import JSON

/// Reads a stream of Gemini's: server-sent events, each a `generateContent` answer with what is new, the counts so far, and no end marker (contract providers §5.6).
struct GeminiEventReader: EventReader {
    private let context: UpstreamContext
    private var splitter = SSESplitter()
    private var ids: GeminiCallIDs
    private var hasStarted = false
    private var hasEnded = false
    private var usage: TokenUsage?
    private var candidates: [Int: Candidate] = [:]

    /// A candidate that was met.
    private struct Candidate {
        var calls = 0
        /// Whether it said why it ended.
        var isFinished = false
        /// What it said, for sources that count its bytes; no more than they are told of.
        var text: [UInt8] = []
        var grounding: JSONValue?
    }

    private static let maxEventBytes = 16 * 1024 * 1024
    /// A hostile stream may number its candidates as it likes.
    private static let mostCandidates = 128

    init(_ context: UpstreamContext) {
        self.context = context
        ids = GeminiCallIDs(context.nonce)
    }

    mutating func feed(
        _ bytes: [UInt8], parser: JSONParser, into events: inout [InferenceEvent]
    ) throws(UpstreamError) {
        splitter.append(bytes)
        while let block = splitter.next() { try read(block, parser, &events) }
        guard splitter.waiting <= Self.maxEventBytes else {
            throw UpstreamError.foreign("with an event larger than \(Self.maxEventBytes) bytes")
        }
    }

    mutating func end(parser: JSONParser, into events: inout [InferenceEvent]) throws(UpstreamError) {
        if let block = splitter.rest() { try read(block, parser, &events) }
        guard !hasEnded, !candidates.isEmpty, candidates.values.allSatisfy(\.isFinished) else { return }
        hasEnded = true
        events.append(.ended)
    }

    private mutating func read(
        _ block: SSEBlock, _ parser: JSONParser, _ events: inout [InferenceEvent]
    ) throws(UpstreamError) {
        let bytes = splitter.bytes
        let tree: JSONValue?
        if let payload = block.payload {
            guard !payload.isEmpty else { return }
            tree = try? parser.parse(bytes, in: payload)
        } else {
            // Several data lines, or an error that came without the form of an event.
            guard let text = Self.text(of: bytes[block.range]) else { return }
            tree = try? parser.parse(text)
        }
        guard let tree else { throw UpstreamError.foreign("with an event that is no JSON") }
        if let error = GeminiErrors.read(tree) { throw error }
        guard tree.object != nil else { throw UpstreamError.foreign("with an event that is no JSON object") }
        try read(tree, &events)
    }

    /// The joined data lines of an event, or all its lines when it has none; `nil` for comments and blank lines.
    static func text(of lines: ArraySlice<UInt8>) -> [UInt8]? {
        var data: [UInt8] = []
        var others: [UInt8] = []
        for line in lines.split(whereSeparator: { $0 == 10 || $0 == 13 }) {
            if line.starts(with: "data:".utf8) {
                data += line.dropFirst(5)
                data.append(10)
            } else if line.first != UInt8(ascii: ":"), !line.starts(with: "event:".utf8),
                !line.starts(with: "id:".utf8), !line.starts(with: "retry:".utf8)
            {
                others += line
            }
        }
        let text = data.isEmpty ? others : data
        return text.contains { $0 > 32 } ? text : nil
    }

    private mutating func read(_ tree: JSONValue, _ events: inout [InferenceEvent]) throws(UpstreamError) {
        if !hasStarted {
            hasStarted = true
            events.append(
                .started(id: tree["responseId"]?.string ?? "", model: context.requestedModel, created: context.now))
        }
        for candidate in tree["candidates"]?.array ?? [] { try read(candidate: candidate, &events) }
        if candidates.isEmpty, tree["promptFeedback"]?["blockReason"]?.string != nil {
            candidates[0] = Candidate(isFinished: true)
            events.append(.finished(choice: 0, .contentFilter, stopSequence: nil))
        }
        if let counts = GeminiUsage.read(tree["usageMetadata"]), counts != usage {
            usage = counts
            events.append(.usage(counts))
        }
    }

    private mutating func read(
        candidate: JSONValue, _ events: inout [InferenceEvent]
    ) throws(UpstreamError) {
        let choice = candidate["index"]?.int ?? 0
        guard choice >= 0, choice < Self.mostCandidates else {
            throw UpstreamError.foreign("with a candidate of index \(choice)")
        }
        var known = candidates.removeValue(forKey: choice) ?? Candidate()
        defer { candidates[choice] = known }
        let word = candidate["finishReason"]?.string.flatMap { $0 == "FINISH_REASON_UNSPECIFIED" ? nil : $0 }
        if let grounding = candidate["groundingMetadata"] { known.grounding = grounding }
        for part in candidate["content"]?["parts"]?.array ?? [] {
            var signature = GeminiPiece.signature(part)
            switch GeminiPiece(part) {
            case .text(let text)?:
                events.append(.text(choice: choice, text))
                if known.text.count <= GeminiGrounding.maxText { known.text += text.utf8 }
            case .thought(let text)?: events.append(.thinking(choice: choice, text))
            case .media(let media)?: events.append(.media(choice: choice, media))
            case .call(let id, let name, let arguments)?:
                // Calls come whole; the index counts over the stream.
                events.append(
                    .toolCallStarted(
                        choice: choice, index: known.calls, id: id ?? ids.next(),
                        name: context.callersName(ofTool: name), signature: signature))
                events.append(.toolArguments(choice: choice, index: known.calls, arguments))
                events.append(.toolCallEnded(choice: choice, index: known.calls))
                known.calls += 1
                signature = nil
            case nil: break
            }
            if let signature {
                // The signature of a text ends it; what belongs to it comes before.
                if word != nil { Self.cite(choice, &known, &events) }
                events.append(.thinkingSignature(choice: choice, signature))
            }
        }
        if let word, !known.isFinished {
            known.isFinished = true
            Self.cite(choice, &known, &events)
            events.append(
                .finished(
                    choice: choice, GeminiFinish.reason(word, hasCalls: known.calls > 0), stopSequence: nil))
        }
    }

    /// Tells the sources of a candidate, once.
    private static func cite(_ choice: Int, _ known: inout Candidate, _ events: inout [InferenceEvent]) {
        let citations = GeminiGrounding.citations(known.grounding, known.text)
        known.grounding = nil
        if !citations.isEmpty { events.append(.citations(choice: choice, citations)) }
    }
}
