import Postgres

/// One page of a table, and how many rows its condition lets through in all.
struct ListQuery {
    let table: String
    let columns: String
    let condition: SQL
    /// The column that the list is sorted by, and the whole `ORDER BY` list.
    let order: (column: String, sql: String)
    let paging: ListPage
    /// Whether the condition looks into texts: then it costs far more than the rows, and is asked of each row once.
    let looksIntoTexts: Bool

    func run(_ pool: PostgresPool) async throws(PostgresError) -> (rows: [Row], total: Int) {
        guard looksIntoTexts else {
            let total = try await count(pool)
            let rows = try await pool.query(
                """
                SELECT \(raw: columns) FROM \(raw: table) WHERE \(condition)
                ORDER BY \(raw: order.sql) LIMIT \(paging.limit) OFFSET \(paging.offset)
                """)
            return (rows, total)
        }
        let sorted = order.column == "id" ? "id" : "id, \(order.column)"
        let rows = try await pool.query(
            """
            WITH hit AS MATERIALIZED (SELECT \(raw: sorted) FROM \(raw: table) WHERE \(condition)),
            page AS (
                SELECT id AS page_id FROM hit ORDER BY \(raw: order.sql) LIMIT \(paging.limit) OFFSET \(paging.offset)
            )
            SELECT \(raw: columns), (SELECT count(*) FROM hit) AS total
            FROM \(raw: table) JOIN page ON id = page_id ORDER BY \(raw: order.sql)
            """)
        // Only rows can tell the total: behind the last page it is counted.
        if let row = rows.first { return (rows, try row.decode("total")) }
        return ([], paging.offset == 0 ? 0 : try await count(pool))
    }

    private func count(_ pool: PostgresPool) async throws(PostgresError) -> Int {
        let counted = try await pool.query("SELECT count(*) AS total FROM \(raw: table) WHERE \(condition)")
        return try counted.first?.decode("total", as: Int.self) ?? 0
    }
}
