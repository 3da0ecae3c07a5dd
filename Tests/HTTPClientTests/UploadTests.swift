import EventLoop
import HTTPCore
import Synchronization
import Testing

@testable import HTTPClient

/// A source of pieces that counts how often it was asked.
private final class Pieces: Sendable {
    private let state: Mutex<[[UInt8]]>
    private let asked = Atomic<Int>(0)

    init(_ pieces: [[UInt8]]) { state = Mutex(pieces.reversed()) }

    var calls: Int { asked.load(ordering: .relaxed) }

    func next() -> [UInt8]? {
        asked.wrappingAdd(1, ordering: .relaxed)
        return state.withLock { $0.popLast() }
    }
}

private struct SourceBroke: Error {}

@Suite("Request bodies", .timeLimit(.minutes(1)))
struct UploadTests {
    /// Answers every request with the length and a simple sum of its body, and whether it was chunked.
    private func summingServer() throws -> HostileServer {
        try HostileServer { peer, _ in
            while true {
                let (head, body) = try peer.readRequest()
                try peer.answer(summary(body, chunked: head.lowercased().contains("chunked")))
            }
        }
    }

    @Test("bytes arrive unchanged, whatever their size", arguments: Way.allCases)
    func bytes(_ way: Way) async throws {
        let server = try summingServer()
        let url = server.url
        try await withClient(way) { client in
            for size in [0, 1, 1024, 65_535, 65_536, 65_537, 300_000, 5_000_000] {
                let body = pattern(size)
                let answer = try await client.fetch(.post(url, .bytes(body)))
                #expect(answer.body == summary(body, chunked: false))
            }
        }
        #expect(server.connections == 1)
    }

    @Test("a stream with a length arrives unchanged", arguments: Way.allCases)
    func lengthStream(_ way: Way) async throws {
        let server = try summingServer()
        let url = server.url
        try await withClient(way) { client in
            let pieces = [pattern(10), pattern(200_000), [], pattern(1)]
            let source = Pieces(pieces)
            let body = ClientBody.stream(length: 200_011) { source.next() }
            let answer = try await client.fetch(.post(url, body))
            #expect(answer.body == summary(pieces.flatMap(\.self), chunked: false))
        }
    }

    @Test("a stream without length arrives chunked, also when its pieces come late", arguments: Way.allCases)
    func chunkedStream(_ way: Way) async throws {
        let server = try summingServer()
        let url = server.url
        try await withClient(way) { client in
            for _ in 0..<2 {
                let pieces = [pattern(10), pattern(200_000), [], pattern(1)]
                let source = Pieces(pieces)
                let loop = client.loop
                let body = ClientBody.stream(length: nil) {
                    try await loop.sleep(for: .milliseconds(3))
                    return source.next()
                }
                let answer = try await client.fetch(.post(url, body))
                #expect(answer.body == summary(pieces.flatMap(\.self), chunked: true))
            }
        }
        #expect(server.connections == 1)
    }

    @Test("an empty stream is an empty body", arguments: Way.allCases)
    func emptyStream(_ way: Way) async throws {
        let server = try summingServer()
        let url = server.url
        try await withClient(way) { client in
            let chunked = try await client.fetch(.post(url, .stream(length: nil) { nil }))
            #expect(chunked.body == summary([], chunked: true))
            let sized = try await client.fetch(.post(url, .stream(length: 0) { nil }))
            #expect(sized.body == summary([], chunked: false))
        }
    }

    @Test("a source that fails ends the transfer with its error", arguments: Way.allCases)
    func failingSource(_ way: Way) async throws {
        let server = try summingServer()
        let url = server.url
        let error = try await withClient(way) { client in
            let source = Pieces([pattern(10)])
            let body = ClientBody.stream(length: nil) {
                guard let piece = source.next() else { throw SourceBroke() }
                return piece
            }
            return await failure { () async throws(HTTPClientError) in try await client.fetch(.post(url, body)) }
        }
        #expect(error?.code == "request_body")
    }

    @Test("a source that does not keep its length ends the transfer", arguments: Way.allCases, [9, 11])
    func wrongLength(_ way: Way, _ declared: Int) async throws {
        let server = try summingServer()
        let url = server.url
        let error = try await withClient(way) { client in
            let source = Pieces([pattern(5), pattern(5)])
            let body = ClientBody.stream(length: declared) { source.next() }
            return await failure { () async throws(HTTPClientError) in try await client.fetch(.post(url, body)) }
        }
        #expect(error?.code == "request_body")
    }

