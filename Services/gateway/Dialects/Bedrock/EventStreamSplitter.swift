import InferenceModel
import JSON

/// One frame of a stream of `application/vnd.amazon.eventstream`; ranges count in the splitter's bytes.
struct EventStreamFrame: Equatable {
    /// What the frame tells, by its `:message-type`.
    enum Kind: Equatable {
        case event
        /// A fault that the service foresees; its payload has the details.
        case exception
        /// Any other fault; it has no payload.
        case error
    }

    var kind = Kind.event
    /// The value of `:event-type`, `:exception-type` or `:error-code`; empty when there is none.
    var name = 0..<0
    /// The value of `:error-message`; empty when there is none.
    var message = 0..<0
    var payload = 0..<0
}

/// Cuts a stream of Amazon's frames into them, and checks both checksums of each; sans-IO (contract providers §8).
///
/// ```
/// u32 length of all | u32 length of the headers | u32 CRC of these 8 bytes | headers | payload | u32 CRC of everything before
/// header: u8 length of the name, name, u8 type, value; numbers are big-endian
/// ```
struct EventStreamSplitter {
    /// The bytes that the ranges of frames count in; valid until the next `append`.
    private(set) var bytes: [UInt8] = []
    /// Where the frame that is not complete yet starts.
    private var start = 0

    /// The largest frame that is taken; Amazon's own bound of a payload is 16 MiB.
    static let maxFrameBytes = 16 * 1024 * 1024 + 256 * 1024
    /// Amazon's own bound of the headers.
    static let maxHeaderBytes = 128 * 1024
    /// The two lengths and their checksum.
    private static let headBytes = 12
    private static let checksumBytes = 4

    /// Bytes of a frame that is not complete.
    var waiting: Int { bytes.count - start }

    /// Takes bytes behind those that wait.
    mutating func append(_ more: [UInt8]) {
        guard start < bytes.count else {
            bytes = more
            start = 0
            return
        }
        if start > 0 {
            bytes.removeFirst(start)
            start = 0
        }
        bytes += more
    }

    /// The next complete frame.
    ///
    /// - Throws: `UpstreamError` for a wrong checksum, impossible or too large lengths, and headers that cannot be read; again at every later call.
    mutating func next() throws(UpstreamError) -> EventStreamFrame? {
        guard waiting >= Self.headBytes else { return nil }
        let length = number(start)
        let headerLength = number(start + 4)
        guard number(start + 8) == Int(CRC32.of(bytes, start..<start + 8)) else {
            throw Self.broken("the checksum of a frame's head is wrong")
        }
        let least = Self.headBytes + Self.checksumBytes
        guard length >= least, headerLength <= length - least, headerLength <= Self.maxHeaderBytes else {
            throw Self.broken("the lengths of a frame are impossible")
        }
        guard length <= Self.maxFrameBytes else {
            throw Self.broken("a frame is larger than \(Self.maxFrameBytes) bytes")
        }
        guard waiting >= length else { return nil }
        let end = start + length - Self.checksumBytes
        guard number(end) == Int(CRC32.of(bytes, start..<end)) else {
            throw Self.broken("the checksum of a frame is wrong")
        }
        let place = start + Self.headBytes..<start + Self.headBytes + headerLength
        guard let headers = headers(place) else { throw Self.broken("the headers of a frame cannot be read") }
        start += length
        return frame(headers, payload: place.upperBound..<end)
    }

    private static func broken(_ reason: String) -> UpstreamError {
        AnthropicAnswerReader.bad("the upstream's stream is broken: \(reason)")
    }

    private func number(_ place: Int) -> Int {
        Int(bytes[place]) << 24 | Int(bytes[place + 1]) << 16 | Int(bytes[place + 2]) << 8 | Int(bytes[place + 3])
    }

    /// A header whose value is a text.
    private struct Header {
        let name: Range<Int>
        let value: Range<Int>
    }

    /// Reads headers; `nil` for a type that nobody knows the size of, and for one that reaches out of its frame.
    private func headers(_ range: Range<Int>) -> [Header]? {
        var headers: [Header] = []
        var place = range.lowerBound
        while place < range.upperBound {
            let name = place + 1..<place + 1 + Int(bytes[place])
            guard name.upperBound < range.upperBound else { return nil }
            let type = bytes[name.upperBound]
            guard let value = value(type, at: name.upperBound + 1, range.upperBound) else { return nil }
            place = value.upperBound
            if type == Self.stringType { headers.append(Header(name: name, value: value)) }
        }
        return headers
    }

    // A list of headers that is looked through: writing them into a frame while they are read is miscompiled by Swift 6.3 with -O, the names are lost.
    private func frame(_ headers: [Header], payload: Range<Int>) -> EventStreamFrame {
        var frame = EventStreamFrame(payload: payload)
        if let type = value(of: ":message-type", headers) {
            if JSONWalk.equals(bytes, type, "exception") { frame.kind = .exception }
            if JSONWalk.equals(bytes, type, "error") { frame.kind = .error }
        }
        frame.name =
            value(of: ":event-type", headers) ?? value(of: ":exception-type", headers)
            ?? value(of: ":error-code", headers) ?? 0..<0
        frame.message = value(of: ":error-message", headers) ?? 0..<0
        return frame
    }

    /// The value of the last header of a name.
    private func value(of name: StaticString, _ headers: [Header]) -> Range<Int>? {
        headers.last { JSONWalk.equals(bytes, $0.name, name) }?.value
    }

    private static let stringType: UInt8 = 7

    /// Where a header's value stands.
    private func value(_ type: UInt8, at place: Int, _ end: Int) -> Range<Int>? {
        let size: Int
        var start = place
        switch type {
        case 0, 1: size = 0
        case 2: size = 1
        case 3: size = 2
        case 4: size = 4
        case 5, 8: size = 8
        case 9: size = 16
        case 6, Self.stringType:
            guard place + 2 <= end else { return nil }
            size = Int(bytes[place]) << 8 | Int(bytes[place + 1])
            start += 2
        default: return nil
        }
        return start + size <= end ? start..<start + size : nil
    }
}
