import Postgres

/// Counts the calls that a filter lets through, exactly.
///
/// A filter that asks only for what the sums are kept by is answered from them: whole minutes, hours and days from the sums, the broken minutes at both ends and
/// what the sums do not know from the calls. Any other filter counts its calls, bounded by the statement timeout.
struct LogCount {
    /// The sums of minutes are there for so long at least (`RollupTerms`); a day less leaves room for one that goes meanwhile.
    static let minutesKept = 30 * LogTable.calls.width

    private let filter: LogFilter
    private let now: Int64

    /// - Parameters:
    ///   - filter: Which calls.
    ///   - now: The time in Unix microseconds.
    init(_ filter: LogFilter, now: Int64) {
        self.filter = filter
        self.now = now
    }

    /// Counts in the snapshot of the connection's transaction.
    func run(on connection: PostgresConnection) async throws -> Int {
        guard let source = Source(filter) else { return try await counted(filter, on: connection) }
        let floors = try await connection.query("SELECT since FROM logs.rollup_floor")
        let floor = try floors.first?.decode("since", as: Timestamp.self).microseconds ?? .max
        let minute = RollupGrain.minute.width
        let known = max(floor, now - Self.minutesKept, filter.from ?? .min)
        // A floor that no clock shows: nothing is known.
        guard known < Int64.max - minute else { return try await counted(filter, on: connection) }
        let first = RollupCover.raised(known, to: minute)
        let last = filter.through.map { CivilDate.floored($0 + 1, to: minute) }
        if let last, last <= first { return try await counted(filter, on: connection) }
        var total = try await summed(
            source, RollupCover(from: first, until: last, [.day, .hour, .minute]), on: connection)
        if filter.from ?? .min < first {
            var before = filter
            before.through = first - 1
            total += try await counted(before, on: connection)
        }
        if let last, let through = filter.through, last <= through {
            var after = filter
            after.from = last
            total += try await counted(after, on: connection)
        }
        guard filter.model != nil else { return total }
        // Calls that reached no channel are summed without their models.
        var span = filter
        (span.from, span.through) = (first, last.map { $0 - 1 })
        return try await total + counted(span, "channel IS NULL AND code <> 429", on: connection)
    }

    private func counted(_ filter: LogFilter, _ more: SQL = "true", on connection: PostgresConnection) async throws
        -> Int
    {
        let rows = try await connection.query(
            "SELECT count(*) AS total FROM logs.calls WHERE \(filter.condition) AND \(more)")
        return try rows.first?.decode("total", as: Int.self) ?? 0
    }

    private func summed(_ source: Source, _ cover: RollupCover, on connection: PostgresConnection) async throws -> Int {
        let rows = try await connection.query(
            """
            SELECT COALESCE(sum(\(source.value)), 0)::bigint AS total FROM \(source.table)
            WHERE \(source.condition) AND \(cover.condition)
            """)
        return try rows.first?.decode("total", as: Int.self) ?? 0
    }
}

/// The sums that can answer a filter.
private struct Source {
    let table: SQL
    let condition: SQL
    /// How many calls a row stands for: attempts that another one followed are no calls of their own.
    let value: SQL

    init?(_ filter: LogFilter) {
        var rest = filter
        (rest.from, rest.through, rest.model, rest.channel, rest.group, rest.tokenName, rest.result) =
            (nil, nil, nil, nil, nil, nil, nil)
        guard rest == LogFilter() else { return nil }
        for name in [filter.model, filter.group, filter.tokenName] {
            if let name,
                name.isEmpty || RollupBatch.key(name) != name || name.unicodeScalars.count >= RollupBatch.longestKey
            {
                return nil
            }
        }
        switch filter.result {
        case nil: value = "request_count - retry_count"
        case .success, .code(200): value = "request_count - exception_count"
        case .failure: value = "exception_count - retry_count"
        case .code: return nil
        }
        var parts: [SQL] = ["true"]
        if let model = filter.model { parts.append("model = \(model)") }
        if let group = filter.group {
            guard filter.channel == nil else { return nil }
            table = "logs.rollup_groups"
            parts.append("group_name = \(group)")
            if let token = filter.tokenName { parts.append("token_name = \(token)") }
        } else {
            guard filter.tokenName == nil else { return nil }
            table = "logs.rollup_channels"
            if let channel = filter.channel { parts.append("channel = \(channel)") }
        }
        condition = SQL.joined(parts, separator: " AND ")
    }
}
