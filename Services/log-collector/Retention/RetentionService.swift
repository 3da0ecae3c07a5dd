package import EventLoop
import Lifecycle
package import LogStore
import Postgres
package import Telemetry

/// Makes partitions ahead and drops those whose time is over, once a minute and when the terms have changed; in one replica at a time.
///
/// Every step is a short statement or transaction of its own, so a round that is cut leaves nothing half done and the next one goes on.
package struct RetentionService: Service {
    /// The name in log lines.
    package let name = "retention"

    private let partitions: PartitionKeeper
    private let terms: @Sendable () -> StorageTerms
    private let isPrepared: @Sendable () -> Bool
    private let loop: EventLoop
    private let metrics: RetentionMetrics
    private let logger: Logger
    private let now: @Sendable () -> Int64
    private let stop = StopSignal()

    /// Seconds from one round to the next.
    private static let interval = 60
    /// How often it is looked whether the schema is there, after a start.
    private static let startInterval = Duration.milliseconds(200)
    /// Rows that one statement deletes, and statements of one round: more wait for the next round.
    private static let deletionLimit = 5_000
    private static let deletionsPerRound = 40

    /// - Parameters:
    ///   - partitions: Where the work is done.
    ///   - terms: How long records and bodies are kept; asked anew for each round, and every second whether it is time for one.
    ///   - isPrepared: Whether the schema is there.
    ///   - loop: Keeps the time.
    ///   - metrics: What is counted.
    ///   - logger: For the operator.
    ///   - now: The time in Unix microseconds.
    package init(
        partitions: PartitionKeeper, terms: @autoclosure @escaping @Sendable () -> StorageTerms,
        isPrepared: @escaping @Sendable () -> Bool, loop: EventLoop,
        metrics: RetentionMetrics, logger: Logger, now: @escaping @Sendable () -> Int64 = WallClock.microseconds
    ) {
        self.partitions = partitions
        self.terms = terms
        self.isPrepared = isPrepared
        self.loop = loop
        self.metrics = metrics
        self.logger = logger
        self.now = now
    }

    /// Works its rounds until it is stopped.
    package func run() async throws {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await work() }
            group.addTask { await stop.wait() }
            await group.next()
            group.cancelAll()
        }
    }

    /// Ends `run()`; a step that is at work is cancelled and rolled back.
    package func shutdown(deadline: Duration) async {
        stop.raise()
    }

    private func work() async {
        while !Task.isCancelled {
            let isPrepared = isPrepared()
            let used = terms()
            if isPrepared { await attempt() }
            do throws(CancellationError) {
                if isPrepared { try await pause(while: used) } else { try await loop.sleep(for: Self.startInterval) }
            } catch {
                return
            }
        }
    }

    /// Waits for the next round, which other terms do not wait for.
    private func pause(while used: StorageTerms) async throws(CancellationError) {
        for _ in 0..<Self.interval where terms() == used { try await loop.sleep(for: .seconds(1)) }
    }

    private func attempt() async {
        do {
            try await round()
        } catch {
            if Task.isCancelled { return }
            metrics.failures.increment()
            logger.warning("a round of retention failed and is tried again", ["error": .string("\(error)")])
        }
    }

    /// One round; does nothing while another replica is at it. A step that fails does not keep the others from being tried.
    ///
    /// - Throws: The first error of a step.
    package func round() async throws {
        try await partitions.exclusively {
            let plan = RetentionPlan(now: now(), terms: terms(), existing: try await partitions.existing())
            var failure: (any Error)?
            for step in steps(of: plan) {
                do {
                    try await step()
                } catch {
                    failure = failure ?? error
                }
            }
            if let failure { throw failure }
        }
    }

    private func steps(of plan: RetentionPlan) -> [() async throws -> Void] {
        var steps: [() async throws -> Void] = plan.create.map { partition in
            { try await partitions.ensure([partition]) }
        }
        steps += plan.drop.map { partition in
            {
                try await partitions.drop(partition)
                metrics.dropped.with(partition.table.rawValue).increment()
            }
        }
        steps += plan.leftovers.map { leftover in
            {
                try await delete {
                    try await partitions.deleteOthers(of: leftover.table, before: leftover.cutoff, limit: $0)
                }
            }
        }
        steps += RollupGrain.allCases.map { grain in
            {
                try await delete {
                    try await partitions.deleteRollups(
                        grain, before: RollupTerms.cutoff(grain, now: now()), limit: $0)
                }
            }
        }
        steps.append {
            try await delete { try await partitions.deletePositions(before: plan.positionCutoff, limit: $0) }
        }
        steps.append { _ = try await partitions.restampTotals() }
        return steps
    }

    private func delete(_ batch: (Int) async throws -> Int) async throws {
        for _ in 0..<Self.deletionsPerRound {
            let deleted = try await batch(Self.deletionLimit)
            metrics.deleted.increment(by: deleted)
            if deleted < Self.deletionLimit { return }
        }
    }
}

/// What retention counts.
package struct RetentionMetrics: Sendable {
    let dropped: CounterFamily
    let deleted: CounterFamily
    let failures: CounterFamily

    /// Registers the metrics.
    package init(_ registry: MetricsRegistry) {
        dropped = registry.counter(
            "log_collector_retention_partitions_dropped_total", "Partitions that were dropped.", labels: ["table"])
        deleted = registry.counter(
            "log_collector_retention_rows_deleted_total", "Rows outside of the timed partitions that were deleted.")
        failures = registry.counter("log_collector_retention_failures_total", "Rounds that failed in some step.")
    }
}
