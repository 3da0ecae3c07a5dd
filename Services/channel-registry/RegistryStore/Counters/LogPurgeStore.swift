package import Contracts
package import Postgres

/// A deleted group whose records the collector has to delete now.
package struct LogPurge: Equatable, Sendable {
    package let id: Int64
    /// What the collector is told.
    package let purge: GroupPurge
    /// How often all was deleted before.
    package let passes: Int
    /// How often the collector could not be told, since the last pass.
    package let failures: Int

    package init(id: Int64, purge: GroupPurge, passes: Int, failures: Int) {
        self.id = id
        self.purge = purge
        self.passes = passes
        self.failures = failures
    }
}

/// What the collector has still to hear of deleted groups; written in the transaction that deletes the group, so that none is forgotten.
package struct LogPurgeStore: Sendable {
    /// How long one replica has for what it took; after that it is anybody's again.
    package static let lease: Duration = .seconds(60)
    /// The last pass comes so long after the first one: calls that were under way have ended, and spools were shipped.
    package static let secondPass: Duration = .seconds(600)
    /// How many passes there are.
    package static let passes = 2

    private let pool: PostgresPool

    /// A store over a pool.
    package init(pool: PostgresPool) {
        self.pool = pool
    }

    /// Notes deleted groups, in the transaction that deletes them.
    static func note(_ groups: [String], _ connection: PostgresConnection) async throws {
        try await connection.execute(
            "INSERT INTO registry.log_purges (group_id) SELECT * FROM unnest(\(groups)::text[])")
    }

    /// Takes what is due, at most `limit`, for the length of the lease.
    ///
    /// While no group has the name, all calls under it are the old group's; when one was created since, those that came before the deletion.
    package func due(limit: Int) async throws(RegistryError) -> [LogPurge] {
        let lease = Int(Self.lease.components.seconds)
        return try await RegistryError.translating {
            try await pool.transaction { connection in
                let rows = try await connection.query(
                    """
                    WITH due AS (
                        SELECT id FROM registry.log_purges WHERE next_at <= now() ORDER BY id LIMIT \(limit)
                        FOR UPDATE SKIP LOCKED
                    ), taken AS (
                        UPDATE registry.log_purges AS purge SET next_at = now() + make_interval(secs => \(lease)::int)
                        FROM due WHERE purge.id = due.id RETURNING purge.*
                    )
                    SELECT taken.id, group_id, passes, failures, present.id IS NOT NULL AS is_present,
                        CASE WHEN present.id IS NULL THEN clock_timestamp() ELSE deleted_at END AS before
                    FROM taken LEFT JOIN registry.groups AS present ON present.id = taken.group_id ORDER BY taken.id
                    """)
                return try rows.map(Self.purge)
            }
        }
    }

    /// All records of a group are gone: the purge is over, or has to be done once more later.
    package func finish(_ purge: LogPurge) async throws(RegistryError) {
        let seconds = Int(Self.secondPass.components.seconds)
        try await RegistryError.translating {
            guard purge.passes + 1 < Self.passes else {
                _ = try await pool.execute("DELETE FROM registry.log_purges WHERE id = \(purge.id)")
                return
            }
            _ = try await pool.execute(
                """
                UPDATE registry.log_purges
                SET passes = passes + 1, failures = 0, next_at = now() + make_interval(secs => \(seconds)::int)
                WHERE id = \(purge.id)
                """)
        }
    }

    /// The purge is to be tried again after a while.
    package func putOff(_ purge: LogPurge, by delay: Duration, isFailure: Bool) async throws(RegistryError) {
        let milliseconds = delay.components.seconds * 1000 + delay.components.attoseconds / 1_000_000_000_000_000
        try await RegistryError.translating {
            _ = try await pool.execute(
                """
                UPDATE registry.log_purges
                SET failures = failures + \(raw: isFailure ? "1" : "0"),
                    next_at = now() + \(milliseconds)::bigint * interval '1 millisecond'
                WHERE id = \(purge.id)
                """)
        }
    }

    private static func purge(_ row: Row) throws(PostgresError) -> LogPurge {
        let passes: Int = try row.decode("passes")
        let isPresent: Bool = try row.decode("is_present")
        let scope: GroupPurge.Scope = isPresent ? (passes == 0 ? .restart : .leftovers) : .everything
        return LogPurge(
            id: try row.decode("id"),
            purge: GroupPurge(
                group: try row.decode("group_id"), before: try row.decode("before", as: Timestamp.self).microseconds,
                scope: scope),
            passes: passes, failures: try row.decode("failures"))
    }
}
