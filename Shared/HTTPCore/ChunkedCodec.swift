/// Why a chunked body is refused.
package enum ChunkFault: Error, Equatable, Sendable {
    /// Against the grammar; the text is safe to show.
    case malformed(String)
    /// Extensions or trailers over their bound.
    case tooLong(String)

    /// One sentence for the caller.
    package var message: String {
        switch self {
        case .malformed(let reason), .tooLong(let reason): reason
        }
    }
}

/// Takes the chunked coding off a body, strictly by RFC 9112 §7.1; does no I/O and copies nothing.
///
/// Extensions are tolerated within bounds and ignored; trailers are kept.
///
/// ```
/// size ─▶ extension? ─▶ LF ─▶ data ─▶ CR ─▶ LF ─▶ size …
///   └ size 0 ─▶ LF ─▶ trailer line ⟲ ─▶ empty line: end
/// ```
package struct ChunkedDecoder: Sendable, Equatable {
    /// What the next bytes of the input are.
    package enum Step: Equatable, Sendable {
        /// These bytes of the input belong to the body; go on behind them.
        case data(Range<Int>)
        /// The whole input is used up.
        case needMore
        /// The body ended; bytes from this place on belong to the next request.
        case end(Int)
    }

    private enum State: Equatable {
        case size, afterSize, extensions, sizeFeed
        case data, dataReturn, dataFeed
        case lineStart, trailerName, trailerValue, trailerFeed, endFeed, done
    }

    private var state = State.size
    private var remaining = 0
    private var digits = 0
    private var extensionBytes = 0
    private var trailerBytes = 0
    private var trailerLine: [UInt8] = []
    /// The fields behind the body, as far as they came.
    package private(set) var trailers = HTTPHeaders()
    private let extensionLimit: Int
    private let trailerLimit: Int

    /// A decoder at the start of a body.
    ///
    /// - Parameters:
    ///   - extensionLimit: bytes of all chunk extensions of the body together.
    ///   - trailerLimit: bytes of the trailer section.
    package init(extensionLimit: Int = 16 * 1024, trailerLimit: Int = 16 * 1024) {
        self.extensionLimit = extensionLimit
        self.trailerLimit = trailerLimit
    }

    /// Reads on in `input` from `start`.
    ///
    /// - Throws: why the body is refused; the decoder is of no use afterwards.
    package mutating func step(_ input: Span<UInt8>, from start: Int) throws(ChunkFault) -> Step {
        var place = start
        while place < input.count {
            if state == .data {
                let end = min(input.count, place + remaining)
                remaining -= end - place
                if remaining == 0 { state = .dataReturn }
                return .data(place..<end)
            }
            try take(input[place])
            place += 1
            if state == .done { return .end(place) }
        }
        return state == .done ? .end(place) : .needMore
    }

    private mutating func take(_ byte: UInt8) throws(ChunkFault) {
        switch state {
        case .size: try takeSize(byte)
        case .afterSize, .extensions: try takeExtension(byte)
        case .sizeFeed:
            try expect(byte, Octet.lineFeed)
            digits = 0
            state = remaining == 0 ? .lineStart : .data
        case .data, .done: break
        case .dataReturn:
            try expect(byte, Octet.carriageReturn)
            state = .dataFeed
        case .dataFeed:
            try expect(byte, Octet.lineFeed)
            state = .size
        case .lineStart, .trailerName, .trailerValue: try takeTrailer(byte)
        case .trailerFeed:
            try expect(byte, Octet.lineFeed)
            state = .lineStart
        case .endFeed:
            try expect(byte, Octet.lineFeed)
            state = .done
        }
    }

    private mutating func takeSize(_ byte: UInt8) throws(ChunkFault) {
        if let value = Octet.hexValue(byte) {
            digits += 1
            // Sixteen digits hold every size; more are only zeros in front, which nobody sends in good faith.
            guard digits <= 16, remaining <= Int.max >> 4 else { throw .malformed("a chunk size is out of range") }
            remaining = remaining << 4 | Int(value)
            return
        }
        guard digits > 0 else { throw .malformed("a chunk size is malformed") }
        state = .afterSize
        try takeExtension(byte)
    }

    private mutating func takeExtension(_ byte: UInt8) throws(ChunkFault) {
        if byte == Octet.carriageReturn {
            state = .sizeFeed
            return
        }
        if state == .afterSize {
            guard byte == Octet.semicolon else { throw .malformed("a chunk size is malformed") }
            state = .extensions
        }
        guard Octet.isFieldValue(byte) else { throw .malformed("a chunk extension has a control character") }
        extensionBytes += 1
        guard extensionBytes <= extensionLimit else { throw .tooLong("the chunk extensions are too long") }
    }

    private mutating func takeTrailer(_ byte: UInt8) throws(ChunkFault) {
        trailerBytes += 1
        guard trailerBytes <= trailerLimit else { throw .tooLong("the trailers are too long") }
        switch state {
        case .lineStart where byte == Octet.carriageReturn:
            state = .endFeed
            return
        case .trailerName where byte == Octet.colon:
            state = .trailerValue
        case .lineStart, .trailerName:
            guard Octet.isToken(byte) else { throw .malformed("a trailer name is malformed") }
            state = .trailerName
        case .trailerValue where byte == Octet.carriageReturn:
            state = .trailerFeed
            keepTrailer()
            return
        default:
            guard Octet.isFieldValue(byte) else { throw .malformed("a trailer has a control character") }
        }
        trailerLine.append(byte)
    }

    private mutating func keepTrailer() {
        var line: [UInt8] = []
        swap(&line, &trailerLine)
        trailers.append(trailerLine: line.span)
    }

    private func expect(_ byte: UInt8, _ wanted: UInt8) throws(ChunkFault) {
        guard byte == wanted else { throw .malformed("a chunk does not end with CRLF") }
    }
}

