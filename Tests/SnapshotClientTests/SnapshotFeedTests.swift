import Contracts
import EventLoop
import Foundation
import HTTPClient
import InternalHTTP
import Lifecycle
import SnapshotClient
import Synchronization
import Telemetry
import TestSupport
import Testing

/// Answers the feed's questions by hand.
final class ScriptedRegistry: Sendable {
    typealias Answer = Result<Snapshot, PeerError>

    private struct State {
        var script: [Answer] = []
        var queries: [SnapshotQuery] = []
    }

    private let state = Mutex(State())
    private let news = WakeSignal()

    init(_ script: [Answer] = []) {
        state.withLock { $0.script = script }
    }

    var queries: [SnapshotQuery] { state.withLock { $0.queries } }

    func add(_ answer: Answer) {
        state.withLock { $0.script.append(answer) }
        news.raise()
    }

    func fetch(_ query: SnapshotQuery) async throws(PeerError) -> [UInt8] {
        state.withLock { $0.queries.append(query) }
        while !Task.isCancelled {
            let answer = state.withLock { $0.script.isEmpty ? nil : $0.script.removeFirst() }
            if let answer { return SnapshotJSON.encode(try answer.get()) }
            await news.wait()
        }
        throw .transport(.cancelled)
    }
}

@Suite("Snapshot feed", .timeLimit(.minutes(1)))
struct SnapshotFeedTests {
    /// A feed whose values are the revisions with the names of the channels and, after a plus, of those that changed; and all that it needs.
    struct Bench: Sendable {
        let feed: SnapshotFeed<String>
        let metrics: SnapshotMetrics
        let registry = MetricsRegistry()
        let sink = CollectingSink()
        let pool = BlockingPool(name: "files", threads: 1, maxQueued: 16)
        let loop: EventLoop

        init(_ registry: ScriptedRegistry, _ directory: String, _ loop: EventLoop) {
            self.loop = loop
            metrics = SnapshotMetrics(self.registry)
            var timing = SnapshotTiming()
            timing.retry.first = .milliseconds(1)
            timing.retry.longest = .milliseconds(2)
            timing.savePause = .milliseconds(1)
            timing.saveRetry = .milliseconds(5)
            feed = SnapshotFeed(
                cell: SnapshotCell(), fetch: { query async throws(PeerError) in try await registry.fetch(query) },
                file: SnapshotFile(directory: directory), pool: pool, loop: loop, metrics: metrics,
                logger: Logger(service: "test", sink: sink), timing: timing
            ) { news, previous in
                let names = news.whole.channels.map(\.name).joined(separator: ",")
                let changes = news.changes.map { "+\($0.channels.map(\.name).joined(separator: ","))" } ?? ""
                return "\(previous ?? "") \(news.whole.revision):\(names)\(changes)"
            }
        }

        /// Runs the feed beside `body`, then stops it.
        func running(_ body: () async throws -> Void) async throws {
            async let run: Void = feed.run()
            do {
                try await body()
            } catch {
                await feed.shutdown(deadline: .seconds(1))
                throw error
            }
            await feed.shutdown(deadline: .seconds(1))
            try await run
            pool.shutdown()
        }

        /// Waits until the condition holds; the suite's time limit bounds it.
        func until(_ condition: () -> Bool) async throws {
            while !condition() { try await loop.sleep(for: .milliseconds(1)) }
        }

        var metricText: String { String(decoding: registry.render(), as: UTF8.self) }
    }

    private func whole(_ revision: Int64, _ names: String...) -> Snapshot {
        Snapshot(
            epoch: "e", revision: revision, isWhole: true,
            channels: names.enumerated().map { SnapshotChannel(id: $0.offset, type: 1, name: $0.element) })
    }

    private func delta(_ revision: Int64, _ id: Int, _ name: String) -> Snapshot {
        Snapshot(
            epoch: "e", revision: revision, isWhole: false, channels: [SnapshotChannel(id: id, type: 1, name: name)])
    }

    @Test(
        "the whole snapshot comes first, then changes; each value is built from the one before, and the last is on disk"
    )
    func follow() async throws {
        let scratch = try ScratchDirectory()
        try await withLoops { loops in
            let registry = ScriptedRegistry([.success(whole(1, "a")), .success(delta(2, 1, "b"))])
            let bench = Bench(registry, scratch.path, loops.loops[0])
            #expect(bench.feed.readiness != .ready)
            try await bench.running {
                try await bench.until { bench.feed.cell.current == " 1:a 2:a,b+b" }
                #expect(bench.feed.readiness == .ready)
                registry.add(.success(delta(3, 0, "c")))
                try await bench.until { bench.feed.cell.current == " 1:a 2:a,b+b 3:c,b+c" }
            }
            #expect(registry.queries.map(\.after) == [0, 1, 2, 3])
            #expect(registry.queries.map(\.waitMilliseconds) == [0, 25_000, 25_000, 25_000])
            #expect(SnapshotFile(directory: scratch.path).load() == .snapshot(whole(3, "c", "b")))
            #expect(bench.metricText.contains("gateway_snapshot_revision 3"))
            #expect(bench.metricText.contains(#"gateway_snapshot_fetches_total{result="changed"} 3"#))
        }
    }

