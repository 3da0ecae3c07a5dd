package import EventLoop
import Lifecycle
package import RegistryStore
package import Telemetry

/// Refreshes balances every ten minutes, in one replica at a time (contract admin-api §17).
///
/// Asked are the enabled channels whose operator wants it and whose vendor tells a balance; a failure is logged once a round, and never disables a channel.
package struct BalanceRounds: Service {
    /// The name in log lines.
    package let name = "balances"

    /// From one round to the next, over all replicas.
    private static let pause = Duration.seconds(600)
    /// No channel is begun with after so much of a round; the next one may be another replica's.
    private static let longest = Duration.seconds(480)
    /// How often it is looked whether a round is due, in seconds; drawn anew each time, so that replicas do not come at one moment.
    private static let looks = 20.0...40.0

    private let checker: BalanceChecker
    private let rounds: RoundStore
    private let isPrepared: @Sendable () -> Bool
    private let loop: EventLoop
    private let logger: Logger
    private let stop = StopSignal()

    /// - Parameters:
    ///   - checker: Asks the vendors.
    ///   - rounds: Says whose turn it is.
    ///   - isPrepared: Whether the tables are there.
    ///   - loop: Where it works.
    ///   - logger: For the operator.
    package init(
        checker: BalanceChecker, rounds: RoundStore, isPrepared: @escaping @Sendable () -> Bool, loop: EventLoop,
        logger: Logger
    ) {
        self.checker = checker
        self.rounds = rounds
        self.isPrepared = isPrepared
        self.loop = loop
        self.logger = logger
    }

    /// Works its rounds until it is stopped.
    package func run() async throws {
        await stop.work(on: loop) { await work() }
    }

    /// Ends `run()`; vendors that are being asked are hung up on.
    package func shutdown(deadline: Duration) async {
        stop.raise()
    }

    private func work() async {
        var isFailing = false
        while true {
            do throws(CancellationError) {
                try await loop.sleep(for: .seconds(Double.random(in: Self.looks)))
            } catch {
                return
            }
            do {
                if isPrepared() { try await round() }
                isFailing = false
            } catch {
                if Task.isCancelled { return }
                if !isFailing { logger.warning("a round of balances failed", ["error": .string("\(error)")]) }
                isFailing = true
            }
        }
    }

    /// One round, when one is due. Only on an event loop.
    ///
    /// - Returns: Whether it was this replica's turn.
    @discardableResult
    package func round() async throws -> Bool {
        guard try await rounds.take(name, next: Self.pause) else { return false }
        try await checker.checkEnabled(until: loop.now.advanced(by: Self.longest))
        return true
    }
}
