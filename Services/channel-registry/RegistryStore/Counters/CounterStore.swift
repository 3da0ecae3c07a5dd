package import Contracts
package import Postgres

/// How far the totals of the log-collector were taken over.
package struct TotalsPosition: Equatable, Sendable {
    /// Names the log database; empty before the first page.
    package var epoch: String
    /// Everything with a lower stamp was taken over.
    package var stamp: Int64
    /// How many pages were taken over altogether; tells a position from the same one later.
    package var pages: Int64

    package init(epoch: String, stamp: Int64, pages: Int64) {
        self.epoch = epoch
        self.stamp = stamp
        self.pages = pages
    }
}

/// The counters of channels, tokens and groups. They are no configuration: nothing here takes a revision.
///
/// Values are absolute, so it does no harm to store one twice. Channels, tokens and groups that are gone are passed over.
package struct CounterStore: Sendable {
    private let pool: PostgresPool

    /// A store over a pool.
    package init(pool: PostgresPool) {
        self.pool = pool
    }

    /// How far the counters are.
    package func position() async throws(RegistryError) -> TotalsPosition {
        try await RegistryError.translating {
            try Self.position(try await pool.query("SELECT epoch, stamp, pages FROM registry.totals_position"))
        }
    }

    /// Stores totals and how far they go, unless another replica was faster.
    ///
    /// - Parameters:
    ///   - totals: What the collector counted.
    ///   - position: Where it was read from.
    ///   - epoch: The log database that it is from.
    ///   - stamp: Everything with a lower stamp is taken over with these.
    /// - Returns: The new position; `nil` when the position is another one meanwhile, and nothing was stored.
    package func take(
        _ totals: [CallTotal], from position: TotalsPosition, epoch: String, stamp: Int64
    ) async throws(RegistryError) -> TotalsPosition? {
        try await RegistryError.translating {
            try await pool.transaction { connection in
                let rows = try await connection.query(
                    "SELECT epoch, stamp, pages FROM registry.totals_position FOR UPDATE")
                guard try Self.position(rows) == position else { return nil }
                try await Self.store(totals.filter { $0.kind == .channel }, Self.channels, connection)
                try await Self.store(totals.filter { $0.kind == .token }, Self.tokens, connection)
                try await Self.store(totals.filter { $0.kind == .group }, Self.groups, connection)
                let next = TotalsPosition(epoch: epoch, stamp: stamp, pages: position.pages + 1)
                // An idle round writes nothing.
                if totals.isEmpty, next.epoch == position.epoch, next.stamp == position.stamp { return position }
                try await connection.execute(
                    """
                    UPDATE registry.totals_position
                    SET epoch = \(next.epoch), stamp = \(next.stamp), pages = \(next.pages)
                    """)
                return next
            }
        }
    }

    private static func position(_ rows: [Row]) throws -> TotalsPosition {
        guard let row = rows.first else { throw RegistryError.notMigrated }
        return TotalsPosition(
            epoch: try row.decode("epoch"), stamp: try row.decode("stamp"), pages: try row.decode("pages"))
    }

    private struct Target {
        let table: String
        let key: String
        let keyType: String
        /// Column of the table and of what is given.
        let columns: [(String, String)]
    }

    private static let channels = Target(
        table: "channels", key: "id", keyType: "bigint",
        columns: [
            ("request_count", "requests"), ("retry_count", "retries"), ("used_amount", "used"),
            ("accessed_at", "last_at"),
        ])
    private static let tokens = Target(
        table: "tokens", key: "id", keyType: "bigint",
        columns: [("request_count", "requests"), ("used_amount", "used"), ("accessed_at", "last_at")])
    private static let groups = Target(
        table: "groups", key: "id", keyType: "text",
        columns: [("request_count", "requests"), ("used_amount", "used"), ("accessed_at", "last_at")])

    /// Rows that have these values already are left alone. Keys that are no number are none of ours.
    private static func store(
        _ totals: [CallTotal], _ target: Target, _ connection: PostgresConnection
    ) async throws {
        let totals = totals.filter { target.keyType == "text" || Int64($0.key) != nil }
        if totals.isEmpty { return }
        let assignments = target.columns.map { "\($0) = given.\($1)" }.joined(separator: ", ")
        let stored = target.columns.map { "row.\($0.0)" }.joined(separator: ", ")
        let given = target.columns.map { "given.\($0.1)" }.joined(separator: ", ")
        try await connection.execute(
            """
            UPDATE registry.\(raw: target.table) AS row SET \(raw: assignments)
            FROM unnest(
                \(totals.map(\.key))::text[], \(totals.map(\.requests))::bigint[], \(totals.map(\.retries))::bigint[],
                \(totals.map(\.usedAmount))::text[]::numeric[],
                \(totals.map { $0.lastAt.map { Timestamp(microseconds: $0) } })::timestamptz[]
            ) AS given (key, requests, retries, used, last_at)
            WHERE row.\(raw: target.key) = given.key::\(raw: target.keyType)
              AND (\(raw: stored)) IS DISTINCT FROM (\(raw: given))
            """)
    }
}
