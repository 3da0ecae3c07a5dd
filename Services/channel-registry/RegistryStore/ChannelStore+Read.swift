import Postgres
import Telemetry

extension ChannelStore {
    /// Every channel, newest first.
    package func all() async throws(RegistryError) -> [Channel] {
        try await RegistryError.translating {
            try await pool.query(
                "SELECT \(raw: Self.columns) FROM registry.channels WHERE deleted_at IS NULL ORDER BY id DESC"
            ).map(channel)
        }
    }

    /// One page of the channels that a filter lets through.
    ///
    /// - Returns: The channels of the page, and how many the filter lets through in all.
    package func page(
        _ filter: ChannelFilter, _ paging: ListPage
    ) async throws(RegistryError) -> (channels: [Channel], total: Int) {
        try await RegistryError.translating {
            let (rows, total) = try await ListQuery(
                table: "registry.channels", columns: Self.columns,
                condition: filter.condition(keyMatches: try await keyMatches(filter)),
                order: (filter.order.field.rawValue, filter.order.sql), paging: paging,
                looksIntoTexts: !filter.keyword.isEmpty
            ).run(pool)
            return (try rows.map(channel), total)
        }
    }

    /// Names and types of channels, deleted ones too; unknown ids are left out.
    package func summaries(_ ids: [Int]) async throws(RegistryError) -> [ChannelSummary] {
        try await RegistryError.translating {
            try await pool.query(
                "SELECT id, name, type FROM registry.channels WHERE id = ANY(\(ids)) ORDER BY id"
            ).map { row throws(PostgresError) in
                ChannelSummary(
                    id: try row.decode("id"), name: try row.decode("name"), type: try row.decode("type"))
            }
        }
    }

    /// Opens every key once, so that unreadable ones are reported before somebody misses them.
    package func auditKeys() async throws(RegistryError) {
        try await RegistryError.translating {
            try await loadKeys()
            vault.reportUnreadable()
        }
    }

    /// The ids of the channels whose key a filter asks for.
    private func keyMatches(_ filter: ChannelFilter) async throws -> (exact: [Int], keyword: [Int]) {
        guard !filter.key.isEmpty || !filter.keyword.isEmpty else { return ([], []) }
        try await loadKeys()
        return (
            filter.key.isEmpty ? [] : keys.ids(of: filter.key),
            filter.keyword.isEmpty ? [] : keys.ids(containing: filter.keyword)
        )
    }

    /// Brings the keys in memory up to date, in steps that leave the loop free in between.
    private func loadKeys() async throws {
        let settings = try await pool.query("SELECT epoch, revision FROM registry.settings")
        guard let row = settings.first else { throw RegistryError.notMigrated }
        let now = ChannelKeyIndex.Position(epoch: try row.decode("epoch"), revision: try row.decode("revision"))
        let after = keys.start(now)
        guard after < now.revision else { return }
        let isNews: SQL = after == 0 ? "sealed_key <> ''" : "revision > \(after)"
        let rows = try await pool.query("SELECT id, sealed_key FROM registry.channels WHERE \(isNews)")
        var opened: [(id: Int, key: Redacted<String>?)] = []
        for (place, row) in rows.enumerated() {
            if place > 0, place.isMultiple(of: ChannelKeyIndex.step) { await Task.yield() }
            let id: Int = try row.decode("id")
            if case .open(let key) = vault.open(try row.decode("sealed_key"), .channel(id)) {
                opened.append((id, key))
            } else {
                opened.append((id, nil))
            }
        }
        keys.merge(opened, after: after, now: now)
    }

    static let columns = """
        id, type, name, sealed_key, base_url, proxy_url, models, model_mapping, status, priority, sets, configs,
        enabled_auto_balance_check, skip_tls_verify, enabled_no_permission_ban, warn_error_rate, max_error_rate,
        trim_scale(used_amount)::text AS used_amount, request_count, retry_count, trim_scale(balance)::text AS balance,
        trim_scale(balance_threshold)::text AS balance_threshold, created_at, balance_updated_at, last_test_error_at,
        accessed_at
        """

    func channel(_ row: Row) throws(PostgresError) -> Channel {
        let id: Int = try row.decode("id")
        return Channel(
            id: id,
            settings: ChannelSettings(
                type: try row.decode("type"), name: try row.decode("name"), baseURL: try row.decode("base_url"),
                proxyURL: try row.decode("proxy_url"), models: try row.decode("models"),
                modelMapping: try row.decode("model_mapping", as: JSONText.self).text,
                priority: try row.decode("priority"), sets: try row.decode("sets"),
                configs: try row.decode("configs", as: JSONText?.self)?.text ?? "",
                checksBalance: try row.decode("enabled_auto_balance_check"),
                skipsTLSVerification: try row.decode("skip_tls_verify"),
                bansOnNoPermission: try row.decode("enabled_no_permission_ban"),
                warnErrorRate: try row.decode("warn_error_rate"), maxErrorRate: try row.decode("max_error_rate")),
            key: vault.open(try row.decode("sealed_key"), .channel(id)), status: try row.decode("status"),
            usedAmount: try row.decode("used_amount"), requestCount: try row.decode("request_count"),
            retryCount: try row.decode("retry_count"), balance: try row.decode("balance"),
            balanceThreshold: try row.decode("balance_threshold"), createdAt: try row.decode("created_at"),
            balanceUpdatedAt: try row.decode("balance_updated_at"),
            lastTestErrorAt: try row.decode("last_test_error_at"), accessedAt: try row.decode("accessed_at"))
    }
}
