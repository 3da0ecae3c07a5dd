import HTTPCore

/// What kind of body an upstream announces.
enum MediaType: Equatable {
    case json
    /// Events, in any framing that upstreams use (contract providers §3.4).
    case stream
    /// Anything else, or nothing.
    case other

    /// Reads `Content-Type`, without regard to case and parameters.
    init(_ headers: HTTPHeaders) {
        self = headers.withFirst("content-type") { Self.read($0) } ?? .other
    }

    private static func read(_ value: Span<UInt8>) -> MediaType {
        var end = 0
        while end < value.count, value[end] != UInt8(ascii: ";"), value[end] != UInt8(ascii: " ") { end += 1 }
        let type = value.extracting(0..<end)
        if equals(type, "text/event-stream") || equals(type, "application/x-ndjson")
            || equals(type, "application/stream+json") || equals(type, "application/vnd.amazon.eventstream")
        {
            return .stream
        }
        return ends(type, "/json") || ends(type, "+json") ? .json : .other
    }

    private static func equals(_ text: Span<UInt8>, _ wanted: StaticString) -> Bool {
        text.count == wanted.utf8CodeUnitCount && ends(text, wanted)
    }

    private static func ends(_ text: Span<UInt8>, _ wanted: StaticString) -> Bool {
        let length = wanted.utf8CodeUnitCount
        guard text.count >= length else { return false }
        let start = text.count - length
        for place in 0..<length {
            let byte = text[start + place]
            let lowered = byte >= 65 && byte <= 90 ? byte | 0x20 : byte
            guard unsafe lowered == wanted.utf8Start[place] else { return false }
        }
        return true
    }
}
