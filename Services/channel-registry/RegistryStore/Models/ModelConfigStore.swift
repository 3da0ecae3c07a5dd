package import Postgres

/// Which model configs a list shows; empty members let everything through.
package struct ModelConfigFilter: Sendable {
    package var model: String
    package var owner: String
    /// A text that occurs in the name, in any case.
    package var keyword: String

    package init(model: String = "", owner: String = "", keyword: String = "") {
        self.model = model
        self.owner = owner
        self.keyword = keyword
    }

    var condition: SQL {
        var all: [SQL] = ["true"]
        if !model.isEmpty { all.append("model = \(model)") }
        if !owner.isEmpty { all.append("owner = \(owner)") }
        if !keyword.isEmpty { all.append("model ILIKE \(ChannelFilter.containing(keyword))") }
        return SQL.joined(all, separator: " AND ")
    }
}

/// Model configs in PostgreSQL: every write takes one revision in its own transaction.
package struct ModelConfigStore: Sendable {
    private let pool: PostgresPool

    /// A store over a pool.
    package init(pool: PostgresPool) {
        self.pool = pool
    }

    /// Stores configs, all or none; one that exists is replaced as a whole and keeps its place in the lists.
    package func save(_ configs: [ModelConfig]) async throws(RegistryError) {
        guard !configs.isEmpty else { return }
        try await RegistryError.translating {
            try await pool.transaction { connection in
                let revision = try await Revision.next(connection)
                for config in configs { try await Self.write(config, revision, connection) }
            }
        }
    }

    /// One config.
    package func find(_ model: String) async throws(RegistryError) -> ModelConfig {
        guard let config = try await existing([model]).first else { throw .modelConfigNotFound }
        return config
    }

    /// Every config, newest first.
    package func all() async throws(RegistryError) -> [ModelConfig] {
        try await RegistryError.translating {
            try await pool.query(
                "SELECT \(raw: Self.columns) FROM registry.model_configs ORDER BY \(raw: Self.order)"
            ).map(Self.config)
        }
    }

    /// Those of the models that have a config, newest first.
    package func existing(_ models: [String]) async throws(RegistryError) -> [ModelConfig] {
        try await RegistryError.translating {
            try await pool.query(
                """
                SELECT \(raw: Self.columns) FROM registry.model_configs WHERE model = ANY(\(models))
                ORDER BY \(raw: Self.order)
                """
            ).map(Self.config)
        }
    }

    /// One page of the configs that a filter lets through, newest first, and how many it lets through in all.
    package func page(
        _ filter: ModelConfigFilter, _ paging: ListPage
    ) async throws(RegistryError) -> (configs: [ModelConfig], total: Int) {
        try await RegistryError.translating {
            let counted = try await pool.query(
                "SELECT count(*) AS total FROM registry.model_configs WHERE \(filter.condition)")
            let total = try counted.first?.decode("total", as: Int.self) ?? 0
            let rows = try await pool.query(
                """
                SELECT \(raw: Self.columns) FROM registry.model_configs WHERE \(filter.condition)
                ORDER BY \(raw: Self.order) LIMIT \(paging.limit) OFFSET \(paging.offset)
                """)
            return (try rows.map(Self.config), total)
        }
    }

    /// Deletes one config.
    package func delete(_ model: String) async throws(RegistryError) {
        guard try await delete([model]) > 0 else { throw .modelConfigNotFound }
    }

    /// Deletes those of the configs that exist.
    ///
    /// - Returns: How many there were.
    @discardableResult
    package func delete(_ models: [String]) async throws(RegistryError) -> Int {
        try await RegistryError.translating {
            do {
                return try await pool.transaction { connection in
                    let revision = try await Revision.next(connection)
                    let count = try await connection.execute(
                        """
                        WITH gone AS (DELETE FROM registry.model_configs WHERE model = ANY(\(models)) RETURNING model)
                        INSERT INTO registry.tombstones (revision, kind, key)
                        SELECT \(revision), 'model_config', model FROM gone
                        """)
                    if count == 0 { throw Revision.NothingChanged() }
                    return count
                }
            } catch is Revision.NothingChanged {
                return 0
            }
        }
    }

    /// Refuses models without a config, in the words of the contract.
    static func requireAll(_ models: [String], _ connection: PostgresConnection) async throws {
        guard !models.isEmpty else { return }
        let rows = try await connection.query(
            "SELECT model FROM registry.model_configs WHERE model = ANY(\(models))")
        let known = Set(try rows.map { row throws(PostgresError) in try row.decode("model", as: String.self) })
        let missing = Set(models).subtracting(known)
        if !missing.isEmpty { throw RegistryError.modelConfigsMissing(missing.sorted()) }
    }

    private static let order = "created_at DESC, model"

    static let columns = """
        model, owner, type, config, plugin, price, rpm, tpm, retry_times, request_timeout, stream_request_timeout,
        exclude_from_tests, force_save_detail, summary_service_tier, summary_claude_long_context,
        disable_resolution_fuzzy_match, max_image_generation_count, max_video_generation_seconds,
        max_video_generation_count, allowed_resolutions, request_body_storage_max_size, response_body_storage_max_size
        """

    private static let update = columns.split(separator: ",").map { column in
        let name = column.filter { !$0.isWhitespace }
        return "\(name) = excluded.\(name)"
    }.joined(separator: ", ")

    private static func write(
        _ config: ModelConfig, _ revision: Int64, _ connection: PostgresConnection
    ) async throws {
        try await connection.execute(
            """
            INSERT INTO registry.model_configs (\(raw: columns), revision) VALUES (
                \(config.model), \(config.owner), \(config.type), \(optionalJSON(config.config) as JSONText?),
                \(optionalJSON(config.plugin) as JSONText?), \(JSONText(config.price)), \(config.rpm), \(config.tpm),
                \(config.retryTimes), \(config.requestTimeout), \(config.streamRequestTimeout),
                \(config.isExcludedFromTests), \(config.forcesSavingDetail), \(config.sumsUpByServiceTier),
                \(config.sumsUpByLongContext), \(config.matchesResolutionsExactly), \(config.maxImageCount),
                \(config.maxVideoSeconds), \(config.maxVideoCount), \(config.allowedResolutions),
                \(config.requestBodyLimit), \(config.responseBodyLimit), \(revision)
            ) ON CONFLICT (model) DO UPDATE SET \(raw: update), revision = excluded.revision, updated_at = now()
            """)
    }

    private static func optionalJSON(_ text: String) -> JSONText? {
        text.isEmpty ? nil : JSONText(text)
    }

    static func config(_ row: Row) throws(PostgresError) -> ModelConfig {
        var config = ModelConfig(
            model: try row.decode("model"), owner: try row.decode("owner"), type: try row.decode("type"))
        config.config = try row.decode("config", as: JSONText?.self)?.text ?? ""
        config.plugin = try row.decode("plugin", as: JSONText?.self)?.text ?? ""
        config.price = try row.decode("price", as: JSONText.self).text
        config.rpm = try row.decode("rpm")
        config.tpm = try row.decode("tpm")
        config.retryTimes = try row.decode("retry_times")
        config.requestTimeout = try row.decode("request_timeout")
        config.streamRequestTimeout = try row.decode("stream_request_timeout")
        config.isExcludedFromTests = try row.decode("exclude_from_tests")
        config.forcesSavingDetail = try row.decode("force_save_detail")
        config.sumsUpByServiceTier = try row.decode("summary_service_tier")
        config.sumsUpByLongContext = try row.decode("summary_claude_long_context")
        config.matchesResolutionsExactly = try row.decode("disable_resolution_fuzzy_match")
        config.maxImageCount = try row.decode("max_image_generation_count")
        config.maxVideoSeconds = try row.decode("max_video_generation_seconds")
        config.maxVideoCount = try row.decode("max_video_generation_count")
        config.allowedResolutions = try row.decode("allowed_resolutions")
        config.requestBodyLimit = try row.decode("request_body_storage_max_size")
        config.responseBodyLimit = try row.decode("response_body_storage_max_size")
        return config
    }
}
