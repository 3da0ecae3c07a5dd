import EventLoop
import HTTPCore
import Synchronization
import Testing

@testable import HTTPClient

@Suite("Back-pressure and cancelling", .timeLimit(.minutes(1)))
struct FlowTests {
    /// Sends without end and counts what the kernel took.
    private func floodServer(_ sent: Counter, total: Int = .max) throws -> HostileServer {
        try HostileServer { peer, _ in
            try peer.readRequest()
            try peer.send("HTTP/1.1 200 OK\r\n\r\n")
            let piece = pattern(50_000)
            while sent.value < total {
                try peer.send(piece)
                sent.add(piece.count)
            }
        }
    }

    @Test("a reader that does not read pauses the upstream, and gets everything later", arguments: Way.allCases)
    func slowReader(_ way: Way) async throws {
        let sent = Counter()
        let total = 30_000_000
        let server = try floodServer(sent, total: total)
        var request = ClientRequest.get(server.url)
        // Far shorter than the pause: time for which the reader holds the transfer back is not silence.
        request.timeouts = ClientTimeouts(idle: .seconds(1))
        let asked = request
        try await withClient(way) { client in
            let response = try await client.begin(asked).response()
            var seen = -1
            while seen != sent.value {
                seen = sent.value
                try await client.loop.sleep(for: .milliseconds(200))
            }
            try await client.loop.sleep(for: .milliseconds(1500))
            #expect(seen < total)
            var received = 0
            var largest = 0
            while let piece = try await response.next() {
                received += piece.count
                largest = max(largest, piece.count)
            }
            #expect(received == total)
            #expect(largest <= 3 * TransferMachine.highWater)
        }
    }

    @Test("a transfer can be cancelled at every stage", arguments: Way.allCases)
    func cancelling(_ way: Way) async throws {
        let server = try HostileServer { peer, _ in
            let head = try peer.readHead()
            if head.contains("/body") { try peer.send("HTTP/1.1 200 OK\r\n\r\nabc") }
            if head.contains("/flood") {
                try peer.send("HTTP/1.1 200 OK\r\n\r\n")
                while true { try peer.send(pattern(50_000)) }
            }
            peer.waitForClose()
        }
        let url = server.url
        try await withClient(way) { client in
            // At once, before the loop ran.
            let first = client.begin(.get(url))
            first.cancel()
            first.cancel()
            #expect(await failure { () async throws(HTTPClientError) in try await first.response() } == .cancelled)
            // While the head is awaited, by another task.
            let second = client.begin(.get(url))
            client.loop.spawn {
                try? await client.loop.sleep(for: .milliseconds(20))
                second.cancel()
            }
            #expect(await failure { () async throws(HTTPClientError) in try await second.response() } == .cancelled)
            // Within the body, and with the transfer paused.
            for path in ["/body", "/flood"] {
                let response = try await client.begin(.get(url + path)).response()
                _ = try await response.next()
                if path == "/flood" { try await client.loop.sleep(for: .milliseconds(50)) }
                response.cancel()
                #expect(await failure { () async throws(HTTPClientError) in try await response.next() } == .cancelled)
            }
            // While a large body is sent.
            let large = client.begin(.post(url, .bytes(pattern(30_000_000))))
            try await client.loop.sleep(for: .milliseconds(20))
            large.cancel()
            #expect(await failure { () async throws(HTTPClientError) in try await large.response() } == .cancelled)
            #expect(client.active == 0)
            let isClosed = try await eventually(on: client.loop) { clientSockets(to: server.port) == 0 }
            #expect(isClosed)
        }
    }

    @Test("cancelling the task cancels the transfer", arguments: Way.allCases)
    func taskCancel(_ way: Way) async throws {
        let server = try HostileServer { peer, _ in
            try peer.readRequest()
            peer.waitForClose()
        }
        let url = server.url
        try await withClient(way) { client in
            let error = Mutex<HTTPClientError?>(nil)
            let task = client.loop.spawn {
                let caught = await failure { () async throws(HTTPClientError) in try await client.fetch(.get(url)) }
                error.withLock { $0 = caught }
            }
            _ = try await eventually(on: client.loop) { server.requests == 1 }
            task.cancel()
            await task.value
            #expect(error.withLock { $0 } == .cancelled)
            #expect(client.active == 0)
        }
    }

    @Test("a transfer that is dropped is cancelled", arguments: Way.allCases)
    func dropped(_ way: Way) async throws {
        let sent = Counter()
        let server = try floodServer(sent)
        let url = server.url
        try await withClient(way) { client in
            do {
                let response = try await client.begin(.get(url)).response()
                _ = try await response.next()
            }
            #expect(client.active == 0)
            _ = client.begin(.get(url))
            #expect(client.active == 0)
        }
    }

    @Test("the stations of a transfer are in order", arguments: Way.allCases)
    func timing(_ way: Way) async throws {
        let server = try echoServer()
        let url = server.url
        try await withClient(way) { client in
            for turn in 0..<2 {
                let response = try await client.begin(.post(url, .bytes(pattern(200_000)))).response()
                _ = try await response.collect(upTo: 1_000_000)
                let timing = response.timing
                let stations = [
                    timing.started, try #require(timing.connected), try #require(timing.requestSent),
                    try #require(timing.firstByte), try #require(timing.finished),
                ]
                #expect(stations == stations.sorted())
                #expect(timing.reusedConnection == (turn > 0))
            }
        }
    }
}

final class Counter: Sendable {
    private let count = Atomic<Int>(0)
    var value: Int { count.load(ordering: .relaxed) }
    func add(_ amount: Int) { count.wrappingAdd(amount, ordering: .relaxed) }
}
