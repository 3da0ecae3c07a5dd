import Crypto
package import Postgres
package import Telemetry

/// Brings a schema up to date, from any number of processes at once.
///
/// Each migration is one transaction that takes the schema's advisory lock, looks what is applied, applies the next one and records it in
/// `<schema>.schema_migrations`. So a process that dies leaves a whole state, and processes that start together share the work.
package enum MigrationRunner {
    /// How long one process waits for another that migrates.
    private static let lockTimeout = Duration.seconds(600)

    /// Applies what is pending.
    ///
    /// - Parameters:
    ///   - migrations: The program's list, in rising order.
    ///   - schema: The schema they belong to; made if it is missing.
    ///   - pool: The database.
    ///   - logger: Gets a line for each migration, at debug level.
    /// - Returns: What this call applied; empty when the schema was up to date or another process was faster.
    /// - Throws: `MigrationError`, or `PostgresError` when the database cannot be used.
    package static func run(
        _ migrations: [Migration], schema: String, pool: PostgresPool, logger: Logger
    ) async throws -> [Migration] {
        var applied: [Migration] = []
        while true {
            let next = try await pool.transaction { connection in
                try await lock(schema, connection)
                try await createTable(schema, connection)
                let plan = try MigrationPlan(known: migrations, applied: try await read(schema, connection))
                guard let migration = plan.pending.first else { return Migration?.none }
                try await apply(migration, schema, connection)
                return migration
            }
            guard let next else { return applied }
            logger.debug(
                "migration_applied",
                ["schema": .string(schema), "number": .integer(next.number), "name": .string(next.name)])
            applied.append(next)
        }
    }

    /// What `run` would apply; changes nothing.
    ///
    /// - Parameters:
    ///   - migrations: The program's list, in rising order.
    ///   - schema: The schema they belong to.
    ///   - pool: The database.
    /// - Throws: `MigrationError`, or `PostgresError` when the database cannot be used.
    package static func pending(
        _ migrations: [Migration], schema: String, pool: PostgresPool
    ) async throws -> [Migration] {
        try await pool.withConnection { connection in
            let applied = try await hasTable(schema, connection) ? read(schema, connection) : []
            return try MigrationPlan(known: migrations, applied: applied).pending
        }
    }

    private static func lock(_ schema: String, _ connection: PostgresConnection) async throws {
        let digest = SHA256.hash(Array("switchboard migrations of \(schema)".utf8))
        let key = digest.prefix(8).reduce(Int64(0)) { $0 << 8 | Int64($1) }
        try await connection.setStatementTimeout(lockTimeout)
        do throws(PostgresError) {
            _ = try await connection.query("SELECT pg_advisory_xact_lock(\(key)::bigint)")
        } catch {
            guard error == .statementTimeout else { throw error }
            throw MigrationError.locked
        }
        try await connection.setStatementTimeout(nil)
    }

    private static func hasTable(_ schema: String, _ connection: PostgresConnection) async throws(PostgresError) -> Bool
    {
        try await !connection.query(
            "SELECT 1 FROM pg_tables WHERE schemaname = \(schema) AND tablename = 'schema_migrations'"
        ).isEmpty
    }

    /// Makes schema and table where they are missing. It looks first, because `IF NOT EXISTS` asks for a right that a role may lack when both are there.
    private static func createTable(_ schema: String, _ connection: PostgresConnection) async throws(PostgresError) {
        guard try await !hasTable(schema, connection) else { return }
        let name = SQL.identifier(schema)
        if try await connection.query("SELECT 1 FROM pg_namespace WHERE nspname = \(schema)").isEmpty {
            try await connection.execute("CREATE SCHEMA \(name)")
        }
        try await connection.execute(
            """
            CREATE TABLE \(name).schema_migrations (
                number int PRIMARY KEY,
                name text NOT NULL,
                checksum text NOT NULL,
                applied_at timestamptz NOT NULL DEFAULT now()
            )
            """)
    }

    private static func read(
        _ schema: String, _ connection: PostgresConnection
    ) async throws(PostgresError) -> [AppliedMigration] {
        let rows = try await connection.query(
            "SELECT number, name, checksum FROM \(SQL.identifier(schema)).schema_migrations ORDER BY number")
        var applied: [AppliedMigration] = []
        for row in rows {
            applied.append(
                AppliedMigration(
                    number: try row.decode("number"), name: try row.decode("name"), checksum: try row.decode("checksum")
                ))
        }
        return applied
    }

    private static func apply(
        _ migration: Migration, _ schema: String, _ connection: PostgresConnection
    ) async throws {
        guard let sql = migration.sql, let checksum = migration.checksum else { return }
        let name = SQL.identifier(schema)
        do throws(PostgresError) {
            try await connection.execute("SET LOCAL search_path = \(name), public")
            try await connection.simple(sql)
        } catch {
            // The pool runs the transaction again after a deadlock or a serialization failure, which it must recognise.
            if case .server(let state, _, _, _) = error, state.wantsTransactionRetry { throw error }
            if error.isTransient || error == .cancelled { throw error }
            throw MigrationError.failed(number: migration.number, name: migration.name, error)
        }
        guard connection.isInTransaction else {
            throw MigrationError.endedTransaction(number: migration.number, name: migration.name)
        }
        try await connection.execute(
            """
            INSERT INTO \(name).schema_migrations (number, name, checksum)
            VALUES (\(migration.number), \(migration.name), \(checksum))
            """)
    }
}
