import InferenceModel
import JSON

/// What is known of one candidate of a streamed chat answer; reads its deltas.
struct ChatChoiceState {
    let choice: Int
    let nonce: String
    /// Whether the upstream told anything of it.
    var isSeen = false
    private(set) var isFinished = false
    /// Whether anything was said.
    private(set) var hasSpoken = false
    private var calls: [Call] = []

    init(choice: Int, nonce: String) {
        self.choice = choice
        self.nonce = nonce
    }

    /// A call as far as it was told.
    private struct Call {
        /// The upstream's number; `nil` when it gave none.
        let number: Int?
        var id: String
        /// Whether the caller knows of it: that needs a name.
        var isStarted = false
    }

    private static let deltaKeys = JSONKeys(
        "content", "reasoning_content", "reasoning", "signature", "tool_calls", "refusal", "extra_content", "audio")
    private static let rareKeys = JSONKeys("function_call", "images")
    private static let callKeys = JSONKeys("index", "id", "function", "extra_content")
    private static let functionKeys = JSONKeys("name", "arguments")
    /// More calls than any model makes in one answer.
    private static let maxCalls = 1024

    /// Reads the delta at a range of the bytes.
    mutating func read(
        _ bytes: [UInt8], _ range: Range<Int>, _ parser: JSONParser, into events: inout [InferenceEvent]
    ) throws(UpstreamError) {
        guard let scan = try? parser.scan(bytes, in: range, for: Self.deltaKeys) else { return }
        let base = range.lowerBound
        if let text = Self.text(bytes, base, scan[1]) ?? Self.text(bytes, base, scan[2]) {
            say(.thinking(choice: choice, text), into: &events)
        }
        if let text = Self.text(bytes, base, scan[3]) ?? Self.signature(bytes, base, scan[6], parser) {
            say(.thinkingSignature(choice: choice, text), into: &events)
        }
        if let text = Self.text(bytes, base, scan[0]) {
            say(.text(choice: choice, text), into: &events)
        } else if let field = scan[0], field.kind == .array {
            sayParts(bytes, field.range.shifted(by: base), parser, into: &events)
        }
        if let text = Self.text(bytes, base, scan[5]) { say(.refusal(choice: choice, text), into: &events) }
        if let field = scan[7], field.kind == .object,
            let data = (try? parser.parse(bytes, in: field.range.shifted(by: base)))?["data"]?.string, !data.isEmpty
        {
            say(.media(choice: choice, Media(.audio, .base64(data), mediaType: "audio/pcm")), into: &events)
        }
        if let field = scan[4], field.kind == .array {
            for element in JSONElements(bytes, field.range.shifted(by: base)) {
                try readCall(bytes, element, parser, into: &events)
            }
        }
        // What few vendors send is looked for only where nothing else was.
        if Self.text(bytes, base, scan[0]) == nil, scan[4] == nil,
            let rare = try? parser.scan(bytes, in: range, for: Self.rareKeys)
        {
            if let field = rare[0], field.kind == .object {
                try readFunction(bytes, field.range.shifted(by: base), parser, into: &events)
            }
            if let field = rare[1], field.kind == .array {
                sayParts(bytes, field.range.shifted(by: base), parser, into: &events)
            }
        }
    }

    private mutating func say(_ event: InferenceEvent, into events: inout [InferenceEvent]) {
        hasSpoken = true
        events.append(event)
    }

    /// A text that is not empty.
    private static func text(_ bytes: [UInt8], _ base: Int, _ field: JSONField?) -> String? {
        guard let field, field.kind == .string, field.range.count > 2 else { return nil }
        return field.string(in: bytes, from: base)
    }

    private static func signature(_ bytes: [UInt8], _ base: Int, _ field: JSONField?, _ parser: JSONParser) -> String? {
        guard let field, field.kind == .object,
            let tree = try? parser.parse(bytes, in: field.range.shifted(by: base))
        else { return nil }
        return tree["google"]?["thought_signature"]?.string
    }

    private mutating func sayParts(
        _ bytes: [UInt8], _ range: Range<Int>, _ parser: JSONParser, into events: inout [InferenceEvent]
    ) {
        guard let list = try? parser.parse(bytes, in: range) else { return }
        for part in ChatAnswerReader.content(["content": list]) {
            switch part {
            case .text(let text, _): say(.text(choice: choice, text), into: &events)
            case .thinking(let thinking): say(.thinking(choice: choice, thinking.text), into: &events)
            case .media(let media): say(.media(choice: choice, media), into: &events)
            case .refusal(let text): say(.refusal(choice: choice, text), into: &events)
            case .toolCall, .toolResult: break
            }
        }
    }

