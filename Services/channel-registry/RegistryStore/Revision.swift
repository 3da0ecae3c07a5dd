import Postgres

/// The one number that orders all changes of the configuration.
enum Revision {
    /// Takes the next revision and announces it when the transaction commits.
    ///
    /// To be called first in a transaction: the row stays locked until the commit, so that revisions become visible in order and no
    /// two writes can wait for each other. A rollback gives the number back.
    static func next(_ connection: PostgresConnection) async throws -> Int64 {
        let rows = try await connection.query(
            """
            WITH next AS (UPDATE registry.settings SET revision = revision + 1 RETURNING revision)
            SELECT revision, pg_notify(\(RegistrySchema.changeChannel), revision::text) FROM next
            """)
        guard let row = rows.first else { throw RegistryError.notMigrated }
        return try row.decode("revision", as: Int64.self)
    }

    /// Thrown inside a transaction that turned out to change nothing, so that it takes no revision.
    struct NothingChanged: Error {}
}
