import Crypto
package import EventLoop
package import RegistryStore
import Synchronization
package import Telemetry

/// Takes the channels of a live One API over.
///
/// A channel is known again by its source, its row there and its key there, so a second import creates only what came
/// since. What was imported is left as it is, whatever was edited here or there; a channel that was deleted here is
/// imported again. A row whose keys were replaced there is reported and not imported a second time.
package struct OneAPIImporter: Sendable {
    /// The most rows of one import.
    package static let mostRows = 20_000
    /// The most channels of one import; rows beyond them are reported.
    static let mostChannels = 50_000
    private static let atOnce = 2

    private let channels: ChannelStore
    private let group: EventLoopGroup
    private let logger: Logger
    private let pool = BlockingPool(name: "import", threads: 2, maxQueued: 8)
    private let running = Running()

    /// An importer into a store.
    ///
    /// - Parameters:
    ///   - channels: Gets the channels.
    ///   - group: The loops on which sessions with PostgreSQL live.
    ///   - logger: Gets one line for each import, without the address of the source.
    package init(channels: ChannelStore, group: EventLoopGroup, logger: Logger) {
        self.channels = channels
        self.group = group
        self.logger = logger
    }

    /// Imports everything that is new.
    ///
    /// - Parameters:
    ///   - dsn: Where One API's database is; it is only read.
    ///   - isDryRun: Whether nothing is written.
    /// - Returns: What was done; what went wrong with single rows is in its lines.
    /// - Throws: `ImportError` for the source, `RegistryError` for our own database. What was imported until then stays.
    package func run(dsn: Redacted<String>, isDryRun: Bool = false) async throws -> ImportReport {
        let address = try DSN(dsn.reveal)
        guard running.enter(Self.atOnce) else { throw ImportError.busy }
        defer { running.leave() }
        let source: any OneAPISource =
            switch address {
            case .mysql(let address):
                try await MySQLSource(address, limit: Self.mostRows, pool: pool, loop: group.next())
            case .postgres(let configuration, let password):
                PostgresSource(configuration, password: password, limit: Self.mostRows, group: group)
            }
        let mark = String(SHA256.hex(source.identity).prefix(16))
        let known = try await channels.imported(from: mark)
        let work = ImportRun(channels: channels, source: mark, known: known, isDryRun: isDryRun)
        try await source.read { rows in try await work.take(rows) }
        let report = work.report
        logger.info(
            "imported channels of One API",
            [
                "rows": .integer(report.rows), "created": .integer(report.created),
                "present": .integer(report.present), "failed": .integer(report.failed),
                "dry_run": .bool(isDryRun),
            ])
        return report
    }

    /// Lets the threads end when what they do is done; imports are refused from then on.
    package func close() {
        pool.close()
    }

    /// How many imports run.
    private final class Running: Sendable {
        private let count = Mutex(0)

        func enter(_ limit: Int) -> Bool {
            count.withLock { count in
                guard count < limit else { return false }
                count += 1
                return true
            }
        }

        func leave() {
            count.withLock { $0 -= 1 }
        }
    }
}
