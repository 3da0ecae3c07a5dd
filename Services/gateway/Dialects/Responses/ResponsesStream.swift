import Contracts
import InferenceModel
import JSON

/// Relays a stream of the Responses protocol: events pass as they are, but for the response objects in some of them.
///
/// The first events, which say only that work began, are held back until something follows: a refusal may (contract providers §6.4).
struct ResponsesStream: StreamRelay {
    private(set) var usage: TokenUsage?
    private(set) var id = ""
    private(set) var isDone = false
    private let edit: ResponseEdit
    private var splitter = SSESplitter()
    private var held: [UInt8] = []
    private var hasBegun = false
    private var hasToldFault = false

    private static let keys = JSONKeys("type", "response")
    private static let maxEventBytes = 64 * 1024 * 1024
    private static let startLimit = Duration.seconds(2)

    init(_ edit: ResponseEdit) {
        self.edit = edit
    }

    var holding: Duration? { held.isEmpty ? nil : Self.startLimit }

    mutating func feed(_ bytes: [UInt8], parser: JSONParser, into out: inout [UInt8]) throws(UpstreamError) {
        guard !isDone else { return }
        splitter.append(bytes)
        while !isDone, let block = splitter.next() { try relay(block, parser, into: &out) }
        guard splitter.waiting <= Self.maxEventBytes else {
            throw UpstreamError(
                status: 502, message: "an event of the upstream's stream is larger than \(Self.maxEventBytes) bytes",
                type: "upstream_error", code: .string(UpstreamError.badResponse))
        }
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
        var json = JSONWriter()
        json.object { root in
            root.field("type", "error")
            root.field("code", error.code)
            root.field("message", error.message)
            root.key("param")
            root.null()
        }
        out += Array("event: error\ndata: ".utf8) + json.bytes + [10, 10]
    }

    private mutating func relay(_ block: SSEBlock, _ parser: JSONParser, into out: inout [UInt8]) throws(UpstreamError)
    {
        let bytes = splitter.bytes
        guard let payload = block.payload, let scan = try? parser.scan(bytes, in: payload, for: Self.keys) else {
            out += bytes[block.range]
            return
        }
        let type = scan[0]?.string(in: bytes, from: payload.lowerBound) ?? ""
        let event = edited(block, payload, scan[1], parser)
        switch type {
        case "response.created", "response.in_progress", "response.queued", "keepalive":
            if hasBegun { out += event } else { held += event }
            return
        case "response.failed", "error":
            let tree = (try? parser.parse(bytes, in: payload)) ?? .null
            if hasBegun {
                out += event
                hasToldFault = true
            }
            throw ResponsesFault.read(tree)
                ?? UpstreamError(
                    status: 502, message: "the upstream failed without saying why", type: "upstream_error",
                    code: .string(UpstreamError.badResponse))
        case "response.completed", "response.incomplete", "response.done", "response.cancelled":
            isDone = true
        default: break
        }
        releaseHeld(into: &out)
        out += event
    }

    /// The event with its response object edited, and its counts noted.
    private mutating func edited(
        _ block: SSEBlock, _ payload: Range<Int>, _ response: JSONField?, _ parser: JSONParser
    ) -> [UInt8] {
        let bytes = splitter.bytes
        guard let response, response.kind == .object else { return Array(bytes[block.range]) }
        let place = response.range.shifted(by: payload.lowerBound)
        guard let index = try? parser.members(of: bytes, in: place) else { return Array(bytes[block.range]) }
        if let field = index["usage"], field.kind == .object, let counts = UsageReader.read(bytes, field.range) {
            usage = counts
        }
        if id.isEmpty { id = (try? index.string("id")) ?? "" }
        guard let object = edit.apply(bytes, index) else { return Array(bytes[block.range]) }
        return Array(bytes[block.range.lowerBound..<place.lowerBound]) + object
            + bytes[place.upperBound..<block.range.upperBound]
    }
}
