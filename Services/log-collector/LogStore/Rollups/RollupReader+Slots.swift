import Postgres

extension RollupReader {
    /// The first moment of the day, in the zone, that a moment lies in; Unix microseconds.
    package func midnight(before instant: Int64, _ zone: RollupZone) async throws -> Int64 {
        let rows = try await pool.query(
            """
            SELECT \(Self.begin(.day, zone)) AS midnight FROM (
                SELECT date_trunc('day', \(Timestamp(microseconds: instant))::timestamptz, \(zone.name)) AS start) day
            """)
        return try rows.first?.decode("midnight", as: Timestamp.self).microseconds ?? instant
    }

    /// The hours, days or months of the zone that begin between two moments, both included, in Unix seconds; in order.
    ///
    /// - Throws: `TooMany`, or what PostgreSQL says.
    package func slots(_ timespan: Timespan, from: Int64, through: Int64, _ zone: RollupZone) async throws -> [Int64] {
        let (first, last): (SQL, SQL) = (
            "\(Timestamp(microseconds: from))::timestamptz", "\(Timestamp(microseconds: through))::timestamptz"
        )
        // Hours follow each other in time, days and months on the calendar.
        let starts: SQL
        switch timespan {
        case .minute, .hour:
            let step = SQL(raw: "interval '1 \(timespan.rawValue)'")
            starts = """
                SELECT date_trunc(\(timespan.rawValue), t, \(zone.name)) AS start
                FROM generate_series(date_trunc(\(timespan.rawValue), \(first), \(zone.name)), \(last), \(step)) AS t
                """
        case .day, .month:
            let step = SQL(raw: "interval '1 \(timespan.rawValue)'")
            starts = """
                SELECT t AT TIME ZONE \(zone.name) AS start
                FROM generate_series(date_trunc(\(timespan.rawValue), \(first) AT TIME ZONE \(zone.name)),
                    \(last) AT TIME ZONE \(zone.name), \(step)) AS t
                """
        }
        let rows = try await pool.query(
            """
            SELECT extract(epoch FROM slot)::bigint AS slot FROM (
                SELECT DISTINCT \(Self.begin(timespan, zone)) AS slot FROM (\(starts) LIMIT \(rowLimit + 1)) AS days
            ) slots WHERE slot >= \(first) AND slot <= \(last) ORDER BY 1
            """)
        if rows.count > rowLimit { throw TooMany() }
        return try rows.map { row throws(PostgresError) in try row.decode("slot") }
    }
}