    @Test("the saved snapshot serves while the registry is away, and the next question starts from it")
    func startsFromFile() async throws {
        let scratch = try ScratchDirectory()
        try SnapshotFile(directory: scratch.path).save(whole(5, "saved"))
        try await withLoops { loops in
            let registry = ScriptedRegistry([.failure(.transport(.connect("refused")))])
            let bench = Bench(registry, scratch.path, loops.loops[0])
            await bench.feed.load()
            #expect(bench.feed.cell.current == " 5:saved")
            #expect(bench.feed.readiness == .ready)
            try await bench.running {
                try await bench.until { registry.queries.count == 2 }
                #expect(registry.queries.first == SnapshotQuery(epoch: "e", after: 5, waitMilliseconds: 25_000))
                #expect(registry.queries.last == SnapshotQuery(epoch: "e", after: 5, waitMilliseconds: 0))
                registry.add(.success(delta(6, 0, "new")))
                try await bench.until { bench.feed.cell.current == " 5:saved 6:new+new" }
            }
            #expect(bench.sink.lines.contains { $0.contains("the registry answers again") })
            #expect(bench.metricText.contains(#"gateway_snapshot_fetches_total{result="connect"} 1"#))
        }
    }

    @Test("with an unreadable file and no registry it is not ready and keeps trying until there is one")
    func damagedFile() async throws {
        let scratch = try ScratchDirectory()
        let file = SnapshotFile(directory: scratch.path)
        try file.save(whole(5, "saved"))
        try "torn".write(toFile: file.path, atomically: false, encoding: .utf8)
        try await withLoops { loops in
            let down = ScriptedRegistry.Answer.failure(.transport(.connect("refused")))
            let registry = ScriptedRegistry([down, down, down])
            let bench = Bench(registry, scratch.path, loops.loops[0])
            try await bench.running {
                try await bench.until { registry.queries.count == 4 }
                #expect(bench.feed.readiness != .ready)
                #expect(scratch.names == ["snapshot.json.damaged"])
                registry.add(.success(whole(1, "a")))
                try await bench.until { bench.feed.readiness == .ready }
            }
            #expect(bench.sink.lines.count { $0.contains("the saved snapshot cannot be used") } == 1)
            #expect(bench.sink.lines.count { $0.contains("the registry gives no snapshot") } == 1)
            #expect(scratch.names == ["snapshot.json", "snapshot.json.damaged"])
        }
    }

    @Test("an answer that does not follow is not published; the whole one that is asked for then is")
    func refetch() async throws {
        let scratch = try ScratchDirectory()
        try await withLoops { loops in
            var foreign = delta(9, 0, "foreign")
            foreign.epoch = "other"
            let registry = ScriptedRegistry([.success(whole(1, "a")), .success(foreign), .success(whole(2, "b"))])
            let bench = Bench(registry, scratch.path, loops.loops[0])
            try await bench.running { try await bench.until { bench.feed.cell.current == " 1:a 2:b" } }
            #expect(registry.queries.map(\.after) == [0, 1, 0, 2])
            #expect(bench.metricText.contains(#"gateway_snapshot_refetches_total{reason="other_epoch"} 1"#))
        }
    }

    @Test("shutdown ends a long poll at once, and what was not saved is saved")
    func shutdown() async throws {
        let scratch = try ScratchDirectory()
        try await withLoops { loops in
            let registry = ScriptedRegistry([.success(whole(1, "a"))])
            let bench = Bench(registry, scratch.path, loops.loops[0])
            try await bench.running { try await bench.until { registry.queries.count == 2 } }
            #expect(SnapshotFile(directory: scratch.path).load() == .snapshot(whole(1, "a")))
        }
    }

    @Test("a file that cannot be written is reported and tried again; serving goes on")
    func unwritable() async throws {
        let scratch = try ScratchDirectory()
        let inTheWay = scratch.path + "/state"
        try "a file".write(toFile: inTheWay, atomically: false, encoding: .utf8)
        try await withLoops { loops in
            let registry = ScriptedRegistry([.success(whole(1, "a"))])
            let bench = Bench(registry, inTheWay, loops.loops[0])
            try await bench.running {
                try await bench.until { bench.sink.lines.contains { $0.contains("the snapshot was not saved") } }
                #expect(bench.feed.cell.current == " 1:a")
                try FileManager.default.removeItem(atPath: inTheWay)
                try await bench.until { SnapshotFile(directory: inTheWay).load() == .snapshot(whole(1, "a")) }
            }
        }
    }
}
