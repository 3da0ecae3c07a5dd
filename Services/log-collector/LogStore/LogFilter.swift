import Postgres

/// Which calls a search wants; `nil` is no condition.
package struct LogFilter: Hashable, Sendable {
    /// Success is exactly status 200.
    package enum Result: Hashable, Sendable {
        case success
        case failure
        case code(Int)
    }

    /// The first microsecond of the end of the call, inclusive.
    package var from: Int64?
    /// The last microsecond, inclusive.
    package var through: Int64?
    /// The name that the caller asked for.
    package var model: String?
    /// The last channel that was tried.
    package var channel: Int?
    /// The id that the answer carried.
    package var requestID: String?
    /// The upstream's own id of the call.
    package var upstreamID: String?
    /// The caller's address.
    package var ip: String?
    /// The caller's name for its end user.
    package var user: String?
    /// The group of the token; calls of the admin key have none.
    package var group: String?
    /// The token.
    package var tokenID: Int?
    /// The name of the token.
    package var tokenName: String?
    /// How the call ended for the caller.
    package var result: Result?
    /// Equal to one of request id, upstream id, group, model or token name; those with a condition of their own are left out.
    package var keyword: String?

    /// A filter without conditions.
    package init() {}

    /// The conditions, joined; `true` when there are none.
    ///
    /// Where an index holds the start of a text, the start is compared too, so that the index is used.
    var condition: SQL {
        var parts = window
        if let model { parts.append("left(model, 128) = left(\(model), 128) AND model = \(model)") }
        if let requestID {
            parts.append("left(request_id, 64) = left(\(requestID), 64) AND request_id = \(requestID)")
        }
        if let channel { parts.append("channel = \(channel)") }
        if let upstreamID { parts.append("upstream_id = \(upstreamID)") }
        if let ip { parts.append("ip = \(ip)") }
        if let user { parts.append("end_user = \(user)") }
        if let group {
            parts.append("group_name <> '' AND left(group_name, 64) = left(\(group), 64) AND group_name = \(group)")
        }
        if let tokenID { parts.append("token_id = \(tokenID)") }
        if let tokenName { parts.append("token_name = \(tokenName)") }
        switch result {
        case .success: parts.append("code = 200")
        case .failure: parts.append("code <> 200")
        case .code(let code): parts.append("code = \(code)")
        case nil: break
        }
        if let keyword { parts.append(keywordCondition(keyword)) }
        return parts.isEmpty ? "true" : SQL.joined(parts, separator: " AND ")
    }

    /// The conditions on time alone.
    var window: [SQL] {
        var parts: [SQL] = []
        if let from { parts.append("created_at >= \(Timestamp(microseconds: from))") }
        if let through { parts.append("created_at <= \(Timestamp(microseconds: through))") }
        return parts
    }

    private func keywordCondition(_ keyword: String) -> SQL {
        var parts: [SQL] = []
        if requestID == nil { parts.append("request_id = \(keyword)") }
        if upstreamID == nil { parts.append("upstream_id = \(keyword)") }
        if group == nil { parts.append("group_name = \(keyword)") }
        if model == nil { parts.append("model = \(keyword)") }
        if tokenName == nil { parts.append("token_name = \(keyword)") }
        return parts.isEmpty ? "true" : "(" + SQL.joined(parts, separator: " OR ") + ")"
    }
}

/// In which order calls are listed; the id decides between equal times, so every order is total.
package struct LogOrder: Hashable, Sendable {
    /// What is compared first.
    package enum Field: String, Hashable, Sendable, CaseIterable {
        case createdAt = "created_at"
        case requestAt = "request_at"
        case id
    }

    /// What is compared first.
    package var field: Field
    /// Whether the smallest comes first.
    package var isAscending: Bool

    /// An order; without more the newest first.
    package init(_ field: Field = .createdAt, isAscending: Bool = false) {
        self.field = field
        self.isAscending = isAscending
    }

    var clause: SQL {
        let direction = isAscending ? "ASC" : "DESC"
        return field == .id
            ? SQL(raw: "ORDER BY id \(direction)")
            : SQL(raw: "ORDER BY \(field.rawValue) \(direction), id \(direction)")
    }

    /// The rows that come after a place.
    func condition(after place: LogPlace) -> SQL {
        let comparison = SQL(raw: isAscending ? ">" : "<")
        guard field != .id else { return "id \(comparison) \(place.id)" }
        let field = SQL(raw: field.rawValue)
        return "(\(field), id) \(comparison) (\(Timestamp(microseconds: place.instant)), \(place.id))"
    }
}

/// Where a row stands in an order.
package struct LogPlace: Equatable, Sendable {
    /// The time that is compared; of no meaning in the order by id.
    package var instant: Int64
    /// The row.
    package var id: Int64

    /// A place from its parts.
    package init(instant: Int64, id: Int64) {
        self.instant = instant
        self.id = id
    }
}
