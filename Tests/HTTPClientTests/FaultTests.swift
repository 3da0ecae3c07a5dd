import EventLoop
import HTTPCore
import Testing

@testable import HTTPClient

@Suite("Answers that fail", .timeLimit(.minutes(1)))
struct FaultTests {
    /// Fetches from a server that does `script` after it has read the request.
    private func fault(
        _ way: Way, timeouts: ClientTimeouts = ClientTimeouts(),
        _ script: @escaping @Sendable (HostilePeer) throws -> Void
    ) async throws -> HTTPClientError? {
        let server = try HostileServer { peer, _ in
            try peer.readRequest()
            try script(peer)
        }
        var request = ClientRequest.get(server.url)
        request.timeouts = timeouts
        let sent = request
        return try await withClient(way) { client in
            await failure { () async throws(HTTPClientError) in try await client.fetch(sent) }
        }
    }

    @Test("a head that does not come runs into the first-byte limit", arguments: Way.allCases)
    func slowHead(_ way: Way) async throws {
        let limits = ClientTimeouts(firstByte: .milliseconds(60))
        let error = try await fault(way, timeouts: limits) { peer in
            try peer.send("HTTP/1.1 200 OK\r\n")
            peer.waitForClose()
        }
        #expect(error == .timedOut(.firstByte))
    }

    @Test("a body that stalls runs into the idle limit", arguments: Way.allCases)
    func stalledBody(_ way: Way) async throws {
        let limits = ClientTimeouts(idle: .milliseconds(60))
        let error = try await fault(way, timeouts: limits) { peer in
            try peer.send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc")
            peer.waitForClose()
        }
        #expect(error == .timedOut(.idle))
    }

    @Test("a body that drips runs into the total limit, not the idle one", arguments: Way.allCases)
    func endlessBody(_ way: Way) async throws {
        let limits = ClientTimeouts(idle: .seconds(5), total: .milliseconds(150))
        let error = try await fault(way, timeouts: limits) { peer in
            try peer.send("HTTP/1.1 200 OK\r\n\r\n")
            while true {
                try peer.send("x")
                pause(milliseconds: 5)
            }
        }
        #expect(error == .timedOut(.total))
    }

    @Test("a reset before the head is a reset", arguments: Way.allCases)
    func resetBeforeHead(_ way: Way) async throws {
        let error = try await fault(way) { $0.reset() }
        #expect(error?.code == "reset")
    }

    @Test("a close before the head is a reset", arguments: Way.allCases)
    func closeBeforeHead(_ way: Way) async throws {
        #expect(try await fault(way) { _ in }?.code == "reset")
    }

    @Test("a close within the head is a reset", arguments: Way.allCases)
    func closeInHead(_ way: Way) async throws {
        #expect(try await fault(way) { try $0.send("HTTP/1.1 200 OK\r\nA: b\r\n") }?.code == "reset")
    }

    @Test("a reset within the body is a reset", arguments: Way.allCases)
    func resetInBody(_ way: Way) async throws {
        let error = try await fault(way) { peer in
            try peer.send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc")
            pause(milliseconds: 30)
            peer.reset()
        }
        #expect(error?.code == "reset")
    }

    @Test("a body shorter than its length is truncated", arguments: Way.allCases)
    func truncatedLength(_ way: Way) async throws {
        let error = try await fault(way) { try $0.send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc") }
        #expect(error == .truncated)
    }

    @Test("a chunked body without its end is truncated", arguments: Way.allCases)
    func truncatedChunks(_ way: Way) async throws {
        for end in ["5\r\nhel", "5\r\nhello\r\n", "5\r\nhello\r\n0\r\n", "5"] {
            let error = try await fault(way) { peer in
                try peer.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + end)
            }
            #expect(error == .truncated, "\(end)")
        }
    }

    @Test("what arrived before a failure is delivered before it is thrown", arguments: Way.allCases)
    func partial(_ way: Way) async throws {
        let server = try HostileServer { peer, _ in
            try peer.readRequest()
            try peer.send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc")
        }
        let url = server.url
        try await withClient(way) { client in
            let response = try await client.begin(.get(url)).response()
            #expect(try await response.next() == Array("abc".utf8))
            #expect(await failure { () async throws(HTTPClientError) in try await response.next() } == .truncated)
            #expect(await failure { () async throws(HTTPClientError) in try await response.next() } == .truncated)
        }
    }

