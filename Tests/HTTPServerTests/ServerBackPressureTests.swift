import EventLoop
import HTTPCore
import Synchronization
import Testing

@testable import HTTPServer

@Suite struct ServerBackPressureTests {
    @Test("a client that does not read pauses the producer, and gets everything when it reads")
    func slowReader() async throws {
        let written = Mutex(0)
        let journal = Journal()
        let total = 32 * 1024 * 1024
        try await RunningServer.with { _, response in
            try response.head(.ok, [:], .length(total))
            let piece = [UInt8](repeating: 0x61, count: 8192)
            for _ in 0..<total / piece.count {
                written.withLock { $0 += piece.count }
                if response.write(piece) == .full {
                    journal.note("full")
                    try await response.drained()
                }
            }
        } _: { running in
            let client = try RawClient(port: running.port, receiveBuffer: 8192)
            client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
            #expect(try await journal.awaits("full"))
            // The producer stands still: what was written stays the same over a while.
            var before = -1
            #expect(
                try await RunningServer.eventually {
                    let now = written.withLock { $0 }
                    defer { before = now }
                    return now == before
                })
            #expect(written.withLock { $0 } < total / 2)
            #expect(try client.answer().body.utf8.count == total)
        }
    }

    @Test("a producer that waits is let go when the client leaves")
    func slowReaderLeaves() async throws {
        let journal = Journal()
        try await RunningServer.with { _, response in
            try response.head(.ok, [:], .chunked)
            let piece = [UInt8](repeating: 0x61, count: 65_536)
            do {
                while true { if response.write(piece) != .open { try await response.drained() } }
            } catch {
                journal.note("\(error)")
                throw error
            }
        } _: { running in
            let client = try RawClient(port: running.port, receiveBuffer: 8192)
            client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
            _ = try client.bytes(atLeast: 1000)
            client.reset()
            #expect(try await journal.awaits("clientGone"))
        }
    }

    @Test("a client that takes nothing at all is cut after a while")
    func stalled() async throws {
        let journal = Journal()
        try await RunningServer.with {
            $0.writeStallTimeout = .milliseconds(200)
        } handler: { _, response in
            try response.head(.ok, [:], .chunked)
            let piece = [UInt8](repeating: 0x61, count: 65_536)
            do {
                while true { if response.write(piece) != .open { try await response.drained() } }
            } catch {
                journal.note("\(error)")
                throw error
            }
        } _: { running in
            let client = try RawClient(port: running.port, receiveBuffer: 8192)
            client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
            #expect(try await journal.awaits("clientGone"))
        }
    }

    @Test("a producer that ignores that it should wait is cut, not buffered without end")
    func ignorant() async throws {
        let journal = Journal()
        try await RunningServer.with { _, response in
            try response.head(.ok, [:], .chunked)
            let piece = [UInt8](repeating: 0x61, count: 65_536)
            var count = 0
            while response.write(piece) != .closed, count < 10_000 { count += 1 }
            journal.note(count < 10_000 ? "closed" : "endless")
        } _: { running in
            let client = try RawClient(port: running.port, receiveBuffer: 8192)
            client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
            #expect(try await RunningServer.eventually { !journal.all.isEmpty })
            #expect(journal.all == ["closed"])
        }
    }

    @Test("a body that nobody reads stops its sender, and comes whole when it is read")
    func slowHandler() async throws {
        let gate = Gate()
        let total = 32 * 1024 * 1024
        try await RunningServer.with { request, response in
            try await gate.pass(on: request.loop)
            var count = 0
            while let bytes = try await request.body.next() {
                #expect(bytes.count <= 256 * 1024)
                count += bytes.count
            }
            try response.respond(.ok, [:], Array("\(count)".utf8))
        } _: { running in
            let client = try running.client()
            client.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: \(total)\r\n\r\n")
            let piece = [UInt8](repeating: 0x62, count: 65_536)
            var sent = 0
            var idleRounds = 0
            while idleRounds < 20, sent < total {
                let count = client.sendWithoutWaiting(Array(piece.prefix(total - sent)))
                sent += count
                idleRounds = count == 0 ? idleRounds + 1 : 0
                if count == 0 { try await Task.sleep(for: .milliseconds(5)) }
            }
            #expect(sent < total)
            gate.open()
            client.send([UInt8](repeating: 0x62, count: total - sent))
            #expect(try client.answer().body == "\(total)")
        }
    }

    @Test("large and small writes keep their order")
    func order() async throws {
        var pieces: [[UInt8]] = []
        for place in 0..<60 {
            let byte = UInt8(0x41 + place % 26)
            pieces.append([UInt8](repeating: byte, count: place % 3 == 0 ? 40_000 : 7))
        }
        let all = pieces
        try await RunningServer.with { _, response in
            try response.head(.ok, [:], .chunked)
            for piece in all where response.write(piece) == .full { try await response.drained() }
        } _: { running in
            let client = try RawClient(port: running.port, receiveBuffer: 8192)
            client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
            #expect(try client.answer().body == String(decoding: all.flatMap { $0 }, as: UTF8.self))
        }
    }
}
