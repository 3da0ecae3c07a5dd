import CLinux
import EventLoop
import Glibc
import HTTPCore
import Testing

@testable import HTTPServer

private let ok: Handler = { _, response in try response.respond(.ok, [:], Array("ok".utf8)) }

private func server(_ port: UInt16, _ group: EventLoopGroup) -> HTTPServer {
    HTTPServer(ServerConfiguration(host: "127.0.0.1", port: port), group: group, handler: ok)
}

@Suite struct ServerLifecycleTests {
    @Test("a second instance on the port is refused with a clear message")
    func twoInstances() async throws {
        try await RunningServer.with(loops: 2, handler: ok) { running in
            let second = server(running.port, running.group)
            await #expect(throws: ServerError.addressInUse("127.0.0.1:\(running.port)")) { try await second.start() }
            #expect(
                "\(ServerError.addressInUse("127.0.0.1:1"))"
                    == "127.0.0.1:1 is in use: another instance or program listens there already")
            let client = try running.client()
            client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
            #expect(try client.answer().status == 200)
        }
    }

    @Test("an instance on another address that covers the port is refused, too")
    func coveredPort() async throws {
        try await RunningServer.with(handler: ok) { running in
            let wide = HTTPServer(
                ServerConfiguration(host: "0.0.0.0", port: running.port), group: running.group, handler: ok)
            await #expect(throws: ServerError.addressInUse("0.0.0.0:\(running.port)")) { try await wide.start() }
        }
    }

    @Test("a port that another program listens on, even a shared one, is refused")
    func foreignProgram() async throws {
        let group = try EventLoopGroup(count: 1, name: "test")
        try group.start()
        let address = try Sockets.resolve("127.0.0.1", 0)
        for isShared in [false, true] {
            let foreign = try Sockets.bind(address, isShared: isShared, describedAs: "foreign")
            try Sockets.listen(foreign, describedAs: "foreign")
            let port = Sockets.describe(try Sockets.localAddress(foreign)).port
            let own = server(port, group)
            await #expect(throws: ServerError.addressInUse("127.0.0.1:\(port)")) { try await own.start() }
            Glibc.close(foreign)
        }
        group.stop()
    }

    @Test("a server can start again on its port at once, though old connections wait out their time")
    func restart() async throws {
        let group = try EventLoopGroup(count: 2, name: "test")
        try group.start()
        var port: UInt16 = 0
        for _ in 0..<3 {
            let one = server(port, group)
            port = try await one.start().port
            let client = try RawClient(port: port)
            // The server closes first, so TIME_WAIT is on its side.
            client.send("GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
            #expect(try client.answer().status == 200)
            #expect(try client.isEnded())
            client.close()
            await one.drain(deadline: .seconds(1))
        }
        group.stop()
    }

    @Test("a host that is not ours is refused with its reason, a second start too")
    func badStarts() async throws {
        let group = try EventLoopGroup(count: 1, name: "test")
        try group.start()
        let foreign = HTTPServer(ServerConfiguration(host: "192.0.2.1", port: 0), group: group, handler: ok)
        await #expect(
            throws: ServerError.badAddress("cannot listen on 192.0.2.1:0: it is not an address of this machine")
        ) { try await foreign.start() }
        let twice = server(0, group)
        _ = try await twice.start()
        await #expect(throws: ServerError.alreadyStarted) { try await twice.start() }
        await twice.drain(deadline: .seconds(1))
        group.stop()
    }

    @Test("draining closes idle connections, finishes running answers and takes nothing new")
    func drain() async throws {
        let gate = Gate()
        let journal = Journal()
        try await RunningServer.with { request, response in
            if request.head.target.rawPath == "/idle" { return try response.respond(.ok, [:], []) }
            try response.head(.ok, [:], .chunked)
            response.write(Array("first ".utf8))
            journal.note("running")
            try await gate.pass(on: request.loop)
            response.write(Array("last".utf8))
        } _: { running in
            let idle = try running.client()
            idle.send("GET /idle HTTP/1.1\r\nHost: h\r\n\r\n")
            #expect(try idle.answer().status == 200)
            let busy = try running.client()
            busy.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
            #expect(try await journal.awaits("running"))
            let drained = running.startDraining(deadline: .seconds(10))
            #expect(try idle.isEnded())
            #expect(throws: RawClient.Malformed.self) { try running.client() }
            gate.open()
            #expect(try busy.answer().body == "first last")
            #expect(try busy.isEnded())
            busy.close()
            await drained.value
            #expect(running.server.openConnections == 0)
            #expect(running.server.requestsInFlight == 0)
        }
    }

    @Test("an answer begun while draining says that the connection closes")
    func drainNotice() async throws {
        let gate = Gate()
        let journal = Journal()
        try await RunningServer.with { request, response in
            journal.note("running")
            try await gate.pass(on: request.loop)
            try response.respond(.ok, [:], [])
        } _: { running in
            let client = try running.client()
            client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
            #expect(try await journal.awaits("running"))
            let drained = running.startDraining(deadline: .seconds(10))
            #expect(try await RunningServer.eventually { (try? running.client()) == nil })
            gate.open()
            #expect(try client.answer().headers.first("connection") == "close")
            client.close()
            await drained.value
        }
    }

    @Test("what still runs at the deadline is cut and cancelled")
    func drainDeadline() async throws {
        let journal = Journal()
        try await RunningServer.with { request, response in
            journal.note("running")
            do { try await request.loop.sleep(for: .seconds(60)) } catch { journal.note("cancelled") }
        } _: { running in
            let client = try running.client()
            client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
            #expect(try await journal.awaits("running"))
            await running.server.drain(deadline: .milliseconds(50))
            #expect(try client.isEnded())
            #expect(try await journal.awaits("cancelled"))
        }
    }

    @Test("connections spread over the loops and each stays on its own")
    func loops() async throws {
        let journal = Journal()
        try await RunningServer.with(loops: 2) { _ in
        } handler: { request, response in
            #expect(request.loop.isCurrent)
            try await request.loop.sleep(for: .milliseconds(1))
            #expect(request.loop.isCurrent)
            journal.note("\(request.loop.index)")
            try response.respond(.ok, [:], Array("\(request.loop.index)".utf8))
        } _: { running in
            for _ in 0..<100 {
                let client = try running.client()
                client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n")
                #expect(try client.answer().body == (try client.answer().body))
            }
            #expect(Set(journal.all) == ["0", "1"])
        }
    }
}
