import Postgres
import Telemetry

extension TokenStore {
    /// One token, of the group when one is given.
    package func find(_ id: Int, in group: String? = nil) async throws(RegistryError) -> Token {
        try await RegistryError.translating {
            guard let row = try await pool.query(Self.select(Self.place(id, group))).first else {
                throw RegistryError.tokenNotFound
            }
            return try token(row)
        }
    }

    /// One page of the tokens that a filter lets through, and how many it lets through in all.
    package func page(
        _ filter: TokenFilter, _ paging: ListPage
    ) async throws(RegistryError) -> (tokens: [Token], total: Int) {
        try await RegistryError.translating {
            var keyMatches: [Int] = []
            if filter.key.isEmpty, let part = TokenKeyIndex.part(filter.keyword) {
                try await loadKeys()
                keyMatches = keys.matches(part)
            }
            let (rows, total) = try await ListQuery(
                table: "registry.tokens", columns: Self.columns, condition: filter.condition(keyMatches: keyMatches),
                order: (filter.order.field.rawValue, filter.order.sql), paging: paging,
                looksIntoTexts: !filter.keyword.isEmpty
            ).run(pool)
            return (try rows.map(token), total)
        }
    }

    /// Brings the keys in memory up to date, in steps that leave the loop free in between.
    private func loadKeys() async throws {
        while true {
            let after = keys.lastID
            let rows = try await pool.query(
                """
                SELECT id, sealed_key FROM registry.tokens WHERE id > \(after) ORDER BY id
                LIMIT \(TokenKeyIndex.step)
                """)
            var opened: [(id: Int, key: Redacted<String>?)] = []
            for row in rows {
                let id: Int = try row.decode("id")
                guard case .open(let key) = vault.open(try row.decode("sealed_key"), .token(id)) else {
                    opened.append((id, nil))
                    continue
                }
                opened.append((id, key))
            }
            keys.append(opened, after: after)
            if rows.count < TokenKeyIndex.step { return }
        }
    }

    static func select(_ condition: SQL) -> SQL {
        "SELECT \(raw: columns) FROM registry.tokens WHERE \(condition) "
    }

    static let columns = """
        id, group_id, name, sealed_key, status, models, subnets, quota, period_quota, period_type,
        period_last_update_time, trim_scale(period_last_update_amount)::text AS period_last_update_amount,
        trim_scale(used_amount)::text AS used_amount, request_count, created_at, accessed_at
        """

    func token(_ row: Row) throws(PostgresError) -> Token {
        let id: Int = try row.decode("id")
        return Token(
            id: id, key: vault.open(try row.decode("sealed_key"), .token(id)), name: try row.decode("name"),
            group: try row.decode("group_id"), models: try row.decode("models"), subnets: try row.decode("subnets"),
            status: try row.decode("status"), quota: try row.decode("quota"),
            periodQuota: try row.decode("period_quota"),
            periodType: QuotaPeriod(rawValue: try row.decode("period_type")) ?? .unset,
            periodLastUpdateTime: try row.decode("period_last_update_time"),
            periodLastUpdateAmount: try row.decode("period_last_update_amount"),
            usedAmount: try row.decode("used_amount"), requestCount: try row.decode("request_count"),
            createdAt: try row.decode("created_at"), accessedAt: try row.decode("accessed_at"))
    }
}

/// Which tokens a list shows; empty members let everything through.
package struct TokenFilter: Sendable {
    /// The columns that tokens can be sorted by.
    package enum Field: String, Sendable, CaseIterable {
        case id, name
        case usedAmount = "used_amount"
        case requestCount = "request_count"
        case createdAt = "created_at"
    }

    package var group: String
    package var status: Int
    package var name: String
    /// A whole key, with or without `sk-`.
    package var key: String
    /// A text that occurs somewhere, in any case.
    package var keyword: String
    package var order: ListOrder<Field>

    package init(
        group: String = "", status: Int = 0, name: String = "", key: String = "", keyword: String = "",
        order: ListOrder<Field> = ListOrder(.id)
    ) {
        self.group = group
        self.status = status
        self.name = name
        self.key = key
        self.keyword = keyword
        self.order = order
    }

    /// The condition of a `WHERE`; the keyword looks at those fields which have no filter of their own (admin-api §9).
    func condition(keyMatches: [Int]) -> SQL {
        var all: [SQL] = ["true"]
        if !group.isEmpty { all.append("group_id = \(group)") }
        if status != 0 { all.append("status = \(status)::bigint") }
        if !name.isEmpty { all.append("name = \(name)") }
        if !key.isEmpty { all.append("digest = \(TokenKey.digest(key))") }
        if !keyword.isEmpty {
            let pattern = ChannelFilter.containing(keyword)
            var any: [SQL] = ["(models <> '{}' AND array_to_json(models)::text ILIKE \(pattern))"]
            if group.isEmpty { any.append("group_id ILIKE \(pattern)") }
            if name.isEmpty { any.append("name ILIKE \(pattern)") }
            if key.isEmpty, !keyMatches.isEmpty { any.append(ChannelFilter.isOne(of: keyMatches)) }
            all.append("(\(SQL.joined(any, separator: " OR ")))")
        }
        return SQL.joined(all, separator: " AND ")
    }
}
