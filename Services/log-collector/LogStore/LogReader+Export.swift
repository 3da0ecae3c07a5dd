import Postgres

extension LogReader {
    /// A call with its times as people read them.
    package struct Exported: Sendable {
        /// The call; with its bodies, when they were asked for and are there.
        package var call: StoredCall
        /// The end of the call, `2026-06-29 18:12:39.000 CST`.
        package var createdAt: String
        /// Its beginning.
        package var requestAt: String
        /// The beginning of its last retry; empty without one.
        package var retryAt: String
    }

    /// The calls of a window that come after a place, by their end; a small answer of a bounded statement, so that an export of any length needs little memory.
    package func exported(
        _ filter: LogFilter, isAscending: Bool, after place: LogPlace?, limit: Int, zone: RollupZone,
        includesBodies: Bool
    ) async throws -> [Exported] {
        let now = now()
        let order = LogOrder(.createdAt, isAscending: isAscending)
        var condition = clamped(filter, now: now).condition
        if let place { condition = condition + " AND " + order.condition(after: place) }
        let times = ["created_at", "request_at", "retry_at"].map {
            "to_char(\($0), 'YYYY-MM-DD HH24:MI:SS.MS TZ') AS \($0)_text"
        }
        let page: SQL = """
            SELECT \(StoredCall.columns), \(raw: times.joined(separator: ", ")) FROM logs.calls WHERE \(condition)
            \(order.clause) LIMIT \(limit)
            """
        let cutoff = bodyCutoff(now: now)
        return try await pool.transaction { connection in
            // Only until the end of the transaction; what is read as a number is the same in every zone.
            _ = try await connection.query("SELECT set_config('TimeZone', \(zone.name), true)")
            var found: [Exported] = []
            for row in try await connection.query(page) {
                var call = try StoredCall(row, bodyCutoff: cutoff)
                if includesBodies, call.hasBody {
                    call.body = try await Self.body(of: call.id, createdAt: call.createdAt, on: connection)
                }
                found.append(
                    Exported(
                        call: call, createdAt: row["created_at_text"] ?? "", requestAt: row["request_at_text"] ?? "",
                        retryAt: row["retry_at_text"] ?? ""))
            }
            return found
        }
    }

    /// The zone of a name and the time there, as names of files have it: `20260629_181239`.
    package func exportStamp(_ name: String?) async throws -> (zone: RollupZone, stamp: String) {
        let zone = try await zones.zone(name, pool: pool)
        let rows = try await pool.query(
            "SELECT to_char(\(Timestamp(microseconds: now()))::timestamptz AT TIME ZONE \(zone.name), 'YYYYMMDD_HH24MISS') AS stamp"
        )
        return (zone, rows.first?["stamp"] ?? "")
    }
}
