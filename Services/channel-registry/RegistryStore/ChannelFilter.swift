import Postgres

/// One page of a list.
package struct ListPage: Equatable, Sendable {
    package let limit: Int
    package let offset: Int

    package init(limit: Int, offset: Int = 0) {
        self.limit = limit
        self.offset = offset
    }
}

/// What a list is sorted by; only columns of our own ever reach the SQL.
package struct ListOrder<Field: RawRepresentable<String> & Sendable>: Sendable {
    package let field: Field
    package let isAscending: Bool

    package init(_ field: Field, isAscending: Bool = false) {
        self.field = field
        self.isAscending = isAscending
    }

    /// Reads `name`, `name-asc` or `name-desc`; anything else is `nil`.
    package init?(_ text: String) {
        let parts = text.split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
        guard let name = parts.first, let field = Field(rawValue: String(name)) else { return nil }
        self.init(field, isAscending: parts.count == 2 && parts[1] == "asc")
    }

    /// The `ORDER BY` list; the id makes the order total, so that pages never overlap.
    var sql: String {
        let direction = isAscending ? "ASC" : "DESC"
        return field.rawValue == "id" ? "id \(direction)" : "\(field.rawValue) \(direction) NULLS LAST, id \(direction)"
    }
}

/// Which channels a list shows; empty members let everything through.
package struct ChannelFilter: Sendable {
    /// The columns that channels can be sorted by.
    package enum Field: String, Sendable, CaseIterable {
        case id, name, type, status, priority
        case createdAt = "created_at"
        case balanceUpdatedAt = "balance_updated_at"
        case usedAmount = "used_amount"
        case requestCount = "request_count"
    }

    package var id: Int
    package var name: String
    package var key: String
    package var type: Int
    package var baseURL: String
    /// A text that occurs somewhere, in any case.
    package var keyword: String
    package var order: ListOrder<Field>

    package init(
        id: Int = 0, name: String = "", key: String = "", type: Int = 0, baseURL: String = "", keyword: String = "",
        order: ListOrder<Field> = ListOrder(.id)
    ) {
        self.id = id
        self.name = name
        self.key = key
        self.type = type
        self.baseURL = baseURL
        self.keyword = keyword
        self.order = order
    }

    /// The condition of a `WHERE`; the keyword looks at those fields which have no filter of their own (admin-api §3.1).
    func condition(keyMatches: (exact: [Int], keyword: [Int])) -> SQL {
        var all: [SQL] = ["deleted_at IS NULL"]
        if id != 0 { all.append("id = \(id)") }
        if !name.isEmpty { all.append("name = \(name)") }
        if type != 0 { all.append("type = \(type)::bigint") }
        if !baseURL.isEmpty { all.append("base_url = \(baseURL)") }
        if !key.isEmpty { all.append(Self.isOne(of: keyMatches.exact)) }
        if !keyword.isEmpty {
            let pattern = Self.containing(keyword)
            var any: [SQL] = [
                "array_to_json(models)::text ILIKE \(pattern)", "array_to_json(sets)::text ILIKE \(pattern)",
            ]
            if id == 0, let number = Int(keyword) { any.append("id = \(number)") }
            if name.isEmpty { any.append("name ILIKE \(pattern)") }
            if baseURL.isEmpty { any.append("base_url ILIKE \(pattern)") }
            if key.isEmpty { any.append(Self.isOne(of: keyMatches.keyword)) }
            all.append("(\(SQL.joined(any, separator: " OR ")))")
        }
        return SQL.joined(all, separator: " AND ")
    }

    /// Whether the id is one of these, which may be many: a set is asked, no list.
    static func isOne(of ids: [Int]) -> SQL {
        "id IN (SELECT unnest(\(ids)::bigint[]))"
    }

    /// A `LIKE` pattern for texts that contain this one, whose own wildcards mean themselves.
    static func containing(_ text: String) -> String {
        var pattern = "%"
        for character in text {
            if character == "%" || character == "_" || character == "\\" { pattern.append("\\") }
            pattern.append(character)
        }
        return pattern + "%"
    }
}
