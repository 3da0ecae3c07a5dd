import HTTPCore
import TestSupport
import Testing

/// Feeds the pieces as a connection would: everything from the start of the head, again and again.
private func parse(_ pieces: [[UInt8]], limits: HeadLimits = HeadLimits()) throws(RequestFault) -> ParsedHead? {
    var parser = RequestParser(limits: limits)
    var buffer: [UInt8] = []
    for piece in pieces {
        buffer += piece
        if let head = try parser.parse(buffer.span) { return head }
    }
    return nil
}

private func parse(_ text: String) throws(RequestFault) -> ParsedHead? {
    try parse([Array(text.utf8)])
}

@Suite struct RequestParserTests {
    @Test("a whole request is read, however it is cut")
    func cuts() throws {
        let text =
            "POST /v1//chat?x=1 HTTP/1.1\r\nHost: example.com:80\r\nContent-Type: application/json \r\nX-Empty:\r\n"
            + "Content-Length: 12\r\nx-twice:\t a\r\nX-Twice: b\r\n\r\n"
        for pieces in DripFeed.cuts(of: Array(text.utf8)) {
            let parsed = try #require(try parse(pieces))
            #expect(parsed.length == text.utf8.count)
            #expect(parsed.framing == .length(12))
            #expect(parsed.keepsAlive)
            #expect(!parsed.expectsContinue)
            #expect(parsed.head.method == .post)
            #expect(parsed.head.version == .http11)
            #expect(parsed.head.target.raw == "/v1//chat?x=1")
            #expect(parsed.head.headers.count == 6)
            #expect(parsed.head.headers.first("content-type") == "application/json")
            #expect(parsed.head.headers.first("X-EMPTY") == "")
            #expect(parsed.head.headers.all("x-twice") == ["a", "b"])
        }
    }

    @Test("bytes behind the head are left alone")
    func remainder() throws {
        let head = "GET / HTTP/1.1\r\nHost: h\r\n\r\n"
        let parsed = try #require(try parse(head + "GET /next HTTP/1.1\r\n"))
        #expect(parsed.length == head.utf8.count)
    }

    @Test("a parser that finished reads the next head")
    func twoHeads() throws {
        var parser = RequestParser()
        let first = Array("GET /1 HTTP/1.1\r\nHost: h\r\n\r\n".utf8)
        let second = Array("\r\nGET /2 HTTP/1.0\r\n\r\n".utf8)
        #expect(try parser.parse(first.span)?.head.target.rawPath == "/1")
        let parsed = try #require(try parser.parse(second.span))
        #expect(parsed.head.target.rawPath == "/2")
        #expect(parsed.length == second.count)
        #expect(!parsed.keepsAlive)
    }

    @Test("nothing is a head before its empty line")
    func incomplete() throws {
        let text = Array("GET / HTTP/1.1\r\nHost: h\r\n\r\n".utf8)
        for end in 0..<text.count { #expect(try parse([Array(text[..<end])]) == nil) }
    }

    @Test(
        "every hostile head is refused with its status, however it is cut",
        arguments: HostileRequest.all.filter(\.isInHead))
    func hostile(_ request: HostileRequest) {
        for pieces in DripFeed.cuts(of: request.bytes, maxSplits: 300) {
            do throws(RequestFault) {
                let parsed = try parse(pieces)
                Issue.record("\(request.name) was accepted: \(String(describing: parsed))")
            } catch {
                #expect(error.status.code == request.status, "\(request.name): \(error.message)")
            }
        }
    }

    @Test("the corpus is large")
    func corpus() {
        #expect(HostileRequest.all.count >= 100)
        #expect(Set(HostileRequest.all.map(\.name)).count == HostileRequest.all.count)
    }

    @Test("the limits themselves are allowed")
    func limits() throws {
        let path = "/" + String(repeating: "a", count: 16 * 1024 - "GET / HTTP/1.1".utf8.count)
        #expect(try parse("GET \(path) HTTP/1.1\r\nHost: h\r\n\r\n") != nil)
        let fields = (1..<200).map { "X-\($0): 1\r\n" }.joined()
        #expect(try parse("GET / HTTP/1.1\r\nHost: h\r\n\(fields)\r\n")?.head.headers.count == 200)
        let value = String(repeating: "a", count: 64 * 1024 - "Host: h\r\nX: \r\n".utf8.count - 2)
        #expect(try parse("GET / HTTP/1.1\r\nHost: h\r\nX: \(value)\r\n\r\n") != nil)
    }

    @Test("a request in HTTP/1.0 needs no host and closes unless it asks to stay")
    func http10() throws {
        #expect(try parse("GET / HTTP/1.0\r\n\r\n")?.keepsAlive == false)
        #expect(try parse("GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n")?.keepsAlive == true)
        #expect(try parse("GET / HTTP/1.0\r\nConnection: keep-alive, close\r\n\r\n")?.keepsAlive == false)
    }

    @Test("Connection: close is heard among other tokens")
    func close() throws {
        #expect(try parse("GET / HTTP/1.1\r\nHost: h\r\nConnection: TE, Close\r\n\r\n")?.keepsAlive == false)
        #expect(try parse("GET / HTTP/1.1\r\nHost: h\r\nConnection: closed\r\n\r\n")?.keepsAlive == true)
    }

    @Test("Expect: 100-continue counts only with a body")
    func expect() throws {
        let head = "POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-Continue\r\n"
        #expect(try parse(head + "Content-Length: 5\r\n\r\n")?.expectsContinue == true)
        #expect(try parse(head + "Transfer-Encoding: Chunked\r\n\r\n")?.framing == .chunked)
        #expect(try parse(head + "\r\n")?.expectsContinue == false)
    }

    @Test("methods are case-sensitive tokens")
    func methods() throws {
        #expect(try parse("get / HTTP/1.1\r\nHost: h\r\n\r\n")?.head.method == .other("get"))
        for name in ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "M-SEARCH"] {
            #expect(try parse("\(name) / HTTP/1.1\r\nHost: h\r\n\r\n")?.head.method == HTTPMethod(name))
            #expect(HTTPMethod(name).rawValue == name)
        }
    }

    @Test("random bytes and random damage never trap")
    func random() {
        var generator = SeededGenerator(seed: 7)
        let base = Array("POST /a?b=%20 HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nX: y\r\n\r\nabc".utf8)
        for _ in 0..<20_000 {
            var bytes = base
            for _ in 0..<Int.random(in: 1...4, using: &generator) {
                let place = Int.random(in: 0..<bytes.count, using: &generator)
                switch Int.random(in: 0..<3, using: &generator) {
                case 0: bytes[place] = UInt8.random(in: 0...255, using: &generator)
                case 1: bytes.remove(at: place)
                default: bytes.insert([0x0D, 0x0A, 0x20, 0x3A, 0x00].randomElement(using: &generator) ?? 0, at: place)
                }
            }
            let cut = Int.random(in: 0...bytes.count, using: &generator)
            _ = try? parse([Array(bytes[..<cut]), Array(bytes[cut...])])
        }
    }
}
