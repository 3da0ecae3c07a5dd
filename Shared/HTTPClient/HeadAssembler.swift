import HTTPCore

/// Builds the head of an answer from its lines. Pure; both ways of the client use it, so that they are equally strict.
///
/// `1xx` heads are skipped, except 101, which nobody asked for. A folded line is joined to the one before with a space (RFC 9112 §5.2), space before
/// the colon is dropped (§5.1): an upstream may be old, and what is passed on is clean. NUL, a CR inside a line, a name that is no token, and lengths that
/// differ are malformed.
struct HeadAssembler {
    enum Step: Equatable {
        /// More lines belong to the head.
        case more
        /// A `1xx` head ended; the final one is still to come.
        case interim
        /// The head is complete.
        case complete
    }

    private(set) var status = 0
    private(set) var headers = HTTPHeaders()
    private(set) var framing = FramingFields()
    private let limit: Int
    private var size = 0
    private var hasStatus = false
    private var isHTTP10 = false

    init(limit: Int) {
        self.limit = limit
    }

    /// The complete head.
    var head: ResponseHead { ResponseHead(status: HTTPStatus(code: UInt16(status)), headers: headers) }

    /// How the body ends and whether the connection may be used again. `isHead`: the answer is to a `HEAD`.
    func verdict(isHead: Bool) -> FramingFields.Verdict {
        framing.verdict(status: status, isHead: isHead, isHTTP10: isHTTP10)
    }

    /// Takes the next line, with or without its line end.
    mutating func take(_ line: Span<UInt8>) throws(HTTPClientError) -> Step {
        size += line.count
        guard size <= limit else { throw .tooLarge(limit: limit) }
        var end = line.count
        if end > 0, line[end - 1] == 0x0A { end -= 1 }
        if end > 0, line[end - 1] == 0x0D { end -= 1 }
        let content = line.extracting(0..<end)
        guard !content.isEmpty else { return try finishHead() }
        for place in content.indices where content[place] == 0 || content[place] == 0x0D || content[place] == 0x0A {
            throw .malformed("a line of the head has a NUL, CR or LF")
        }
        if !hasStatus {
            try takeStatus(content)
        } else if content[0] == 0x20 || content[0] == 0x09 {
            try takeFold(content)
        } else {
            try takeField(content)
        }
        return .more
    }

    private mutating func finishHead() throws(HTTPClientError) -> Step {
        guard hasStatus else { throw .malformed("the status line is missing") }
        guard status < 200 else { return .complete }
        guard status != 101 else { throw .malformed("101 was not asked for") }
        hasStatus = false
        headers = HTTPHeaders()
        framing = FramingFields()
        return .interim
    }

    /// `HTTP/1.1 200 OK`; the reason is ignored, and so is its absence.
    private mutating func takeStatus(_ line: Span<UInt8>) throws(HTTPClientError) {
        guard line.count >= 12, line.hasPrefix("HTTP/1."), line[8] == 0x20, line.count == 12 || line[12] == 0x20 else {
            throw .malformed("the status line is not that of HTTP/1")
        }
        guard line[7] == 0x30 || line[7] == 0x31 else { throw .malformed("the version is not HTTP/1.0 or HTTP/1.1") }
        var code = 0
        for place in 9..<12 {
            guard line[place] &- 0x30 < 10 else { throw .malformed("the status code is no number") }
            code = code * 10 + Int(line[place] - 0x30)
        }
        guard code >= 100 else { throw .malformed("the status code is below 100") }
        status = code
        isHTTP10 = line[7] == 0x30
        hasStatus = true
    }

    private mutating func takeField(_ line: Span<UInt8>) throws(HTTPClientError) {
        guard let colon = line.firstIndex(of: 0x3A) else { throw .malformed("a header has no colon") }
        let name = line.extracting(line.trimmedRange(0..<colon))
        let value = line.extracting(line.trimmedRange(colon + 1..<line.count))
        let known = headers.count
        headers.append(name: name, value: value)
        guard headers.count > known else { throw .malformed("the name of a header is no token") }
        guard headers.count <= Self.maxFields else { throw .malformed("there are more than \(Self.maxFields) headers") }
        try framing.note(name, value)
    }

