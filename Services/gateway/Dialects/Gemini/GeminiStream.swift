package import Contracts
package import InferenceModel
package import JSON

/// Relays a stream of Gemini's to a caller of the same protocol; sans-IO.
///
/// The data of events pass as they are; comments and other fields do not, since Google's SDK takes them for data. A caller that did not ask for `alt=sse` gets the same data as the
/// elements of one array. The last counts are noted. Gemini has no end marker: a stream is complete when a candidate said why it ended, or the prompt was blocked.
package struct GeminiStream: StreamRelay, Sendable {
    package private(set) var usage: TokenUsage?
    package private(set) var id = ""
    package private(set) var isDone = false

    private let isArray: Bool
    private var splitter = SSESplitter()
    private var isFinished = false
    private var hasElements = false

    private static let maxEventBytes = 16 * 1024 * 1024
    private static let keys = JSONKeys("candidates", "usageMetadata", "promptFeedback", "error", "responseId")
    private static let candidateKeys = JSONKeys("finishReason")

    /// - Parameter isArray: Whether the caller gets a JSON array.
    package init(isArray: Bool) {
        self.isArray = isArray
    }

    package var contentType: String { isArray ? "application/json; charset=UTF-8" : "text/event-stream; charset=utf-8" }
    package var keepAlive: [UInt8] { [10] }

    package mutating func feed(_ bytes: [UInt8], parser: JSONParser, into out: inout [UInt8]) throws(UpstreamError) {
        splitter.append(bytes)
        while let block = splitter.next() { try relay(block, parser, &out) }
        guard splitter.waiting <= Self.maxEventBytes else {
            throw UpstreamError.foreign("with an event larger than \(Self.maxEventBytes) bytes")
        }
    }

    package mutating func end(parser: JSONParser, into out: inout [UInt8]) throws(UpstreamError) -> Bool {
        if let block = splitter.rest() { try relay(block, parser, &out) }
        guard isFinished else { return false }
        isDone = true
        if isArray { out += "]".utf8 }
        return true
    }

    package mutating func fail(_ error: WireError, into out: inout [UInt8]) {
        element(GeminiErrors.body(error)[...], &out)
        if isArray { out += "]".utf8 }
    }

    private mutating func element(_ data: ArraySlice<UInt8>, _ out: inout [UInt8]) {
        if isArray {
            out += (hasElements ? ",\n" : "[").utf8
            out += data
        } else {
            out += "data: ".utf8
            out += data
            out += [10, 10]
        }
        hasElements = true
    }

    private mutating func relay(
        _ block: SSEBlock, _ parser: JSONParser, _ out: inout [UInt8]
    ) throws(UpstreamError) {
        if let payload = block.payload {
            if !payload.isEmpty { try relay(splitter.bytes, payload, parser, &out) }
        } else if let text = GeminiEventReader.text(of: splitter.bytes[block.range]) {
            // Of several lines, or of none with the name of data: told as one event, on one line.
            guard let tree = try? parser.parse(text) else {
                throw UpstreamError.foreign("with an event that is no JSON")
            }
            let line = tree.serialized()
            try relay(line, 0..<line.count, parser, &out)
        }
    }

    private mutating func relay(
        _ bytes: [UInt8], _ payload: Range<Int>, _ parser: JSONParser, _ out: inout [UInt8]
    ) throws(UpstreamError) {
        guard let scan = try? parser.scan(bytes, in: payload, for: Self.keys) else {
            if let tree = try? parser.parse(bytes, in: payload), let error = GeminiErrors.read(tree) { throw error }
            throw UpstreamError.foreign("with an event that is no JSON object")
        }
        if scan[3] != nil, let tree = try? parser.parse(bytes, in: payload), let error = GeminiErrors.read(tree) {
            throw error
        }
        let base = payload.lowerBound
        if id.isEmpty { id = scan[4]?.string(in: bytes, from: base) ?? "" }
        if let counts = GeminiExchange.usage(bytes, scan[1], parser, from: base) { usage = counts }
        if !isFinished {
            if let candidates = scan[0], candidates.kind == .array {
                isFinished = JSONWalk.elements(bytes, candidates.range.shifted(by: base)).contains { candidate in
                    (try? parser.scan(bytes, in: candidate, for: Self.candidateKeys))?[0]?.kind == .string
                }
            }
            if let feedback = scan[2], feedback.kind == .object,
                JSONWalk.member(bytes, feedback.range.shifted(by: base), "blockReason") != nil
            {
                isFinished = true
            }
        }
        element(bytes[payload], &out)
    }
}
