package import Postgres
import Telemetry

/// Tenant keys in PostgreSQL: looked up by digest, kept sealed for the administrator's list.
package struct TokenStore: Sendable {
    let pool: PostgresPool
    let vault: KeyVault
    let keys: TokenKeyIndex

    /// A store over a pool.
    package init(pool: PostgresPool, vault: KeyVault) {
        self.pool = pool
        self.vault = vault
        keys = TokenKeyIndex()
    }

    /// Creates a token with a new key.
    ///
    /// - Parameters:
    ///   - new: What the token may do.
    ///   - group: The group that it belongs to.
    ///   - createsGroup: Whether a missing group is made.
    ///   - keepsExisting: Whether a token of that name is answered as it is, instead of an error.
    ///   - limit: How many tokens the group may have, asked before everything else; 0 for any number.
    package func create(
        _ new: NewToken, in group: String, createsGroup: Bool = false, keepsExisting: Bool = false, limit: Int = 0
    ) async throws(RegistryError) -> Token {
        try await RegistryError.translating {
            do {
                return try await pool.transaction { connection in
                    let revision = try await Revision.next(connection)
                    if limit > 0, try await Self.count(group, connection) >= limit {
                        throw RegistryError.tokenLimitReached
                    }
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

    /// Changes what is given of a token and leaves the rest.
    ///
    /// A period quota on a token that had no period starts one now, with what was used so far as its zero.
    ///
    /// - Parameters:
    ///   - id: The token.
    ///   - group: The group that it must belong to; `nil` for any.
    ///   - change: What is given; an empty one is an error.
    package func update(
        _ id: Int, in group: String? = nil, _ change: TokenChange
    ) async throws(RegistryError) -> Token {
        guard !change.isEmpty else { throw .emptyUpdate }
        return try await RegistryError.translating {
            try await pool.transaction { connection in
                let revision = try await Revision.next(connection)
                let rows = try await connection.query(
                    """
                    UPDATE registry.tokens SET \(change.assignments), revision = \(revision)
                    WHERE \(Self.place(id, group)) RETURNING \(raw: Self.columns)
                    """)
                guard let row = rows.first else { throw RegistryError.tokenNotFound }
                return try token(row)
            }
        }
    }

    /// Sets the status of a token.
    package func setStatus(_ id: Int, in group: String? = nil, _ status: Int) async throws(RegistryError) {
        _ = try await update(id, in: group, TokenChange(status: status))
    }

    /// Deletes a token; its key is refused from then on.
    package func delete(_ id: Int, in group: String? = nil) async throws(RegistryError) {
        guard try await delete([id], in: group) > 0 else { throw .tokenNotFound }
    }

    /// Deletes those of the tokens that exist, in the group when one is given.
    ///
    /// - Returns: How many there were.
    @discardableResult
    package func delete(_ ids: [Int], in group: String? = nil) async throws(RegistryError) -> Int {
        let gone: [Int] = try await RegistryError.translating {
            do {
                return try await pool.transaction { connection in
                    let revision = try await Revision.next(connection)
                    let condition: SQL = group.map { "id = ANY(\(ids)) AND group_id = \($0)" } ?? "id = ANY(\(ids))"
                    let gone = try await Self.remove(condition, revision, connection)
                    if gone.isEmpty { throw Revision.NothingChanged() }
                    return gone
                }
            } catch is Revision.NothingChanged {
                return []
            }
        }
        for id in gone { vault.forget(.token(id)) }
        return gone.count
    }

    /// Deletes the tokens that a condition names, and tells the gateways.
    ///
    /// - Returns: Their ids.
    static func remove(_ condition: SQL, _ revision: Int64, _ connection: PostgresConnection) async throws -> [Int] {
        try await connection.query(
            """
            WITH gone AS (DELETE FROM registry.tokens WHERE \(condition) RETURNING id)
            INSERT INTO registry.tombstones (revision, kind, key) SELECT \(revision), 'token', id::text FROM gone
            RETURNING key::bigint AS id
            """
        ).map { row throws(PostgresError) in try row.decode("id") }
    }

    static func place(_ id: Int, _ group: String?) -> SQL {
        group.map { "id = \(id) AND group_id = \($0)" } ?? "id = \(id)"
    }

    private static func count(_ group: String, _ connection: PostgresConnection) async throws -> Int {
        let rows = try await connection.query(
            "SELECT count(*) AS count FROM registry.tokens WHERE group_id = \(group)")
        return try rows.first?.decode("count", as: Int.self) ?? 0
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
}
