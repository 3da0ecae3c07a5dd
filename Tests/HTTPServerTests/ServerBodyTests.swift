import EventLoop
import HTTPCore
import TestSupport
import Testing

@testable import HTTPServer

private let echoBody: Handler = { request, response in
    let body = try await request.body.collect()
    #expect(body.capacity - body.count >= 64)
    try response.respond(.ok, [:], body)
}

private let streamBody: Handler = { request, response in
    try response.head(.ok, [:], .chunked)
    while let bytes = try await request.body.next() {
        if response.write(bytes) == .full { try await response.drained() }
    }
}

@Suite struct ServerBodyTests {
    @Test("bodies of every size come back whole, collected and streamed")
    func sizes() async throws {
        for handler in [echoBody, streamBody] {
            try await RunningServer.with(handler: handler) { running in
                let client = try running.client()
                for size in [0, 1, 1000, 16_384, 65_536, 65_537, 1_000_000, 3_000_000] {
                    let body = String(decoding: (0..<size).map { UInt8(0x61 + $0 % 26) }, as: UTF8.self)
                    let sender = try running.client()
                    sender.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello")
                    #expect(try sender.answer().body == "hello")
                    // A client that sends all before it reads would stop itself on a streamed echo of this size.
                    if size <= 65_537 {
                        client.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: \(size)\r\n\r\n\(body)")
                        #expect(try client.answer().body == body)
                    }
                }
            }
        }
    }

    @Test("a large body is collected whole")
    func large() async throws {
        try await RunningServer.with(handler: echoBody) { running in
            let client = try running.client()
            let body = String(repeating: "0123456789abcdef", count: 200_000)
            client.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)")
            #expect(try client.answer().body == body)
        }
    }

    @Test("a chunked body is read at every cut, with extensions and trailers")
    func chunked() async throws {
        try await RunningServer.with(handler: echoBody) { running in
            let client = try running.client()
            let head = "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
            for pieces in DripFeed.cuts(of: Array((head + "3;a=b\r\nabc\r\n4\r\ndefg\r\n0\r\nX-T: 1\r\n\r\n").utf8)) {
                for piece in pieces { client.send(piece) }
                #expect(try client.answer().body == "abcdefg")
            }
        }
    }

    @Test("Expect: 100-continue is granted when the handler asks for the body")
    func continues() async throws {
        try await RunningServer.with(handler: echoBody) { running in
            let client = try running.client()
            for _ in 0..<2 {
                client.send("POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n")
                #expect(try client.answer().status == 100)
                client.send("hello")
                #expect(try client.answer().body == "hello")
            }
            client.send("POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\nhello")
            #expect(try client.answer().status == 200)
        }
    }

    @Test("a handler that does not want the body refuses it before it is sent")
    func refusesBody() async throws {
        try await RunningServer.with { _, response in
            try response.respond(.unauthorized, [:], Array("no".utf8))
        } _: { running in
            let client = try running.client()
            client.send("POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n")
            let answer = try client.answer()
            #expect(answer.status == 401)
            #expect(answer.headers.first("connection") == "close")
            #expect(try client.isEnded())
        }
    }

    @Test("a short body that nobody read is dropped and the connection stays")
    func dropped() async throws {
        try await RunningServer.with { request, response in
            try response.respond(.ok, [:], Array(request.head.target.raw.utf8))
        } _: { running in
            let client = try running.client()
            let body = String(repeating: "GET /evil HTTP/1.1\r\n\r\n", count: 1000)
            client.send("POST /1 HTTP/1.1\r\nHost: h\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)")
            client.send("GET /2 HTTP/1.1\r\nHost: h\r\n\r\n")
            #expect(try client.answer().body == "/1")
            #expect(try client.answer().body == "/2")
        }
    }

    @Test("a body over the declared limit is refused with 413 before it is read")
    func declaredTooLarge() async throws {
        try await RunningServer.with {
            $0.maxBodyBytes = 1000
        } handler: { _, _ in
            Issue.record("the handler ran")
        } _: { running in
            let client = try running.client()
            client.send("POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 1001\r\n\r\n")
            let answer = try client.answer()
            #expect(answer.status == 413)
            #expect(answer.headers.first("content-type") == "application/json")
            #expect(answer.headers.first("connection") == "close")
            #expect(answer.body.contains(#""code":"request_too_large""#))
            #expect(try client.isEnded())
        }
    }

    @Test("a client that sends far too much before it reads still gets its 413")
    func lingering() async throws {
        try await RunningServer.with {
            $0.maxBodyBytes = 1000
        } handler: { _, _ in
        } _: { running in
            let client = try running.client()
            client.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 20000000\r\n\r\n")
            client.send([UInt8](repeating: 0x61, count: 20_000_000))
            #expect(try client.answer().status == 413)
            #expect(try client.isEnded())
            #expect(!client.wasReset)
        }
    }

    @Test("a chunked body over the limit is refused with 413")
    func chunkedTooLarge() async throws {
        try await RunningServer.with {
            $0.maxBodyBytes = 10
        } handler: { request, response in
            try response.respond(.ok, [:], try await request.body.collect())
        } _: { running in
            let client = try running.client()
            client.send("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nB\r\n01234567890\r\n0\r\n\r\n")
            #expect(try client.answer().status == 413)
            #expect(try client.isEnded())
        }
    }

    @Test("a handler may allow less than the server")
    func ownLimit() async throws {
        try await RunningServer.with { request, response in
            try response.respond(.ok, [:], try await request.body.collect(upTo: 4))
        } _: { running in
            let declared = try running.client()
            declared.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello")
            #expect(try declared.answer().status == 413)
            let chunked = try running.client()
            chunked.send("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n")
            #expect(try chunked.answer().status == 413)
        }
    }

    @Test("a malformed body is answered 400")
    func malformed() async throws {
        try await RunningServer.with(handler: echoBody) { running in
            let client = try running.client()
            client.send("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabcX")
            let answer = try client.answer()
            #expect(answer.status == 400)
            #expect(try client.isEnded())
        }
    }

    @Test("a client that stops in the middle of its body is answered 408")
    func slow() async throws {
        try await RunningServer.with {
            $0.bodyIdleTimeout = .milliseconds(100)
        } handler: { request, response in
            try response.respond(.ok, [:], try await request.body.collect())
        } _: { running in
            let client = try running.client()
            client.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhe")
            let answer = try client.answer()
            #expect(answer.status == 408)
            #expect(answer.headers.first("connection") == "close")
            #expect(try client.isEnded())
        }
    }
}
