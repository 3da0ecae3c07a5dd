/// Reads request heads out of bytes, strictly by RFC 9112; does no I/O.
///
/// The caller offers all bytes from the start of a head, again and again as more arrive; the parser remembers how far it has looked, so that a head
/// that comes byte by byte costs no more than one that comes whole. What two parsers might read differently is refused, never repaired: that is how
/// a request is smuggled past a proxy.
///
/// ```
/// empty lines ──▶ request line ──▶ field line ⟲ ──▶ empty line: head complete (and back to the start)
/// ```
package struct RequestParser: Sendable {
    private let limits: HeadLimits
    /// The place of the next line; everything before it is read.
    private var lineStart = 0
    /// How far the search for the end of this line has come.
    private var scanned = 0
    /// Where the request line began; behind empty lines that some clients send after a body.
    private var headStart = 0
    private var requestLine: RequestLine?
    private var fieldsStart = 0
    private var fields: [HTTPHeaders.Field] = []
    private var facts = FieldFacts()

    private static let emptyLinesAllowed = 4

    /// A parser at the start of a head.
    package init(limits: HeadLimits = HeadLimits()) {
        self.limits = limits
    }

    /// Reads on.
    ///
    /// - Parameter bytes: everything from the start of the head; what was offered before must still be there.
    /// - Returns: the head when it is complete, and the parser is ready for another; `nil` when more bytes are needed.
    /// - Throws: why the request is refused; the parser is of no use afterwards.
    package mutating func parse(_ bytes: Span<UInt8>) throws(RequestFault) -> ParsedHead? {
        while true {
            guard let feed = bytes.firstPlace(of: Octet.lineFeed, from: scanned) else {
                scanned = bytes.count
                try checkLength(upTo: bytes.count)
                return nil
            }
            try checkLength(upTo: feed - 1)
            guard feed > lineStart, bytes[feed - 1] == Octet.carriageReturn else {
                throw .malformed("a line ends without CR")
            }
            let line = lineStart..<feed - 1
            lineStart = feed + 1
            scanned = lineStart
            if requestLine == nil {
                try readRequestLine(bytes, line)
            } else if line.isEmpty {
                return try finish(bytes)
            } else {
                try readField(bytes, line)
            }
        }
    }

    private func checkLength(upTo end: Int) throws(RequestFault) {
        if requestLine == nil {
            guard end - lineStart <= limits.requestLine else { throw .requestLineTooLong(limit: limits.requestLine) }
        } else {
            guard end - fieldsStart <= limits.headerBlock else { throw .headersTooLarge(limit: limits.headerBlock) }
        }
    }

    private mutating func readRequestLine(_ bytes: Span<UInt8>, _ line: Range<Int>) throws(RequestFault) {
        if line.isEmpty {
            guard lineStart <= 2 * Self.emptyLinesAllowed else {
                throw .malformed("empty lines before the request line")
            }
            return
        }
        headStart = line.lowerBound
        requestLine = try RequestLine(bytes, line)
        fieldsStart = lineStart
        fields.reserveCapacity(16)
    }

    private mutating func readField(_ bytes: Span<UInt8>, _ line: Range<Int>) throws(RequestFault) {
        guard fields.count < limits.headerCount else { throw .tooManyHeaders(limit: limits.headerCount) }
        guard bytes[line.lowerBound] != Octet.space, bytes[line.lowerBound] != Octet.tab else {
            throw .malformed("a header line is folded")
        }
        var colon = line.lowerBound
        while colon < line.upperBound, Octet.isToken(bytes[colon]) { colon += 1 }
        guard colon < line.upperBound, bytes[colon] == Octet.colon, colon > line.lowerBound else {
            throw .malformed("a header name is malformed")
        }
        let value = bytes.trimmed(colon + 1..<line.upperBound)
        for place in value where !Octet.isFieldValue(bytes[place]) {
            throw .malformed("a header value has a control character")
        }
        try facts.note(bytes.extracting(line.lowerBound..<colon), bytes.extracting(value))
        fields.append(
            HTTPHeaders.Field(
                nameStart: UInt32(line.lowerBound - headStart), nameLength: UInt32(colon - line.lowerBound),
                valueStart: UInt32(value.lowerBound - headStart), valueLength: UInt32(value.count)))
    }

    private mutating func finish(_ bytes: Span<UInt8>) throws(RequestFault) -> ParsedHead? {
        guard let line = requestLine else { return nil }
        let verdict = try facts.verdict(for: line.version)
        var block: [UInt8] = []
        block.reserveCapacity(lineStart - headStart)
        block.append(bytes.extracting(headStart..<lineStart))
        let start = headStart
        let target = RequestTarget(
            in: block, whole: line.target.shifted(by: -start), path: line.path.shifted(by: -start),
            queryStart: line.queryStart.map { $0 - start })
        let head = RequestHead(
            method: line.method, target: target, version: line.version,
            headers: HTTPHeaders(parsed: fields, in: block))
        let length = lineStart
        self = RequestParser(limits: limits)
        return ParsedHead(
            head: head, framing: verdict.framing, keepsAlive: verdict.keepsAlive,
            expectsContinue: verdict.expectsContinue, length: length)
    }
}

/// The first line of a request, checked.
struct RequestLine: Sendable {
    let method: HTTPMethod
    let version: HTTPVersion
    let target: Range<Int>
    let path: Range<Int>
    let queryStart: Int?

    init(_ bytes: Span<UInt8>, _ line: Range<Int>) throws(RequestFault) {
        var place = line.lowerBound
        while place < line.upperBound, Octet.isToken(bytes[place]) { place += 1 }
        guard place > line.lowerBound, place < line.upperBound, bytes[place] == Octet.space else {
            throw .malformed("the method is malformed")
        }
        let method = HTTPMethod(bytes: bytes.extracting(line.lowerBound..<place))
        let targetStart = place + 1
        guard let space = bytes.firstPlace(of: Octet.space, from: targetStart), space < line.upperBound else {
            throw .malformed("the request line has no version")
        }
        version = try Self.version(bytes.extracting(space + 1..<line.upperBound))
        let scan = try TargetScan(bytes, targetStart..<space, method: method)
        self.method = method
        target = targetStart..<space
        path = scan.path
        queryStart = scan.queryStart
    }

    private static func version(_ text: Span<UInt8>) throws(RequestFault) -> HTTPVersion {
        if text.equals("HTTP/1.1") { return .http11 }
        if text.equals("HTTP/1.0") { return .http10 }
        guard text.count == 8, text.extracting(0..<5).equals("HTTP/"), Octet.isDigit(text[5]), text[6] == 0x2E,
            Octet.isDigit(text[7])
        else { throw .malformed("the version is malformed") }
        throw .versionNotSupported
    }
}

extension Range<Int> {
    fileprivate func shifted(by distance: Int) -> Range<Int> {
        lowerBound + distance..<upperBound + distance
    }
}
