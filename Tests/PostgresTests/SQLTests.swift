import Testing

@testable import Postgres

@Suite("SQL literals")
struct SQLTests {
    @Test("every interpolated value becomes a numbered parameter")
    func parameters() {
        let name: String? = nil
        let sql: SQL = "INSERT INTO t VALUES (\(1), \("x'; DROP TABLE t; --"), \(name), \([UInt8]([1, 2])), \(true))"
        #expect(sql.text == "INSERT INTO t VALUES ($1, $2, $3, $4, $5)")
        #expect(sql.parameters == [.text("1"), .text("x'; DROP TABLE t; --"), .null, .binary([1, 2]), .text("t")])
    }

    @Test("fragments are spliced and renumbered")
    func fragments() {
        var filters: [SQL] = ["a = \(1)", "b = ANY(\(["x", "y"]))"]
        filters.append("c > \(2.5)")
        let sql: SQL = "SELECT \(raw: "now()") WHERE \(SQL.joined(filters, separator: " AND ")) LIMIT \(10)"
        #expect(sql.text == "SELECT now() WHERE a = $1 AND b = ANY($2) AND c > $3 LIMIT $4")
        #expect(sql.parameters == [.text("1"), .text(#"{"x","y"}"#), .text("2.5"), .text("10")])
        #expect((SQL.empty + "a \(1)" + " b \(2)").text == "a $1 b $2")
        #expect(SQL.empty.isEmpty)
    }

    @Test("an identifier is quoted so that it cannot end its quotes")
    func identifiers() {
        #expect(SQL.identifier(#"we"ird; DROP"#).text == #""we""ird; DROP""#)
        #expect(SQL.identifier("a\0b").text == #""ab""#)
    }

    @Test("nothing of a statement can be printed")
    func silent() {
        let sql: SQL = "SELECT 'hunter2', \("hunter2")"
        var dumped = ""
        dump(sql, to: &dumped)
        #expect(![String(describing: sql), String(reflecting: sql), dumped].contains { $0.contains("hunter2") })
    }

    @Test("a text parameter with NUL is refused by its number, a binary one is not")
    func nul() throws {
        var buffer = ParameterBuffer()
        #expect(throws: PostgresError.encode(parameter: 2, reason: "PostgreSQL text cannot contain NUL")) {
            try buffer.fill([.text("a"), .text("b\0c")])
        }
        try buffer.fill([.binary([0, 1, 0]), .null, .text("")])
        #expect(buffer.count == 3)
    }
}
