/// A request that must be refused, and with which status.
package struct HostileRequest: Sendable, CustomStringConvertible {
    /// What is wrong with it.
    package let name: String
    /// The request.
    package let bytes: [UInt8]
    /// The status it must be refused with.
    package let status: UInt16
    /// Whether the head alone is enough to refuse it; otherwise the fault is in the body.
    package let isInHead: Bool

    /// The name, for the test report.
    package var description: String { name }

    init(_ name: String, _ status: UInt16, _ bytes: [UInt8], isInHead: Bool = true) {
        self.name = name
        self.status = status
        self.bytes = bytes
        self.isInHead = isInHead
    }

    init(_ name: String, _ status: UInt16, _ text: String, isInHead: Bool = true) {
        self.init(name, status, Array(text.utf8), isInHead: isInHead)
    }

    /// A malformed request given as it is.
    init(_ name: String, _ text: String) {
        self.init(name, 400, text)
    }

    /// A request with these field lines after a valid `Host`.
    static func fields(_ name: String, _ lines: String, body: String = "", status: UInt16 = 400) -> Self {
        Self(name, status, "POST /x HTTP/1.1\r\nHost: h\r\n\(lines)\r\n\r\n\(body)")
    }

    /// A request with this chunked body.
    static func chunks(_ name: String, _ body: String) -> Self {
        Self(name, 400, "POST /x HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n\(body)", isInHead: false)
    }

    /// A `GET` with this first line.
    static func line(_ name: String, _ line: String, status: UInt16 = 400) -> Self {
        Self(name, status, "\(line)\r\nHost: h\r\n\r\n")
    }
}

extension HostileRequest {
    /// Requests by which others have been smuggled, split or crashed, and plain nonsense.
    package static let all: [HostileRequest] = framing + fieldSyntax + requestLines + sizes + hosts + chunked

