package import Contracts
package import InferenceModel
package import JSON

/// A stream of one protocol told in another, event by event; memory is what the reader and the writer hold.
///
/// The beginning is held back until something follows: some upstreams accept a call, and refuse it in the next event (contract providers §6.4).
package struct ConvertedStream: StreamRelay {
    package private(set) var usage: TokenUsage?
    package private(set) var id = ""
    package private(set) var isDone = false
    private var reader: any EventReader
    private var writer: any EventWriter
    private var events: [InferenceEvent] = []
    private var start: InferenceEvent?

    private static let startLimit = Duration.seconds(2)

    package init(reader: any EventReader, writer: any EventWriter) {
        self.reader = reader
        self.writer = writer
    }

    package var usageSource: UsageSource { reader.isUsageEstimated ? .estimated : .measured }
    package var holding: Duration? { start == nil ? nil : Self.startLimit }
    package var contentType: String { writer.contentType }
    package var keepAlive: [UInt8] { writer.keepAlive }

    package mutating func feed(_ bytes: [UInt8], parser: JSONParser, into out: inout [UInt8]) throws(UpstreamError) {
        guard !isDone else { return }
        do {
            try reader.feed(bytes, parser: parser, into: &events)
        } catch {
            writeEvents(into: &out)
            throw error
        }
        writeEvents(into: &out)
    }

    package mutating func releaseHeld(into out: inout [UInt8]) {
        guard let start else { return }
        self.start = nil
        writer.write(start, into: &out)
    }

    package mutating func end(parser: JSONParser, into out: inout [UInt8]) throws(UpstreamError) -> Bool {
        guard !isDone else { return true }
        do {
            try reader.end(parser: parser, into: &events)
        } catch {
            writeEvents(into: &out)
            throw error
        }
        writeEvents(into: &out)
        return isDone
    }

    package mutating func fail(_ error: WireError, into out: inout [UInt8]) {
        releaseHeld(into: &out)
        writer.write(error, into: &out)
    }

    private mutating func writeEvents(into out: inout [UInt8]) {
        for event in events where !isDone {
            switch event {
            case .started(let id, _, _):
                self.id = id
                start = event
                continue
            case .usage(let counts):
                // Writers note counts, and write them with what they belong to: the beginning can wait on.
                usage = counts
                writer.write(event, into: &out)
                continue
            case .ended: isDone = true
            default: break
            }
            releaseHeld(into: &out)
            writer.write(event, into: &out)
        }
        events.removeAll(keepingCapacity: true)
    }
}

/// A stream in answer to a call that cannot have one: it is never complete.
struct UnexpectedStream: StreamRelay {
    var usage: TokenUsage? { nil }
    var id: String { "" }
    var isDone: Bool { false }

    mutating func feed(_ bytes: [UInt8], parser: JSONParser, into out: inout [UInt8]) throws(UpstreamError) {
        throw UpstreamError(
            status: 502, message: "the upstream answered with a stream that nobody asked for", type: "upstream_error",
            code: .string(UpstreamError.badResponse))
    }

    mutating func end(parser: JSONParser, into out: inout [UInt8]) throws(UpstreamError) -> Bool { false }

    mutating func fail(_ error: WireError, into out: inout [UInt8]) {}
}
