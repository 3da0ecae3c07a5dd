import Contracts
package import EventLoop
package import InternalHTTP
import Lifecycle
package import RegistryStore
package import Telemetry

/// Takes the totals of the log-collector over into the counters of channels, tokens and groups, every five seconds (contract admin-api §17).
///
/// All replicas pull; a position in PostgreSQL lets only one of them store a page. The totals are absolute and stay with the collector, so nothing is lost when this
/// service stops or the collector is away.
package struct CounterPull: Service {
    /// The name in log lines.
    package let name = "counters"

    /// More pages wait for the next round.
    static let pagesPerRound = 200

    private let peer: PeerClient
    private let store: CounterStore
    private let isPrepared: @Sendable () -> Bool
    private let loop: EventLoop
    private let metrics: CollectorMetrics
    private let logger: Logger
    private let interval: Duration
    private let pageSize: Int
    private let stop = StopSignal()

    /// - Parameters:
    ///   - peer: The collector.
    ///   - store: The counters.
    ///   - isPrepared: Whether the tables are there.
    ///   - loop: Where it works.
    ///   - metrics: What is counted.
    ///   - logger: For the operator.
    ///   - interval: From one round to the next; a parameter for tests, as is the size of a page.
    ///   - pageSize: Totals of one page.
    package init(
        peer: PeerClient, store: CounterStore, isPrepared: @escaping @Sendable () -> Bool, loop: EventLoop,
        metrics: CollectorMetrics, logger: Logger, interval: Duration = .seconds(5),
        pageSize: Int = TotalsQuery.maxLimit
    ) {
        self.peer = peer
        self.store = store
        self.isPrepared = isPrepared
        self.loop = loop
        self.metrics = metrics
        self.logger = logger
        self.interval = interval
        self.pageSize = pageSize
    }

    /// Pulls until it is stopped.
    package func run() async throws {
        await stop.work(on: loop) { await pull() }
    }

    /// Ends `run()`.
    package func shutdown(deadline: Duration) async {
        stop.raise()
    }

    private func pull() async {
        var failures = 0
        while !Task.isCancelled {
            do {
                if isPrepared() { try await round() }
                if failures > 0 { logger.info("the counters follow the log-collector again") }
                failures = 0
            } catch {
                if Task.isCancelled { return }
                failures += 1
                metrics.failures.with("counters").increment()
                if failures == 1 {
                    logger.warning("the counters cannot follow the log-collector", ["error": .string("\(error)")])
                }
            }
            do throws(CancellationError) {
                try await loop.sleep(for: max(interval, PeerRetry().delay(afterFailures: failures)))
            } catch {
                return
            }
        }
    }

    /// Takes over what changed since the last round of any replica.
    ///
    /// The horizon of the first page is how far the round comes: what other transactions add meanwhile is at the horizon or above, and is looked at again. A page in
    /// the middle comes only as far as its last total, whose stamp other totals may share.
    ///
    /// - Throws: `PeerError` or `RegistryError`; what was taken over stays.
    package func round() async throws {
        var position = try await store.position()
        var after = TotalPlace.before(position.stamp)
        var horizon: Int64?
        for _ in 0..<Self.pagesPerRound {
            let page = try await peer.call(.totals, TotalsQuery(after: after, limit: pageSize), timeout: .seconds(15))
            if horizon == nil, page.epoch != position.epoch || page.horizon < position.stamp {
                // Another log database, or one that was set back: everything again.
                logger.info("the counters begin anew with another log database")
                guard let start = try await store.take([], from: position, epoch: page.epoch, stamp: 0) else { return }
                position = start
                after = .before(0)
                continue
            }
            // In the first page that is a round without news; behind full pages the position still has to come up to the horizon.
            guard page.epoch == position.epoch, horizon != nil || !page.totals.isEmpty else { return }
            let reach = horizon ?? page.horizon
            horizon = reach
            let last = page.totals.count < pageSize ? nil : page.totals.last
            let stamp = max(position.stamp, last.map { min(reach, $0.stamp) } ?? reach)
            guard
                let next = try await store.take(page.totals, from: position, epoch: page.epoch, stamp: stamp)
            else { return }
            metrics.totals.increment(by: page.totals.count)
            guard let last else { return }
            position = next
            after = TotalPlace(last)
        }
    }
}
