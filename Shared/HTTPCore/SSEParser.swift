/// One event of a server-sent event stream.
package struct SSEEvent: Equatable, Sendable {
    /// The `data` lines, joined by LF.
    package var data: [UInt8]
    /// The `event` field of this event.
    package var name: String?
    /// The last `id` seen in the stream, this event's included.
    package var id: String?

    /// An event put together by hand.
    package init(data: [UInt8], name: String? = nil, id: String? = nil) {
        self.data = data
        self.name = name
        self.id = id
    }

    /// The data as text.
    package var text: String { String(decoding: data, as: UTF8.self) }
}

/// Why an event stream is given up.
package enum SSEFault: Error, Equatable, Sendable {
    case lineTooLong(limit: Int)
    case eventTooLong(limit: Int)
}

/// Reads server-sent events (WHATWG HTML §9.2.6) out of bytes that may be cut anywhere; does no I/O.
///
/// Lines end with LF, CR or CRLF; a byte order mark at the start and comments are skipped. An event is handed out at its empty line; a line that lies
/// whole in the fed bytes is read in place.
package struct SSEParser: Sendable {
    private let lineLimit: Int
    private let eventLimit: Int
    private var partial: [UInt8] = []
    private var data: [UInt8] = []
    private var hasData = false
    private var name: String?
    private var id: String?
    private var skipsLineFeed = false
    private var isAtStart = true

    /// A parser at the start of a stream.
    ///
    /// - Parameters:
    ///   - lineLimit: bytes of one line.
    ///   - eventLimit: bytes of the data of one event.
    package init(lineLimit: Int = 8 * 1024 * 1024, eventLimit: Int = 16 * 1024 * 1024) {
        self.lineLimit = lineLimit
        self.eventLimit = eventLimit
    }

    /// Reads on and calls `onEvent` for each event that became complete.
    ///
    /// - Throws: `SSEFault` when a bound is passed, else what `onEvent` throws; the parser is of no use afterwards.
    package mutating func feed(_ bytes: Span<UInt8>, _ onEvent: (SSEEvent) throws -> Void) throws {
        var start = 0
        if skipsLineFeed, !bytes.isEmpty {
            if bytes[0] == Octet.lineFeed { start = 1 }
            skipsLineFeed = false
        }
        var returnPlace = bytes.firstPlace(of: Octet.carriageReturn, from: start) ?? bytes.count
        while start < bytes.count {
            if returnPlace < start {
                returnPlace = bytes.firstPlace(of: Octet.carriageReturn, from: start) ?? bytes.count
            }
            let feedPlace = bytes.firstPlace(of: Octet.lineFeed, from: start) ?? bytes.count
            let end = min(returnPlace, feedPlace)
            guard partial.count + end - start <= lineLimit else { throw SSEFault.lineTooLong(limit: lineLimit) }
            guard end < bytes.count else {
                partial.append(bytes.extracting(start..<bytes.count))
                return
            }
            if partial.isEmpty {
                try endLine(bytes.extracting(start..<end), onEvent)
            } else {
                partial.append(bytes.extracting(start..<end))
                let line = partial
                partial.removeAll(keepingCapacity: line.count <= 4096)
                try endLine(line.span, onEvent)
            }
            start = end + 1
            if bytes[end] == Octet.carriageReturn {
                if start == bytes.count { skipsLineFeed = true } else if bytes[start] == Octet.lineFeed { start += 1 }
            }
        }
    }

    /// Reads on in an array.
    package mutating func feed(_ bytes: [UInt8], _ onEvent: (SSEEvent) throws -> Void) throws {
        try feed(bytes.span, onEvent)
    }

    /// Reads on in a buffer, which is not kept.
    package mutating func feed(_ bytes: UnsafeRawBufferPointer, _ onEvent: (SSEEvent) throws -> Void) throws {
        try unsafe bytes.withMemoryRebound(to: UInt8.self) { buffer in try unsafe feed(buffer.span, onEvent) }
    }

    /// Ends the stream: an event that only lacks its empty line is handed out, because servers forget it behind their last event.
    package mutating func finish(_ onEvent: (SSEEvent) throws -> Void) throws {
        let line = partial
        partial = []
        if !line.isEmpty { try endLine(line.span, onEvent) }
        try dispatch(onEvent)
    }

    private mutating func endLine(_ line: Span<UInt8>, _ onEvent: (SSEEvent) throws -> Void) throws {
        var start = 0
        if isAtStart {
            isAtStart = false
            if line.count >= 3, line[0] == 0xEF, line[1] == 0xBB, line[2] == 0xBF { start = 3 }
        }
        guard start < line.count else { return try dispatch(onEvent) }
        let colon = line.firstPlace(of: Octet.colon, from: start) ?? line.count
        guard colon > start else { return }
        let field = line.extracting(start..<colon)
        var valueStart = min(colon + 1, line.count)
        if valueStart < line.count, line[valueStart] == Octet.space { valueStart += 1 }
        let value = line.extracting(valueStart..<line.count)
        if field.equals("data") {
            if hasData { data.append(Octet.lineFeed) }
            guard data.count + value.count <= eventLimit else { throw SSEFault.eventTooLong(limit: eventLimit) }
            data.append(value)
            hasData = true
        } else if field.equals("event") {
            name = value.text
        } else if field.equals("id"), value.firstPlace(of: 0, from: 0) == nil {
            id = value.text
        }
    }

    private mutating func dispatch(_ onEvent: (SSEEvent) throws -> Void) throws {
        let event = SSEEvent(data: data, name: name, id: id)
        let isComplete = hasData
        data = []
        hasData = false
        name = nil
        if isComplete { try onEvent(event) }
    }
}
