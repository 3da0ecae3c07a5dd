import Configuration
import Postgres
import RegistryStore
import ServiceKit
import Telemetry

/// Every setting of the channel-registry.
struct RegistryConfig: Sendable {
    let service: ServiceConfig
    /// Who may administer (`ADMIN_KEY`).
    let adminKey: Redacted<String>
    /// The shared secret of the three services (`INTERNAL_KEY`).
    let internalKey: Redacted<String>
    /// What vendor keys are sealed with (`SECRETS_KEY`); the gateways need the same.
    let secretsKey: Redacted<String>
    /// The database (`SQL_DSN`); `nil` only together with a configuration error.
    let database: PostgresConfiguration?
    /// Where calls are counted (`COLLECTOR_URL`).
    let collectorURL: String
    /// Whether balances are refreshed every ten minutes (`BALANCE_REFRESH`).
    let refreshesBalances: Bool
    /// Whether pending migrations are applied at the start (`AUTO_MIGRATE`).
    let migrates: Bool
    /// Whether channels may name only models that have a config: only when `DISABLE_MODEL_CONFIG` says `false`, since a channel that is refused for that is
    /// the most common trouble with the reference.
    let requiresModelConfigs: Bool
    /// The options that the environment sets, by key; they win over stored ones.
    let options: [String: String]
    /// The database of One API that `import-oneapi` reads (`DSN`, also `DSN_FILE`); no other subcommand looks at it.
    let importSource: Redacted<String>?

    init(_ reader: inout ConfigReader) {
        service = ServiceConfig(&reader, listen: ListenAddress(host: "127.0.0.1", port: 3001))
        adminKey = reader.requiredSecret("ADMIN_KEY", hint: "the key that FastGPT and operators send")
        internalKey = reader.requiredSecret("INTERNAL_KEY", hint: "the secret that the three services share")
        secretsKey = reader.requiredSecret(
            "SECRETS_KEY", hint: "a long random text that vendor keys are sealed with; losing it loses them")
        database = Self.database(&reader)
        collectorURL = reader.url("COLLECTOR_URL", default: "http://127.0.0.1:3002")
        refreshesBalances = reader.bool("BALANCE_REFRESH", default: true)
        migrates = reader.bool("AUTO_MIGRATE", default: true)
        requiresModelConfigs = !reader.bool("DISABLE_MODEL_CONFIG", default: true)
        options = Self.options(&reader)
        importSource = reader.secret("DSN")
    }

    private static func options(_ reader: inout ConfigReader) -> [String: String] {
        var options: [String: String] = [:]
        for option in OptionTable.all {
            guard var text = reader.optionalString(option.environmentName), !text.isEmpty else { continue }
            // The log-collector takes spans in the same variables.
            if option.form == .hours, let span = DurationText.parse(text, unit: .hours) {
                text = String((span.components.seconds + 3599) / 3600)
            }
            do throws(OptionFault) {
                options[option.key] = try option.checked(text)
            } catch {
                reader.fail(option.environmentName, error.description)
            }
        }
        return options
    }

    private static func database(_ reader: inout ConfigReader) -> PostgresConfiguration? {
        let hint = "postgres://user:password@host:5432/database"
        let connections = reader.int("SQL_MAX_OPEN_CONNS", default: 10, in: 2...1000)
        let dsn = reader.requiredSecret("SQL_DSN", hint: hint)
        guard !dsn.reveal.isEmpty else { return nil }
        do throws(PostgresError) {
            var configuration = try PostgresConfiguration(dsn: dsn.reveal)
            configuration.maxConnections = connections
            configuration.applicationName = "channel-registry"
            return configuration
        } catch {
            reader.fail("SQL_DSN", "\(error)")
            return nil
        }
    }
}