    // MARK: Calls

    private mutating func readCall(
        _ bytes: [UInt8], _ range: Range<Int>, _ parser: JSONParser, into events: inout [InferenceEvent]
    ) throws(UpstreamError) {
        guard let scan = try? parser.scan(bytes, in: range, for: Self.callKeys) else { return }
        let base = range.lowerBound
        let function = scan[2].flatMap { $0.kind == .object ? $0.range.shifted(by: base) : nil }
        let inner = function.flatMap { try? parser.scan(bytes, in: $0, for: Self.functionKeys) }
        let name = inner.flatMap { Self.text(bytes, function?.lowerBound ?? 0, $0[0]) }
        let arguments = inner.flatMap { Self.arguments(bytes, function?.lowerBound ?? 0, $0[1]) }
        let place = try self.place(
            number: scan[0]?.int(in: bytes, from: base), id: Self.text(bytes, base, scan[1]) ?? "", hasName: name != nil
        )
        tell(
            place, name: name, arguments: arguments,
            signature: scan[3].flatMap { Self.signature(bytes, base, $0, parser) }, into: &events)
    }

    /// The legacy `function_call`, of which there is one.
    private mutating func readFunction(
        _ bytes: [UInt8], _ range: Range<Int>, _ parser: JSONParser, into events: inout [InferenceEvent]
    ) throws(UpstreamError) {
        guard let scan = try? parser.scan(bytes, in: range, for: Self.functionKeys) else { return }
        let name = Self.text(bytes, range.lowerBound, scan[0])
        let place = try self.place(number: 0, id: "", hasName: false)
        tell(
            place, name: name, arguments: Self.arguments(bytes, range.lowerBound, scan[1]), signature: nil,
            into: &events)
    }

    /// Arguments as text; some vendors give the object itself.
    private static func arguments(_ bytes: [UInt8], _ base: Int, _ field: JSONField?) -> String? {
        guard let field else { return nil }
        if field.kind == .object { return String(decoding: bytes[field.range.shifted(by: base)], as: UTF8.self) }
        return text(bytes, base, field)
    }

    /// Which call a delta is of: the one with its number, unless another id and a name begin a new one (some vendors number all calls 0); without a number
    /// the one with its id, else the last.
    private mutating func place(number: Int?, id: String, hasName: Bool) throws(UpstreamError) -> Int {
        if let number {
            if let found = calls.lastIndex(where: { $0.number == number }) {
                let isSame = id.isEmpty || calls[found].id == id || !hasName
                if isSame { return found }
            }
        } else if id.isEmpty {
            if let last = calls.indices.last { return last }
        } else if let found = calls.lastIndex(where: { $0.id == id }) {
            return found
        }
        guard calls.count < Self.maxCalls else { throw ChatAnswerReader.foreign }
        calls.append(Call(number: number, id: id.isEmpty ? "call_\(nonce)\(choice)\(calls.count)" : id))
        return calls.count - 1
    }

    private mutating func tell(
        _ place: Int, name: String?, arguments: String?, signature: String?, into events: inout [InferenceEvent]
    ) {
        if !calls[place].isStarted, name != nil || arguments != nil {
            calls[place].isStarted = true
            say(
                .toolCallStarted(
                    choice: choice, index: place, id: calls[place].id, name: name ?? "", signature: signature),
                into: &events)
        }
        if let arguments { events.append(.toolArguments(choice: choice, index: place, arguments)) }
    }

    // MARK: The end

    /// Ends the candidate once; calls end with it, since this protocol does not tell their ends.
    ///
    /// - Parameter word: The upstream's finish reason; `nil` when it gave none.
    mutating func finish(_ word: String?, into events: inout [InferenceEvent]) {
        guard !isFinished else { return }
        isFinished = true
        for place in calls.indices where calls[place].isStarted {
            events.append(.toolCallEnded(choice: choice, index: place))
        }
        let reason = ChatWords.reason(word, hasCalls: calls.contains(where: \.isStarted))
        events.append(.finished(choice: choice, reason, stopSequence: nil))
    }
}
