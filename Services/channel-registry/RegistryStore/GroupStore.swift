package import Postgres

/// Tenant groups in PostgreSQL.
package struct GroupStore: Sendable {
    let pool: PostgresPool

    /// A store over a pool.
    package init(pool: PostgresPool) {
        self.pool = pool
    }

    /// Creates a group.
    package func create(_ new: NewGroup) async throws(RegistryError) -> TenantGroup {
        try await RegistryError.translating {
            try await pool.transaction { connection in
                let revision = try await Revision.next(connection)
                let rows = try await connection.query(
                    """
                    INSERT INTO registry.groups (
                        id, rpm_ratio, tpm_ratio, available_sets, balance_alert_enabled, balance_alert_threshold, revision
                    ) VALUES (
                        \(new.id), \(new.rpmRatio), \(new.tpmRatio), \(new.availableSets), \(new.alertsOnBalance),
                        \(new.balanceAlertThreshold), \(revision)
                    ) RETURNING \(raw: Self.columns)
                    """)
                guard let row = rows.first else { throw RegistryError.groupNotFound }
                return try Self.group(row)
            }
        }
    }

    /// One group.
    package func find(_ id: String) async throws(RegistryError) -> TenantGroup {
        try await RegistryError.translating {
            let rows = try await pool.query("SELECT \(raw: Self.columns) FROM registry.groups WHERE id = \(id)")
            guard let row = rows.first else { throw RegistryError.groupNotFound }
            return try Self.group(row)
        }
    }

    /// One page of the groups that a filter lets through, and how many it lets through in all.
    package func page(
        _ filter: GroupFilter, _ paging: ListPage
    ) async throws(RegistryError) -> (groups: [TenantGroup], total: Int) {
        try await RegistryError.translating {
            let (rows, total) = try await ListQuery(
                table: "registry.groups", columns: Self.columns, condition: filter.condition,
                order: (filter.order.field.rawValue, filter.order.sql), paging: paging,
                looksIntoTexts: !filter.keyword.isEmpty
            ).run(pool)
            return (try rows.map(Self.group), total)
        }
    }

    /// Changes what is given of a group and leaves the rest.
    ///
    /// - Throws: also when nothing is given, as for a group that is not there (contract admin-api §10.1).
    package func update(_ id: String, _ change: GroupChange) async throws(RegistryError) -> TenantGroup {
        guard !change.isEmpty else { throw .groupNotFound }
        return try await RegistryError.translating {
            try await pool.transaction { connection in
                let revision = try await Revision.next(connection)
                let rows = try await connection.query(
                    """
                    UPDATE registry.groups SET \(change.assignments), revision = \(revision) WHERE id = \(id)
                    RETURNING \(raw: Self.columns)
                    """)
                guard let row = rows.first else { throw RegistryError.groupNotFound }
                return try Self.group(row)
            }
        }
    }

    /// Sets the status of a group.
    package func setStatus(_ id: String, _ status: Int) async throws(RegistryError) {
        _ = try await update(id, GroupChange(status: status))
    }

    /// Sets the status of those of the groups that exist.
    package func setStatus(_ ids: [String], _ status: Int) async throws(RegistryError) {
        try await RegistryError.translating {
            do {
                try await pool.transaction { connection in
                    let revision = try await Revision.next(connection)
                    let count = try await connection.execute(
                        """
                        UPDATE registry.groups SET status = \(status), revision = \(revision) WHERE id = ANY(\(ids))
                        """)
                    if count == 0 { throw Revision.NothingChanged() }
                }
            } catch is Revision.NothingChanged {
                return
            }
        }
    }

    /// Deletes a group with its tokens and model configs; its call records follow (``LogPurgeStore``).
    package func delete(_ id: String) async throws(RegistryError) {
        guard try await delete([id]) > 0 else { throw .groupNotFound }
    }

    /// Deletes those of the groups that exist, with their tokens and model configs, all or none.
    ///
    /// - Returns: How many there were.
    @discardableResult
    package func delete(_ ids: [String]) async throws(RegistryError) -> Int {
        try await RegistryError.translating {
            do {
                return try await pool.transaction { connection in
                    let revision = try await Revision.next(connection)
                    _ = try await TokenStore.remove("group_id = ANY(\(ids))", revision, connection)
                    let gone = try await connection.query(
                        """
                        WITH gone AS (DELETE FROM registry.groups WHERE id = ANY(\(ids)) RETURNING id)
                        INSERT INTO registry.tombstones (revision, kind, key) SELECT \(revision), 'group', id FROM gone
                        RETURNING key
                        """
                    ).map { row throws(PostgresError) in try row.decode("key", as: String.self) }
                    if gone.isEmpty { throw Revision.NothingChanged() }
                    try await LogPurgeStore.note(gone, connection)
                    return gone.count
                }
            } catch is Revision.NothingChanged {
                return 0
            }
        }
    }

    private static let columns = """
        id, status, rpm_ratio, tpm_ratio, available_sets, balance_alert_enabled, balance_alert_threshold,
        trim_scale(used_amount)::text AS used_amount, request_count, created_at, accessed_at
        """

    private static func group(_ row: Row) throws(PostgresError) -> TenantGroup {
        TenantGroup(
            id: try row.decode("id"), status: try row.decode("status"), rpmRatio: try row.decode("rpm_ratio"),
            tpmRatio: try row.decode("tpm_ratio"), availableSets: try row.decode("available_sets"),
            alertsOnBalance: try row.decode("balance_alert_enabled"),
            balanceAlertThreshold: try row.decode("balance_alert_threshold"),
            usedAmount: try row.decode("used_amount"), requestCount: try row.decode("request_count"),
            createdAt: try row.decode("created_at"), accessedAt: try row.decode("accessed_at"))
    }
}
