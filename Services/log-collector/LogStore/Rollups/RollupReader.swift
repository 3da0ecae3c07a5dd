package import Postgres
import Telemetry

/// Reads sums for dashboards. Every statement is bounded by the statement timeout of its pool, every answer by a number of rows.
package struct RollupReader: Sendable {
    /// The spans of a dashboard.
    package enum Timespan: String, Sendable {
        case minute, hour, day, month
    }

    /// An answer would have more rows than anybody draws.
    package struct TooMany: Error, Equatable {}

    let pool: PostgresPool
    private let zones = RollupZones()
    let rowLimit: Int
    let now: @Sendable () -> Int64

    /// - Parameters:
    ///   - pool: Used for reading only; its statement timeout bounds each query.
    ///   - rowLimit: The most rows of one answer.
    ///   - now: The time in Unix microseconds.
    package init(
        pool: PostgresPool, rowLimit: Int = 100_000, now: @escaping @Sendable () -> Int64 = WallClock.microseconds
    ) {
        self.pool = pool
        self.rowLimit = rowLimit
        self.now = now
    }

    /// The zone of a name; UTC for an unknown one.
    package func zone(_ name: String?) async throws -> RollupZone { try await zones.zone(name, pool: pool) }

    /// The sums by span and key, oldest first, within a span the most expensive first.
    ///
    /// - Parameters:
    ///   - scope: Whose sums.
    ///   - window: Which hours (minutes, for spans of a minute); a longer span has those of its hours that begin in the window.
    ///   - timespan: How long the spans are.
    ///   - zone: Where hours, days and months begin.
    ///   - fields: Which sums.
    ///   - isMerged: Whether all keys are summed together.
    /// - Throws: `TooMany`, or what PostgreSQL says.
    package func series(
        _ scope: RollupScope, _ window: RollupWindow, _ timespan: Timespan, _ zone: RollupZone,
        fields: RollupFields = .all, isMerged: Bool = false
    ) async throws -> [RollupRow] {
        let keys: SQL = isMerged ? .empty : ", \(scope.keys)"
        let most: SQL =
            timespan == .minute
            ? "max(request_count) AS max_rpm, max(total_tokens) AS max_tpm"
            : "max(max_rpm) AS max_rpm, max(max_tpm) AS max_tpm"
        let rows = try await pool.query(
            """
            SELECT extract(epoch FROM \(Self.begin(timespan, zone)))::bigint AS timestamp, summed.* FROM (
                SELECT \(Self.start(timespan, zone)) AS start\(keys), \(fields.columns)\(most)
                FROM \(scope.name) AS r
                WHERE \(scope.condition) AND \(Self.condition(window, timespan, zone))
                GROUP BY 1\(keys)
            ) summed
            ORDER BY 1\(Self.order(fields, isMerged: isMerged)) LIMIT \(rowLimit + 1)
            """)
        if rows.count > rowLimit { throw TooMany() }
        return try rows.map { try RollupRow($0, fields) }
    }

    /// The sums of a whole window, all keys together.
    package func total(
        _ scope: RollupScope, _ window: RollupWindow, _ zone: RollupZone, fields: RollupFields = .all
    ) async throws -> RollupRow? {
        let rows = try await pool.query(
            """
            SELECT 0 AS timestamp, \(fields.columns)max(max_rpm) AS max_rpm, max(max_tpm) AS max_tpm
            FROM \(scope.name) WHERE \(scope.condition) AND \(Self.condition(window, .hour, zone))
            """)
        return try rows.first.map { row throws(PostgresError) in try RollupRow(row, fields) }
    }

    /// Where the span of a row begins, as far as the row tells.
    private static func start(_ timespan: Timespan, _ zone: RollupZone) -> SQL {
        switch timespan {
        case .minute: "bucket"
        case .hour where zone.hasWholeHours: "bucket"
        default: "date_trunc(\(timespan.rawValue), bucket, \(zone.name))"
        }
    }

    /// The first moment of a span. Where clocks go back over midnight there are two midnights, and PostgreSQL names the second.
    static func begin(_ timespan: Timespan, _ zone: RollupZone) -> SQL {
        guard timespan == .day || timespan == .month else { return "start" }
        return """
            CASE WHEN (start - interval '1 hour') AT TIME ZONE \(zone.name) = start AT TIME ZONE \(zone.name)
                 THEN start - interval '1 hour' ELSE start END
            """
    }

    private static func condition(_ window: RollupWindow, _ timespan: Timespan, _ zone: RollupZone) -> SQL {
        if timespan == .minute { return window.condition(.minute) }
        if zone.hasWholeHours { return window.condition(.hour) }
        return window.condition(
            .quarter, start: "date_trunc('hour', bucket, \(zone.name))", width: RollupGrain.hour.width)
    }

    private static func order(_ fields: RollupFields, isMerged: Bool) -> SQL {
        if isMerged { return .empty }
        var order = ""
        if fields.amounts.contains(.used) { order += ", used_amount::numeric DESC" }
        if fields.metrics.contains(.total) { order += ", total_tokens DESC" }
        if fields.metrics.contains(.requestCount) { order += ", request_count DESC" }
        return SQL(raw: order + ", model, 3")
    }
}
