import Contracts
import JSON
package import Postgres
import Telemetry

/// Channels in PostgreSQL: every write takes one revision in its own transaction; one that changes a channel forgets its errors and bans.
package struct ChannelStore: Sendable {
    let pool: PostgresPool
    let vault: KeyVault
    let keys = ChannelKeyIndex()
    private let requiresModelConfigs: Bool

    /// A store over a pool.
    ///
    /// - Parameters:
    ///   - pool: Where channels are stored.
    ///   - vault: What seals and opens their keys.
    ///   - requiresModelConfigs: Whether a channel may name only models that have a config.
    package init(pool: PostgresPool, vault: KeyVault, requiresModelConfigs: Bool = false) {
        self.pool = pool
        self.vault = vault
        self.requiresModelConfigs = requiresModelConfigs
    }

    /// Creates all the channels or none.
    ///
    /// - Returns: Their ids in the same order.
    @discardableResult
    package func create(_ channels: [NewChannel]) async throws(RegistryError) -> [Int] {
        for channel in channels {
            try Self.checkKey(channel.key.reveal, channel.settings)
            try Self.checkConfigs(channel.settings)
        }
        return try await RegistryError.translating {
            try await pool.transaction { connection in
                let revision = try await Revision.next(connection)
                try await checkModels(channels.flatMap(\.settings.models), connection)
                let ids = try await Self.nextIDs(channels.count, connection)
                for (id, channel) in zip(ids, channels) {
                    try await insert(channel, id, revision, connection)
                }
                return ids
            }
        }
    }

    /// One channel.
    package func find(_ id: Int) async throws(RegistryError) -> Channel {
        try await RegistryError.translating {
            let rows = try await pool.query(
                "SELECT \(raw: Self.columns) FROM registry.channels WHERE id = \(id) AND deleted_at IS NULL")
            guard let row = rows.first else { throw RegistryError.channelNotFound }
            return try channel(row)
        }
    }

    /// Changes what the edit names and nothing else; counters are never touched.
    ///
    /// A key that cannot be opened is shown to administrators as empty, so an edit that sends an empty key back keeps it: it
    /// works again as soon as the right `SECRETS_KEY` is there.
    package func update(_ id: Int, _ change: ChannelChange) async throws(RegistryError) -> Channel {
        try await RegistryError.translating {
            try await pool.transaction { connection in
                let revision = try await Revision.next(connection)
                let rows = try await connection.query(
                    """
                    SELECT \(raw: Self.columns) FROM registry.channels
                    WHERE id = \(id) AND deleted_at IS NULL FOR UPDATE
                    """)
                guard let row = rows.first else { throw RegistryError.channelNotFound }
                let old = try channel(row)
                let settings = change.applied(to: old.settings)
                var sealedKey = try row.decode("sealed_key", as: String.self)
                if let key = change.key, !(key.reveal.isEmpty && old.key == .unreadable) {
                    try Self.checkKey(key.reveal, settings)
                    sealedKey = vault.seal(key, .channel(id))
                } else if settings.type != old.settings.type, old.key != .unreadable {
                    try Self.checkKey(old.key.shown, settings)
                }
                if change.configs != nil || settings.type != old.settings.type { try Self.checkConfigs(settings) }
                if let models = change.models { try await checkModels(models, connection) }
                try await HealthStore.forget([id], connection)
                return try await write(id, settings, sealedKey, revision, connection)
            }
        }
    }

    /// Sets the status of one channel.
    package func setStatus(_ id: Int, _ status: Int) async throws(RegistryError) {
        guard try await setStatus([id], status) > 0 else { throw .channelNotFound }
    }

    /// Sets the status of those of the channels that exist.
    ///
    /// - Returns: How many there were.
    @discardableResult
    package func setStatus(_ ids: [Int], _ status: Int) async throws(RegistryError) -> Int {
        try await change { revision, connection in
            try await HealthStore.forget(ids, connection)
            return try await connection.execute(
                """
                UPDATE registry.channels SET status = \(status), revision = \(revision)
                WHERE id = ANY(\(ids)) AND deleted_at IS NULL
                """)
        }
    }

    /// Deletes one channel.
    package func delete(_ id: Int) async throws(RegistryError) {
        guard try await delete([id]) > 0 else { throw .channelNotFound }
    }

    /// Deletes those of the channels that exist, with the results of their tests. The row stays without its key, for the names in old call records.
    ///
    /// - Returns: How many there were.
    @discardableResult
    package func delete(_ ids: [Int]) async throws(RegistryError) -> Int {
        let count = try await change { revision, connection in
            try await HealthStore.forget(ids, connection)
            let count = try await connection.execute(
                """
                UPDATE registry.channels SET deleted_at = now(), sealed_key = '', revision = \(revision)
                WHERE id = ANY(\(ids)) AND deleted_at IS NULL
                """)
            try await Self.forgetTests(ids, connection)
            return count
        }
        for id in ids { vault.forget(.channel(id)) }
        return count
    }

    /// Says what is wrong with the key of a channel, in the words of the contract (admin-api §3.2).
    static func checkKey(_ key: String, _ settings: ChannelSettings) throws(RegistryError) {
        guard let type = ChannelType.find(settings.type), let fault = type.keyFault(key) else { return }
        let help = type.keyHelp.isEmpty ? "" : ", \(type.keyHelp)"
        throw .invalidKey("\(settings.name) [\(type.name)(\(type.id))] invalid key: \(fault)\(help)")
    }

    /// Says which member of `configs` is not of the kind that the type's schema wants; members that the schema does not name may be anything.
    private static func checkConfigs(_ settings: ChannelSettings) throws(RegistryError) {
        guard !settings.configs.isEmpty, let type = ChannelType.find(settings.type),
            let configs = try? JSONValue.parse(Array(settings.configs.utf8)).object
        else { return }
        for field in type.configFields {
            guard let value = configs[field.key], let fault = field.fault(value) else { continue }
            throw .invalidConfigs("configs.\(field.key): \(fault)")
        }
    }

    func checkModels(_ models: [String], _ connection: PostgresConnection) async throws {
        if requiresModelConfigs { try await ModelConfigStore.requireAll(models, connection) }
    }

    /// Runs a write that may find nothing to change; then it takes no revision.
    private func change(
        _ body: @escaping @Sendable (Int64, PostgresConnection) async throws -> Int
    ) async throws(RegistryError) -> Int {
        try await RegistryError.translating {
            do {
                return try await pool.transaction { connection in
                    let revision = try await Revision.next(connection)
                    let count = try await body(revision, connection)
                    if count == 0 { throw Revision.NothingChanged() }
                    return count
                }
            } catch is Revision.NothingChanged {
                return 0
            }
        }
    }

    /// Ids for rows that are not yet there: the key is sealed for its row before the row exists.
    static func nextIDs(_ count: Int, _ connection: PostgresConnection) async throws -> [Int] {
        let rows = try await connection.query(
            "SELECT nextval('registry.channels_id_seq') AS id FROM generate_series(1, \(count)::int)")
        return try rows.map { row throws(PostgresError) in try row.decode("id", as: Int.self) }
    }

    func insert(
        _ new: NewChannel, _ id: Int, _ revision: Int64, _ connection: PostgresConnection
    ) async throws {
        let settings = new.settings
        try await connection.execute(
            """
            INSERT INTO registry.channels (
                id, type, name, sealed_key, base_url, proxy_url, models, model_mapping, status, priority, sets, configs,
                enabled_auto_balance_check, skip_tls_verify, enabled_no_permission_ban, warn_error_rate,
                max_error_rate, revision
            ) VALUES (
                \(id), \(settings.type), \(settings.name), \(vault.seal(new.key, .channel(id))), \(settings.baseURL),
                \(settings.proxyURL), \(settings.models), \(JSONText(settings.modelMapping)), \(new.status),
                \(settings.priority), \(settings.sets), \(Self.optionalJSON(settings.configs) as JSONText?),
                \(settings.checksBalance), \(settings.skipsTLSVerification), \(settings.bansOnNoPermission),
                \(settings.warnErrorRate), \(settings.maxErrorRate), \(revision)
            )
            """)
    }

    private func write(
        _ id: Int, _ settings: ChannelSettings, _ sealedKey: String, _ revision: Int64,
        _ connection: PostgresConnection
    ) async throws -> Channel {
        let rows = try await connection.query(
            """
            UPDATE registry.channels SET
                type = \(settings.type), name = \(settings.name), sealed_key = \(sealedKey),
                base_url = \(settings.baseURL), proxy_url = \(settings.proxyURL), models = \(settings.models),
                model_mapping = \(JSONText(settings.modelMapping)), priority = \(settings.priority),
                sets = \(settings.sets), configs = \(Self.optionalJSON(settings.configs) as JSONText?),
                enabled_auto_balance_check = \(settings.checksBalance),
                skip_tls_verify = \(settings.skipsTLSVerification),
                enabled_no_permission_ban = \(settings.bansOnNoPermission),
                warn_error_rate = \(settings.warnErrorRate), max_error_rate = \(settings.maxErrorRate),
                revision = \(revision)
            WHERE id = \(id) RETURNING \(raw: Self.columns)
            """)
        guard let row = rows.first else { throw RegistryError.channelNotFound }
        return try channel(row)
    }

    private static func optionalJSON(_ text: String) -> JSONText? {
        text.isEmpty ? nil : JSONText(text)
    }
}
