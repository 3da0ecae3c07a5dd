package import Contracts
package import InferenceModel
package import JSON

/// Relays a stream of OpenAI-style server-sent events with the listed edits; sans-IO.
///
/// Bytes go in as they come, bytes for the caller come out, event by event and otherwise unchanged (contract providers §3.4):
/// - `model` becomes the requested name;
/// - a usage chunk (`"choices":[]`) that only the gateway asked for is withheld, and its `usage` joins the last chunk with a finish reason, which is
///   held back for it: a caller that did not ask sees no chunk without choices, and still gets the counts; one that declined them gets none;
/// - `id:` and `retry:` lines are dropped, since clients stumble on them; comments pass, for they keep connections alive;
/// - what follows `[DONE]` is dropped, and `end` adds a `[DONE]` that the upstream forgot.
package struct OpenAIStream: StreamRelay, Sendable {
    package private(set) var usage: TokenUsage?
    package private(set) var id = ""
    package private(set) var isDone = false
    /// Whether an event had a finish reason: after it the answer is complete, even without `[DONE]`.
    package private(set) var isFinished = false

    private let model: [UInt8]
    private let withholdsUsage: Bool
    private let joinsUsage: Bool
    private let traits: OpenAITraits
    private let maxEventBytes: Int
    private var splitter = SSESplitter()
    /// A finished event that waits for the usage; emitted with the next event at the latest.
    private var held: [UInt8]?
    /// Where the usage belongs in `held`: the value to be replaced, or the empty place before the closing brace.
    private var heldUsage = 0..<0

    private static let keys = JSONKeys("model", "usage", "error", "choices", "id")
    private static let choiceKeys = JSONKeys("finish_reason")
    private static let doneLine = Array("data: [DONE]\n\n".utf8)

    /// Makes the relay of one stream.
    ///
    /// - Parameters:
    ///   - requestedModel: The name the caller used.
    ///   - withholdsUsage: Whether the usage chunk was asked for by the gateway and not by the caller.
    ///   - joinsUsage: Whether withheld counts join the last chunk; not for a caller that said `include_usage: false`.
    ///   - traits: What the vendor does differently.
    ///   - maxEventBytes: The largest event that is relayed.
    package init(
        requestedModel: String, withholdsUsage: Bool, joinsUsage: Bool = true, traits: OpenAITraits = OpenAITraits(),
        maxEventBytes: Int = 16 * 1024 * 1024
    ) {
        self.traits = traits
        model = JSONWriter.quoted(requestedModel)
        self.withholdsUsage = withholdsUsage
        self.joinsUsage = joinsUsage
        self.maxEventBytes = maxEventBytes
    }

    /// Usage follows the finished event at once, where it follows at all.
    private static let usageLimit = Duration.milliseconds(500)

    package var holding: Duration? { held == nil ? nil : Self.usageLimit }

    package mutating func feed(
        _ bytes: [UInt8], parser: JSONParser, into out: inout [UInt8]
    ) throws(UpstreamError) {
        guard !isDone else { return }
        splitter.append(bytes)
        while !isDone, let block = splitter.next() { try relay(block, parser: parser, into: &out) }
        guard splitter.waiting <= maxEventBytes else {
            throw UpstreamError(
                status: 502, message: "an event of the upstream's stream is larger than \(maxEventBytes) bytes",
                type: "upstream_error", code: .string(UpstreamError.badResponse))
        }
    }

    package mutating func releaseHeld(into out: inout [UInt8]) {
        guard let held else { return }
        out += held
        self.held = nil
    }

    package mutating func end(parser: JSONParser, into out: inout [UInt8]) throws(UpstreamError) -> Bool {
        if !isDone, let block = splitter.rest() {
            var last: [UInt8] = []
            try relay(block, parser: parser, into: &last)
            if !last.isEmpty, !last.suffix(2).elementsEqual([10, 10]) { last += [10, 10] }
            out += last
        }
        releaseHeld(into: &out)
        if !isDone, isFinished {
            out += Self.doneLine
            isDone = true
        }
        return isDone
    }

    package mutating func fail(_ error: WireError, into out: inout [UInt8]) {
        releaseHeld(into: &out)
        out += Array("data: ".utf8) + OpenAIErrors.body(error) + [10, 10]
    }

    /// Relays one event with its blank line.
    private mutating func relay(_ block: SSEBlock, parser: JSONParser, into out: inout [UInt8]) throws(UpstreamError) {
        if let rewritten = EventRewrite.applied(splitter.bytes, block, traits, parser) {
            let block = SSEBlock(
                range: rewritten.indices, payload: 6..<rewritten.count - 2, hasConnectionFields: false)
            try relay(rewritten, block, parser: parser, into: &out)
        } else {
            try relay(splitter.bytes, block, parser: parser, into: &out)
        }
    }

    private mutating func relay(
        _ bytes: [UInt8], _ block: SSEBlock, parser: JSONParser, into out: inout [UInt8]
    ) throws(UpstreamError) {
        guard let payload = block.payload else {
            try readStray(bytes, block, parser, into: &out)
            return
        }
        if bytes[payload].elementsEqual("[DONE]".utf8) {
            releaseHeld(into: &out)
            out += Self.doneLine
            isDone = true
            return
        }
        guard let scan = try? parser.scan(bytes, in: payload, for: Self.keys) else {
            releaseHeld(into: &out)
            out += bytes[block.range]
            return
        }
        do {
            try ChatAnswerReader.checkError(bytes, in: payload, scan[2], traits.errors, parser)
        } catch {
            releaseHeld(into: &out)
            throw error
        }
        if id.isEmpty { id = scan[4]?.string(in: bytes, from: payload.lowerBound) ?? "" }
        var hasUsage = false
        if let field = scan[1], field.kind == .object,
            let counts = UsageReader.read(bytes, field.range.shifted(by: payload.lowerBound))
        {
            usage = traits.meant(counts)
            hasUsage = true
        } else if traits.usagePlace != .top, let counts = traits.usagePlace.read(bytes, payload, parser) {
            usage = counts
        }
        let choices = scan[3]?.range.shifted(by: payload.lowerBound)
        let hasChoice = choices.map { bytes[$0].contains(UInt8(ascii: "{")) } ?? false
        if !hasChoice, withholdsUsage, hasUsage, let field = scan[1] {
            if joinsUsage { joinHeld(usage: bytes[field.range.shifted(by: payload.lowerBound)]) }
            releaseHeld(into: &out)
            return
        }
        if traits.dropsEmptyChoices, !hasChoice, !hasUsage, choices != nil { return }
        releaseHeld(into: &out)
        let isLast = hasChoice && choices.map { Self.hasFinishReason(bytes, $0, parser) } ?? false
        if isLast { isFinished = true }
        if isLast, withholdsUsage, joinsUsage, !hasUsage {
            hold(bytes, block, payload, scan)
        } else {
            append(bytes, block, payload, scan[0], into: &out)
        }
    }

    /// A block without one `data:` line: a comment, or an error that was not put into the form of an event.
    private mutating func readStray(
        _ bytes: [UInt8], _ block: SSEBlock, _ parser: JSONParser, into out: inout [UInt8]
    ) throws(UpstreamError) {
        if bytes[block.range].first == UInt8(ascii: "{"), let tree = try? parser.parse(bytes, in: block.range),
            let error = traits.errors.hidden(in: tree) ?? UpstreamError(status: 500, tree: tree)
        {
            releaseHeld(into: &out)
            throw traits.errors.adjusted(error)
        }
        if !block.hasConnectionFields { out += bytes[block.range] }
    }

    /// Appends an event with the requested name over the upstream's.
    private func append(
        _ bytes: [UInt8], _ block: SSEBlock, _ payload: Range<Int>, _ name: JSONField?, into out: inout [UInt8]
    ) {
        // An event with fields that must not pass is written anew, with its data alone.
        let event = block.hasConnectionFields ? payload : block.range
        if block.hasConnectionFields { out += "data: ".utf8 }
        if let name, name.kind == .string {
            let place = name.range.shifted(by: payload.lowerBound)
            out += bytes[event.lowerBound..<place.lowerBound]
            out += model
            out += bytes[place.upperBound..<event.upperBound]
        } else {
            out += bytes[event]
        }
        if block.hasConnectionFields { out += [10, 10] }
    }

    /// Holds back a finished event, and notes where its usage belongs.
    private mutating func hold(_ bytes: [UInt8], _ block: SSEBlock, _ payload: Range<Int>, _ scan: JSONScan) {
        var text: [UInt8] = []
        append(bytes, block, payload, scan[0], into: &text)
        // A place behind the name moved by what the name grew, every place by what stands before the event.
        let lead = block.hasConnectionFields ? payload.lowerBound - 6 : block.range.lowerBound
        var nameEnd = Int.max
        var growth = 0
        if let name = scan[0], name.kind == .string {
            nameEnd = name.range.upperBound + payload.lowerBound
            growth = model.count - name.range.count
        }
        func moved(_ place: Int) -> Int { place - lead + (place >= nameEnd ? growth : 0) }
        if let field = scan[1] {
            let value = field.range.shifted(by: payload.lowerBound)
            heldUsage = moved(value.lowerBound)..<moved(value.upperBound)
        } else {
            let brace = bytes[payload].lastIndex(of: UInt8(ascii: "}")) ?? payload.upperBound
            heldUsage = moved(brace)..<moved(brace)
        }
        held = text
    }

    /// Puts the usage object into the held event: over an empty `usage`, else as the last member.
    private mutating func joinHeld(usage: ArraySlice<UInt8>) {
        guard var text = held else { return }
        let name = heldUsage.isEmpty ? Array(",\"usage\":".utf8) : []
        text.replaceSubrange(heldUsage, with: name + usage)
        held = text
    }

    /// Whether any of the choices has a finish reason.
    private static func hasFinishReason(_ bytes: [UInt8], _ choices: Range<Int>, _ parser: JSONParser) -> Bool {
        // Nearly always there is one choice, whose object is all of the array.
        let first = bytes[choices].firstIndex(of: UInt8(ascii: "{")) ?? choices.lowerBound
        let last = bytes[choices].lastIndex(of: UInt8(ascii: "}")) ?? choices.lowerBound
        if first < last, let choice = try? parser.scan(bytes, in: first..<last + 1, for: choiceKeys) {
            return choice[0].map { $0.kind != .null } ?? false
        }
        let all = try? parser.parse(bytes, in: choices)
        return all?.array?.contains { !($0["finish_reason"]?.isNull ?? true) } ?? false
    }
}

extension Range<Int> {
    /// The same range, counted from a place `offset` earlier.
    func shifted(by offset: Int) -> Range<Int> {
        lowerBound + offset..<upperBound + offset
    }
}
