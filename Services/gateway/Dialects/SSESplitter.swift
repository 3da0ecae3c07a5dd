/// One event of a stream as it stands in the bytes, with its blank line.
struct SSEBlock: Equatable {
    /// All bytes of the event.
    let range: Range<Int>
    /// The text of its only `data:` line; `nil` when it has none or several.
    let payload: Range<Int>?
    /// Whether it has `id:` or `retry:` lines, on which clients stumble.
    let hasConnectionFields: Bool
}

/// Cuts a stream of server-sent events into its events without changing a byte; each byte is looked at once, however the reads fall. Lines end in LF, CRLF or CR.
///
/// Bound: the caller looks at `waiting` after each read and gives up a stream whose event is too large.
struct SSESplitter {
    /// The bytes that the ranges of blocks count in; valid until the next `append`.
    private(set) var bytes: [UInt8] = []
    /// Where the event that is not complete yet starts.
    private var start = 0
    /// Where the line that is not complete yet starts.
    private var line = 0
    /// Where the search for the end of that line goes on.
    private var place = 0
    private var payload: Range<Int>?
    private var dataLines = 0
    private var hasConnectionFields = false

    /// Bytes of an event that is not complete.
    var waiting: Int { bytes.count - start }

    /// Takes bytes behind those that wait.
    mutating func append(_ more: [UInt8]) {
        guard start < bytes.count else {
            bytes = more
            start = 0
            line = 0
            place = 0
            return
        }
        bytes.removeFirst(start)
        line -= start
        place -= start
        if let known = payload { payload = known.lowerBound - start..<known.upperBound - start }
        start = 0
        bytes += more
    }

    /// The next complete event.
    mutating func next() -> SSEBlock? {
        let held = bytes
        let span = held.span
        while place < span.count {
            let byte = span[place]
            guard byte == 10 || byte == 13 else {
                place &+= 1
                continue
            }
            var after = place + 1
            if byte == 13 {
                // An LF may follow; it then belongs to this line end.
                guard after < span.count else { return nil }
                if span[after] == 10 { after += 1 }
            }
            let isBlank = place == line
            if !isBlank { read(line..<place, span) }
            line = after
            place = after
            if isBlank { return take(to: after) }
        }
        return nil
    }

    /// What is left when the stream is over, as an event without its blank line.
    mutating func rest() -> SSEBlock? {
        guard start < bytes.count else { return nil }
        let end = bytes.count
        let lineEnd = place < end ? place : end
        let held = bytes
        if line < lineEnd { read(line..<lineEnd, held.span) }
        line = end
        place = end
        return take(to: end)
    }

    private mutating func take(to end: Int) -> SSEBlock {
        let block = SSEBlock(
            range: start..<end, payload: dataLines == 1 ? payload : nil, hasConnectionFields: hasConnectionFields)
        start = end
        payload = nil
        dataLines = 0
        hasConnectionFields = false
        return block
    }

    private mutating func read(_ line: Range<Int>, _ span: Span<UInt8>) {
        if Self.starts(line, span, "data:") {
            dataLines += 1
            let text = line.lowerBound + 5
            payload = (text < line.upperBound && span[text] == 32 ? text + 1 : text)..<line.upperBound
        } else if Self.starts(line, span, "id:") || Self.starts(line, span, "retry:") {
            hasConnectionFields = true
        }
    }

    private static func starts(_ line: Range<Int>, _ span: Span<UInt8>, _ name: StaticString) -> Bool {
        let length = name.utf8CodeUnitCount
        guard line.count >= length else { return false }
        for place in 0..<length {
            guard unsafe span[line.lowerBound + place] == name.utf8Start[place] else { return false }
        }
        return true
    }
}
