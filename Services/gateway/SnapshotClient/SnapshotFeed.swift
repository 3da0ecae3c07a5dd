package import Contracts
package import EventLoop
package import InternalHTTP
package import Lifecycle
import Synchronization
package import Telemetry

/// Keeps a cell up to date with the registry: the saved file first, then a long poll without end.
///
/// What was published last is served on whatever happens to the registry, for days if need be. Reading, applying and building are done on the pool, so that
/// a large snapshot does not hold up a loop.
package final class SnapshotFeed<Value: Sendable>: Service {
    /// Makes the value that requests read; gets the one before, to take over what did not change.
    package typealias Build = @Sendable (_ news: SnapshotNews, _ previous: Value?) -> Value
    /// Asks the registry; answers the JSON of a snapshot.
    package typealias Fetch = @Sendable (SnapshotQuery) async throws(PeerError) -> [UInt8]

    private struct State {
        var machine = SnapshotMachine()
        var savedRevision: Int64?
        var isLoaded = false
    }

    package let name = "snapshot-feed"
    /// Where the values are published.
    package let cell: SnapshotCell<Value>
    private let fetch: Fetch
    private let file: SnapshotFile
    private let pool: BlockingPool
    private let loop: EventLoop
    private let metrics: SnapshotMetrics
    private let logger: Logger
    private let timing: SnapshotTiming
    private let build: Build
    private let state = Mutex(State())
    private let stop = StopSignal()
    private let unsaved = WakeSignal()

    /// A feed that has not begun.
    ///
    /// - Parameters:
    ///   - fetch: asks the registry; ended by cancellation.
    ///   - pool: for files and for what takes long.
    ///   - loop: the loop on which the feed waits.
    package init(
        cell: SnapshotCell<Value>, fetch: @escaping Fetch, file: SnapshotFile, pool: BlockingPool, loop: EventLoop,
        metrics: SnapshotMetrics, logger: Logger, timing: SnapshotTiming = SnapshotTiming(), build: @escaping Build
    ) {
        self.cell = cell
        self.fetch = fetch
        self.file = file
        self.pool = pool
        self.loop = loop
        self.metrics = metrics
        self.logger = logger
        self.timing = timing
        self.build = build
    }

    /// A feed that asks the registry behind `peer`.
    package convenience init(
        cell: SnapshotCell<Value>, peer: PeerClient, file: SnapshotFile, pool: BlockingPool, loop: EventLoop,
        metrics: SnapshotMetrics, logger: Logger, timing: SnapshotTiming = SnapshotTiming(), build: @escaping Build
    ) {
        self.init(
            cell: cell,
            fetch: { query async throws(PeerError) in
                let wait = Duration.milliseconds(query.waitMilliseconds)
                return try await peer.callEncoded(
                    .snapshot, query, timeout: wait + timing.answerTime, maxAnswerBytes: timing.maxAnswerBytes
                ).body
            },
            file: file, pool: pool, loop: loop, metrics: metrics, logger: logger, timing: timing, build: build)
    }

    /// Ready as soon as there is any snapshot, also an old one.
    package var readiness: ReadinessState {
        cell.current == nil ? .notReady("no snapshot yet: the registry has not answered and none was saved") : .ready
    }

    /// Publishes what the file holds, once; `run()` does it first when nobody did before.
    package func load() async {
        let isFirst = state.withLock { state in
            defer { state.isLoaded = true }
            return !state.isLoaded
        }
        guard isFirst else { return }
        let file = file
        do {
            switch try await pool.run({ file.load() }) {
            case .nothing:
                logger.info("no snapshot was saved", ["file": .string(file.path)])
            case .damaged(let reason, let aside):
                metrics.fileFault("read")
                logger.warning(
                    "the saved snapshot cannot be used",
                    ["file": .string(file.path), "reason": .string(reason), "kept_as": .string(aside ?? file.path)])
            case .snapshot(let snapshot):
                _ = try await take(snapshot)
                state.withLock { $0.savedRevision = snapshot.revision }
                logger.info(
                    "serving the saved snapshot",
                    ["revision": .int(snapshot.revision), "channels": .integer(snapshot.channels.count)])
            }
        } catch {
            metrics.fileFault("read")
            logger.warning("the saved snapshot was not read", ["error": .string("\(error)")])
        }
    }

    /// Follows the registry until `shutdown(deadline:)`.
    package func run() async throws {
        await withTaskExecutorPreference(loop) {
            await load()
            await withTaskGroup(of: Void.self) { group in
                group.addTask { await self.follow() }
                group.addTask { await self.keepFile() }
                await stop.wait()
                group.cancelAll()
            }
            await saveIfNew()
        }
    }

    /// Ends the long poll at once, and `run()` after a last save.
    package func shutdown(deadline: Duration) async {
        stop.raise()
    }

    // MARK: Following

    private func follow() async {
        var failures = 0
        // Answers in a row that came at once and gave nothing; without a growing pause they would make a loop without rest.
        var hasty = 0
        while !Task.isCancelled {
            do {
                let start = MonotonicTime.now()
                let verdict = try await poll(waits: failures == 0)
                metrics.answered(verdict)
                if failures > 0 { logger.info("the registry answers again", ["failures": .integer(failures)]) }
                let isFirstAfterFailure = failures > 0
                failures = 0
                switch verdict {
                case .replace:
                    hasty = 0
                    continue
                case .unchanged:
                    guard !isFirstAfterFailure, start.duration(to: .now()) < timing.longPoll / 2 else {
                        hasty = 0
                        continue
                    }
                case .refetchWhole(let reason):
                    logger.debug("asking for the whole snapshot", ["reason": .string(reason.rawValue)])
                }
                hasty += 1
                try await loop.sleep(for: timing.retry.delay(afterFailures: hasty))
            } catch {
                guard !Task.isCancelled else { return }
                failures += 1
                await recover(from: error, failures)
            }
        }
    }

    private func poll(waits: Bool) async throws -> SnapshotMachine.Verdict {
        let wait = waits ? timing.longPoll : .zero
        let query = state.withLock { $0.machine.query(waitMilliseconds: Int(wait.wholeMilliseconds)) }
        let bytes = try await fetch(query)
        let snapshot = try await pool.run { try SnapshotJSON.decode(bytes) }
        let verdict = try await take(snapshot)
        if case .replace = verdict { unsaved.raise() }
        return verdict
    }

    private func take(_ snapshot: Snapshot) async throws -> SnapshotMachine.Verdict {
        try await pool.run { [self] in
            // Only one is taken at a time. What is replaced is let go here too: a large one takes a while to take apart.
            var machine = state.withLock { $0.machine }
            let verdict = machine.take(snapshot)
            if case .replace(let whole) = verdict {
                let previous = cell.current
                let changes = snapshot.isWhole || previous == nil ? nil : snapshot
                cell.update(build(SnapshotNews(whole: whole, changes: changes), previous))
            }
            let next = machine
            _ = state.withLock { state in
                defer { state.machine = next }
                return state.machine
            }
            if let held = next.held { metrics.serves(held.revision) }
            return verdict
        }
    }

    private func recover(from error: any Error, _ failures: Int) async {
        let code: String
        var asked: Duration?
        switch error {
        case let error as PeerError:
            code = error.code
            if case .fault(_, _, let retryAfter) = error { asked = retryAfter }
        case is SnapshotJSONError: code = "undecodable"
        case is BlockingPoolError: code = "pool"
        default: code = "other"
        }
        metrics.failed(code)
        let fields: LogFields = [
            "error": .string("\(error)"), "code": .string(code), "failures": .integer(failures),
            "revision": state.withLock { $0.machine.held }.map { .int($0.revision) } ?? .null,
        ]
        // The first time it is news; afterwards the metric says it.
        if failures == 1 { logger.warning("the registry gives no snapshot", fields) }
        if failures > 1 { logger.debug("the registry gives no snapshot", fields) }
        try? await loop.sleep(for: timing.retry.delay(afterFailures: failures, asked: asked))
    }

    // MARK: The file

    private func keepFile() async {
        while !Task.isCancelled {
            await unsaved.wait()
            guard !Task.isCancelled else { return }
            let start = MonotonicTime.now()
            let isSaved = await saveIfNew()
            // A large one takes a while to write; that must stay a small share of the time, however fast changes come.
            let rest = max(timing.savePause, start.duration(to: .now()) * 20)
            let pause = isSaved ? rest : timing.saveRetry
            // Ended early by cancellation; the last save follows then.
            try? await loop.sleep(for: pause)
        }
    }

    /// Saves what is published, unless it is saved.
    ///
    /// - Returns: whether the file is up to date.
    @discardableResult
    private func saveIfNew() async -> Bool {
        let (held, saved) = state.withLock { ($0.machine.held, $0.savedRevision) }
        guard let held, held.revision != saved else { return true }
        do {
            try await pool.run { [file] in try file.save(held) }
            state.withLock { $0.savedRevision = held.revision }
            return true
        } catch {
            metrics.fileFault("write")
            logger.warning(
                "the snapshot was not saved", ["file": .string(file.path), "error": .string("\(error)")])
            unsaved.raise()
            return false
        }
    }
}

/// What a value is built from.
package struct SnapshotNews: Sendable {
    /// Everything as it is now.
    package let whole: Snapshot
    /// What changed since the value before was built; `nil` when there is none, or when it has nothing to do with this.
    package let changes: Snapshot?
}

/// The rhythms and bounds of a snapshot feed.
package struct SnapshotTiming: Sendable {
    /// How long the registry may hold a call.
    package var longPoll: Duration = .seconds(25)
    /// How long an answer may take beyond that.
    package var answerTime: Duration = .seconds(15)
    /// The pauses after failures.
    package var retry = PeerRetry()
    /// The shortest time between two saves.
    package var savePause: Duration = .seconds(1)
    /// The pause after a save that failed.
    package var saveRetry: Duration = .seconds(30)
    /// The largest answer that is taken.
    package var maxAnswerBytes = 512 * 1024 * 1024

    /// The defaults.
    package init() {}
}
