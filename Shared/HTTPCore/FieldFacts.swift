/// What the fields of a head say about framing and connection, gathered while they are read.
struct FieldFacts: Sendable {
    private var hosts = 0
    private var contentLength: Int?
    private var isChunked = false
    private var saysClose = false
    private var saysKeepAlive = false
    private var saysContinue = false
    private var hasOtherExpectation = false

    /// What a whole head amounts to.
    struct Verdict {
        var framing: RequestFraming
        var keepsAlive: Bool
        var expectsContinue: Bool
    }

    /// Looks at one field; only five names matter, told apart by their length first.
    mutating func note(_ name: Span<UInt8>, _ value: Span<UInt8>) throws(RequestFault) {
        switch name.count {
        case 4 where name.equalsIgnoringCase("host"): try noteHost(value)
        case 6 where name.equalsIgnoringCase("expect"): noteExpect(value)
        case 10 where name.equalsIgnoringCase("connection"): noteConnection(value)
        case 14 where name.equalsIgnoringCase("content-length"): try noteContentLength(value)
        case 17 where name.equalsIgnoringCase("transfer-encoding"): try noteTransferEncoding(value)
        default: break
        }
    }

    /// Judges the whole head.
    func verdict(for version: HTTPVersion) throws(RequestFault) -> Verdict {
        guard version == .http10 || hosts == 1 else { throw .malformed("the Host header is missing") }
        guard !(isChunked && contentLength != nil) else {
            throw .malformed("both Content-Length and Transfer-Encoding are given")
        }
        guard !(isChunked && version == .http10) else { throw .malformed("HTTP/1.0 has no Transfer-Encoding") }
        guard !hasOtherExpectation || version == .http10 else { throw .expectationFailed }
        let framing: RequestFraming =
            if isChunked { .chunked } else if let contentLength, contentLength > 0 { .length(contentLength) } else {
                .none
            }
        let keepsAlive = !saysClose && (version == .http11 || saysKeepAlive)
        return Verdict(
            framing: framing, keepsAlive: keepsAlive,
            expectsContinue: saysContinue && version == .http11 && framing != .none)
    }

    private mutating func noteHost(_ value: Span<UInt8>) throws(RequestFault) {
        hosts += 1
        guard hosts == 1 else { throw .malformed("there is more than one Host header") }
        for place in value.indices where !Octet.isHost(value[place]) {
            throw .malformed("the Host header is malformed")
        }
    }

    private mutating func noteExpect(_ value: Span<UInt8>) {
        if value.equalsIgnoringCase("100-continue") { saysContinue = true } else { hasOtherExpectation = true }
    }

    private mutating func noteConnection(_ value: Span<UInt8>) {
        if value.containsToken(where: { $0.equalsIgnoringCase("close") }) { saysClose = true }
        if value.containsToken(where: { $0.equalsIgnoringCase("keep-alive") }) { saysKeepAlive = true }
    }

    /// Only digits; a second field or a list is refused even when the lengths are equal, because somebody before us may have read the other one.
    private mutating func noteContentLength(_ value: Span<UInt8>) throws(RequestFault) {
        guard contentLength == nil else { throw .malformed("there is more than one Content-Length header") }
        guard !value.isEmpty else { throw .malformed("the Content-Length is malformed") }
        var length = 0
        for place in value.indices {
            guard Octet.isDigit(value[place]) else { throw .malformed("the Content-Length is malformed") }
            let (tens, overflow) = length.multipliedReportingOverflow(by: 10)
            let (sum, carry) = tens.addingReportingOverflow(Int(value[place] - 0x30))
            guard !overflow, !carry else { throw .malformed("the Content-Length is out of range") }
            length = sum
        }
        contentLength = length
    }

    private mutating func noteTransferEncoding(_ value: Span<UInt8>) throws(RequestFault) {
        guard !isChunked else { throw .malformed("there is more than one Transfer-Encoding header") }
        guard value.equalsIgnoringCase("chunked") else { throw .malformed("the only transfer coding known is chunked") }
        isChunked = true
    }
}
