import Contracts
import InferenceModel
import JSON

/// Relays a stream of the Responses protocol: events pass as they are, but for the response objects in some of them.
///
/// The first events, which say only that work began, are held back until something follows: a refusal may (contract providers §6.4).
/// `id:` and `retry:` lines are dropped, since clients stumble on them; comments pass, but not before the first event.
struct ResponsesStream: StreamRelay {
    private(set) var usage: TokenUsage?
    private(set) var id = ""
    private(set) var isDone = false
    private(set) var countsOnce = false
    private(set) var answeredModel = ""
    private let edit: ResponseEdit
    /// Whether a kept response is told again: that it failed is then an event like any other.
    private let tellsOfKept: Bool
    private let errors: VendorErrors
    private var splitter = SSESplitter()
    private var held: [UInt8] = []
    private var hasBegun = false
    private var hasToldFault = false
    /// Counts the events, so that one of our own has the next number.
    private var frames = ResponsesFrames()

    private static let keys = JSONKeys("type", "response", "error", "sequence_number")
    /// The last event repeats the whole answer, pictures too.
    private static let maxEventBytes = 64 * 1024 * 1024
    private static let startLimit = Duration.seconds(2)
    /// No more is held back of a beginning; each of its events repeats the request's instructions and tools.
    private static let maxHeld = 4 * 1024 * 1024

    init(_ edit: ResponseEdit, tellsOfKept: Bool = false, errors: VendorErrors = .openAI) {
        self.edit = edit
        self.tellsOfKept = tellsOfKept
        self.errors = errors
    }

    var holding: Duration? { held.isEmpty ? nil : Self.startLimit }

    mutating func feed(_ bytes: [UInt8], parser: JSONParser, into out: inout [UInt8]) throws(UpstreamError) {
        guard !isDone else { return }
        splitter.append(bytes)
        while !isDone, let block = splitter.next() { try relay(block, parser, into: &out) }
        guard splitter.waiting <= Self.maxEventBytes else { throw ResponsesFault.tooLarge(Self.maxEventBytes) }
    }

    mutating func releaseHeld(into out: inout [UInt8]) {
        out += held
        held = []
        hasBegun = true
    }

    mutating func end(parser: JSONParser, into out: inout [UInt8]) throws(UpstreamError) -> Bool {
        if !isDone, let block = splitter.rest() {
            try relay(block, parser, into: &out)
            if !out.isEmpty, !out.suffix(2).elementsEqual([10, 10]) { out += [10, 10] }
        }
        return isDone
    }

    mutating func fail(_ error: WireError, into out: inout [UInt8]) {
        releaseHeld(into: &out)
        guard !hasToldFault else { return }
        ResponsesFault.append(error, &frames, to: &out)
    }

    private mutating func relay(_ block: SSEBlock, _ parser: JSONParser, into out: inout [UInt8]) throws(UpstreamError)
    {
        let bytes = splitter.bytes
        guard let payload = block.payload, let scan = try? parser.scan(bytes, in: payload, for: Self.keys) else {
            return try relayStray(bytes, block, parser, into: &out)
        }
        let type = scan[0]?.string(in: bytes, from: payload.lowerBound) ?? ""
        frames.follow(scan[3]?.int(in: bytes, from: payload.lowerBound))
        switch type {
        case "response.created", "response.in_progress", "response.queued", "keepalive":
            if hasBegun {
                append(bytes, block, payload, scan[1], parser, to: &out)
            } else {
                var early = held
                append(bytes, block, payload, scan[1], parser, to: &early)
                held = early
                if held.count > Self.maxHeld { releaseHeld(into: &out) }
            }
            return
        case "response.failed" where tellsOfKept: isDone = true
        case "response.failed", "error", "response.error":
            if hasBegun {
                append(bytes, block, payload, scan[1], parser, to: &out)
                hasToldFault = true
            }
            throw fault((try? parser.parse(bytes, in: payload)) ?? .null)
        case "" where scan[2].map({ $0.kind != .null }) ?? false:
            throw fault((try? parser.parse(bytes, in: payload)) ?? .null)
        case "response.completed", "response.incomplete", "response.done", "response.cancelled":
            isDone = true
        default: break
        }
        releaseHeld(into: &out)
        append(bytes, block, payload, scan[1], parser, to: &out)
    }

    private func fault(_ tree: JSONValue) -> UpstreamError {
        errors.adjusted(ResponsesFault.read(tree) ?? ResponsesFault.silent)
    }

    /// A block that is no event of the protocol: a comment, an end mark that has no place here, or an error that was not put into the form of an event.
    private mutating func relayStray(
        _ bytes: [UInt8], _ block: SSEBlock, _ parser: JSONParser, into out: inout [UInt8]
    ) throws(UpstreamError) {
        if let payload = block.payload, bytes[payload].elementsEqual("[DONE]".utf8) { return }
        if bytes[block.range].first == UInt8(ascii: "{"), let tree = try? parser.parse(bytes, in: block.range) {
            throw fault(tree)
        }
        if hasBegun, !block.hasConnectionFields { out += bytes[block.range] }
    }

    /// Appends the event with its response object edited, and notes its counts.
    private mutating func append(
        _ bytes: [UInt8], _ block: SSEBlock, _ payload: Range<Int>, _ response: JSONField?, _ parser: JSONParser,
        to out: inout [UInt8]
    ) {
        var start = block.range.lowerBound
        var end = block.range.upperBound
        if block.hasConnectionFields {
            // Fields that must not pass: the event is written anew, with its name and data alone.
            for line in bytes[block.range].split(whereSeparator: { $0 == 10 || $0 == 13 })
            where line.starts(with: "event:".utf8) {
                out += line
                out.append(10)
            }
            out += "data: ".utf8
            (start, end) = (payload.lowerBound, payload.upperBound)
        }
        if let response, response.kind == .object {
            let place = response.range.shifted(by: payload.lowerBound)
            if let object = edited(bytes, place, parser) {
                out += bytes[start..<place.lowerBound]
                out += object
                start = place.upperBound
            }
        }
        out += bytes[start..<end]
        if block.hasConnectionFields { out += [10, 10] }
    }

    /// The response object with its edits; `nil` when there are none.
    private mutating func edited(_ bytes: [UInt8], _ place: Range<Int>, _ parser: JSONParser) -> [UInt8]? {
        guard let index = try? parser.members(of: bytes, in: place) else { return nil }
        if let field = index["usage"], field.kind == .object, let counts = UsageReader.read(bytes, field.range) {
            countsOnce = (try? index.bool("background")) ?? nil ?? false
            // A kept response was counted when it was made, but for one that was made in the background.
            if countsOnce || !tellsOfKept { usage = counts }
            if countsOnce, tellsOfKept { answeredModel = (try? index.string("model")) ?? "" }
        }
        if id.isEmpty { id = (try? index.string("id")) ?? "" }
        return edit.apply(bytes, index)
    }
}
