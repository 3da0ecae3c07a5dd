import EventLoop
import Synchronization

@testable import HTTPServer

/// A server on loops of its own, for one test.
struct RunningServer: Sendable {
    let server: HTTPServer
    let port: UInt16
    let group: EventLoopGroup

    /// Runs a server while `body` runs, and takes it down.
    static func with(
        loops: Int = 1, _ configure: (inout ServerConfiguration) -> Void = { _ in }, handler: @escaping Handler,
        _ body: (RunningServer) async throws -> Void
    ) async throws {
        let group = try EventLoopGroup(count: loops, name: "test")
        try group.start()
        var configuration = ServerConfiguration(host: "127.0.0.1", port: 0)
        configure(&configuration)
        let server = HTTPServer(configuration, group: group, handler: handler)
        let address = try await server.start()
        let running = RunningServer(server: server, port: address.port, group: group)
        // The body blocks in its clients, so it gets a thread of its own.
        let driver = try EventLoop(name: "driver")
        try driver.start()
        defer {
            driver.stop()
            driver.join()
        }
        do {
            try await withTaskExecutorPreference(driver) { try await body(running) }
        } catch {
            await running.stop()
            throw error
        }
        await running.stop()
    }

    func client() throws -> RawClient { try RawClient(port: port) }

    /// Starts to drain; what is answered ends when that is done.
    func startDraining(deadline: Duration) -> Task<Void, Never> {
        group.loops[0].spawn { await server.drain(deadline: deadline) }
    }

    private func stop() async {
        await server.drain(deadline: .milliseconds(200))
        group.stop()
    }

    /// Waits until a condition holds, at most ten seconds.
    static func eventually(_ condition: () -> Bool) async throws -> Bool {
        for _ in 0..<2000 {
            if condition() { return true }
            try await Task.sleep(for: .milliseconds(5))
        }
        return condition()
    }
}

/// What happened in a handler, in order; readable from the test.
final class Journal: Sendable {
    private let entries = Mutex<[String]>([])

    func note(_ entry: String) { entries.withLock { $0.append(entry) } }

    var all: [String] { entries.withLock { $0 } }

    func contains(_ entry: String) -> Bool { all.contains(entry) }

    /// Waits until the entry is there, at most ten seconds.
    func awaits(_ entry: String) async throws -> Bool { try await RunningServer.eventually { contains(entry) } }
}

/// A gate that handlers wait at until a test opens it; whoever waits is let go when cancelled, too.
final class Gate: Sendable {
    private let isOpen = Mutex(false)

    func open() { isOpen.withLock { $0 = true } }

    func pass(on loop: EventLoop) async throws {
        while !isOpen.withLock({ $0 }) { try await loop.sleep(for: .milliseconds(2)) }
    }
}
