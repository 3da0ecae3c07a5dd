import Contracts
package import EventLoop
package import InternalHTTP
import Lifecycle
package import LogStore
import Postgres
package import Telemetry

/// Follows the options of the registry, so that storage times can be changed while the services run (contract admin-api §16.2, §17).
///
/// The registry is asked every five seconds and answers with nothing while nothing changed. With the registry down the last options stay; what was heard is saved, so that
/// they also stay over a restart.
package struct OptionsFollower: Service {
    /// The name in log lines.
    package let name = "options"

    private let peer: PeerClient
    private let cell: TermsCell
    private let store: TermsStore
    private let isPrepared: @Sendable () -> Bool
    private let loop: EventLoop
    private let logger: Logger
    private let interval: Duration
    private let stop = StopSignal()

    /// - Parameters:
    ///   - peer: The registry.
    ///   - cell: Gets what it says.
    ///   - store: Keeps it over a restart.
    ///   - isPrepared: Whether the schema is there.
    ///   - loop: Keeps the time.
    ///   - logger: For the operator.
    ///   - interval: From one question to the next; a parameter for tests.
    package init(
        peer: PeerClient, cell: TermsCell, store: TermsStore, isPrepared: @escaping @Sendable () -> Bool,
        loop: EventLoop, logger: Logger, interval: Duration = .seconds(5)
    ) {
        self.peer = peer
        self.cell = cell
        self.store = store
        self.isPrepared = isPrepared
        self.loop = loop
        self.logger = logger
        self.interval = interval
    }

    /// Follows until it is stopped.
    package func run() async throws {
        await stop.work(on: loop) { await follow() }
    }

    /// Ends `run()`.
    package func shutdown(deadline: Duration) async {
        stop.raise()
    }

    private func follow() async {
        var mark = ""
        var failures = 0
        var unsaved: OptionTerms?
        var isRestored = false
        while !Task.isCancelled {
            if !isRestored, isPrepared() { isRestored = await restore() }
            do throws(PeerError) {
                let answer = try await peer.call(.options, OptionsQuery(mark: mark), timeout: .seconds(10))
                if failures > 0 { logger.info("the registry tells its options again") }
                failures = 0
                mark = answer.mark
                if let options = answer.options { unsaved = take(OptionTerms(options)) ?? unsaved }
            } catch {
                if error.isCancellation { return }
                failures += 1
                if failures == 1 {
                    logger.warning(
                        "the registry does not tell its options; the last ones stay", ["error": .string(error.code)])
                }
            }
            if let terms = unsaved, isPrepared(), await save(terms) { unsaved = nil }
            do throws(CancellationError) {
                try await loop.sleep(for: failures == 0 ? interval : PeerRetry().delay(afterFailures: failures))
            } catch {
                return
            }
        }
    }

    /// The terms when they are news.
    private func take(_ terms: OptionTerms) -> OptionTerms? {
        guard cell.apply(terms) else { return nil }
        let current = cell.current
        logger.info(
            "storage times are in force",
            ["record_hours": .integer(current.recordHours), "detail_hours": .integer(current.bodyHours)])
        return terms
    }

    private func restore() async -> Bool {
        do throws(PostgresError) {
            if let saved = try await store.load() { cell.restore(saved) }
            return true
        } catch {
            logger.debug("the saved options could not be read", ["error": .string(error.code)])
            return false
        }
    }

    private func save(_ terms: OptionTerms) async -> Bool {
        do throws(PostgresError) {
            try await store.save(terms)
            return true
        } catch {
            logger.debug("the options could not be saved", ["error": .string(error.code)])
            return false
        }
    }
}
