package import Contracts
import JSON
package import Postgres

/// A value of the configuration with the revision of its last change; `nil` when it was deleted then.
package struct Stamped<Value: Equatable & Sendable>: Equatable, Sendable {
    package let revision: Int64
    package let value: Value?

    package init(revision: Int64, value: Value?) {
        self.revision = revision
        self.value = value
    }
}

/// Where the configuration stands.
package struct FeedPosition: Equatable, Sendable {
    /// Names the database that numbers the revisions.
    package let epoch: String
    package let revision: Int64
    /// Deletions up to this revision are forgotten.
    package let tombstonesAfter: Int64

    package init(epoch: String, revision: Int64, tombstonesAfter: Int64) {
        self.epoch = epoch
        self.revision = revision
        self.tombstonesAfter = tombstonesAfter
    }
}

/// Everything that changed after a revision, as of one moment.
package struct FeedChanges: Equatable, Sendable {
    package var position: FeedPosition
    package var channels: [Int: Stamped<SnapshotChannel>]
    package var tokens: [Int: Stamped<SnapshotToken>]
    package var groups: [String: Stamped<SnapshotGroup>]
    package var modelConfigs: [String: Stamped<ModelConfig>]
    /// Stored options by key; they are never deleted.
    package var options: [String: Stamped<String>]

    package init(
        position: FeedPosition, channels: [Int: Stamped<SnapshotChannel>] = [:],
        tokens: [Int: Stamped<SnapshotToken>] = [:], groups: [String: Stamped<SnapshotGroup>] = [:],
        modelConfigs: [String: Stamped<ModelConfig>] = [:], options: [String: Stamped<String>] = [:]
    ) {
        self.position = position
        self.channels = channels
        self.tokens = tokens
        self.groups = groups
        self.modelConfigs = modelConfigs
        self.options = options
    }
}

