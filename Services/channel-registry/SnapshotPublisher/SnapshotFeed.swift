package import EventLoop
package import Lifecycle
package import Postgres
package import RegistryStore
import Synchronization
package import Telemetry

/// Keeps the board up to date: woken by PostgreSQL with each change, and by the clock in case a notification was lost.
///
/// While PostgreSQL is away the board keeps what it has, so gateways that start then still get their configuration.
package final class SnapshotFeed: Service {
    /// The rhythms of the feed; a parameter for tests.
    package struct Timing: Sendable {
        /// How long a lost notification may go unnoticed.
        package var poll: Duration = .seconds(1)
        /// The pause after a failed read.
        package var retry: Duration = .milliseconds(500)
        /// How long deletions are remembered in the database.
        package var tombstoneAge: Duration = .seconds(7 * 86_400)
        /// How often older ones are removed.
        package var pruning: Duration = .seconds(3600)

        package init() {}
    }

    package let name = "snapshot-feed"
    private let board: SnapshotBoard
    private let changes: ChangeFeed
    private let pool: PostgresPool
    private let loop: EventLoop
    private let logger: Logger
    private let metrics: FeedMetrics
    private let readiness: ReadinessSwitch
    private let timing: Timing
    private let overrides: [String: String]
    private let signal: WakeSignal
    private let isStopping = Atomic(false)
    private let isPrepared = Atomic(false)

    /// A feed that works on one loop; `overrides` are options that win over stored ones.
    package init(
        board: SnapshotBoard, changes: ChangeFeed, pool: PostgresPool, loop: EventLoop, logger: Logger,
        metrics: FeedMetrics, readiness: ReadinessSwitch, timing: Timing = Timing(), overrides: [String: String] = [:]
    ) {
        self.board = board
        self.changes = changes
        self.pool = pool
        self.loop = loop
        self.logger = logger
        self.metrics = metrics
        self.readiness = readiness
        self.timing = timing
        self.overrides = overrides
        signal = WakeSignal(loop: loop)
    }

    /// Tells the feed that the tables are there; before that it reads nothing.
    package func start() {
        isPrepared.store(true, ordering: .releasing)
        signal.raise()
    }

    /// Follows the configuration until ``shutdown(deadline:)``.
    package func run() async throws {
        await withTaskExecutorPreference(loop) { await follow() }
    }

    /// Ends ``run()``. The gateways that wait are answered by ``SnapshotBoard/close()``, which comes before the server drains.
    package func shutdown(deadline: Duration) async {
        isStopping.store(true, ordering: .releasing)
        signal.raise()
    }

    private func follow() async {
        let signal = signal
        let listening = pool.listen(
            RegistrySchema.changeChannel, { _ in signal.raise() }, onReconnect: { signal.raise() })
        defer { listening.cancel() }
        var outage: RegistryError?
        var nextPruning = loop.now
        while !isPrepared.load(ordering: .acquiring), !isStopping.load(ordering: .acquiring) {
            await signal.wait(atMost: timing.poll)
        }
        while !isStopping.load(ordering: .acquiring) {
            do throws(RegistryError) {
                try await refresh()
                if outage != nil { logger.info("the snapshot feed follows PostgreSQL again") }
                outage = nil
                readiness.set(.ready)
                if loop.now >= nextPruning {
                    nextPruning = loop.now.advanced(by: timing.pruning)
                    _ = try await changes.pruneTombstones(olderThan: timing.tombstoneAge)
                }
            } catch {
                metrics.failures.increment()
                readiness.set(.notReady("the configuration cannot be read from PostgreSQL"))
                if outage == nil { logger.warning("the snapshot feed cannot read", ["error": .string("\(error)")]) }
                outage = error
            }
            await signal.wait(atMost: outage == nil ? timing.poll : timing.retry)
        }
    }

    /// Reads what is new. The one-row question comes first: most wakes by the clock find nothing.
    private func refresh() async throws(RegistryError) {
        guard var mirror = board.mirror else { return try await readWhole() }
        let position = try await changes.position()
        if position == mirror.position { return }
        switch mirror.apply(try await changes.changes(after: mirror.position.revision)) {
        case .unchanged: return
        case .needsWhole: return try await readWhole()
        case .applied: post(mirror)
        }
    }

    private func readWhole() async throws(RegistryError) {
        post(SnapshotMirror(whole: try await changes.changes(after: 0), overrides: overrides))
    }

    private func post(_ mirror: SnapshotMirror) {
        board.post(mirror)
        metrics.posted.increment()
        logger.debug("a new revision was posted", ["revision": .int(mirror.position.revision)])
    }
}