    @Test(
        "what is not HTTP is malformed", arguments: Way.allCases,
        [
            "SSH-2.0-OpenSSH_9.2\r\n\r\n", "HTTP/1.1 abc OK\r\n\r\n", "HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef",
            "HTTP/1.1 200 OK\r\nContent-Length: 5x\r\n\r\nabcde", "HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\nabcde",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
            "HTTP/1.1 101 Switching Protocols\r\n\r\n",
        ])
    func malformed(_ way: Way, _ answer: String) async throws {
        let error = try await fault(way) { peer in
            try peer.send(answer)
            peer.waitForClose()
        }
        #expect(error?.code == "malformed", "\(error as Any)")
    }

    @Test("a head over its limit is refused", arguments: Way.allCases)
    func hugeHead(_ way: Way) async throws {
        let many = (0..<200).map { "X-\($0): \(String(repeating: "v", count: 1000))\r\n" }.joined()
        for block in [many, "X: \(String(repeating: "v", count: 200_000))\r\n"] {
            let error = try await fault(way) { peer in
                try peer.send("HTTP/1.1 200 OK\r\n\(block)\r\n")
                peer.waitForClose()
            }
            #expect(error == .tooLarge(limit: 64 * 1024))
        }
    }

    @Test("a body over the collector's limit is refused and the transfer cancelled", arguments: Way.allCases)
    func hugeBody(_ way: Way) async throws {
        let server = try HostileServer { peer, _ in
            try peer.readRequest()
            try peer.send("HTTP/1.1 200 OK\r\n\r\n")
            while true { try peer.send([UInt8](repeating: 65, count: 10_000)) }
        }
        let url = server.url
        try await withClient(way) { client in
            let response = try await client.begin(.get(url)).response()
            let error = await failure { () async throws(HTTPClientError) in try await response.collect(upTo: 50_000) }
            #expect(error == .tooLarge(limit: 50_000))
            #expect(client.active == 0)
        }
    }

    @Test("a refused port is a connect error", arguments: Way.allCases)
    func refused(_ way: Way) async throws {
        let server = try HostileServer { _, _ in }
        let url = server.url
        server.stop()
        let error = try await withClient(way) { client in
            // The listener closes on its own thread; until then a connection may still be taken and dropped.
            var error: HTTPClientError?
            _ = try await eventually(on: client.loop) { true }
            for _ in 0..<100 where error?.code != "connect" {
                error = await failure { () async throws(HTTPClientError) in try await client.fetch(.get(url)) }
            }
            return error
        }
        #expect(error?.code == "connect")
        #expect(error?.isBeforeRequest == true)
    }

    @Test("a name without address is a resolve error", arguments: Way.allCases)
    func unresolvable(_ way: Way) async throws {
        var request = ClientRequest.get("http://no-such-host.invalid/")
        request.timeouts.connect = .seconds(20)
        let sent = request
        let error = try await withClient(way) { client in
            await failure { () async throws(HTTPClientError) in try await client.fetch(sent) }
        }
        // A resolver that never answers offline ends by the connect limit instead.
        #expect(error?.code == "resolve" || error == .timedOut(.connect))
    }

    @Test("localhost is resolved and reached", arguments: Way.allCases)
    func localhost(_ way: Way) async throws {
        let server = try HostileServer { peer, _ in
            while true {
                try peer.readRequest()
                try peer.answer("here")
            }
        }
        let url = "http://localhost:\(server.port)/"
        try await withClient(way) { client in
            for _ in 0..<2 {
                let body = try await client.fetch(.get(url)).body
                #expect(body == "here")
            }
        }
        #expect(server.connections == 1)
    }

    @Test(
        "a URL that cannot be asked is an invalid request", arguments: Way.allCases,
        ["ftp://127.0.0.1/", "http://", "nonsense", "http://127.0.0.1:99999/", "http://127.0.0.1/a b", "http://a\nb/"])
    func badURL(_ way: Way, _ url: String) async throws {
        let error = try await withClient(way) { client in
            await failure { () async throws(HTTPClientError) in try await client.fetch(.get(url)) }
        }
        #expect(error?.code == "invalid_request", "\(error as Any)")
    }
}
