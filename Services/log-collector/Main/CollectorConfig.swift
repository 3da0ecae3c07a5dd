import Configuration
import LogStore
import Postgres
import ServiceKit
import Telemetry

/// Every setting of the log-collector.
struct CollectorConfig: Sendable {
    let service: ServiceConfig
    /// Who may read logs (`ADMIN_KEY`).
    let adminKey: Redacted<String>
    /// The shared secret of the three services (`INTERNAL_KEY`).
    let internalKey: Redacted<String>
    /// The log database (`LOG_SQL_DSN`, else `SQL_DSN`); `nil` only together with a configuration error.
    let database: PostgresConfiguration?
    /// Whether pending migrations are applied at the start (`AUTO_MIGRATE`).
    let migrates: Bool
    /// `LOG_STORAGE_HOURS` and `LOG_DETAIL_STORAGE_HOURS`.
    let terms: StorageTerms
    /// How many shipments are worked on at once (`INGEST_CONCURRENCY`).
    let ingestConcurrency: Int
    /// How many connections searches may use (`SEARCH_CONNECTIONS`).
    let searchConnections: Int
    /// How long one statement of a search may run (`SEARCH_SECONDS`).
    let searchTimeout: Duration

    init(_ reader: inout ConfigReader) {
        service = ServiceConfig(&reader, listen: ListenAddress(host: "127.0.0.1", port: 3002))
        adminKey = reader.requiredSecret("ADMIN_KEY", hint: "the key that FastGPT and operators send")
        internalKey = reader.requiredSecret("INTERNAL_KEY", hint: "the secret that the three services share")
        database = Self.database(&reader)
        migrates = reader.bool("AUTO_MIGRATE", default: true)
        let hours = -1...8_766_000
        terms = StorageTerms(
            recordHours: reader.int("LOG_STORAGE_HOURS", default: 720, in: hours),
            bodyHours: reader.int("LOG_DETAIL_STORAGE_HOURS", default: 1, in: hours))
        ingestConcurrency = reader.int("INGEST_CONCURRENCY", default: 4, in: 1...64)
        searchConnections = reader.int("SEARCH_CONNECTIONS", default: 4, in: 1...64)
        searchTimeout = reader.duration(
            "SEARCH_SECONDS", default: .seconds(5), in: .milliseconds(100) ... .seconds(300))
    }

    private static func database(_ reader: inout ConfigReader) -> PostgresConfiguration? {
        let own = reader.secret("LOG_SQL_DSN")
        let shared = reader.secret("SQL_DSN")
        guard let dsn = own ?? shared else {
            reader.fail("LOG_SQL_DSN", "or SQL_DSN is required: postgres://user:password@host:5432/database")
            return nil
        }
        do throws(PostgresError) {
            return try PostgresConfiguration(dsn: dsn.reveal)
        } catch {
            reader.fail(own == nil ? "SQL_DSN" : "LOG_SQL_DSN", "\(error)")
            return nil
        }
    }

    /// The pool of ingestion and housekeeping: one connection for each shipment, and what a round of retention needs beside them.
    var ingestDatabase: PostgresConfiguration? {
        var configuration = database
        configuration?.maxConnections = ingestConcurrency + 3
        configuration?.applicationName = "log-collector"
        // What is acknowledged is gone from the gateway: it must survive a crash of the server, whatever its default is.
        configuration?.sessionSettings["synchronous_commit"] = "on"
        return configuration
    }

    /// The pool of searches, so that they and ingestion never wait for each other.
    var searchDatabase: PostgresConfiguration? {
        var configuration = database
        configuration?.maxConnections = searchConnections
        configuration?.maxWaiters = searchConnections * 16
        configuration?.statementTimeout = searchTimeout
        configuration?.applicationName = "log-collector search"
        configuration?.sessionSettings["default_transaction_read_only"] = "on"
        return configuration
    }
}
