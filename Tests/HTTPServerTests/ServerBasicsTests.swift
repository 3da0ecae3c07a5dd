import EventLoop
import HTTPCore
import Testing

@testable import HTTPServer

private let echoTarget: Handler = { request, response in
    try response.respond(.ok, ["content-type": "text/plain"], Array(request.head.target.raw.utf8))
}

@Suite struct ServerBasicsTests {
    @Test("a connection serves one request after another")
    func keepAlive() async throws {
        try await RunningServer.with(handler: echoTarget) { running in
            let client = try running.client()
            for place in 0..<5 {
                client.send("GET /\(place) HTTP/1.1\r\nHost: h\r\n\r\n")
                let answer = try client.answer()
                #expect(answer.status == 200)
                #expect(answer.body == "/\(place)")
                #expect(answer.headers.first("content-length") == "2")
                #expect(answer.headers.contains("date"))
                #expect(!answer.headers.contains("connection"))
            }
        }
    }

    @Test("pipelined requests are answered in order, also when handlers take their time")
    func pipelining() async throws {
        try await RunningServer.with { request, response in
            let place = request.head.target.query("n").flatMap { Int($0) } ?? 0
            if place % 3 == 0 { try await request.loop.sleep(for: .milliseconds(5)) }
            let body = try await request.body.collect()
            try response.respond(.ok, [:], Array("\(place) ".utf8) + body)
        } _: { running in
            let client = try running.client()
            let requests = (0..<100).map { place in
                place % 2 == 0
                    ? "GET /?n=\(place) HTTP/1.1\r\nHost: h\r\n\r\n"
                    : "POST /?n=\(place) HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\nbody"
            }
            client.send(requests.joined())
            for place in 0..<100 {
                #expect(try client.answer().body == (place % 2 == 0 ? "\(place) " : "\(place) body"))
            }
        }
    }

