package import Postgres

/// An option with what is known of its value.
package struct OptionState: Sendable {
    package let option: Option
    /// What was stored, or else the default: what the contract shows.
    package let shown: String
    /// What the environment of this service says; it wins.
    package let override: String?
    package let isStored: Bool

    /// What is in force.
    package var effective: String { override ?? (isStored ? shown : option.effectiveStandard) }
}

/// Options in PostgreSQL, and over them what the environment says.
package struct OptionStore: Sendable {
    private let pool: PostgresPool
    private let requiresModelConfigs: Bool
    /// Values from the environment by key, checked.
    package let overrides: [String: String]

    /// A store over a pool.
    ///
    /// - Parameters:
    ///   - pool: Where options are stored.
    ///   - overrides: Values that win over stored ones, by key.
    ///   - requiresModelConfigs: Whether default models must have a config.
    package init(pool: PostgresPool, overrides: [String: String] = [:], requiresModelConfigs: Bool = false) {
        self.pool = pool
        self.overrides = overrides
        self.requiresModelConfigs = requiresModelConfigs
    }

    /// Every option.
    package func all() async throws(RegistryError) -> [OptionState] {
        let stored = try await stored()
        return OptionTable.all.map { state($0, stored) }
    }

    /// One option.
    package func find(_ key: String) async throws(RegistryError) -> OptionState {
        guard let option = OptionTable.find(key) else { throw .unknownOption }
        return state(option, try await stored())
    }

    /// The options that are set, in the environment or stored, by key.
    package func inForce() async throws(RegistryError) -> [String: String] {
        try await stored().merging(overrides) { $1 }
    }

    /// Stores the value of an option.
    package func set(_ key: String, _ value: String) async throws(RegistryError) {
        guard let option = OptionTable.find(key) else { throw .unknownOption }
        let checked: String
        do throws(OptionFault) {
            checked = try option.checked(value)
        } catch {
            throw .invalidOption(error.description)
        }
        try await RegistryError.translating {
            do {
                try await pool.transaction { connection in
                    let revision = try await Revision.next(connection)
                    if requiresModelConfigs, key == OptionTable.defaultModels {
                        let models = ChannelDefaults(options: [key: checked]).models.values.flatMap(\.self)
                        try await ModelConfigStore.requireAll(models, connection)
                    }
                    let count = try await connection.execute(
                        """
                        INSERT INTO registry.options AS old (key, value, revision)
                        VALUES (\(key), \(checked), \(revision)) ON CONFLICT (key) DO UPDATE
                        SET value = excluded.value, revision = excluded.revision WHERE old.value <> excluded.value
                        """)
                    if count == 0 { throw Revision.NothingChanged() }
                }
            } catch is Revision.NothingChanged {
                return
            }
        }
    }

    private func state(_ option: Option, _ stored: [String: String]) -> OptionState {
        let value = stored[option.key]
        return OptionState(
            option: option, shown: value ?? option.standard, override: overrides[option.key], isStored: value != nil)
    }

    /// What is stored; rows of options that this version does not know are left out.
    private func stored() async throws(RegistryError) -> [String: String] {
        try await RegistryError.translating {
            var values: [String: String] = [:]
            for row in try await pool.query("SELECT key, value FROM registry.options") {
                let key: String = try row.decode("key")
                if OptionTable.find(key) != nil { values[key] = try row.decode("value") }
            }
            return values
        }
    }
}