    private static let framing: [HostileRequest] = [
        .fields("length and coding", "Content-Length: 4\r\nTransfer-Encoding: chunked", body: "0\r\n\r\n"),
        .fields("coding and length", "Transfer-Encoding: chunked\r\nContent-Length: 4", body: "0\r\n\r\n"),
        .fields("length 0 and coding", "Content-Length: 0\r\nTransfer-Encoding: chunked", body: "0\r\n\r\n"),
        .fields("two lengths", "Content-Length: 4\r\nContent-Length: 5", body: "abcde"),
        .fields("two lengths in a list", "Content-Length: 4, 5", body: "abcde"),
        .fields("equal lengths in a list", "Content-Length: 4, 4", body: "abcd"),
        .fields("a length with a plus", "Content-Length: +4", body: "abcd"),
        .fields("a negative length", "Content-Length: -4", body: "abcd"),
        .fields("a hexadecimal length", "Content-Length: 0x4", body: "abcd"),
        .fields("a length with a letter", "Content-Length: 4a", body: "abcd"),
        .fields("a length with a space inside", "Content-Length: 1 2", body: "abcd"),
        .fields("a fractional length", "Content-Length: 4.0", body: "abcd"),
        .fields("an empty length", "Content-Length:", body: "abcd"),
        .fields("a length over 64 bits", "Content-Length: 18446744073709551620", body: "abcd"),
        .fields("a length over 63 bits", "Content-Length: 9223372036854775808", body: "abcd"),
        .fields("a quoted length", "Content-Length: \"4\"", body: "abcd"),
        .fields("an unknown coding", "Transfer-Encoding: xchunked", body: "0\r\n\r\n"),
        .fields("gzip before chunked", "Transfer-Encoding: gzip, chunked", body: "0\r\n\r\n"),
        .fields("chunked before identity", "Transfer-Encoding: chunked, identity", body: "0\r\n\r\n"),
        .fields("chunked twice", "Transfer-Encoding: chunked, chunked", body: "0\r\n\r\n"),
        .fields("two coding fields", "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked", body: "0\r\n\r\n"),
        .fields(
            "chunked and a second unknown coding", "Transfer-Encoding: chunked\r\nTransfer-Encoding: x",
            body: "0\r\n\r\n"),
        .fields("identity", "Transfer-Encoding: identity", body: ""),
        .fields("an empty coding", "Transfer-Encoding:", body: ""),
        .fields("a coding with a parameter", "Transfer-Encoding: chunked;q=1", body: "0\r\n\r\n"),
        .fields("a quoted coding", "Transfer-Encoding: \"chunked\"", body: "0\r\n\r\n"),
        .fields("a coding behind a vertical tab", "Transfer-Encoding: \u{0B}chunked", body: "0\r\n\r\n"),
        HostileRequest(
            "a coding in HTTP/1.0", "POST /x HTTP/1.0\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
        .fields("an unknown expectation", "Expect: 200-ok", status: 417),
    ]

    private static let fieldSyntax: [HostileRequest] = [
        .fields("a space before the colon", "Content-Length : 4", body: "abcd"),
        .fields("a tab before the colon", "Transfer-Encoding\t: chunked", body: "0\r\n\r\n"),
        .fields("a folded field", "X-A: 1\r\n Transfer-Encoding: chunked"),
        .fields("a field folded with a tab", "X-A: 1\r\n\tmore"),
        HostileRequest("a first field that begins with a space", "GET / HTTP/1.1\r\n Host: h\r\n\r\n"),
        .fields("a field without a colon", "X-A"),
        .fields("a field without a name", ": value"),
        .fields("a name with a space", "X A: 1"),
        .fields("a name in parentheses", "X(A): 1"),
        .fields("a name that is not ASCII", "X-\u{E9}: 1"),
        .fields("a NUL in a name", "X\u{0}A: 1"),
        .fields("a NUL in a value", "X-A: 1\u{0}2"),
        .fields("a bare CR in a value", "X-A: 1\rTransfer-Encoding: chunked"),
        .fields("a bare CR at the end of a value", "X-A: 1\r"),
        .fields("an escape character in a value", "X-A: \u{1B}[0m"),
        .fields("a delete character in a value", "X-A: \u{7F}"),
        HostileRequest("a bare LF between fields", "GET / HTTP/1.1\r\nHost: h\nX-A: 1\r\n\r\n"),
        HostileRequest("a bare LF at the end of the head", "GET / HTTP/1.1\r\nHost: h\r\n\n"),
        HostileRequest("only bare LFs", "GET / HTTP/1.1\nHost: h\n\n"),
        HostileRequest("LF before CR", "GET / HTTP/1.1\r\nHost: h\n\r\n\r"),
    ]

    private static let requestLines: [HostileRequest] = [
        .line("HTTP/0.9", "GET /"),
        .line("HTTP/1.2", "GET / HTTP/1.2", status: 505),
        .line("HTTP/2.0", "GET / HTTP/2.0", status: 505),
        .line("HTTP/0.9 spelled out", "GET / HTTP/0.9", status: 505),
        HostileRequest("the preface of HTTP/2", 505, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
        .line("a version in lower case", "GET / http/1.1"),
        .line("a version with two digits", "GET / HTTP/1.10"),
        .line("a version behind two spaces", "GET /  HTTP/1.1"),
        .line("a space at the end", "GET / HTTP/1.1 "),
        .line("two spaces behind the method", "GET  / HTTP/1.1"),
        .line("a tab behind the method", "GET\t/ HTTP/1.1"),
        .line("a space at the start", " GET / HTTP/1.1"),
        .line("a method with a colon", "GE:T / HTTP/1.1"),
        .line("no method", "/ HTTP/1.1"),
        .line("a bare CR in the line", "GET /\r HTTP/1.1"),
        .line("a NUL in the target", "GET /\u{0} HTTP/1.1"),
        .line("a target without a slash", "GET x HTTP/1.1"),
        .line("a target that is not ASCII", "GET /\u{E9} HTTP/1.1"),
        .line("a fragment in the target", "GET /a#b HTTP/1.1"),
        .line("a backslash in the path", "GET /a\\b HTTP/1.1"),
        .line("an asterisk for GET", "GET * HTTP/1.1"),
        .line("another scheme", "GET ftp://h/x HTTP/1.1"),
        .line("an absolute target without a host", "GET http:///x HTTP/1.1"),
        .line("an absolute target with a user", "GET http://u@h/x HTTP/1.1"),
        .line("an escape that is cut off", "GET /a%2 HTTP/1.1"),
        .line("an escape that is not hexadecimal", "GET /a%zz HTTP/1.1"),
        .line("an escaped NUL", "GET /a%00 HTTP/1.1"),
        .line("an escaped NUL in the query", "GET /a?b=%00 HTTP/1.1"),
        .line("a parent segment", "GET /api/../internal HTTP/1.1"),
        .line("an escaped parent segment", "GET /api/%2e%2E/internal HTTP/1.1"),
        .line("a parent segment at the end", "GET /api/.. HTTP/1.1"),
        .line("a tunnel", "CONNECT h:443 HTTP/1.1", status: 501),
        HostileRequest("five empty lines first", "\r\n\r\n\r\n\r\n\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n"),
        HostileRequest("an LF first", "\nGET / HTTP/1.1\r\nHost: h\r\n\r\n"),
        HostileRequest("a TLS hello", 400, [0x16, 0x03, 0x01, 0x02, 0x00, 0x01, 0x0A, 0x0D, 0x0A]),
    ]

    private static let sizes: [HostileRequest] = [
        .line("a request line over 16 KiB", "GET /\(String(repeating: "a", count: 16 * 1024)) HTTP/1.1", status: 414),
        HostileRequest("a request line that never ends", 414, String(repeating: "A", count: 20_000)),
        .fields("a header over 64 KiB", "X-A: \(String(repeating: "a", count: 65 * 1024))", status: 431),
        .fields(
            "200 headers and Host", (0..<200).map { "X-\($0): 1" }.joined(separator: "\r\n"), status: 431),
        HostileRequest(
            "a header that never ends", 431, "GET / HTTP/1.1\r\nX-A: \(String(repeating: "a", count: 66_000))"),
    ]

    private static let hosts: [HostileRequest] = [
        HostileRequest("no host", "GET / HTTP/1.1\r\nX-A: 1\r\n\r\n"),
        HostileRequest("no field at all", "GET / HTTP/1.1\r\n\r\n"),
        HostileRequest("two hosts", "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"),
        HostileRequest("the same host twice", "GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n"),
        HostileRequest("two hosts in HTTP/1.0", "GET / HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n"),
        HostileRequest("a host with a path", "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n"),
        HostileRequest("a host with a user", "GET / HTTP/1.1\r\nHost: u@a\r\n\r\n"),
        HostileRequest("a list of hosts", "GET / HTTP/1.1\r\nHost: a, b\r\n\r\n"),
    ]

    private static let chunked: [HostileRequest] = [
        .chunks("a chunk size with a plus", "+3\r\nabc\r\n0\r\n\r\n"),
        .chunks("a negative chunk size", "-3\r\nabc\r\n0\r\n\r\n"),
        .chunks("a chunk size with 0x", "0x3\r\nabc\r\n0\r\n\r\n"),
        .chunks("a chunk size behind a space", " 3\r\nabc\r\n0\r\n\r\n"),
        .chunks("a chunk size before a space", "3 \r\nabc\r\n0\r\n\r\n"),
        .chunks("a space before an extension", "3 ;a=b\r\nabc\r\n0\r\n\r\n"),
        .chunks("a chunk size with an underscore", "1_0\r\nabc\r\n0\r\n\r\n"),
        .chunks("no chunk size", "\r\nabc\r\n0\r\n\r\n"),
        .chunks("only an extension", ";a=b\r\nabc\r\n0\r\n\r\n"),
        .chunks("a chunk size that is no number", "zz\r\nabc\r\n0\r\n\r\n"),
        .chunks("a chunk size over 64 bits", "10000000000000003\r\nabc\r\n0\r\n\r\n"),
        .chunks("a chunk size of 64 bits", "FFFFFFFFFFFFFFFF\r\nabc\r\n0\r\n\r\n"),
        .chunks("a chunk size of many zeros", "00000000000000003\r\nabc\r\n0\r\n\r\n"),
        .chunks("a chunk size that ends with LF", "3\nabc\r\n0\r\n\r\n"),
        .chunks("a chunk size that ends with a bare CR", "3\rabc\r\n0\r\n\r\n"),
        .chunks("a chunk longer than its size", "3\r\nabcd\r\n0\r\n\r\n"),
        .chunks("a chunk that ends with LF", "3\r\nabc\n0\r\n\r\n"),
        .chunks("a chunk without an end", "3\r\nabc0\r\n\r\n"),
        .chunks("a bare LF in an extension", "3;a\nb\r\nabc\r\n0\r\n\r\n"),
        .chunks("a NUL in an extension", "3;a\u{0}b\r\nabc\r\n0\r\n\r\n"),
        .chunks("extensions without end", "3;\(String(repeating: "a", count: 17_000))\r\nabc\r\n0\r\n\r\n"),
        .chunks("trailers without end", "0\r\nX: \(String(repeating: "a", count: 17_000))\r\n\r\n"),
        .chunks("a trailer with a space before the colon", "0\r\nX : 1\r\n\r\n"),
        .chunks("a folded trailer", "0\r\nX: 1\r\n 2\r\n\r\n"),
        .chunks("a trailer with a bare LF", "0\r\nX: 1\n\r\n"),
        .chunks("a last chunk that ends with LF", "0\n\r\n"),
        .chunks("an end with a bare LF", "0\r\n\n"),
    ]
}
