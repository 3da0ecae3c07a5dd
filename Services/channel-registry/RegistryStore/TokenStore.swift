package import Postgres
import Telemetry

/// Tenant keys in PostgreSQL: looked up by digest, kept sealed for the administrator's list.
package struct TokenStore: Sendable {
    private let pool: PostgresPool
    private let vault: KeyVault

    /// A store over a pool.
    package init(pool: PostgresPool, vault: KeyVault) {
        self.pool = pool
        self.vault = vault
    }

    /// Creates a token with a new key.
    ///
    /// - Parameters:
    ///   - new: What the token may do.
    ///   - group: The group that it belongs to.
    ///   - createsGroup: Whether a missing group is made.
    ///   - keepsExisting: Whether a token of that name is answered as it is, instead of an error.
    package func create(
        _ new: NewToken, in group: String, createsGroup: Bool = false, keepsExisting: Bool = false
    ) async throws(RegistryError) -> Token {
        try await RegistryError.translating {
            do {
                return try await pool.transaction { connection in
                    let revision = try await Revision.next(connection)
                    if keepsExisting,
                        try await !tokens("name = \(new.name) AND group_id = \(group)", connection).isEmpty
                    {
                        throw Revision.NothingChanged()
                    }
                    if createsGroup { try await Self.ensureGroup(group, revision, connection) }
                    return try await insert(new, group, revision, connection)
                }
            } catch is Revision.NothingChanged {
                let rows = try await pool.query(Self.select("name = \(new.name) AND group_id = \(group)"))
                guard let row = rows.first else { throw RegistryError.tokenNotFound }
                return try token(row)
            }
        }
    }

    /// One token.
    package func find(_ id: Int) async throws(RegistryError) -> Token {
        try await RegistryError.translating {
            guard let row = try await pool.query(Self.select("id = \(id)")).first else {
                throw RegistryError.tokenNotFound
            }
            return try token(row)
        }
    }

    /// One page of the tokens that a filter lets through, and how many it lets through in all.
    package func page(
        _ filter: TokenFilter, _ paging: ListPage
    ) async throws(RegistryError) -> (tokens: [Token], total: Int) {
        try await RegistryError.translating {
            let condition = filter.condition
            let counted = try await pool.query("SELECT count(*) AS total FROM registry.tokens WHERE \(condition)")
            let total = try counted.first?.decode("total", as: Int.self) ?? 0
            let rows = try await pool.query(
                Self.select(condition)
                    + "ORDER BY \(raw: filter.order.sql) LIMIT \(paging.limit) OFFSET \(paging.offset)")
            return (try rows.map(token), total)
        }
    }

    /// Sets the status of a token.
    package func setStatus(_ id: Int, _ status: Int) async throws(RegistryError) {
        try await RegistryError.translating {
            try await pool.transaction { connection in
                let revision = try await Revision.next(connection)
                let count = try await connection.execute(
                    "UPDATE registry.tokens SET status = \(status), revision = \(revision) WHERE id = \(id)")
                if count == 0 { throw RegistryError.tokenNotFound }
            }
        }
    }

    /// Deletes a token; its key is refused from then on.
    package func delete(_ id: Int) async throws(RegistryError) {
        try await RegistryError.translating {
            try await pool.transaction { connection in
                let revision = try await Revision.next(connection)
                let count = try await connection.execute("DELETE FROM registry.tokens WHERE id = \(id)")
                if count == 0 { throw RegistryError.tokenNotFound }
                try await connection.execute(
                    """
                    INSERT INTO registry.tombstones (revision, kind, key) VALUES (\(revision), 'token', \(String(id)))
                    """)
            }
        }
        vault.forget(.token(id))
    }

    private static func ensureGroup(
        _ group: String, _ revision: Int64, _ connection: PostgresConnection
    ) async throws {
        try await connection.execute(
            """
            INSERT INTO registry.groups (id, revision) VALUES (\(group), \(revision)) ON CONFLICT (id) DO NOTHING
            """)
    }

    private func insert(
        _ new: NewToken, _ group: String, _ revision: Int64, _ connection: PostgresConnection
    ) async throws -> Token {
        let ids = try await connection.query("SELECT nextval('registry.tokens_id_seq') AS id")
        guard let id = try ids.first?.decode("id", as: Int.self) else { throw RegistryError.notMigrated }
        let key = TokenKey.generate()
        let rows = try await connection.query(
            """
            INSERT INTO registry.tokens (
                id, group_id, name, digest, sealed_key, models, subnets, quota, period_quota, period_type,
                period_last_update_time, revision
            ) VALUES (
                \(id), \(group), \(new.name), \(TokenKey.digest(key.reveal)), \(vault.seal(key, .token(id))),
                \(new.models), \(new.subnets), \(new.quota), \(new.periodQuota), \(new.periodType.rawValue),
                \(new.periodLastUpdateTime as Timestamp?), \(revision)
            ) RETURNING \(raw: Self.columns)
            """)
        guard let row = rows.first else { throw RegistryError.tokenNotFound }
        return try token(row)
    }

    private func tokens(_ condition: SQL, _ connection: PostgresConnection) async throws -> [Token] {
        try await connection.query(Self.select(condition)).map(token)
    }

    private static func select(_ condition: SQL) -> SQL {
        "SELECT \(raw: columns) FROM registry.tokens WHERE \(condition) "
    }

    private static let columns = """
        id, group_id, name, sealed_key, status, models, subnets, quota, period_quota, period_type,
        period_last_update_time, trim_scale(period_last_update_amount)::text AS period_last_update_amount,
        trim_scale(used_amount)::text AS used_amount, request_count, created_at, accessed_at
        """

    private func token(_ row: Row) throws(PostgresError) -> Token {
        let id: Int = try row.decode("id")
        return Token(
            id: id, key: vault.open(try row.decode("sealed_key"), .token(id)), name: try row.decode("name"),
            group: try row.decode("group_id"), models: try row.decode("models"), subnets: try row.decode("subnets"),
            status: try row.decode("status"), quota: try row.decode("quota"),
            periodQuota: try row.decode("period_quota"),
            periodType: QuotaPeriod(rawValue: try row.decode("period_type")) ?? .unset,
            periodLastUpdateTime: try row.decode("period_last_update_time"),
            periodLastUpdateAmount: try row.decode("period_last_update_amount"),
            usedAmount: try row.decode("used_amount"), requestCount: try row.decode("request_count"),
            createdAt: try row.decode("created_at"), accessedAt: try row.decode("accessed_at"))
    }
}

/// Which tokens a list shows; empty members let everything through.
package struct TokenFilter: Sendable {
    /// The columns that tokens can be sorted by.
    package enum Field: String, Sendable, CaseIterable {
        case id, name
        case usedAmount = "used_amount"
        case requestCount = "request_count"
        case createdAt = "created_at"
    }

    package var group: String
    package var status: Int
    package var order: ListOrder<Field>

    package init(group: String = "", status: Int = 0, order: ListOrder<Field> = ListOrder(.id)) {
        self.group = group
        self.status = status
        self.order = order
    }

    var condition: SQL {
        var all: [SQL] = ["true"]
        if !group.isEmpty { all.append("group_id = \(group)") }
        if status != 0 { all.append("status = \(status)::bigint") }
        return SQL.joined(all, separator: " AND ")
    }
}
