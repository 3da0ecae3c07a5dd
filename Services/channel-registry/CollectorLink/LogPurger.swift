import Contracts
package import EventLoop
package import InternalHTTP
import Lifecycle
package import RegistryStore
package import Telemetry

/// Has the log-collector delete the records of deleted groups (contract admin-api §10.1).
///
/// What is to be deleted stands in PostgreSQL since the group was deleted, and stays there until the collector said twice that nothing is left; so a collector that is
/// down is told later, by whichever replica is there then.
package struct LogPurger: Service {
    /// The name in log lines.
    package let name = "log-purges"

    /// Groups of one round; more wait for the next one.
    private static let groupsPerRound = 100
    /// Calls for one group before others get their turn; each deletes a bounded number of records.
    private static let callsPerTurn = 10

    private let peer: PeerClient
    private let store: LogPurgeStore
    private let isPrepared: @Sendable () -> Bool
    private let loop: EventLoop
    private let metrics: CollectorMetrics
    private let logger: Logger
    private let interval: Duration
    private let stop = StopSignal()

    /// - Parameters:
    ///   - peer: The collector.
    ///   - store: What it has to hear.
    ///   - isPrepared: Whether the tables are there.
    ///   - loop: Where it works.
    ///   - metrics: What is counted.
    ///   - logger: For the operator.
    ///   - interval: How often it is looked whether a group was deleted; a parameter for tests.
    package init(
        peer: PeerClient, store: LogPurgeStore, isPrepared: @escaping @Sendable () -> Bool, loop: EventLoop,
        metrics: CollectorMetrics, logger: Logger, interval: Duration = .seconds(2)
    ) {
        self.peer = peer
        self.store = store
        self.isPrepared = isPrepared
        self.loop = loop
        self.metrics = metrics
        self.logger = logger
        self.interval = interval
    }

    /// Purges until it is stopped.
    package func run() async throws {
        await stop.work(on: loop) { await purge() }
    }

    /// Ends `run()`.
    package func shutdown(deadline: Duration) async {
        stop.raise()
    }

    private func purge() async {
        var isFailing = false
        while !Task.isCancelled {
            do throws(RegistryError) {
                if isPrepared() { try await round() }
                isFailing = false
            } catch {
                if Task.isCancelled { return }
                if !isFailing {
                    logger.warning("deleted groups cannot be looked up", ["error": .string("\(error)")])
                }
                isFailing = true
            }
            do throws(CancellationError) {
                try await loop.sleep(for: interval)
            } catch {
                return
            }
        }
    }

    /// Tells the collector what is due.
    package func round() async throws(RegistryError) {
        for _ in 0..<Self.groupsPerRound {
            guard let due = try await store.due(limit: 1).first else { return }
            try await tell(due)
        }
    }

    private func tell(_ due: LogPurge) async throws(RegistryError) {
        var isDone = false
        do throws(PeerError) {
            for _ in 0..<Self.callsPerTurn where !isDone {
                isDone = try await peer.call(.purgeGroup, due.purge, timeout: .seconds(30)).isDone
            }
        } catch {
            if error.isCancellation { return }
            metrics.failures.with("purges").increment()
            if due.failures == 0 {
                logger.warning(
                    "the records of a deleted group cannot be deleted now; it is tried again",
                    ["group": .string(due.purge.group), "error": .string(error.code)])
            }
            var retry = PeerRetry()
            retry.first = .seconds(1)
            retry.longest = .seconds(60)
            return try await store.putOff(due, by: retry.delay(afterFailures: due.failures + 1), isFailure: true)
        }
        guard isDone else { return try await store.putOff(due, by: .zero, isFailure: false) }
        metrics.purges.increment()
        try await store.finish(due)
    }
}