    @Test("a flood of pipelined requests from a client that does not read is bounded, and answered when it reads")
    func flood() async throws {
        let body = [UInt8](repeating: 0x61, count: 10_000)
        try await RunningServer.with { _, response in
            try response.respond(.ok, [:], body)
        } _: { running in
            let client = try RawClient(port: running.port, receiveBuffer: 4096)
            let burst = Array(String(repeating: "GET / HTTP/1.1\r\nHost: h\r\n\r\n", count: 1000).utf8)
            var sent = 0
            var idleRounds = 0
            while idleRounds < 20, sent < 100_000_000 {
                // The burst repeats every 28 bytes: go on where the kernel stopped, also inside a request.
                let count = client.sendWithoutWaiting(Array(burst[(sent % 28)...]))
                sent += count
                idleRounds = count == 0 ? idleRounds + 1 : 0
                if count == 0 { try await Task.sleep(for: .milliseconds(5)) }
            }
            #expect(sent < 100_000_000)
            for _ in 0..<50 { #expect(try client.answer().body.utf8.count == 10_000) }
        }
    }

    @Test("Connection: close ends the connection behind the answer")
    func close() async throws {
        try await RunningServer.with(handler: echoTarget) { running in
            let client = try running.client()
            client.send("GET /a HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\nGET /b HTTP/1.1\r\nHost: h\r\n\r\n")
            let answer = try client.answer()
            #expect(answer.headers.first("connection") == "close")
            #expect(answer.body == "/a")
            #expect(try client.isEnded())
            #expect(!client.wasReset)
        }
    }

    @Test("a handler can ask for the close")
    func handlerCloses() async throws {
        try await RunningServer.with { _, response in
            try response.respond(.ok, ["connection": "close"], [])
        } _: { running in
            let client = try running.client()
            client.send("GET /a HTTP/1.1\r\nHost: h\r\n\r\n")
            #expect(try client.answer().headers.all("connection") == ["close"])
            #expect(try client.isEnded())
        }
    }

    @Test("HTTP/1.0 closes by default, stays when asked, and gets no chunks")
    func http10() async throws {
        try await RunningServer.with { request, response in
            if request.head.target.rawPath == "/stream" {
                try response.head(.ok, [:], .chunked)
                response.write(Array("streamed".utf8))
            } else {
                try response.respond(.ok, [:], Array("whole".utf8))
            }
        } _: { running in
            let plain = try running.client()
            plain.send("GET / HTTP/1.0\r\n\r\n")
            #expect(try plain.answer().body == "whole")
            #expect(try plain.isEnded())

            let stays = try running.client()
            stays.send("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
            #expect(try stays.answer().headers.first("connection") == "keep-alive")
            stays.send("GET /stream HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
            let streamed = try stays.answer()
            #expect(streamed.body == "streamed")
            #expect(!streamed.headers.contains("transfer-encoding"))
        }
    }

    @Test("HEAD gets the head of GET and no body, and the connection stays in step")
    func head() async throws {
        try await RunningServer.with { request, response in
            if request.head.target.rawPath == "/stream" {
                try response.head(.ok, [:], .chunked)
                response.write(Array("streamed".utf8))
            } else {
                try response.respond(.ok, [:], Array("whole".utf8))
            }
        } _: { running in
            let client = try running.client()
            client.send(
                "HEAD / HTTP/1.1\r\nHost: h\r\n\r\nHEAD /stream HTTP/1.1\r\nHost: h\r\n\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n"
            )
            #expect(try client.answer(toHead: true).headers.first("content-length") == "5")
            #expect(try client.answer(toHead: true).headers.first("transfer-encoding") == "chunked")
            #expect(try client.answer().body == "whole")
        }
    }

    @Test("204 and 304 have neither body nor length")
    func bodyless() async throws {
        try await RunningServer.with { request, response in
            let status: HTTPStatus = request.head.target.rawPath == "/204" ? .noContent : .notModified
            try response.respond(status, [:], Array("forbidden".utf8))
        } _: { running in
            let client = try running.client()
            for path in ["/204", "/304"] {
                client.send("GET \(path) HTTP/1.1\r\nHost: h\r\n\r\n")
                let answer = try client.answer()
                #expect(!answer.headers.contains("content-length"))
                #expect(!answer.headers.contains("transfer-encoding"))
            }
        }
    }

    @Test("a handler that fails is answered 500, one that forgets to answer too, and the connection stays")
    func failures() async throws {
        struct Secret: Error {}
        try await RunningServer.with { request, _ in
            if request.head.target.rawPath == "/throw" { throw Secret() }
        } _: { running in
            let client = try running.client()
            for path in ["/throw", "/forget"] {
                client.send("GET \(path) HTTP/1.1\r\nHost: h\r\n\r\n")
                let answer = try client.answer()
                #expect(answer.status == 500)
                #expect(answer.headers.first("content-type") == "application/json")
                #expect(answer.body.contains(#""type":"server_error","code":"internal_error""#))
                #expect(!answer.body.contains("Secret"))
            }
        }
    }

    @Test("an answer that fails in the middle is cut, not ended")
    func cut() async throws {
        struct Broken: Error {}
        try await RunningServer.with { request, response in
            switch request.head.target.rawPath {
            case "/throw":
                try response.head(.ok, [:], .chunked)
                response.write(Array("part".utf8))
                throw Broken()
            case "/abort":
                try response.head(.ok, [:], .chunked)
                response.write(Array("part".utf8))
                response.abort()
            default:
                try response.head(.ok, [:], .length(10))
                response.write(Array("part".utf8))
            }
        } _: { running in
            for path in ["/throw", "/abort", "/short"] {
                let client = try running.client()
                client.send("GET \(path) HTTP/1.1\r\nHost: h\r\n\r\n")
                let text = try client.rest()
                #expect(text.contains("part"))
                #expect(!text.hasSuffix("0\r\n\r\n"))
            }
        }
    }

    @Test("what is written after the end is dropped, a second head is refused")
    func misuse() async throws {
        let journal = Journal()
        try await RunningServer.with { _, response in
            try response.respond(.ok, [:], Array("one".utf8))
            #expect(response.isClosed)
            #expect(response.write(Array("two".utf8)) == .closed)
            do { try response.head(.ok, [:], .none) } catch { journal.note("\(error)") }
        } _: { running in
            let client = try running.client()
            for _ in 0..<2 {
                client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
                #expect(try client.answer().body == "one")
            }
            #expect(try await journal.awaits("headAlreadySent"))
        }
    }

    @Test("the client's address is the peer's, or what trusted proxies say")
    func addresses() async throws {
        let handler: Handler = { request, response in
            try response.respond(.ok, [:], Array(request.remoteAddress.utf8))
        }
        let request =
            "GET / HTTP/1.1\r\nHost: h\r\nX-Forwarded-For: 6.6.6.6, 2001:db8::1\r\nX-Forwarded-For: 10.1.2.3\r\n\r\n"
        try await RunningServer.with(handler: handler) { running in
            let client = try running.client()
            client.send(request)
            #expect(try client.answer().body == "127.0.0.1")
        }
        try await RunningServer.with {
            $0.trustedProxies = ["127.0.0.1", "10.0.0.0/8"].compactMap { AddressRange($0) }
        } handler: { request, response in
            try response.respond(.ok, [:], Array(request.remoteAddress.utf8))
        } _: { running in
            let client = try running.client()
            client.send(request)
            #expect(try client.answer().body == "2001:db8::1")
        }
    }

    @Test("bytes that are written one by one leave together")
    func coalescing() async throws {
        try await RunningServer.with { _, response in
            try response.head(.ok, [:], .length(200))
            for byte in 0..<200 { response.write([UInt8(byte)]) }
        } _: { running in
            let client = try running.client()
            client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
            let first = try client.bytes(atLeast: 1)
            #expect(first.count > 200)
        }
    }
}
