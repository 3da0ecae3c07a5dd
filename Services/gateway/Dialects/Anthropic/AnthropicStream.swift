package import Contracts
package import InferenceModel
package import JSON

/// Relays a stream of Anthropic's protocol with the listed edits; sans-IO (contract providers §4.1).
///
/// - `message.model` of `message_start` becomes the requested name; every other byte of an event passes, comments too;
/// - the beginning is held back until something follows, so that an error right behind it is still an ordinary answer;
/// - an event without its `event:` line gets one, for clients tell events apart by it;
/// - what follows `message_stop` is dropped, and `end` adds a `message_stop` that the upstream forgot.
package struct AnthropicStream: StreamRelay, Sendable {
    package private(set) var id = ""
    package private(set) var isDone = false

    private let model: [UInt8]
    private var splitter = SSESplitter()
    private var counts = AnthropicUsage()
    private var held: [UInt8] = []
    private var isStarted = false
    private var isFinished = false

    private static let startLimit = Duration.seconds(2)
    private static let keys = JSONKeys(
        "type", "message", "usage", "error", "delta", "amazon-bedrock-invocationMetrics")
    private static let messageKeys = JSONKeys("model", "id", "usage")
    private static let deltaKeys = JSONKeys("stop_reason")
    /// How nearly all events begin; they pass unread.
    private static let deltaStart = Array(#"{"type":"content_block_delta","#.utf8)
    private static let eventField = Array("event:".utf8)
    private static let dataField = Array("data: ".utf8)

    /// Makes the relay of one stream.
    ///
    /// - Parameter requestedModel: The name the caller used.
    package init(requestedModel: String) {
        model = JSONWriter.quoted(requestedModel)
    }

    package var usage: TokenUsage? { counts.counts }
    package var holding: Duration? { held.isEmpty ? nil : Self.startLimit }
    package var keepAlive: [UInt8] { isStarted ? AnthropicFrames.ping : StreamComment.bytes }

    package mutating func feed(
        _ bytes: [UInt8], parser: JSONParser, into out: inout [UInt8]
    ) throws(UpstreamError) {
        guard !isDone else { return }
        splitter.append(bytes)
        while !isDone, let block = splitter.next() {
            try relay(splitter.bytes, block.range, block.payload, parser: parser, into: &out)
        }
        guard splitter.waiting <= AnthropicEventReader.maxEventBytes else {
            throw AnthropicAnswerReader.bad(
                "an event of the upstream's stream is larger than \(AnthropicEventReader.maxEventBytes) bytes")
        }
    }

    package mutating func releaseHeld(into out: inout [UInt8]) {
        guard !held.isEmpty else { return }
        out += held
        held = []
        isStarted = true
    }

    package mutating func end(parser: JSONParser, into out: inout [UInt8]) throws(UpstreamError) -> Bool {
        if !isDone, let block = splitter.rest() {
            var last: [UInt8] = []
            try relay(splitter.bytes, block.range, block.payload, parser: parser, into: &last)
            if !last.isEmpty, !last.suffix(2).elementsEqual([10, 10]) { last += [10, 10] }
            out += last
        }
        releaseHeld(into: &out)
        if !isDone, isFinished {
            out += AnthropicFrames.stop
            isDone = true
        }
        return isDone
    }

    package mutating func fail(_ error: WireError, into out: inout [UInt8]) {
        releaseHeld(into: &out)
        AnthropicFrames.event("error", AnthropicErrors.body(error), into: &out)
    }

    /// Relays one event.
    ///
    /// - Parameters:
    ///   - event: All bytes of the event with its blank line; where something else than server-sent events carried it, the payload alone.
    ///   - payload: The event's JSON; `nil` for a block that holds none, such as a comment.
    /// - Throws: `UpstreamError` when the event reports one.
    package mutating func relay(
        _ bytes: [UInt8], _ event: Range<Int>, _ payload: Range<Int>?, parser: JSONParser, into out: inout [UInt8]
    ) throws(UpstreamError) {
        guard !isDone else { return }
        guard let payload else {
            if held.isEmpty { out += bytes[event] } else { held += bytes[event] }
            return
        }
        if bytes[payload].starts(with: Self.deltaStart) {
            releaseHeld(into: &out)
            return append(bytes, event, payload, "content_block_delta", into: &out)
        }
        guard let scan = try? parser.scan(bytes, in: payload, for: Self.keys) else {
            releaseHeld(into: &out)
            out += bytes[event]
            return
        }
        let base = payload.lowerBound
        let type = AnthropicEventType(bytes, scan[0], base)
        switch type {
        case .messageStart:
            releaseHeld(into: &out)
            start(bytes, event, payload, scan[1]?.range.shifted(by: base), parser)
            return
        case .ping where !held.isEmpty:
            append(bytes, event, payload, "ping", into: &held)
            return
        case .error: throw AnthropicEvents.fault(bytes, payload, parser)
        case .other:
            if let error = scan[3], error.kind == .object || error.kind == .string {
                throw AnthropicEvents.fault(bytes, payload, parser)
            }
        case .messageDelta:
            if let field = scan[2], field.kind == .object {
                counts.merge(bytes, field.range.shifted(by: base), parser: parser)
            }
            if let delta = scan[4], delta.kind == .object,
                let inner = try? parser.scan(bytes, in: delta.range.shifted(by: base), for: Self.deltaKeys),
                inner[0]?.kind == .string
            {
                isFinished = true
            }
        case .messageStop:
            isDone = true
            if let metrics = scan[5], metrics.kind == .object {
                _ = counts.fill(bytes, metrics.range.shifted(by: base), parser: parser)
            }
        case .blockStart, .blockDelta, .blockStop, .ping: break
        }
        releaseHeld(into: &out)
        append(bytes, event, payload, scan[0]?.string(in: bytes, from: base) ?? "", into: &out)
    }

    /// Holds the beginning back, with the requested name over the upstream's.
    private mutating func start(
        _ bytes: [UInt8], _ event: Range<Int>, _ payload: Range<Int>, _ message: Range<Int>?, _ parser: JSONParser
    ) {
        guard let message, let scan = try? parser.scan(bytes, in: message, for: Self.messageKeys) else {
            return append(bytes, event, payload, "message_start", into: &held)
        }
        if id.isEmpty { id = scan[1]?.string(in: bytes, from: message.lowerBound) ?? "" }
        if let field = scan[2], field.kind == .object {
            counts.merge(bytes, field.range.shifted(by: message.lowerBound), parser: parser)
        }
        guard let name = scan[0], name.kind == .string else {
            return append(bytes, event, payload, "message_start", into: &held)
        }
        let place = name.range.shifted(by: message.lowerBound)
        var renamed = Array(bytes[..<place.lowerBound])
        renamed += model
        renamed += bytes[place.upperBound...]
        let growth = model.count - place.count
        append(
            renamed, event.lowerBound..<event.upperBound + growth, payload.lowerBound..<payload.upperBound + growth,
            "message_start", into: &held)
    }

    private func append(
        _ bytes: [UInt8], _ event: Range<Int>, _ payload: Range<Int>, _ type: String, into out: inout [UInt8]
    ) {
        if event == payload {
            // A type that is no name would end its line.
            if !type.isEmpty, type.utf8.allSatisfy({ $0 > 32 }) { out += "event: \(type)\n".utf8 }
            out += Self.dataField
            out += bytes[payload]
            out += [10, 10]
        } else if bytes[event].starts(with: Self.eventField) || type.isEmpty {
            out += bytes[event]
        } else {
            // A comment or a `data:` line comes first; the name may follow it.
            if !Self.hasName(bytes[event]) { out += "event: \(type)\n".utf8 }
            out += bytes[event]
        }
    }

    /// Whether an event has an `event:` line.
    private static func hasName(_ event: ArraySlice<UInt8>) -> Bool {
        event.split { $0 == 10 || $0 == 13 }.contains { $0.starts(with: eventField) }
    }
}
