import Postgres

/// What the lists of models need of an enabled channel.
package struct EnabledChannel: Equatable, Sendable {
    package let id: Int
    package let type: Int
    package let name: String
    /// The models that callers may ask for: its own, or else the defaults of its type.
    package let models: [String]
    /// Its routing sets; `default` when it names none.
    package let sets: [String]
    /// Its routing weight; 10 when it has none.
    package let priority: Int
}

extension ChannelStore {
    /// The enabled channels with defaults in place, by id; keys are not opened.
    package func enabled(_ defaults: ChannelDefaults) async throws(RegistryError) -> [EnabledChannel] {
        try await RegistryError.translating {
            try await pool.query(
                """
                SELECT id, type, name, models, sets, priority FROM registry.channels
                WHERE status = 1 AND deleted_at IS NULL ORDER BY id
                """
            ).map { row throws(PostgresError) in
                let type: Int = try row.decode("type")
                let models: [String] = try row.decode("models")
                let sets: [String] = try row.decode("sets")
                let priority: Int = try row.decode("priority")
                return EnabledChannel(
                    id: try row.decode("id"), type: type, name: try row.decode("name"),
                    models: models.isEmpty ? defaults.models[type] ?? [] : models,
                    sets: sets.isEmpty ? ["default"] : sets, priority: priority == 0 ? 10 : min(priority, 1_000_000))
            }
        }
    }
}