    /// Joins the line to the value of the last field. Rare, so the fields are simply built anew.
    private mutating func takeFold(_ line: Span<UInt8>) throws(HTTPClientError) {
        guard headers.count > 0 else { throw .malformed("the first header begins with space") }
        let known = headers
        headers = HTTPHeaders()
        framing = FramingFields()
        var position = 0
        let rest = line.extracting(line.trimmedRange(0..<line.count))
        try known.forEachBytes { (name, value) throws(HTTPClientError) in
            position += 1
            var joined: [UInt8] = []
            joined.append(value)
            if position == known.count {
                joined.append(0x20)
                joined.append(rest)
            }
            headers.append(name: name, value: joined.span)
            try framing.note(name, joined.span)
        }
    }

    private static let maxFields = 256
}

/// What the fields of an answer say about the end of its body (RFC 9112 §6.3).
struct FramingFields: Equatable {
    enum Body: Equatable {
        case none
        case length(Int)
        case chunked
        case untilClose
    }
    struct Verdict: Equatable {
        var body: Body
        var keepsAlive: Bool
    }

    private var length: Int?
    private var isChunked = false
    private var hasOtherCoding = false
    private var saysClose = false
    private var saysKeepAlive = false

    /// Notes a field if it matters; equal lengths may be repeated, also in a list (§6.3), differing ones may not.
    mutating func note(_ name: Span<UInt8>, _ value: Span<UInt8>) throws(HTTPClientError) {
        switch name.count {
        case 10 where name.equalsIgnoringCase("connection"):
            try value.forEachElement { (element) throws(HTTPClientError) in
                if element.equalsIgnoringCase("close") { saysClose = true }
                if element.equalsIgnoringCase("keep-alive") { saysKeepAlive = true }
            }
        case 14 where name.equalsIgnoringCase("content-length"):
            var elements = 0
            try value.forEachElement { (element) throws(HTTPClientError) in
                elements += 1
                try noteLength(element)
            }
            guard elements > 0 else { throw .malformed("the Content-Length is empty") }
        case 17 where name.equalsIgnoringCase("transfer-encoding"):
            try value.forEachElement { (element) throws(HTTPClientError) in
                if element.equalsIgnoringCase("identity") { return }
                guard element.equalsIgnoringCase("chunked"), !isChunked else {
                    throw .malformed("a transfer coding other than chunked was not asked for")
                }
                isChunked = true
            }
        default: break
        }
    }

    func verdict(status: Int, isHead: Bool, isHTTP10: Bool) -> Verdict {
        // Both fields at once are the mark of a smuggled answer: the coding counts and the connection is not used again (§6.1).
        let isAmbiguous = isChunked && (length != nil || isHTTP10)
        let keepsAlive = !saysClose && !isAmbiguous && (!isHTTP10 || saysKeepAlive)
        if isHead || status == 204 || status == 304 { return Verdict(body: .none, keepsAlive: keepsAlive) }
        if isChunked { return Verdict(body: .chunked, keepsAlive: keepsAlive) }
        if let length { return Verdict(body: length == 0 ? .none : .length(length), keepsAlive: keepsAlive) }
        return Verdict(body: .untilClose, keepsAlive: false)
    }

    private mutating func noteLength(_ digits: Span<UInt8>) throws(HTTPClientError) {
        var value = 0
        for place in digits.indices {
            guard digits[place] &- 0x30 < 10 else { throw .malformed("the Content-Length is no number") }
            let (tens, overflow) = value.multipliedReportingOverflow(by: 10)
            let (sum, carry) = tens.addingReportingOverflow(Int(digits[place] - 0x30))
            guard !overflow, !carry else { throw .malformed("the Content-Length is out of range") }
            value = sum
        }
        guard length == nil || length == value else { throw .malformed("the Content-Lengths differ") }
        length = value
    }
}
