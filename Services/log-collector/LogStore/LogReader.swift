package import Postgres
import Telemetry

/// Reads calls and bodies. Every statement is bounded by the statement timeout of its pool.
///
/// What the storage terms have ended is not shown any more, also before its partition is dropped: an hour means an hour.
package struct LogReader: Sendable {
    /// One page of a search.
    package struct Search: Sendable {
        /// Which calls.
        package var filter: LogFilter
        /// In which order.
        package var order: LogOrder
        /// The last row of the page before this one; with it the page is found by its place and does not move when rows arrive.
        package var after: LogPlace?
        /// How many rows come before, when `after` is not known.
        package var offset: Int
        /// How many rows at most.
        package var limit: Int
        /// Whether the bodies are read too.
        package var includesBodies: Bool
        /// Whether all rows that match are counted.
        package var counts: Bool

        /// A search from its parts.
        package init(
            filter: LogFilter, order: LogOrder = LogOrder(), after: LogPlace? = nil, offset: Int = 0, limit: Int,
            includesBodies: Bool = false, counts: Bool = true
        ) {
            self.filter = filter
            self.order = order
            self.after = after
            self.offset = offset
            self.limit = limit
            self.includesBodies = includesBodies
            self.counts = counts
        }
    }

    /// What a search found.
    package struct Found: Sendable {
        /// The rows of the page, in order.
        package var calls: [StoredCall]
        /// The exact number of rows that match; `nil` when it was not asked for.
        package var total: Int?
    }

    let pool: PostgresPool
    private let currentTerms: @Sendable () -> StorageTerms
    let now: @Sendable () -> Int64
    let zones = RollupZones()

    /// - Parameters:
    ///   - pool: Used for reading only; its statement timeout bounds each search.
    ///   - terms: What is not shown any more; asked anew for each search.
    ///   - now: The time in Unix microseconds.
    package init(
        pool: PostgresPool, terms: @autoclosure @escaping @Sendable () -> StorageTerms,
        now: @escaping @Sendable () -> Int64 = WallClock.microseconds
    ) {
        self.pool = pool
        currentTerms = terms
        self.now = now
    }

    /// Finds a page and, when asked, the total; both in one snapshot of the database.
    package func search(_ search: Search) async throws -> Found {
        let now = now()
        let filter = clamped(search.filter, now: now)
        var condition = filter.condition
        if let place = search.after { condition = condition + " AND " + search.order.condition(after: place) }
        let offset = search.after == nil ? search.offset : 0
        let page: SQL = """
            SELECT \(StoredCall.columns) FROM logs.calls WHERE \(condition) \(search.order.clause)
            LIMIT \(search.limit) OFFSET \(offset)
            """
        let terms = currentTerms()
        return try await pool.transaction(isolation: .repeatableRead) { connection in
            var total: Int?
            if search.counts {
                total = try await LogCount(filter, now: now).run(on: connection)
            }
            let cutoff = terms.bodyCutoff(now: now)
            var calls = try await connection.query(page).map { try StoredCall($0, bodyCutoff: cutoff) }
            if search.includesBodies {
                for place in calls.indices where calls[place].hasBody {
                    calls[place].body = try await Self.body(
                        of: calls[place].id, createdAt: calls[place].createdAt, on: connection)
                }
            }
            return Found(calls: calls, total: total)
        }
    }

    /// The bodies of a call; `nil` when there are none, or the call belongs to another group than the one given.
    package func body(of id: Int64, group: String? = nil) async throws -> StoredBody? {
        let now = now()
        let terms = currentTerms()
        var filter = LogFilter()
        filter.group = group
        let condition = clamped(filter, now: now).condition
        return try await pool.withConnection { connection in
            let calls = try await connection.query(
                "SELECT created_at FROM logs.calls WHERE id = \(id) AND has_body AND \(condition)")
            guard let createdAt = try calls.first?.decode("created_at", as: Timestamp.self).microseconds else {
                return nil
            }
            guard createdAt >= terms.bodyCutoff(now: now) ?? .min else { return nil }
            return try await Self.body(of: id, createdAt: createdAt, on: connection)
        }
    }

    /// Leaves out what the storage terms have ended.
    func clamped(_ filter: LogFilter, now: Int64) -> LogFilter {
        guard let cutoff = currentTerms().recordCutoff(now: now) else { return filter }
        var filter = filter
        filter.from = max(filter.from ?? cutoff, cutoff)
        return filter
    }

    func bodyCutoff(now: Int64) -> Int64? { currentTerms().bodyCutoff(now: now) }

    static func body(
        of id: Int64, createdAt: Int64, on connection: PostgresConnection
    ) async throws -> StoredBody? {
        let rows = try await connection.query(
            """
            SELECT request_body, response_body, is_request_body_truncated, is_response_body_truncated
            FROM logs.bodies WHERE log_id = \(id) AND created_at = \(Timestamp(microseconds: createdAt))
            """)
        guard let row = rows.first else { return nil }
        return StoredBody(
            logID: id, requestBody: try row.decode("request_body"), responseBody: try row.decode("response_body"),
            isRequestBodyTruncated: try row.decode("is_request_body_truncated"),
            isResponseBodyTruncated: try row.decode("is_response_body_truncated"))
    }
}
