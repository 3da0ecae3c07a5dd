import Contracts
import EventLoop
import HTTPClient
import InternalHTTP
import Routing
import Synchronization
import Telemetry
import TestSupport
import Testing

@testable import HealthReporting

/// A registry that answers what it is told to, and remembers.
private final class FakeRegistry: Sendable {
    private let state = Mutex<(answers: [Result<HealthView, PeerError>], seen: [HealthReport])>(([], []))

    var seen: [HealthReport] { state.withLock { $0.seen } }

    func will(_ answers: Result<HealthView, PeerError>...) {
        state.withLock { $0.answers += answers }
    }

    func take(_ report: HealthReport) throws(PeerError) -> HealthView {
        let answer = state.withLock { state in
            state.seen.append(report)
            return state.answers.isEmpty ? .success(HealthView()) : state.answers.removeFirst()
        }
        return try answer.get()
    }
}

@Suite("Reports of channel health")
struct HealthReporterTests {
    private let book = HealthBook { 300 }
    private let callers = CallerTraffic()
    private let registry = FakeRegistry()
    private let channel = RoutedChannel(
        SnapshotChannel(id: 1, type: 1, name: "c", bansOnNoPermission: true), key: Redacted("k"))
    private static let down = PeerError.transport(.connect("refused"))

    private func with(_ body: (HealthReporter) async throws -> Void) async throws {
        try await withLoops(1) { loops in
            let registry = registry
            let metrics = HealthMetrics(MetricsRegistry(), book: book, callers: callers) { 0 }
            let reporter = HealthReporter(
                book: book, callers: callers,
                send: { report async throws(PeerError) in try registry.take(report) }, loop: loops.loops[0],
                metrics: metrics, logger: .silent, instance: "g")
            try await body(reporter)
        }
    }

    private func call(_ outcome: AttemptHealth = .success, at now: UInt64) throws {
        _ = book.record(outcome, channel: try #require(channel), model: "m", tokens: 1, atSecond: now)
    }

    @Test("a gateway without news asks every five seconds, one with news tells each second")
    func rhythm() async throws {
        try await with { reporter async throws in
            for second: UInt64 in 100...109 { await reporter.tick(atSecond: second) }
            #expect(registry.seen.count == 2)
            #expect(registry.seen.allSatisfy { $0.isEmpty && $0.sequence == 0 && $0.instance == "g" })
            for second: UInt64 in 110...112 {
                try call(at: second - 1)
                await reporter.tick(atSecond: second)
            }
            #expect(registry.seen.dropFirst(2).map(\.sequence) == [1, 2, 3])
            #expect(registry.seen.last?.attempts.map(\.age) == [1])
        }
    }

    @Test("a report that was not answered is sent again under its number, older by then; what came meanwhile follows")
    func again() async throws {
        try await with { reporter async throws in
            registry.will(.failure(Self.down), .failure(Self.down))
            try call(at: 100)
            #expect(await reporter.tick(atSecond: 101) == 1)
            try call(at: 101)
            #expect(await reporter.tick(atSecond: 102) == 2)
            #expect(await reporter.tick(atSecond: 103) == 0)
            await reporter.tick(atSecond: 104)
            #expect(registry.seen.map(\.sequence) == [1, 1, 1, 2])
            #expect(registry.seen.flatMap { $0.attempts.map(\.age) } == [1, 2, 3, 3])
        }
    }

    @Test("a report that will never be taken is given up")
    func refused() async throws {
        try await with { reporter async throws in
            registry.will(.failure(.fault(Fault(.malformed, "no"), status: 400, retryAfter: nil)))
            try call(at: 100)
            #expect(await reporter.tick(atSecond: 101) == 1)
            try call(at: 101)
            #expect(await reporter.tick(atSecond: 102) == 0)
            #expect(registry.seen.map(\.sequence) == [1, 2])
            #expect(registry.seen[1].attempts.count == 1)
        }
    }

    @Test("clear commands are carried out once: the next report says which is the newest")
    func clears() async throws {
        try await with { reporter async throws in
            try call(.noPermission, at: 100)
            let ban = HealthBan(channel: 1, model: "m", reason: .noPermission, seconds: 300)
            registry.will(
                .success(HealthView(clearsAfter: 41, bans: [ban])),
                .success(HealthView(clearsAfter: 42, clears: [HealthView.Clear(channel: 1)])))
            await reporter.tick(atSecond: 101)
            #expect(book.hasBans && book.isActive)
            await reporter.tick(atSecond: 102)
            #expect(!book.hasBans)
            await reporter.tick(atSecond: 107)
            #expect(registry.seen.map(\.clearsAfter) == [nil, 41, 42])
        }
    }

    @Test("callers are reported with the attempts, and at the end also the current second")
    func end() async throws {
        try await with { reporter async throws in
            let now = MonotonicTime.now().nanoseconds / 1_000_000_000
            callers.record(CallerTraffic.Key(group: "g", token: "t", model: "m"), tokens: 5, atSecond: now)
            async let running: Void = reporter.run()
            await reporter.shutdown(deadline: .seconds(1))
            try await running
            let rows = registry.seen.flatMap(\.callers)
            #expect(rows.map(\.tokens) == [5] && rows.map(\.group) == ["g"])
            #expect(callers.isEmpty)
        }
    }
}
