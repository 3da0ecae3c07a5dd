package import Contracts
import Postgres

extension PartitionKeeper {
    /// How much one call of ``purge(_:batch:most:)`` deletes, unless told otherwise: rows of one statement, and statements.
    package static let purgeBatch = 5_000
    package static let purgeStatements = 20

    /// Deletes the records of a group that the registry deleted, its sums, and at the end its total; so much that a call stays short, the next one goes on.
    ///
    /// Partitions hold all groups and stay: this is the one place where records are deleted row by row. The sums of channels keep what the group used: it was used.
    /// Therefore the floor of the sums is raised, as with every deletion of records.
    package func purge(
        _ purge: GroupPurge, batch: Int = purgeBatch, most: Int = purgeStatements
    ) async throws -> GroupPurgeResult {
        var records = 0
        var statements = 0
        for name in try await existing().filter({ $0.table == .calls }).map(\.name) + ["calls_other"] {
            var deleted: Int
            repeat {
                guard statements < most else { return GroupPurgeResult(records: records, isDone: false) }
                deleted = try await deleteCalls(of: purge, in: name, limit: batch)
                records += deleted
                if deleted > 0 { statements += 1 }
            } while deleted == batch
        }
        for grain in RollupGrain.allCases {
            var deleted: Int
            repeat {
                guard statements < most else { return GroupPurgeResult(records: records, isDone: false) }
                deleted = try await deleteRollups(of: purge, grain, limit: batch)
                if deleted > 0 { statements += 1 }
            } while deleted == batch
        }
        try await endTotal(of: purge)
        return GroupPurgeResult(records: records, isDone: true)
    }

    /// A call that was under way when the group was deleted is the old group's, however late it ended: the arrival decides.
    private func deleteCalls(of purge: GroupPurge, in partition: String, limit: Int) async throws -> Int {
        let name = SQL(raw: "logs.\(partition)")
        do {
            return try await pool.transaction { connection in
                // The empty name is left out in words too, so that the partial index may be used.
                let rows = try await connection.query(
                    """
                    WITH gone AS (
                        DELETE FROM \(name) WHERE ctid = ANY (ARRAY(
                            SELECT ctid FROM \(name)
                            WHERE group_name <> '' AND left(group_name, 64) = left(\(purge.group)::text, 64)
                              AND group_name = \(purge.group)::text
                              AND request_at < \(Timestamp(microseconds: purge.before))::timestamptz
                            LIMIT \(limit)))
                        RETURNING id, created_at, has_body
                    ), bodies AS (
                        DELETE FROM logs.bodies AS body USING gone
                        WHERE gone.has_body AND body.log_id = gone.id AND body.created_at = gone.created_at
                    )
                    SELECT count(*) AS count, max(created_at) AS newest FROM gone
                    """)
                guard let row = rows.first, let newest = try row.decode("newest", as: Timestamp?.self) else { return 0 }
                try await raiseFloor(to: newest.microseconds + 1, on: connection)
                return try row.decode("count")
            }
        } catch PostgresError.server(.undefinedTable, _, _, _) {
            // Retention dropped it meanwhile.
            return 0
        }
    }

    private func deleteRollups(of purge: GroupPurge, _ grain: RollupGrain, limit: Int) async throws -> Int {
        let name = SQL(raw: "logs.rollup_groups_\(grain.name)")
        let edge = purge.scope == .leftovers ? CivilDate.floored(purge.before, to: grain.width) : purge.before
        return try await pool.transaction { connection in
            try await connection.execute(
                """
                DELETE FROM \(name) WHERE ctid = ANY (ARRAY(
                    SELECT ctid FROM \(name)
                    WHERE grain = \(raw: String(grain.rawValue)) AND group_name = \(RollupBatch.key(purge.group))
                      AND bucket < \(Timestamp(microseconds: edge))
                    LIMIT \(limit)))
                """)
        }
    }

    private func endTotal(of purge: GroupPurge) async throws {
        let place: SQL = "kind = 'group' AND key = \(RollupBatch.key(purge.group))"
        try await pool.transaction { connection in
            switch purge.scope {
            case .everything: _ = try await connection.execute("DELETE FROM logs.totals WHERE \(place)")
            case .restart:
                // The row stays, so that readers hear that the new group has nothing yet.
                _ = try await connection.execute(
                    """
                    UPDATE logs.totals SET requests = 0, retries = 0, used_amount = 0, last_at = NULL,
                        stamp = \(TotalsWriter.stamp) WHERE \(place)
                    """)
            case .leftovers: break
            }
        }
    }
}
