package import Postgres

/// A tenant group that is to be created.
package struct NewGroup: Equatable, Sendable {
    package var id: String
    /// Factor on the limits of a model; 0 acts as 1.
    package var rpmRatio: Double
    package var tpmRatio: Double
    /// Routing sets; empty for `default`.
    package var availableSets: [String]
    package var alertsOnBalance: Bool
    package var balanceAlertThreshold: Double

    package init(
        id: String, rpmRatio: Double = 0, tpmRatio: Double = 0, availableSets: [String] = [],
        alertsOnBalance: Bool = false, balanceAlertThreshold: Double = 0
    ) {
        self.id = id
        self.rpmRatio = rpmRatio
        self.tpmRatio = tpmRatio
        self.availableSets = availableSets
        self.alertsOnBalance = alertsOnBalance
        self.balanceAlertThreshold = balanceAlertThreshold
    }
}

/// A tenant group as it is stored.
package struct TenantGroup: Equatable, Sendable {
    package var id: String
    package var status: Int
    package var rpmRatio: Double
    package var tpmRatio: Double
    package var availableSets: [String]
    package var alertsOnBalance: Bool
    package var balanceAlertThreshold: Double
    package var usedAmount: String
    package var requestCount: Int
    package var createdAt: Timestamp
    package var accessedAt: Timestamp?
}

/// Tenant groups in PostgreSQL.
package struct GroupStore: Sendable {
    private let pool: PostgresPool

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

    /// The columns that groups can be sorted by.
    package enum Field: String, Sendable, CaseIterable {
        case id, status
        case requestCount = "request_count"
        case createdAt = "created_at"
        case usedAmount = "used_amount"
    }

    /// One page of all groups, and how many there are.
    package func page(
        _ order: ListOrder<Field>, _ paging: ListPage
    ) async throws(RegistryError) -> (groups: [TenantGroup], total: Int) {
        try await RegistryError.translating {
            let counted = try await pool.query("SELECT count(*) AS total FROM registry.groups")
            let total = try counted.first?.decode("total", as: Int.self) ?? 0
            let rows = try await pool.query(
                """
                SELECT \(raw: Self.columns) FROM registry.groups
                ORDER BY \(raw: order.sql) LIMIT \(paging.limit) OFFSET \(paging.offset)
                """)
            return (try rows.map(Self.group), total)
        }
    }

    /// Sets the status of a group.
    package func setStatus(_ id: String, _ status: Int) async throws(RegistryError) {
        try await RegistryError.translating {
            try await pool.transaction { connection in
                let revision = try await Revision.next(connection)
                let count = try await connection.execute(
                    "UPDATE registry.groups SET status = \(status), revision = \(revision) WHERE id = \(id)")
                if count == 0 { throw RegistryError.groupNotFound }
            }
        }
    }

    /// Deletes a group with its tokens. Its call records stay until their retention ends.
    package func delete(_ id: String) async throws(RegistryError) {
        try await RegistryError.translating {
            try await pool.transaction { connection in
                let revision = try await Revision.next(connection)
                try await connection.execute(
                    """
                    WITH gone AS (DELETE FROM registry.tokens WHERE group_id = \(id) RETURNING id)
                    INSERT INTO registry.tombstones (revision, kind, key) SELECT \(revision), 'token', id::text FROM gone
                    """)
                let count = try await connection.execute("DELETE FROM registry.groups WHERE id = \(id)")
                if count == 0 { throw RegistryError.groupNotFound }
                try await connection.execute(
                    "INSERT INTO registry.tombstones (revision, kind, key) VALUES (\(revision), 'group', \(id))")
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
