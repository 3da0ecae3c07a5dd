@testable import Dialects

/// Makes the frames of Bedrock's streams.
package enum FrameFixture {
    /// A frame with right checksums around any headers.
    package static func frame(rawHeaders: [UInt8], _ payload: [UInt8]) -> [UInt8] {
        var out = number(rawHeaders.count + payload.count + 16) + number(rawHeaders.count)
        out += number(Int(CRC32.of(out, out.indices)))
        out += rawHeaders + payload
        return out + number(Int(CRC32.of(out, out.indices)))
    }

    /// A frame whose headers are texts.
    package static func frame(_ headers: [(String, String)], _ payload: [UInt8]) -> [UInt8] {
        frame(rawHeaders: headers.flatMap { header($0.0, $0.1) }, payload)
    }

    /// A header that holds a text.
    package static func header(_ name: String, _ value: String) -> [UInt8] {
        let size = value.utf8.count
        return [UInt8(name.utf8.count)] + Array(name.utf8) + [7, UInt8(size >> 8), UInt8(size & 255)]
            + Array(value.utf8)
    }

    /// Four bytes, the highest first.
    package static func number(_ value: Int) -> [UInt8] {
        (0..<4).map { UInt8(truncatingIfNeeded: value >> (24 - 8 * $0)) }
    }

    /// A frame of an answer; Bedrock pads its payload.
    package static func chunk(_ event: [UInt8]) -> [UInt8] {
        let headers = [(":event-type", "chunk"), (":content-type", "application/json"), (":message-type", "event")]
        return frame(headers, Array(#"{"bytes":"\#(Base64Text.encoded(event))","p":"abcdefghij"}"#.utf8))
    }

    /// The same for a text.
    package static func chunk(_ event: String) -> [UInt8] { chunk(Array(event.utf8)) }

    /// A fault in a stream.
    package static func exception(_ name: String, _ payload: String) -> [UInt8] {
        let headers = [
            (":exception-type", name), (":content-type", "application/json"), (":message-type", "exception"),
        ]
        return frame(headers, Array(payload.utf8))
    }

    /// The events of a stream of server-sent events.
    package static func events(ofSSE bytes: [UInt8]) -> [[UInt8]] {
        var splitter = SSESplitter()
        splitter.append(bytes)
        var events: [[UInt8]] = []
        while let block = splitter.next() {
            if let payload = block.payload { events.append(Array(splitter.bytes[payload])) }
        }
        return events
    }
}
