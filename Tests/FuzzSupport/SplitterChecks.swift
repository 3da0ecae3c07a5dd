import InferenceModel
import JSON

@testable import Dialects

/// What must hold of the readers below the dialects, whatever the bytes.
package enum SplitterChecks {
    private struct Event: Equatable {
        let bytes: [UInt8]
        let payload: [UInt8]?
        let hasConnectionFields: Bool
    }

    private static func events(_ pieces: [[UInt8]]) -> [Event] {
        var splitter = SSESplitter()
        var events: [Event] = []
        let add = { (block: SSEBlock, bytes: [UInt8]) in
            events.append(
                Event(
                    bytes: Array(bytes[block.range]), payload: block.payload.map { Array(bytes[$0]) },
                    hasConnectionFields: block.hasConnectionFields))
        }
        for piece in pieces {
            splitter.append(piece)
            while let block = splitter.next() { add(block, splitter.bytes) }
        }
        if let block = splitter.rest() { add(block, splitter.bytes) }
        return events
    }

    /// Server-sent events are the same however a stream is cut, and no byte is lost.
    package static func events(_ bytes: [UInt8], cut pieces: [[UInt8]]) throws {
        let whole = events([bytes])
        try Finding.expect(whole.flatMap(\.bytes) == bytes, "bytes were lost of \(bytes.text)")
        try Finding.expect(events(pieces) == whole, "other events when cut: \(bytes.text)")
    }

    private static func lines(_ pieces: [[UInt8]]) throws -> [[UInt8]] {
        var splitter = LineSplitter()
        var lines: [[UInt8]] = []
        for piece in pieces {
            splitter.append(piece)
            while let line = try splitter.next() { lines.append(line) }
        }
        return lines + [splitter.rest()].compactMap(\.self)
    }

    /// Lines are the same however a stream is cut.
    package static func lines(_ bytes: [UInt8], cut pieces: [[UInt8]]) throws {
        let whole = try lines([bytes])
        try Finding.expect(whole.count <= bytes.count, "\(whole.count) lines")
        try Finding.expect(try lines(pieces) == whole, "other lines when cut: \(bytes.text)")
    }

    private static func form(_ bodies: [[UInt8]]) -> (parts: [FormReader.Part], isComplete: Bool)? {
        do {
            var reader = try FormReader(contentType: "multipart/form-data; boundary=XX")
            for body in bodies { try reader.read(body) }
            let body = bodies.last ?? []
            for part in reader.parts where !part.name.isEmpty { _ = reader.text(part.name, in: body) }
            return (reader.parts, reader.isComplete)
        } catch {
            return nil
        }
    }

    /// A form is read or refused, the same however it arrives.
    package static func form(_ bytes: [UInt8], cut pieces: [[UInt8]]) throws {
        guard !bytes.isEmpty else { return }
        let whole = form([bytes])
        var arrived: [UInt8] = []
        let grown = pieces.map { piece in
            arrived += piece
            return arrived
        }
        let slow = form(grown)
        try Finding.expect(
            slow?.parts == whole?.parts && slow?.isComplete == whole?.isComplete,
            "another form when it arrives slowly: \(bytes.text.debugDescription)")
    }
}