    @Test("an error that is answered early is read while the upload still waits", arguments: Way.allCases)
    func earlyError(_ way: Way) async throws {
        let server = try HostileServer { peer, _ in
            _ = try peer.readHead()
            _ = try peer.read(10)
            try peer.answer("too big", status: "413 Content Too Large", headers: "Connection: close\r\n")
            peer.waitForClose()
        }
        let url = server.url
        let answer = try await withClient(way) { client in
            let source = Pieces([pattern(10)])
            let loop = client.loop
            let body = ClientBody.stream(length: 1_000_000) {
                if let piece = source.next() { return piece }
                try await loop.sleep(for: .seconds(30))
                return nil
            }
            return try await client.fetch(.post(url, body))
        }
        #expect(answer.status == 413)
        #expect(answer.body == "too big")
    }

    @Test("an answer may begin before the upload ends", arguments: Way.allCases)
    func duplex(_ way: Way) async throws {
        let server = try HostileServer { peer, _ in
            _ = try peer.readHead()
            try peer.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello")
            _ = try peer.read(10)
            try peer.send("world")
            peer.waitForClose()
        }
        let url = server.url
        try await withClient(way) { client in
            let source = Pieces([pattern(10)])
            let (mayGoOn, goOn) = AsyncStream<Void>.makeStream()
            let body = ClientBody.stream(length: 10) {
                for await _ in mayGoOn { break }
                return source.next()
            }
            let response = try await client.begin(.post(url, body)).response()
            let first = try await response.next()
            #expect(first == Array("hello".utf8))
            goOn.yield()
            goOn.finish()
            let rest = try await response.collect(upTo: 100)
            #expect(rest == Array("world".utf8))
        }
    }

    @Test("an upstream that does not read stops the source", arguments: Way.allCases)
    func backPressure(_ way: Way) async throws {
        let server = try HostileServer { peer, _ in
            _ = try peer.readHead()
            pause(milliseconds: 10_000)
        }
        let url = server.url
        try await withClient(way) { client in
            let calls = Mutex(0)
            let piece = pattern(100_000)
            let body = ClientBody.stream(length: nil) {
                calls.withLock { $0 += 1 }
                return piece
            }
            let transfer = client.begin(.post(url, body))
            // Kernel buffers take a few megabytes; then nothing moves any more.
            var last = -1
            while last != calls.withLock({ $0 }) {
                last = calls.withLock { $0 }
                try await client.loop.sleep(for: .milliseconds(100))
            }
            #expect(last < 200)
            transfer.cancel()
        }
        server.stop()
    }

    @Test("silence of the source is not the upstream's", arguments: Way.allCases)
    func slowSource(_ way: Way) async throws {
        let server = try summingServer()
        let url = server.url
        try await withClient(way) { client in
            let source = Pieces([pattern(10), pattern(10)])
            let loop = client.loop
            let body = ClientBody.stream(length: nil) {
                try await loop.sleep(for: .milliseconds(150))
                return source.next()
            }
            var request = ClientRequest.post(url, body)
            request.timeouts = ClientTimeouts(firstByte: .seconds(5), idle: .milliseconds(60))
            let answer = try await client.fetch(request)
            #expect(answer.status == 200)
        }
    }

    @Test("an upload that stalls at the upstream runs into the idle limit", arguments: Way.allCases)
    func stalledUpload(_ way: Way) async throws {
        let server = try HostileServer { peer, _ in
            _ = try peer.readHead()
            pause(milliseconds: 3_000)
        }
        var request = ClientRequest.post(server.url, .bytes(pattern(30_000_000)))
        request.timeouts = ClientTimeouts(firstByte: .seconds(10), idle: .milliseconds(150))
        let sent = request
        let error = try await withClient(way) { client in
            await failure { () async throws(HTTPClientError) in try await client.fetch(sent) }
        }
        #expect(error == .timedOut(.idle))
    }
}

func pattern(_ count: Int) -> [UInt8] {
    unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
        for place in 0..<count { unsafe buffer[place] = UInt8(truncatingIfNeeded: place &* 31 &+ place >> 8) }
        filled = count
    }
}

private func summary(_ bytes: [UInt8], chunked: Bool) -> String {
    var sum: UInt32 = 1
    for byte in bytes { sum = sum &* 16_777_619 ^ UInt32(byte) }
    return "\(bytes.count) \(sum) \(chunked)"
}
