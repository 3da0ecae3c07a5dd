import TestSupport
import Testing

@testable import Postgres

@Suite("COPY on a real server")
struct CopyTests {
    private static let pieces = [
        "plain", "tab\there", "new\nline", "cr\rhere", #"back\slash"#, #"\N"#, #"\."#, "ü€😀", "\u{1}\u{8}\u{B}\u{C}",
        "", "'\"",
    ]

    @Test("50 000 rows of hostile text arrive byte for byte")
    func many() async throws {
        try await PostgresFixture.withPool { pool async throws in
            try await pool.execute("CREATE TABLE lines (id int, body text, note text, raw bytea)")
            var text = CopyText()
            var expected: [String] = []
            for id in 0..<50_000 {
                let body = Self.pieces[id % Self.pieces.count] + Self.pieces[(id / 11) % Self.pieces.count] + "#\(id)"
                text.append(id)
                text.append(body)
                text.append(id % 3 == 0 ? nil : body)
                text.append(bytea: [UInt8(truncatingIfNeeded: id), 0, 92])
                text.endRow()
                expected.append(body)
            }
            let body = text.bytes
            let count = try await pool.withConnection { connection in
                try await connection.copyIn("COPY lines FROM STDIN", body)
            }
            #expect(count == 50_000)
            let rows = try await pool.query("SELECT id, body, note, raw FROM lines ORDER BY id")
            var wrong = 0
            for (id, row) in rows.enumerated() {
                let isRight =
                    try row.decode("id") == id && row.decode("body") == expected[id]
                    && row.decode("note") == (id % 3 == 0 ? nil : expected[id])
                    && row.decode("raw") == [UInt8(truncatingIfNeeded: id), 0, 92]
                if !isRight { wrong += 1 }
            }
            #expect(rows.count == 50_000 && wrong == 0)
        }
    }

    @Test("NUL and bytes that are not UTF-8 do not lose the row")
    func repaired() async throws {
        try await PostgresFixture.withPool { pool async throws in
            try await pool.execute("CREATE TABLE lines (body text)")
            var text = CopyText()
            text.append("a\0b")
            text.endRow()
            text.append(utf8: [0x63, 0xFF, 0xED, 0xA0, 0x80, 0x00])
            text.endRow()
            let body = text.bytes
            let count = try await pool.withConnection { try await $0.copyIn("COPY lines FROM STDIN", body) }
            #expect(count == 2)
            let rows = try await pool.query("SELECT body FROM lines")
            #expect(rows[0][0] == "a\u{FFFD}b")
            #expect(rows[1][0]?.hasPrefix("c\u{FFFD}") == true)
        }
    }

    @Test("after a COPY that fails, early or late, the connection is usable and nothing was kept")
    func failures() async throws {
        try await PostgresFixture.withPool({ $0.maxConnections = 1 }) { pool async throws in
            try await pool.execute("CREATE TABLE numbers (n int PRIMARY KEY)")
            let good = (0..<200_000).map { "\($0)\n" }.joined()
            try await pool.withConnection { connection async throws in
                await expectError(.uniqueViolation(constraint: "numbers_pkey")) {
                    _ = try await connection.copyIn("COPY numbers FROM STDIN", Array("1\n1\n".utf8) + Array(good.utf8))
                }
                await expectError(.server("22P02", message: #"invalid input syntax for type integer: "x""#, table: nil))
                {
                    _ = try await connection.copyIn("COPY numbers FROM STDIN", Array((good + "x\n").utf8))
                }
                await expectError(.server("42P01", message: #"relation "nowhere" does not exist"#)) {
                    _ = try await connection.copyIn("COPY nowhere FROM STDIN", Array(good.utf8))
                }
                await expectError(.protocolFault("the statement is no COPY FROM STDIN")) {
                    _ = try await connection.copyIn("SELECT 1", Array(good.utf8))
                }
                #expect(try await connection.query("SELECT count(*) FROM numbers")[0][0] == "0")
                #expect(try await connection.copyIn("COPY numbers FROM STDIN", Array(good.utf8)) == 200_000)
                #expect(try await connection.copyIn("COPY numbers FROM STDIN", []) == 0)
            }
            #expect(pool.stats.open == 1)
        }
    }

    @Test("COPY shares a transaction with other statements")
    func inTransaction() async throws {
        try await PostgresFixture.withPool { pool async throws in
            try await pool.execute("CREATE TABLE numbers (n int)")
            try await pool.execute("CREATE TABLE positions (p int)")
            await expectError(.server("22012", message: "division by zero")) {
                try await pool.transaction { connection in
                    _ = try await connection.copyIn("COPY numbers FROM STDIN", Array("1\n2\n".utf8))
                    try await connection.execute("INSERT INTO positions VALUES (\(1))")
                    try await connection.execute("SELECT 1/0")
                }
            }
            #expect(try await pool.query("SELECT n FROM numbers").isEmpty)
            try await pool.transaction { connection in
                _ = try await connection.copyIn("COPY numbers FROM STDIN", Array("1\n2\n".utf8))
                try await connection.execute("INSERT INTO positions VALUES (\(1))")
            }
            #expect(try await pool.query("SELECT n FROM numbers").count == 2)
        }
    }

    @Test("COPY where it has no data, or to us, is an error and not a hang")
    func misplaced() async throws {
        try await PostgresFixture.withPool { pool async throws in
            try await pool.execute("CREATE TABLE numbers (n int)")
            await #expect(throws: PostgresError.self) {
                try await pool.withConnection { try await $0.simple("COPY numbers FROM STDIN") }
            }
            await #expect(throws: PostgresError.self) { try await pool.execute("COPY numbers FROM STDIN") }
            await expectError(.protocolFault("COPY TO STDOUT is not supported")) {
                try await pool.execute("COPY numbers TO STDOUT")
            }
            #expect(try await pool.query("SELECT 1").count == 1)
        }
    }
}
