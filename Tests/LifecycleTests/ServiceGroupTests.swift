import EventLoop
import Synchronization
import Telemetry
import Testing

@testable import Lifecycle

/// What happened, in order, from any thread.
final class Journal: Sendable {
    private let held = Mutex<[String]>([])
    var entries: [String] { held.withLock { $0 } }
    func note(_ entry: String) { held.withLock { $0.append(entry) } }
}

/// A service whose every behaviour is chosen by the test.
final class ScriptedService: Service {
    enum Ending: Equatable {
        case onShutdown, atOnce, failing, cutting, onCancellation, never
    }

    struct Broken: Error {}

    let name: String
    private let ending: Ending
    private let journal: Journal
    private let stop = StopSignal()
    private let forever = StopSignal()
    private let onStart: @Sendable () -> Void

    init(_ name: String, _ ending: Ending, _ journal: Journal, onStart: @escaping @Sendable () -> Void = {}) {
        self.name = name
        self.ending = ending
        self.journal = journal
        self.onStart = onStart
    }

    func run() async throws {
        journal.note("\(name) runs")
        onStart()
        switch ending {
        case .atOnce: break
        case .failing: throw Broken()
        case .onShutdown: await stop.wait()
        case .cutting:
            await stop.wait()
            throw DrainCut("one stream")
        case .onCancellation: await forever.wait()
        case .never: await withCheckedContinuation { (_: CheckedContinuation<Void, Never>) in }
        }
        journal.note("\(name) ends")
    }

    func shutdown(deadline: Duration) async {
        journal.note("\(name) asked")
        stop.raise()
    }
}

@Suite("Lifecycle: groups of services")
struct ServiceGroupTests {
    /// Runs a group on two loops of its own.
    func run(_ services: [ScriptedService], drain: Duration = .seconds(20), stops: Int = 0) async throws -> ExitCode {
        let control = try EventLoop(name: "control")
        let loops = try EventLoopGroup(count: 1, name: "work")
        try control.start()
        try loops.start()
        defer {
            loops.stop()
            control.stop()
            control.join()
        }
        let group = ServiceGroup(services, control: control, loop: loops.loops[0], logger: .silent, drain: drain)
        for _ in 0..<stops { group.stop() }
        return await group.run()
    }

    @Test("services start in order and stop in reverse, each one after the one before has ended")
    func order() async throws {
        let journal = Journal()
        let services = ["a", "b", "c"].map { ScriptedService($0, .onShutdown, journal) }
        #expect(try await run(services, stops: 1) == .success)
        #expect(
            journal.entries == [
                "a runs", "b runs", "c runs", "c asked", "c ends", "b asked", "b ends", "a asked", "a ends",
            ])
    }

    @Test(
        "a failing service, or one that ends by itself, stops the group",
        arguments: [ScriptedService.Ending.failing, .atOnce])
    func failure(ending: ScriptedService.Ending) async throws {
        let journal = Journal()
        let services = [ScriptedService("a", .onShutdown, journal), ScriptedService("b", ending, journal)]
        #expect(try await run(services) == .failure)
        #expect(journal.entries.suffix(2) == ["a asked", "a ends"])
        #expect(!journal.entries.contains("b asked"))
    }

    @Test("work that is cut gives code 70")
    func cut() async throws {
        #expect(try await run([ScriptedService("a", .cutting, Journal())], stops: 1) == .drainCut)
    }

    @Test("at the deadline what still runs is cancelled")
    func deadline() async throws {
        let journal = Journal()
        #expect(
            try await run([ScriptedService("a", .onCancellation, journal)], drain: .milliseconds(50), stops: 1)
                == .drainCut)
        #expect(journal.entries == ["a runs", "a asked", "a ends"])
    }

    @Test("a second stop does not wait for the deadline")
    func impatience() async throws {
        #expect(
            try await run([ScriptedService("a", .onCancellation, Journal())], drain: .seconds(600), stops: 2)
                == .drainCut)
    }

    @Test("a service that ignores cancellation does not keep the group")
    func stubborn() async throws {
        #expect(try await run([ScriptedService("a", .never, Journal())], drain: .zero, stops: 1) == .drainCut)
    }

    @Test(
        "a service is given what is left of the drain, less what those behind it need",
        arguments: [
            (100, false, 95), (100, true, 100), (8, false, 6), (0, false, 0), (-3, false, 0), (-3, true, 0),
        ] as [(Int, Bool, Int)])
    func shares(left: Int, isLast: Bool, given: Int) {
        #expect(ServiceGroup.share(of: .seconds(left), isLast: isLast) == .seconds(given))
    }
}

@Suite("Lifecycle: the stop signal")
struct StopSignalTests {
    @Test("those who wait go on when it is raised, later ones at once")
    func raise() async {
        let signal = StopSignal()
        #expect(!signal.isRaised)
        async let first: Void = signal.wait()
        async let second: Void = signal.wait()
        signal.raise()
        signal.raise()
        _ = await (first, second)
        await signal.wait()
        #expect(signal.isRaised)
    }

    @Test("a cancelled waiter goes on although nobody raised it")
    func cancellation() async {
        let signal = StopSignal()
        let task = Task { await signal.wait() }
        task.cancel()
        await task.value
        let cancelled = Task {
            unsafe withUnsafeCurrentTask { unsafe $0?.cancel() }
            await signal.wait()
        }
        await cancelled.value
        #expect(!signal.isRaised)
    }
}
