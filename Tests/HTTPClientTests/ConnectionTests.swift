import EventLoop
import Glibc
import HTTPCore
import Synchronization
import Testing

@testable import HTTPClient

@Suite("Connections", .timeLimit(.minutes(1)))
struct ConnectionTests {
    @Test("one connection serves requests one after the other", arguments: Way.allCases)
    func keepAlive(_ way: Way) async throws {
        let server = try echoServer()
        let url = server.url
        try await withClient(way) { client in
            for turn in 0..<20 {
                let answer = try await client.fetch(.post(url, .bytes(Array("turn \(turn)".utf8))))
                #expect(answer.body == "turn \(turn)")
                #expect(answer.reused == (turn > 0))
            }
        }
        #expect(server.connections == 1)
        #expect(server.requests == 20)
    }

    @Test("a connection that the answer closes is not used again", arguments: Way.allCases)
    func announcedClose(_ way: Way) async throws {
        let server = try HostileServer { peer, _ in
            try peer.readRequest()
            try peer.answer("bye", headers: "Connection: close\r\n")
            peer.waitForClose()
        }
        let url = server.url
        try await withClient(way) { client in
            for _ in 0..<3 {
                let answer = try await client.fetch(.get(url))
                #expect(!answer.reused)
            }
        }
        #expect(server.connections == 3)
    }

    @Test("an idle connection that the peer closed is replaced without a failure", arguments: Way.allCases)
    func closedWhileIdle(_ way: Way) async throws {
        let server = try HostileServer { peer, _ in
            let (_, body) = try peer.readRequest()
            try peer.answer(String(decoding: body, as: UTF8.self))
        }
        let url = server.url
        try await withClient(way) { client in
            for turn in 0..<5 {
                let answer = try await client.fetch(.post(url, .bytes(Array("turn \(turn)".utf8))))
                #expect(answer.body == "turn \(turn)")
                let isClosed = try await eventually(on: client.loop) { server.openConnections == 0 }
                #expect(isClosed)
            }
        }
        #expect(server.connections == 5)
        #expect(server.requests == 5)
    }

    @Test("a request that meets a dying connection is sent once more, over a new one", arguments: Way.allCases)
    func diesUnderRequest(_ way: Way) async throws {
        let server = try HostileServer { peer, number in
            try peer.readRequest()
            try peer.answer("\(number)")
            if number == 1 {
                // The second request over the first connection is read and answered by a close.
                _ = try peer.readHead()
            } else {
                try peer.readRequest()
            }
        }
        let url = server.url
        try await withClient(way) { client in
            let first = try await client.fetch(.post(url, .bytes([1])))
            let second = try await client.fetch(.post(url, .bytes([1])))
            #expect(first.body == "1")
            #expect(second.body == "2")
        }
        #expect(server.connections == 2)
    }

    @Test("a fresh connection that dies is not tried again", arguments: Way.allCases)
    func noRetryWhenFresh(_ way: Way) async throws {
        let server = try HostileServer { peer, _ in _ = try peer.readHead() }
        let url = server.url
        let error = try await withClient(way) { client in
            await failure { () async throws(HTTPClientError) in try await client.fetch(.post(url, .bytes([1]))) }
        }
        #expect(error?.code == "reset")
        #expect(server.connections == 1)
    }

    @Test("an answer that began over a reused connection is never asked for again", arguments: Way.allCases)
    func noRetryAfterFirstByte(_ way: Way) async throws {
        let server = try HostileServer { peer, _ in
            try peer.readRequest()
            try peer.answer("ok")
            try peer.readRequest()
            try peer.send("HTTP/1.1 200 OK\r\n")
        }
        let url = server.url
        try await withClient(way) { client in
            _ = try await client.fetch(.post(url, .bytes([1])))
            let error = await failure { () async throws(HTTPClientError) in
                try await client.fetch(.post(url, .bytes([1])))
            }
            #expect(error?.code == "reset")
        }
        #expect(server.requests == 2)
    }

    @Test("a streamed body is not sent a second time", arguments: Way.allCases)
    func noRetryOfStream(_ way: Way) async throws {
        let server = try HostileServer { peer, number in
            try peer.readRequest()
            try peer.answer("ok")
            if number == 1 { _ = try peer.readRequest() }
        }
        let url = server.url
        try await withClient(way) { client in
            _ = try await client.fetch(.post(url, .bytes([1])))
            let pieces = Mutex<[[UInt8]]>([[1], [2]])
            let body = ClientBody.stream(length: 2) { pieces.withLock { $0.popLast() } }
            let error = await failure { () async throws(HTTPClientError) in try await client.fetch(.post(url, body)) }
            #expect(error?.code == "reset")
        }
        #expect(server.requests == 2)
    }