/// Reads the configuration for the snapshot feed.
package struct ChangeFeed: Sendable {
    private let pool: PostgresPool

    /// A feed over a pool.
    package init(pool: PostgresPool) {
        self.pool = pool
    }

    /// Where the configuration stands; one row, to be asked often.
    package func position() async throws(RegistryError) -> FeedPosition {
        try await RegistryError.translating {
            let rows = try await pool.query("SELECT epoch, revision, tombstones_after FROM registry.settings")
            return try Self.position(rows)
        }
    }

    /// What changed after a revision; after 0, everything.
    ///
    /// All is read in one snapshot of the database: revisions commit in order, so it holds every change up to its position and
    /// none beyond.
    package func changes(after revision: Int64) async throws(RegistryError) -> FeedChanges {
        try await RegistryError.translating {
            try await pool.transaction(isolation: .repeatableRead) { connection in
                let settings = try await connection.query(
                    "SELECT epoch, revision, tombstones_after FROM registry.settings")
                var changes = FeedChanges(position: try Self.position(settings))
                if changes.position.revision == revision { return changes }
                try await Self.readTombstones(after: revision, into: &changes, connection)
                try await Self.readChannels(after: revision, into: &changes, connection)
                try await Self.readTokens(after: revision, into: &changes, connection)
                try await Self.readGroups(after: revision, into: &changes, connection)
                try await Self.readModels(after: revision, into: &changes, connection)
                return changes
            }
        }
    }

    /// Forgets deletions that are older than `age`; gateways that were away longer read everything again.
    ///
    /// - Returns: How many were forgotten.
    package func pruneTombstones(olderThan age: Duration) async throws(RegistryError) -> Int {
        let seconds = Int(age.components.seconds)
        return try await RegistryError.translating {
            let rows = try await pool.query(
                """
                WITH gone AS (
                    DELETE FROM registry.tombstones WHERE deleted_at < now() - make_interval(secs => \(seconds)::int)
                    RETURNING revision
                ), noted AS (
                    UPDATE registry.settings
                    SET tombstones_after = greatest(tombstones_after, (SELECT max(revision) FROM gone))
                    WHERE EXISTS (SELECT FROM gone)
                )
                SELECT count(*) AS count FROM gone
                """)
            return try rows.first?.decode("count", as: Int.self) ?? 0
        }
    }

    private static func position(_ rows: [Row]) throws -> FeedPosition {
        guard let row = rows.first else { throw RegistryError.notMigrated }
        return FeedPosition(
            epoch: try row.decode("epoch"), revision: try row.decode("revision"),
            tombstonesAfter: try row.decode("tombstones_after"))
    }

    private static func readTombstones(
        after revision: Int64, into changes: inout FeedChanges, _ connection: PostgresConnection
    ) async throws {
        let rows = try await connection.query(
            "SELECT revision, kind, key FROM registry.tombstones WHERE revision > \(revision) ORDER BY revision")
        for row in rows {
            let key: String = try row.decode("key")
            let revision: Int64 = try row.decode("revision")
            switch try row.decode("kind", as: String.self) {
            case "group": changes.groups[key] = Stamped(revision: revision, value: nil)
            case "model_config": changes.modelConfigs[key] = Stamped(revision: revision, value: nil)
            default: if let id = Int(key) { changes.tokens[id] = Stamped(revision: revision, value: nil) }
            }
        }
    }

    private static func readChannels(
        after revision: Int64, into changes: inout FeedChanges, _ connection: PostgresConnection
    ) async throws {
        let rows = try await connection.query(
            """
            SELECT id, revision, deleted_at IS NOT NULL AS is_deleted, type, name, base_url, sealed_key, models,
                model_mapping, status, priority, sets, proxy_url, skip_tls_verify, enabled_no_permission_ban,
                warn_error_rate, max_error_rate, configs
            FROM registry.channels WHERE revision > \(revision)
            """)
        for row in rows {
            let id: Int = try row.decode("id")
            let isDeleted: Bool = try row.decode("is_deleted")
            changes.channels[id] = Stamped(
                revision: try row.decode("revision"), value: isDeleted ? nil : try channel(id, row))
        }
    }

    private static func channel(_ id: Int, _ row: Row) throws(PostgresError) -> SnapshotChannel {
        SnapshotChannel(
            id: id, type: try row.decode("type"), name: try row.decode("name"), baseURL: try row.decode("base_url"),
            sealedKey: try row.decode("sealed_key"), models: try row.decode("models"),
            modelMapping: mapping(try row.decode("model_mapping", as: JSONText.self).text),
            status: try row.decode("status"), priority: try row.decode("priority"), sets: try row.decode("sets"),
            proxyURL: try row.decode("proxy_url"), skipsTLSVerification: try row.decode("skip_tls_verify"),
            bansOnNoPermission: try row.decode("enabled_no_permission_ban"),
            warnErrorRate: try row.decode("warn_error_rate"), maxErrorRate: try row.decode("max_error_rate"),
            configs: try row.decode("configs", as: JSONText?.self)?.text ?? "")
    }

    /// The pairs of a stored mapping. Only objects of strings are ever written; should a row hold something else, it maps nothing.
    private static func mapping(_ text: String) -> [String: String] {
        guard let object = try? JSONValue.parse(Array(text.utf8)).object else { return [:] }
        var pairs: [String: String] = [:]
        for member in object.members { pairs[member.key] = member.value.string }
        return pairs
    }

    private static func readTokens(
        after revision: Int64, into changes: inout FeedChanges, _ connection: PostgresConnection
    ) async throws {
        let rows = try await connection.query(
            """
            SELECT id, revision, name, group_id, digest, status, models, subnets
            FROM registry.tokens WHERE revision > \(revision)
            """)
        for row in rows {
            let id: Int = try row.decode("id")
            changes.tokens[id] = Stamped(
                revision: try row.decode("revision"),
                value: SnapshotToken(
                    id: id, name: try row.decode("name"), group: try row.decode("group_id"),
                    digest: try row.decode("digest"), status: try row.decode("status"),
                    models: try row.decode("models"), subnets: try row.decode("subnets")))
        }
    }

    private static func readGroups(
        after revision: Int64, into changes: inout FeedChanges, _ connection: PostgresConnection
    ) async throws {
        let rows = try await connection.query(
            "SELECT id, revision, status, available_sets FROM registry.groups WHERE revision > \(revision)")
        for row in rows {
            let id: String = try row.decode("id")
            changes.groups[id] = Stamped(
                revision: try row.decode("revision"),
                value: SnapshotGroup(
                    id: id, status: try row.decode("status"), availableSets: try row.decode("available_sets")))
        }
    }

    private static func readModels(
        after revision: Int64, into changes: inout FeedChanges, _ connection: PostgresConnection
    ) async throws {
        let configs = try await connection.query(
            """
            SELECT \(raw: ModelConfigStore.columns), revision FROM registry.model_configs WHERE revision > \(revision)
            """)
        for row in configs {
            let config = try ModelConfigStore.config(row)
            changes.modelConfigs[config.model] = Stamped(revision: try row.decode("revision"), value: config)
        }
        let options = try await connection.query(
            "SELECT key, value, revision FROM registry.options WHERE revision > \(revision)")
        for row in options {
            changes.options[try row.decode("key")] = Stamped(
                revision: try row.decode("revision"), value: try row.decode("value", as: String.self))
        }
    }
}
