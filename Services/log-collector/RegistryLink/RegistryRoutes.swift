import Contracts
import HTTPCore
package import HTTPServer
import InternalHTTP
package import LogStore
import Postgres
package import Telemetry

/// The internal routes that the registry calls: totals for its counters, and the end of a group's records.
package struct RegistryRoutes: Sendable {
    private let totals: TotalsReader
    private let partitions: PartitionKeeper
    private let key: Redacted<String>
    private let logger: Logger

    /// - Parameters:
    ///   - totals: Where totals are read.
    ///   - partitions: Where records are deleted.
    ///   - key: The shared secret of the three services.
    ///   - logger: For deletions, and for errors that nobody foresaw.
    package init(totals: TotalsReader, partitions: PartitionKeeper, key: Redacted<String>, logger: Logger) {
        self.totals = totals
        self.partitions = partitions
        self.key = key
        self.logger = logger
    }

    /// Adds the routes.
    package func register(in router: inout Router) {
        router.serve(.totals, key: key, logger: logger, maxBodyBytes: 4096) { query, _ in
            try await Self.faulting { try await totals.page(query) }
        }
        router.serve(.purgeGroup, key: key, logger: logger, maxBodyBytes: 4096) { purge, _ in
            guard !purge.group.isEmpty, purge.group.utf8.count <= 64, !purge.group.utf8.contains(0) else {
                throw Fault(.malformed, "group: 1 to 64 bytes without NUL")
            }
            guard Self.times.contains(purge.before) else {
                throw Fault(.malformed, "before: no time that a clock shows")
            }
            let result = try await Self.faulting { try await partitions.purge(purge) }
            logger.info(
                "deleted records of a group",
                [
                    "group": .string(purge.group), "records": .integer(result.records), "is_done": .bool(result.isDone),
                ])
            return result
        }
    }

    private static let times: ClosedRange<Int64> = 0...253_402_300_799_999_999

    /// Tells the registry which failures pass by themselves.
    private static func faulting<Value: Sendable>(_ body: () async throws -> Value) async throws -> Value {
        do {
            return try await body()
        } catch PostgresError.server(.undefinedTable, _, _, _) {
            throw Fault(.unavailable, "the schema is not migrated yet")
        } catch let error as PostgresError where error.isTransient || error == .statementTimeout {
            throw Fault(.unavailable, "PostgreSQL cannot be asked now: \(error.code)")
        }
    }
}
