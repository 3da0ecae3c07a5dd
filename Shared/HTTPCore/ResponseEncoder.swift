/// How the body of an answer is delimited on the wire.
package enum ResponseFraming: Sendable, Equatable {
    /// `Content-Length`.
    case length(Int)
    /// `Transfer-Encoding: chunked`.
    case chunked
    /// The body ends with the connection; only for HTTP/1.0 clients.
    case untilClose
    /// Neither field: 1xx, 204 and 304.
    case none
}

/// What the answer says about the connection.
package enum ConnectionNotice: Sendable, Equatable {
    /// Nothing: what the version implies.
    case implied
    case close
    /// For HTTP/1.0 clients that asked for it.
    case keepAlive
}

/// Writes answer heads.
///
/// Framing and connection belong to the server, so fields of the caller that speak of them (`Content-Length`, `Transfer-Encoding`, `Connection`,
/// `Keep-Alive`, `Upgrade`) are left out: two sources of truth about framing are how answers are split.
package enum ResponseEncoder {
    /// Appends the head with its empty line.
    ///
    /// - Parameter date: the value of the `Date` field; left out when empty or when the caller's fields have one.
    package static func append(
        _ head: ResponseHead, framing: ResponseFraming, connection: ConnectionNotice, date: Span<UInt8>,
        to output: inout [UInt8]
    ) {
        if head.status.code == 200 {
            output.append("HTTP/1.1 200 OK\r\n")
        } else {
            output.append("HTTP/1.1 ")
            output.append(decimal: Int(head.status.code))
            output.append(Octet.space)
            output.append(contentsOf: head.status.reason.utf8)
            output.append("\r\n")
        }
        var needsDate = !date.isEmpty
        let bytes = head.headers.bytes.span
        for field in head.headers.fields {
            let name = bytes.extracting(field.name)
            if isOwnedByServer(name) { continue }
            if name.count == 4, name.equalsIgnoringCase("date") { needsDate = false }
            head.headers.serialize(field, into: &output)
        }
        if needsDate {
            output.append("date: ")
            output.append(date)
            output.append("\r\n")
        }
        switch framing {
        case .length(let length):
            output.append("content-length: ")
            output.append(decimal: length)
            output.append("\r\n")
        case .chunked: output.append("transfer-encoding: chunked\r\n")
        case .untilClose, .none: break
        }
        switch connection {
        case .implied: break
        case .close: output.append("connection: close\r\n")
        case .keepAlive: output.append("connection: keep-alive\r\n")
        }
        output.append("\r\n")
    }

    /// Appends the interim answer that lets a client send its body.
    package static func appendContinue(to output: inout [UInt8]) {
        output.append("HTTP/1.1 100 Continue\r\n\r\n")
    }

    private static func isOwnedByServer(_ name: Span<UInt8>) -> Bool {
        switch name.count {
        case 7: name.equalsIgnoringCase("upgrade")
        case 10: name.equalsIgnoringCase("connection") || name.equalsIgnoringCase("keep-alive")
        case 14: name.equalsIgnoringCase("content-length")
        case 17: name.equalsIgnoringCase("transfer-encoding")
        default: false
        }
    }
}