/// Puts the chunked coding on a body.
package enum ChunkedEncoder {
    /// Appends one chunk; nothing for no bytes, because an empty chunk would end the body.
    package static func append(_ bytes: Span<UInt8>, to output: inout [UInt8]) {
        guard !bytes.isEmpty else { return }
        appendHead(length: bytes.count, to: &output)
        output.append(bytes)
        output.append("\r\n")
    }

    /// Appends what stands before the `length` bytes of a chunk; `tail` stands behind them.
    package static func appendHead(length: Int, to output: inout [UInt8]) {
        var shift = (Int.bitWidth - length.leadingZeroBitCount - 1) & ~3
        while shift >= 0 {
            let digit = UInt8(truncatingIfNeeded: length >> shift & 0xF)
            output.append(digit < 10 ? 0x30 + digit : 0x57 + digit)
            shift -= 4
        }
        output.append("\r\n")
    }

    /// Appends what stands behind the bytes of a chunk.
    package static func appendTail(to output: inout [UInt8]) {
        output.append("\r\n")
    }

    /// Appends the end of the body; the fields stand behind it as trailers.
    package static func appendEnd(trailers: HTTPHeaders = HTTPHeaders(), to output: inout [UInt8]) {
        output.append("0\r\n")
        trailers.serialize(into: &output)
        output.append("\r\n")
    }
}

extension HTTPHeaders {
    /// Appends the field of one line, with or without its line end; a line that is none is left out.
    package mutating func append(trailerLine line: Span<UInt8>) {
        var end = line.count
        func isBlank(_ place: Int) -> Bool {
            [Octet.space, 0x09, Octet.carriageReturn, Octet.lineFeed].contains(line[place])
        }
        while end > 0, isBlank(end - 1) { end -= 1 }
        guard let colon = (0..<end).first(where: { line[$0] == Octet.colon }), colon > 0 else { return }
        guard (0..<colon).allSatisfy({ Octet.isToken(line[$0]) }) else { return }
        var start = colon + 1
        while start < end, isBlank(start) { start += 1 }
        append(name: line.extracting(0..<colon), value: line.extracting(start..<end))
    }
}
