import Contracts
import EventLoop
import HTTPClient
import HTTPServer
import InternalHTTP
import Lifecycle
import SnapshotClient
import Synchronization
import Telemetry
import TestSupport
import Testing

/// A registry as small as can be: one snapshot, and callers that wait for the next.
private final class SmallRegistry: Sendable {
    private let held: Mutex<Snapshot>
    private let changed = WakeSignal()

    init(_ snapshot: Snapshot) { held = Mutex(snapshot) }

    func publish(_ name: String) {
        held.withLock { snapshot in
            snapshot.revision += 1
            snapshot.channels = [SnapshotChannel(id: 1, type: 1, name: name)]
        }
        changed.raise()
    }

    func answer(_ query: SnapshotQuery, on loop: EventLoop) async -> [UInt8] {
        let isNews = held.withLock { $0.epoch != query.epoch || $0.revision != query.after }
        if !isNews { await changed.wait(atMost: .milliseconds(query.waitMilliseconds), on: loop) }
        return SnapshotJSON.encode(held.withLock { $0 })
    }

    func router(key: String) -> Router {
        var router = Router()
        router.serveEncoded(.snapshot, key: Redacted(key), logger: .silent) { query, request in
            await self.answer(query, on: request.loop)
        }
        return router
    }
}

@Suite("Snapshot feed over sockets", .timeLimit(.minutes(1)))
struct SnapshotSocketTests {
    private struct Stage: Sendable {
        let loops: EventLoopGroup
        let clients: HTTPClientGroup
        let pool = BlockingPool(name: "files", threads: 1, maxQueued: 16)
        let metrics = MetricsRegistry()

        func serve(_ router: Router, port: UInt16 = 0) async throws -> (HTTPServer, UInt16) {
            let server = HTTPServer(
                ServerConfiguration(host: "127.0.0.1", port: port), group: loops,
                handler: { try await router.handle($0, $1) })
            return (server, try await server.start().port)
        }

        func feed(port: UInt16, key: String, directory: String) -> SnapshotFeed<String> {
            let peer = PeerClient(
                baseURL: "http://127.0.0.1:\(port)", key: Redacted(key), clients: clients, loops: loops, logger: .silent
            )
            var timing = SnapshotTiming()
            timing.retry.longest = .milliseconds(5)
            return SnapshotFeed(
                cell: SnapshotCell(), peer: peer, file: SnapshotFile(directory: directory), pool: pool,
                loop: loops.loops[0], metrics: SnapshotMetrics(metrics), logger: .silent, timing: timing
            ) { news, _ in news.whole.channels.map(\.name).joined() }
        }

        func until(_ condition: () -> Bool) async throws {
            while !condition() { try await loops.loops[0].sleep(for: .milliseconds(1)) }
        }
    }

    private func staged(_ body: (Stage, ScratchDirectory) async throws -> Void) async throws {
        let scratch = try ScratchDirectory()
        try await withLoops(2) { loops in
            let stage = Stage(loops: loops, clients: try HTTPClientGroup(group: loops))
            let result: Result<Void, any Error>
            do {
                result = .success(try await body(stage, scratch))
            } catch {
                result = .failure(error)
            }
            await stage.clients.shutdown()
            stage.pool.shutdown()
            try result.get()
        }
    }

    private func running(_ feed: SnapshotFeed<String>, _ body: () async throws -> Void) async throws {
        async let run: Void = feed.run()
        let result: Result<Void, any Error>
        do {
            result = .success(try await body())
        } catch {
            result = .failure(error)
        }
        await feed.shutdown(deadline: .seconds(1))
        try await run
        try result.get()
    }

    @Test("a change wakes the long poll; shutdown ends it; the next run starts from the file")
    func longPoll() async throws {
        try await staged { stage, scratch in
            let registry = SmallRegistry(Snapshot(epoch: "e", revision: 1, isWhole: true))
            let (server, port) = try await stage.serve(registry.router(key: "k"))
            let feed = stage.feed(port: port, key: "k", directory: scratch.path)
            try await running(feed) {
                try await stage.until { feed.cell.current == "" }
                for name in ["a", "b", "c"] {
                    registry.publish(name)
                    try await stage.until { feed.cell.current == name }
                }
            }
            await server.drain(deadline: .seconds(1))
            let later = stage.feed(port: port, key: "k", directory: scratch.path)
            try await running(later) { try await stage.until { later.readiness == .ready } }
            #expect(later.cell.current == "c")
        }
    }

    @Test("the registry goes and comes back: the last snapshot serves on, then the new one")
    func downAndUp() async throws {
        try await staged { stage, scratch in
            let registry = SmallRegistry(Snapshot(epoch: "e", revision: 1, isWhole: true))
            let (server, port) = try await stage.serve(registry.router(key: "k"))
            let feed = stage.feed(port: port, key: "k", directory: scratch.path)
            try await running(feed) {
                registry.publish("before")
                try await stage.until { feed.cell.current == "before" }
                await server.drain(deadline: .zero)
                try await stage.until {
                    String(decoding: stage.metrics.render(), as: UTF8.self).contains(#"result="connect""#)
                }
                #expect(feed.cell.current == "before")
                registry.publish("after")
                let (again, _) = try await stage.serve(registry.router(key: "k"), port: port)
                try await stage.until { feed.cell.current == "after" }
                await again.drain(deadline: .zero)
            }
        }
    }

    @Test("with a wrong key nothing is served and the reason is counted")
    func wrongKey() async throws {
        try await staged { stage, scratch in
            let registry = SmallRegistry(Snapshot(epoch: "e", revision: 1, isWhole: true))
            let (server, port) = try await stage.serve(registry.router(key: "k"))
            let feed = stage.feed(port: port, key: "K", directory: scratch.path)
            try await running(feed) {
                try await stage.until {
                    String(decoding: stage.metrics.render(), as: UTF8.self).contains(#"result="unauthorized""#)
                }
                #expect(feed.readiness != .ready)
            }
            await server.drain(deadline: .seconds(1))
        }
    }
}