    @Test("two hundred transfers run at once", arguments: Way.allCases)
    func many(_ way: Way) async throws {
        let server = try HostileServer { peer, _ in
            while true {
                let (_, body) = try peer.readRequest()
                try peer.answer(String(decoding: body, as: UTF8.self) + String(repeating: "x", count: 5_000))
            }
        }
        let url = server.url
        let good = try await withClient(way) { client in
            let transfers = (0..<200).map { client.begin(.post(url, .bytes(Array("\($0);".utf8)))) }
            #expect(client.active > 0)
            var good = 0
            for (number, transfer) in transfers.enumerated() {
                let body = try await transfer.response().collect(upTo: 10_000)
                if String(decoding: body, as: UTF8.self).hasPrefix("\(number);x"), body.count > 5_000 { good += 1 }
            }
            #expect(client.active == 0)
            return good
        }
        #expect(good == 200)
        #expect(clientSockets(to: server.port) == 0)
    }

    @Test("one transfer more than allowed is refused at once", arguments: Way.allCases)
    func exhausted(_ way: Way) async throws {
        let server = try HostileServer { peer, _ in
            try peer.readRequest()
            peer.waitForClose()
        }
        let url = server.url
        try await withClient(way, configure: { $0.maxConcurrentTransfers = 2 }) { client in
            let running = [client.begin(.get(url)), client.begin(.get(url))]
            let refused = await failure { () async throws(HTTPClientError) in
                try await client.begin(.get(url)).response()
            }
            #expect(refused == .exhausted)
            for transfer in running { transfer.cancel() }
            #expect(client.active == 0)
        }
    }

    @Test("idle connections over their age are closed", arguments: Way.allCases)
    func age(_ way: Way) async throws {
        guard way == .own else { return }
        let server = try echoServer()
        let url = server.url
        try await withClient(way, configure: { $0.idleConnectionLifetime = .milliseconds(50) }) { client in
            _ = try await client.fetch(.get(url))
            let isClosed = try await eventually(on: client.loop) { server.openConnections == 0 }
            #expect(isClosed)
        }
    }

    @Test("shutdown fails what runs and closes every connection", arguments: Way.allCases)
    func shutdown(_ way: Way) async throws {
        let server = try HostileServer { peer, _ in
            try peer.readRequest()
            peer.waitForClose()
        }
        let url = server.url
        let errors = try await withClient(way) { client in
            let running = (0..<3).map { _ in client.begin(.get(url)) }
            _ = try await eventually(on: client.loop) { server.requests == 3 }
            client.shutdown()
            var errors: [HTTPClientError?] = []
            for transfer in running + [client.begin(.get(url))] {
                errors.append(await failure { () async throws(HTTPClientError) in try await transfer.response() })
            }
            return errors
        }
        #expect(errors == [.cancelled, .cancelled, .cancelled, .cancelled])
        #expect(clientSockets(to: server.port) == 0)
    }

    @Test("a request with a rule for addresses asks for every connection of its own, and uses none that others opened")
    func guardedAddresses() async throws {
        let server = try HostileServer { peer, _ in
            while true {
                try peer.readRequest()
                try peer.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
            }
        }
        let url = server.url
        try await withClient(.curl) { client in
            func get(_ rule: (@Sendable (PeerAddress) -> Bool)?) async throws(HTTPClientError) {
                var request = ClientRequest.get(url)
                request.allowsAddress = rule
                _ = try await client.fetch(request)
            }
            try await get(nil)
            let refused = await failure { () async throws(HTTPClientError) in try await get { _ in false } }
            #expect(refused == .addressRefused)
            #expect(server.connections == 1)
            try await get { $0.description == "127.0.0.1" }
            #expect(server.connections == 2)
            // The handle serves both kinds of requests, the first connection only the one kind.
            try await get(nil)
            #expect(server.connections == 2)
            let again = await failure { () async throws(HTTPClientError) in try await get { _ in false } }
            #expect(again == .addressRefused)
        }
    }
}

func echoServer() throws -> HostileServer {
    try HostileServer { peer, _ in
        while true {
            let (_, body) = try peer.readRequest()
            try peer.answer(String(decoding: body, as: UTF8.self))
        }
    }
}

/// How many descriptors of this process are sockets connected to a port.
func clientSockets(to port: UInt16) -> Int {
    let tail = String(port, radix: 16, uppercase: true)
    let wanted = String(repeating: "0", count: 4 - tail.count) + tail
    var inodes: Set<String> = []
    for line in readText("/proc/self/net/tcp").split(separator: "\n") {
        let fields = line.split(separator: " ")
        guard fields.count > 9, fields[2].hasSuffix(":" + wanted) else { continue }
        inodes.insert("socket:[\(fields[9])]")
    }
    var count = 0
    for descriptor in 0..<4096 {
        var buffer = [CChar](repeating: 0, count: 256)
        let length = unsafe readlink("/proc/self/fd/\(descriptor)", &buffer, 255)
        guard length > 0 else { continue }
        let text = String(decoding: buffer[..<length].map { UInt8(bitPattern: $0) }, as: UTF8.self)
        if inodes.contains(text) { count += 1 }
    }
    return count
}

private func readText(_ path: String) -> String {
    let descriptor = unsafe open(path, O_RDONLY)
    guard descriptor >= 0 else { return "" }
    defer { close(descriptor) }
    var all: [UInt8] = []
    var piece = [UInt8](repeating: 0, count: 65_536)
    while true {
        let count = unsafe read(descriptor, &piece, piece.count)
        guard count > 0 else { return String(decoding: all, as: UTF8.self) }
        all += piece[..<count]
    }
}
