package import Postgres
import Synchronization
package import Telemetry

/// Makes and drops partitions, each in a short transaction under an advisory lock, so that replicas do not meet.
///
/// A new partition is made beside its table and then attached: attaching locks the table only against other changes of its shape, not against reading and
/// writing. Dropping needs the table for itself for a moment; it gives up after a second and is tried again later.
package final class PartitionKeeper: Sendable {
    let pool: PostgresPool
    let logger: Logger
    /// Partitions that were seen to exist. One that another replica drops meanwhile stays here, and its rows fall into the `_other` partition.
    let known = Mutex<Set<LogPartition>>([])

    /// A keeper that knows no partition yet.
    package init(pool: PostgresPool, logger: Logger) {
        self.pool = pool
        self.logger = logger
    }

    /// Whether a moment is near enough to now that a partition is made for it: not after tomorrow, and not more than a year back.
    package static func isPlausible(_ instant: Int64, now: Int64) -> Bool {
        instant < now + LogTable.calls.width && instant > now - 366 * LogTable.calls.width
    }

    /// Makes those of the partitions that do not exist.
    ///
    /// - Throws: What PostgreSQL says; partitions before that one are made.
    package func ensure(_ wanted: some Collection<LogPartition>) async throws {
        let missing = known.withLock { known in wanted.filter { !known.contains($0) } }
        for partition in missing.sorted() {
            try await make(partition)
            known.withLock { _ = $0.insert(partition) }
        }
    }

    /// All partitions with a time of their own, oldest first within each table.
    package func existing() async throws -> [LogPartition] {
        let rows = try await pool.query(
            """
            SELECT child.relname AS name
            FROM pg_inherits
            JOIN pg_class child ON child.oid = inhrelid
            JOIN pg_class parent ON parent.oid = inhparent
            JOIN pg_namespace space ON space.oid = parent.relnamespace
            WHERE space.nspname = 'logs' AND parent.relname IN ('calls', 'bodies')
            """)
        let found = try rows.compactMap { try LogPartition(name: $0.decode("name", as: String.self)) }.sorted()
        known.withLock { $0 = Set(found) }
        return found
    }

    /// Drops a partition with all its rows.
    ///
    /// - Throws: What PostgreSQL says, `lock_not_available` when the table was in use for a whole second.
    package func drop(_ partition: LogPartition) async throws {
        known.withLock { _ = $0.remove(partition) }
        try await pool.transaction { connection in
            try await connection.simple("\(Self.lock); SET LOCAL lock_timeout = '1s'")
            if partition.table == .calls { try await raiseFloor(to: partition.end, on: connection) }
            try await connection.simple("DROP TABLE IF EXISTS logs.\(partition.name)")
        }
        logger.info("dropped a log partition", ["partition": .string(partition.name)])
    }

    /// Deletes rows of the `_other` partition that ended before the cutoff, at most `limit`, and answers how many.
    package func deleteOthers(of table: LogTable, before cutoff: Int64, limit: Int) async throws -> Int {
        try await deleteRows(of: "\(table.rawValue)_other", table, before: cutoff, limit: limit)
    }

    /// Forgets gateway runs that have shipped nothing since the cutoff, at most `limit`, and answers how many.
    package func deletePositions(before cutoff: Int64, limit: Int) async throws -> Int {
        try await pool.execute(
            """
            DELETE FROM logs.positions WHERE instance IN (
                SELECT instance FROM logs.positions WHERE updated_at < \(Timestamp(microseconds: cutoff)) LIMIT \(limit))
            """)
    }

    /// Runs `body` unless another replica is in its own; answers whether it ran.
    ///
    /// The lock belongs to a transaction that does nothing else, so it is gone when this process is.
    @discardableResult
    package func exclusively(_ body: @Sendable () async throws -> Void) async throws -> Bool {
        try await pool.transaction { connection in
            let rows = try await connection.query("SELECT pg_try_advisory_xact_lock(7810779202) AS mine")
            guard try rows.first?.decode("mine", as: Bool.self) == true else { return false }
            try await body()
            return true
        }
    }

    /// Rows of the span that already stand in the `_other` partition are moved first: attaching refuses a span whose rows are elsewhere.
    private func make(_ partition: LogPartition) async throws {
        let table = "logs.\(partition.table.rawValue)"
        let made = "logs.\(partition.name)"
        let span = "created_at >= \(partition.lowerBound) AND created_at < \(partition.upperBound)"
        let isNew = try await pool.transaction { connection in
            try await connection.simple("\(Self.lock); SET LOCAL lock_timeout = '2s'")
            let found = try await connection.query("SELECT to_regclass(\(made)) IS NOT NULL AS found")
            if try found.first?.decode("found", as: Bool.self) == true { return false }
            try await connection.simple(
                """
                CREATE TABLE \(made) (LIKE \(table) INCLUDING ALL);
                LOCK TABLE \(table)_other IN ACCESS EXCLUSIVE MODE;
                WITH moved AS (DELETE FROM \(table)_other WHERE \(span) RETURNING *) INSERT INTO \(made) SELECT * FROM moved;
                ALTER TABLE \(table) ATTACH PARTITION \(made) FOR VALUES FROM (\(partition.lowerBound)) TO (\(partition.upperBound))
                """)
            return true
        }
        if isNew { logger.debug("made a log partition", ["partition": .string(partition.name)]) }
    }

    /// Held until the end of the transaction; the number only has to be the same in every replica.
    static let lock = "SELECT pg_advisory_xact_lock(7810779201)"
}
