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
    /// Where options are told (`REGISTRY_URL`).
    let registryURL: String
    /// `LOG_STORAGE_HOURS` and `LOG_DETAIL_STORAGE_HOURS`; what they do not say, the options say.
    let terms: TermsCell
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
        registryURL = reader.url("REGISTRY_URL", default: "http://127.0.0.1:3001")
        terms = TermsCell(
            recordHours: Self.hours(&reader, "LOG_STORAGE_HOURS", option: "LogStorageHours"),
            bodyHours: Self.hours(&reader, "LOG_DETAIL_STORAGE_HOURS", option: "LogDetailStorageHours"))
        ingestConcurrency = reader.int("INGEST_CONCURRENCY", default: 4, in: 1...64)
        searchConnections = reader.int("SEARCH_CONNECTIONS", default: 4, in: 1...64)
        searchTimeout = reader.duration(
            "SEARCH_SECONDS", default: .seconds(5), in: .milliseconds(100) ... .seconds(300))
    }

    /// Whole hours, or a span, which the registry takes in the same variables too.
    private static func hours(_ reader: inout ConfigReader, _ name: String, option: String) -> Int? {
        reader.parsed(
            name, default: nil, form: "a whole number of hours from -1 to 8766000, or a span such as 30d",
            show: { $0.map(String.init) ?? "as the option \(option) says" }
        ) { text in
            let hours =
                Int(text) ?? DurationText.parse(text, unit: .hours).map { Int(($0.components.seconds + 3599) / 3600) }
            return hours.flatMap { (-1...8_766_000).contains($0) ? .some($0) : nil }
        }
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
