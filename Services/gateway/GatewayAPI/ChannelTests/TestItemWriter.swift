import HTTPCore
import HTTPServer
import Relay

/// Writes the items of a run one by one, as events or as the elements of one array, so that a long run takes no memory. Confined to its loop.
struct TestItemWriter {
    private let request: ServerRequest
    private let writer: ResponseWriter
    private let id: String
    private let asEvents: Bool
    private var isBegun = false

    init(_ request: ServerRequest, _ writer: ResponseWriter, id: String, asEvents: Bool) {
        self.request = request
        self.writer = writer
        self.id = id
        self.asEvents = asEvents
    }

    /// Writes one item and waits while the operator reads slowly.
    ///
    /// - Throws: when the operator left.
    mutating func add(_ item: [UInt8]) async throws(WriteError) {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(item.count + 16)
        if asEvents {
            bytes.append(contentsOf: "data: ".utf8)
        } else if isBegun {
            bytes.append(UInt8(ascii: ","))
        }
        try begin()
        bytes.append(contentsOf: item)
        if asEvents { bytes.append(contentsOf: "\n\n".utf8) }
        switch writer.write(bytes) {
        case .open: return
        case .closed: throw .clientGone
        case .full: try await writer.drained()
        }
    }

    /// Ends the answer. A stream without an event is an empty answer without a type (contract admin-api §4.4).
    mutating func finish() throws(WriteError) {
        guard !asEvents || isBegun else {
            var headers = AnswerHeaders.make(request, id: id, contentType: "")
            headers.remove("content-type")
            return try writer.respond(.ok, headers, [])
        }
        try begin()
        if !asEvents { writer.write(Array(#"],"success":true}"#.utf8)) }
        writer.finish()
    }

    private mutating func begin() throws(WriteError) {
        guard !isBegun else { return }
        isBegun = true
        var headers = AnswerHeaders.make(
            request, id: id, contentType: asEvents ? "text/event-stream" : WireAnswer.jsonType)
        if asEvents {
            headers.append("cache-control", "no-cache")
            headers.append("x-accel-buffering", "no")
        }
        try writer.head(.ok, headers, .chunked)
        if !asEvents { writer.write(Array(#"{"data":["#.utf8)) }
    }
}
