import Postgres

extension GroupStore {
    /// What a group has of its own for models, by the names of the models; nothing for a group that is not there.
    package func modelConfigs(of group: String) async throws(RegistryError) -> [GroupModelConfig] {
        try await RegistryError.translating {
            try await pool.query(
                """
                SELECT \(raw: Self.modelColumns) FROM registry.group_model_configs WHERE group_id = \(group)
                ORDER BY model
                """
            ).map(Self.modelConfig)
        }
    }

    /// What a group has of its own for one model.
    package func modelConfig(of group: String, _ model: String) async throws(RegistryError) -> GroupModelConfig {
        try await RegistryError.translating {
            let rows = try await pool.query(
                """
                SELECT \(raw: Self.modelColumns) FROM registry.group_model_configs
                WHERE group_id = \(group) AND model = \(model)
                """)
            guard let row = rows.first else { throw RegistryError.groupModelConfigNotFound }
            return try Self.modelConfig(row)
        }
    }

    /// Rows of one statement; a list of ten thousand would else be as many round trips.
    private static let rowsAtOnce = 100

    /// Stores configs, all or none; one that exists is replaced as a whole, those of other models stay. Of several for one model the last holds.
    package func saveModelConfigs(_ configs: [GroupModelConfig], of group: String) async throws(RegistryError) {
        let names = GroupModelField.all.map(\.name)
        let update = names.map { "\($0) = excluded.\($0)" }.joined(separator: ", ")
        let lasting = Array(Dictionary(configs.map { ($0.model, $0) }) { _, last in last }.values)
        try await changeModels(of: group, requiresGroup: true) { connection in
            for start in stride(from: 0, to: lasting.count, by: Self.rowsAtOnce) {
                let rows: [SQL] = lasting[start..<min(start + Self.rowsAtOnce, lasting.count)].map { config in
                    let values = SQL.joined(GroupModelField.all.map { config[$0].sql }, separator: ", ")
                    return "(\(group), \(config.model), \(values))"
                }
                try await connection.execute(
                    """
                    INSERT INTO registry.group_model_configs (group_id, model, \(raw: names.joined(separator: ", ")))
                    VALUES \(SQL.joined(rows, separator: ", "))
                    ON CONFLICT (group_id, model) DO UPDATE SET \(raw: update)
                    """)
            }
            return lasting.count
        }
    }

    /// Changes what is given of configs and leaves the rest; configs that are not there are passed over.
    package func updateModelConfigs(_ changes: [GroupModelConfig], of group: String) async throws(RegistryError) {
        try await changeModels(of: group) { connection in
            var count = 0
            for change in changes {
                let assignments: [SQL] = GroupModelField.all.compactMap { field in
                    change.values[field.name].map { "\(raw: field.name) = \($0.sql)" }
                }
                if assignments.isEmpty { continue }
                count += try await connection.execute(
                    """
                    UPDATE registry.group_model_configs SET \(SQL.joined(assignments, separator: ", "))
                    WHERE group_id = \(group) AND model = \(change.model)
                    """)
            }
            return count
        }
    }

    /// Deletes those of the configs that exist.
    package func deleteModelConfigs(_ models: [String], of group: String) async throws(RegistryError) {
        try await changeModels(of: group) { connection in
            try await connection.execute(
                "DELETE FROM registry.group_model_configs WHERE group_id = \(group) AND model = ANY(\(models))")
        }
    }

    /// Runs a change and, when it changed a row, stamps the group with its revision.
    private func changeModels(
        of group: String, requiresGroup: Bool = false,
        _ body: @Sendable (PostgresConnection) async throws -> Int
    ) async throws(RegistryError) {
        try await RegistryError.translating {
            do {
                try await pool.transaction { connection in
                    let revision = try await Revision.next(connection)
                    let stamped = try await connection.execute(
                        "UPDATE registry.groups SET revision = \(revision) WHERE id = \(group)")
                    guard stamped > 0 else {
                        throw requiresGroup ? RegistryError.groupNotFound : Revision.NothingChanged()
                    }
                    if try await body(connection) == 0 { throw Revision.NothingChanged() }
                }
            } catch is Revision.NothingChanged {
                return
            }
        }
    }

    private static let modelColumns = (["model"] + GroupModelField.all.map(\.name)).joined(separator: ", ")

    private static func modelConfig(_ row: Row) throws(PostgresError) -> GroupModelConfig {
        var config = GroupModelConfig(model: try row.decode("model"))
        for field in GroupModelField.all {
            switch field.form {
            case .flag: config.values[field.name] = .flag(try row.decode(field.name))
            case .count, .size: config.values[field.name] = .number(try row.decode(field.name))
            case .price, .timeouts:
                config.values[field.name] = .json(try row.decode(field.name, as: JSONText.self).text)
            }
        }
        return config
    }
}
