import EventLoop
import HTTPCore
import TestSupport
import Testing

@testable import HTTPServer

private let ok: Handler = { request, response in
    _ = try await request.body.collect()
    try response.respond(.ok, [:], Array("ok".utf8))
}

@Suite struct ServerLimitsTests {
    @Test("every hostile request is refused with its status and the connection ends", arguments: [0, 1, 2, 3])
    func hostile(_ part: Int) async throws {
        try await RunningServer.with(handler: ok) { running in
            for (place, request) in HostileRequest.all.enumerated() where place % 4 == part {
                let client = try running.client()
                client.send(request.bytes)
                // Nothing that follows may be taken for a request.
                client.send("\r\nGET /smuggled HTTP/1.1\r\nHost: h\r\n\r\n")
                let answer = try client.answer()
                #expect(answer.status == Int(request.status), "\(request.name)")
                #expect(answer.headers.first("connection") == "close", "\(request.name)")
                #expect(answer.body.hasPrefix(#"{"error":{"message":"#), "\(request.name)")
                #expect(try client.isEnded(), "\(request.name)")
            }
        }
    }

    @Test("hostile requests are refused byte by byte as well")
    func hostileDrips() async throws {
        try await RunningServer.with(handler: ok) { running in
            for request in HostileRequest.all where request.bytes.count < 120 {
                let client = try running.client()
                for byte in request.bytes { client.send([byte]) }
                let answer = try client.answer()
                #expect(answer.status == Int(request.status), "\(request.name)")
                #expect(try client.isEnded(), "\(request.name)")
            }
        }
    }

    @Test("random bytes never bring the server down")
    func random() async throws {
        try await RunningServer.with {
            $0.headerTimeout = .milliseconds(200)
        } handler: { request, response in
            _ = try await request.body.collect()
            try response.respond(.ok, [:], [])
        } _: { running in
            var generator = SeededGenerator(seed: 41)
            let good = Array(
                "POST /a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n".utf8)
            for _ in 0..<300 {
                let client = try running.client()
                var bytes = good
                for _ in 0..<Int.random(in: 1...6, using: &generator) {
                    bytes[Int.random(in: 0..<bytes.count, using: &generator)] = UInt8.random(
                        in: 0...255, using: &generator)
                }
                client.send(bytes)
                client.halfClose()
                _ = try client.rest()
            }
            let client = try running.client()
            client.send(good)
            #expect(try client.answer().status == 200)
        }
    }

    @Test("a head that does not arrive in time is answered 408, silence is closed in silence")
    func headerTime() async throws {
        try await RunningServer.with {
            $0.headerTimeout = .milliseconds(100)
        } handler: { _, _ in
        } _: { running in
            let slow = try running.client()
            slow.send("GET / HTTP/1.1\r\nHos")
            let silent = try running.client()
            let answer = try slow.answer()
            #expect(answer.status == 408)
            #expect(answer.headers.first("connection") == "close")
            #expect(try slow.isEnded())
            #expect(try silent.rest() == "")
        }
    }

    @Test("an idle connection is closed after the idle time")
    func idleTime() async throws {
        try await RunningServer.with {
            $0.idleTimeout = .milliseconds(100)
        } handler: { _, response in
            try response.respond(.ok, [:], [])
        } _: { running in
            let client = try running.client()
            client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
            #expect(try client.answer().status == 200)
            #expect(try client.isEnded())
            #expect(!client.wasReset)
        }
    }

    @Test("a connection over the bound is answered 503 and closed, and room is given again")
    func connections() async throws {
        try await RunningServer.with {
            $0.maxConnections = 3
        } handler: { _, response in
            try response.respond(.ok, [:], [])
        } _: { running in
            var clients = try (0..<3).map { _ in try running.client() }
            for client in clients {
                client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
                #expect(try client.answer().status == 200)
            }
            let extra = try running.client()
            extra.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
            let answer = try extra.answer()
            #expect(answer.status == 503)
            #expect(answer.headers.first("connection") == "close")
            #expect(answer.body.contains(#""code":"too_many_connections""#))
            #expect(try extra.isEnded())
            extra.close()
            clients.removeLast().close()
            #expect(try await RunningServer.eventually { running.server.openConnections == 2 })
            let again = try running.client()
            again.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
            #expect(try again.answer().status == 200)
        }
    }

    @Test("a thousand connections are served at the same time")
    func thousand() async throws {
        try await RunningServer.with(loops: 2) { _ in
        } handler: { request, response in
            try await request.loop.sleep(for: .milliseconds(10))
            try response.respond(.ok, [:], Array(request.head.target.raw.utf8))
        } _: { running in
            let clients = try (0..<1000).map { _ in try running.client() }
            for (place, client) in clients.enumerated() { client.send("GET /\(place) HTTP/1.1\r\nHost: h\r\n\r\n") }
            for (place, client) in clients.enumerated() { #expect(try client.answer().body == "/\(place)") }
            #expect(running.server.openConnections == 1000)
            for client in clients { client.close() }
            #expect(try await RunningServer.eventually { running.server.openConnections == 0 })
        }
    }
}
