import Contracts
import InferenceModel
package import JSON

@testable import Dialects

/// What must hold of the readers of Bedrock's streams, whatever the bytes.
package enum FrameChecks {
    /// Streams in frames, and server-sent events whose data is put into frames.
    package static var seeds: [[UInt8]] {
        let texts = FuzzSeeds.streams("anthropic")
        let streams = texts.map { FrameFixture.events(ofSSE: $0).flatMap { FrameFixture.chunk($0) } }
        let exception = FrameFixture.exception("throttlingException", #"{"message":"m"}"#)
        let error = FrameFixture.frame(
            rawHeaders: [1, 97, 8, 0, 0, 0, 0, 0, 0, 0, 1, 1, 98, 6, 0, 2, 1, 2, 1, 99, 0]
                + FrameFixture.header(":message-type", "error") + FrameFixture.header(":error-message", "m"), [])
        return streams.filter { !$0.isEmpty } + texts + [exception, error, (streams.first ?? []) + exception]
    }

    /// Streams are relayed or refused, the same however they are cut; of a stream of frames also with its checksums made right, so that changes get further than to them.
    package static func check(_ bytes: [UInt8], cut: (Int) -> [Int], _ parser: JSONParser) throws {
        // A frame begins with its length, which is below 16 MiB, a text with a letter.
        guard let first = bytes.first, first < 32 else {
            return try stream(FrameFixture.events(ofSSE: bytes).flatMap { FrameFixture.chunk($0) }, cut, parser)
        }
        try stream(bytes, cut, parser)
        try stream(repaired(bytes), cut, parser)
    }

    /// The same bytes with right checksums in everything that has the lengths of a frame.
    private static func repaired(_ bytes: [UInt8]) -> [UInt8] {
        var bytes = bytes
        var place = 0
        while bytes.count - place >= 16 {
            let length = bytes[place..<place + 4].reduce(0) { $0 << 8 | Int($1) }
            put(CRC32.of(bytes, place..<place + 8), at: place + 8, &bytes)
            guard length >= 16, length <= bytes.count - place else { break }
            put(CRC32.of(bytes, place..<place + length - 4), at: place + length - 4, &bytes)
            place += length
        }
        return bytes
    }

    private static func put(_ checksum: UInt32, at place: Int, _ bytes: inout [UInt8]) {
        bytes.replaceSubrange(place..<place + 4, with: FrameFixture.number(Int(checksum)))
    }

    /// What came of a stream.
    private struct Outcome: Equatable {
        var frames: [[UInt8]] = []
        var framesFault: String?
        var out: [UInt8] = []
        var isComplete = false
        var fault: String?
        var events: [InferenceEvent] = []
    }

    private static func stream(_ bytes: [UInt8], _ cut: (Int) -> [Int], _ parser: JSONParser) throws {
        var pieces: [[UInt8]] = []
        var place = 0
        for size in cut(bytes.count) {
            pieces.append(Array(bytes[place..<place + size]))
            place += size
        }
        let whole = try outcome([bytes], parser)
        try Finding.expect(whole.frames.reduce(0) { $0 + $1.count } <= bytes.count, "payloads larger than the stream")
        try Finding.expect(whole.out.count <= bytes.count * 8 + 65_536, "\(whole.out.count) bytes are relayed")
        try Finding.expect(whole.events.count <= bytes.count + 64, "\(whole.events.count) events")
        try Finding.expect(whole.events.count { $0 == .ended } <= 1, "more than one end")
        try Finding.expect(try outcome(pieces, parser) == whole, "another outcome when cut \(pieces.map(\.count))")
    }

    private static func outcome(_ pieces: [[UInt8]], _ parser: JSONParser) throws -> Outcome {
        var outcome = Outcome()
        var splitter = EventStreamSplitter()
        do {
            for piece in pieces {
                splitter.append(piece)
                while let frame = try splitter.next() { outcome.frames.append(Array(splitter.bytes[frame.payload])) }
            }
        } catch {
            outcome.framesFault = "\(error)"
        }
        var relay = BedrockStream(requestedModel: "asked")
        do {
            for piece in pieces { try relay.feed(piece, parser: parser, into: &outcome.out) }
            outcome.isComplete = try relay.end(parser: parser, into: &outcome.out)
        } catch {
            outcome.fault = "\(error)"
        }
        guard let type = ChannelType.find(33) else { throw Finding("there is no channel type 33") }
        var reader = BedrockEventReader(
            UpstreamContext(channelType: type, upstreamModel: "up", requestedModel: "asked"))
        do {
            for piece in pieces { try reader.feed(piece, parser: parser, into: &outcome.events) }
            try reader.end(parser: parser, into: &outcome.events)
        } catch {
            try Finding.expect(!outcome.events.contains(.ended), "an error behind the end")
        }
        return outcome
    }
}
