import EventLoop
import HTTPCore
import Testing

@testable import HTTPServer

/// Waits long, as for an upstream, and writes down how it ended.
private func waiting(_ journal: Journal, head: Bool = false) -> Handler {
    { request, response in
        if head {
            try response.head(.ok, [:], .chunked)
            response.write(Array("first".utf8))
        }
        response.onClientGone { journal.note("gone") }
        journal.note("waiting")
        do {
            try await request.loop.sleep(for: .seconds(60))
        } catch {
            journal.note("cancelled")
        }
        journal.note(response.isClosed ? "closed" : "open")
    }
}

@Suite struct ServerClientGoneTests {
    @Test("a client that closes while the handler waits is noticed, and the handler is cancelled")
    func closes() async throws {
        let journal = Journal()
        try await RunningServer.with {
            $0.halfCloseWindow = .zero
            $0.halfCloseAnswerWindow = .zero
        } handler: {
            try await waiting(journal)($0, $1)
        } _: { running in
            let client = try running.client()
            client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
            #expect(try await journal.awaits("waiting"))
            client.close()
            #expect(try await journal.awaits("closed"))
            #expect(journal.all == ["waiting", "gone", "cancelled", "closed"])
            #expect(
                try await RunningServer.eventually {
                    running.server.openConnections == 0 && running.server.requestsInFlight == 0
                })
        }
    }

    @Test("a client that closes at once behind its request is noticed by the probe")
    func closesAtOnce() async throws {
        let journal = Journal()
        try await RunningServer.with {
            $0.halfCloseProbeDelay = .milliseconds(50)
        } handler: {
            try await waiting(journal)($0, $1)
        } _: { running in
            let client = try running.client()
            client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
            client.close()
            #expect(try await journal.awaits("closed"))
            #expect(journal.all == ["waiting", "gone", "cancelled", "closed"])
        }
    }

    @Test("a reset is noticed at once")
    func resets() async throws {
        let journal = Journal()
        try await RunningServer.with(handler: waiting(journal)) { running in
            let client = try running.client()
            client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
            #expect(try await journal.awaits("waiting"))
            client.reset()
            #expect(try await journal.awaits("closed"))
            #expect(journal.all == ["waiting", "gone", "cancelled", "closed"])
        }
    }

    @Test("a client that closes in the middle of a stream is noticed, though nothing is written")
    func closesInStream() async throws {
        let journal = Journal()
        try await RunningServer.with {
            $0.halfCloseWindow = .zero
            $0.halfCloseAnswerWindow = .zero
        } handler: {
            try await waiting(journal, head: true)($0, $1)
        } _: { running in
            let client = try running.client()
            client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
            _ = try client.bytes(atLeast: 10)
            client.close()
            #expect(try await journal.awaits("closed"))
            #expect(journal.contains("gone"))
        }
    }

    @Test("a client that closes while requests are pipelined behind the current one is noticed")
    func closesWithPipelined() async throws {
        let journal = Journal()
        try await RunningServer.with {
            $0.halfCloseWindow = .zero
            $0.halfCloseAnswerWindow = .zero
        } handler: {
            try await waiting(journal)($0, $1)
        } _: { running in
            let client = try running.client()
            client.send(String(repeating: "GET / HTTP/1.1\r\nHost: h\r\n\r\n", count: 20))
            #expect(try await journal.awaits("waiting"))
            client.close()
            #expect(try await journal.awaits("closed"))
        }
    }

    @Test("a client that leaves in the middle of its body fails the body")
    func leavesInBody() async throws {
        let journal = Journal()
        try await RunningServer.with { request, _ in
            journal.note("waiting")
            do {
                _ = try await request.body.collect()
            } catch {
                journal.note("\(error)")
                throw error
            }
        } _: { running in
            let client = try running.client()
            client.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\nhalf")
            #expect(try await journal.awaits("waiting"))
            client.close()
            #expect(try await journal.awaits("clientGone"))
            // Whoever leaves so fast that the handler did not start yet is forgotten.
            for _ in 0..<20 {
                let fast = try running.client()
                fast.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\nhalf")
                fast.close()
            }
            #expect(
                try await RunningServer.eventually {
                    running.server.openConnections == 0 && running.server.requestsInFlight == 0
                })
        }
    }

    @Test("a client that half-closed behind its request gets its answer, also a late one")
    func halfClosed() async throws {
        try await RunningServer.with { request, response in
            try await request.loop.sleep(for: .milliseconds(300))
            try response.respond(.ok, [:], Array("late".utf8))
        } _: { running in
            let client = try running.client()
            client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
            client.halfClose()
            #expect(try client.answer().body == "late")
            #expect(try client.isEnded())
            #expect(!client.wasReset)
        }
    }

    @Test("a client that half-closes late is probed with an interim answer and gets the final one")
    func halfClosedLate() async throws {
        let journal = Journal()
        let gate = Gate()
        try await RunningServer.with {
            $0.halfCloseWindow = .zero
            $0.halfCloseAnswerWindow = .zero
        } handler: { request, response in
            response.onClientGone { journal.note("gone") }
            journal.note("waiting")
            try await gate.pass(on: request.loop)
            try response.respond(.ok, [:], Array("late".utf8))
        } _: { running in
            let client = try running.client()
            client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
            #expect(try await journal.awaits("waiting"))
            client.halfClose()
            #expect(try client.answer().status == 100)
            gate.open()
            #expect(try client.answer().body == "late")
            #expect(try client.isEnded())
            #expect(journal.all == ["waiting"])
        }
    }

    @Test("a half-closed client gets the answers to everything it had pipelined")
    func halfClosedPipelined() async throws {
        try await RunningServer.with { request, response in
            try await request.loop.sleep(for: .milliseconds(1))
            try response.respond(.ok, [:], Array(request.head.target.raw.utf8))
        } _: { running in
            let client = try running.client()
            client.send((0..<20).map { "GET /\($0) HTTP/1.1\r\nHost: h\r\n\r\n" }.joined())
            client.halfClose()
            for place in 0..<20 { #expect(try client.answer().body == "/\(place)") }
            #expect(try client.isEnded())
        }
    }

    @Test("a half-closed client gets a whole stream")
    func halfClosedStream() async throws {
        try await RunningServer.with { request, response in
            try response.head(.ok, [:], .chunked)
            for place in 0..<20 {
                response.write(Array("\(place) ".utf8))
                try await request.loop.sleep(for: .milliseconds(10))
            }
        } _: { running in
            let client = try running.client()
            client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
            client.halfClose()
            #expect(try client.answer().body == (0..<20).map { "\($0) " }.joined())
        }
    }

    @Test("onClientGone is called at once when the client is gone already, and not after a whole answer")
    func onClientGone() async throws {
        let journal = Journal()
        try await RunningServer.with { request, response in
            if request.head.target.rawPath == "/whole" {
                response.onClientGone { journal.note("gone after whole") }
                try response.respond(.ok, ["connection": "close"], [])
                try await request.loop.sleep(for: .milliseconds(50))
                journal.note(Task.isCancelled ? "whole cancelled" : "whole done")
                return
            }
            journal.note("waiting")
            while !response.isClosed { try? await request.loop.sleep(for: .milliseconds(5)) }
            response.onClientGone { journal.note("gone late") }
        } _: { running in
            let whole = try running.client()
            whole.send("GET /whole HTTP/1.1\r\nHost: h\r\n\r\n")
            #expect(try whole.answer().status == 200)
            whole.close()
            #expect(try await journal.awaits("whole done"))
            let lost = try running.client()
            lost.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
            #expect(try await journal.awaits("waiting"))
            lost.reset()
            #expect(try await journal.awaits("gone late"))
            #expect(journal.all == ["whole done", "waiting", "gone late"])
        }
    }
}
