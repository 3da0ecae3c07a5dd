import TestSupport
import Testing

@testable import Postgres

@Suite("Statements on a real server")
struct StatementTests {
    @Test("every type makes the round trip, NULL too")
    func roundTrip() async throws {
        try await PostgresFixture.withPool { pool async throws in
            let hostile = ["", "NULL", #"a"b\c,{d}"#, "e\nf\tg", "ü€😀", "'; DROP TABLE t; --"]
            let all = Array(UInt8.min...UInt8.max)
            let row = try #require(
                try await pool.query(
                    """
                    SELECT \(Int.max)::bigint AS i, \(Int32.min)::int AS i32, \(Int16.max)::smallint AS i16, \(0.1)::float8 AS d,
                        \(Double.infinity)::float8 AS inf, \(true)::bool AS b, \(hostile[2])::text AS s, \(all)::bytea AS bytes,
                        \([UInt8]())::bytea AS none, \(hostile)::text[] AS texts, \([Int64.min, 0, .max])::bigint[] AS numbers,
                        \(["x", nil] as [String?])::text[] AS holes, \([] as [String])::text[] AS empty,
                        \(Timestamp(microseconds: 1_772_323_199_123_456))::timestamptz AS t,
                        \(JSONText(#"{"a": [1, null]}"#))::json AS j, \(Int?.none)::bigint AS nothing,
                        \("a1b2c3d4-0000-4000-8000-0123456789ab")::uuid AS u, \(String?.some("x"))::text AS some
                    """
                ).first)
            #expect(try row.decode("i") == Int.max)
            #expect(try row.decode("i32") == Int32.min)
            #expect(try row.decode("i16") == Int16.max)
            #expect(try row.decode("d") == 0.1)
            #expect(try row.decode("inf") == Double.infinity)
            #expect(try row.decode("b") == true)
            #expect(try row.decode("s") == hostile[2])
            #expect(try row.decode("bytes") == all)
            #expect(try row.decode("none") == [UInt8]())
            #expect(try row.decode("texts") == hostile)
            #expect(try row.decode("numbers") == [Int64.min, 0, .max])
            #expect(try row.decode("holes") == ["x", nil] as [String?])
            #expect(try row.decode("empty") == [String]())
            #expect(try row.decode("t") == Timestamp(microseconds: 1_772_323_199_123_456))
            #expect(try row.decode("j") == JSONText(#"{"a": [1, null]}"#))
            #expect(try row.decode("nothing") == Int?.none)
            #expect(try row.decode("u") == "a1b2c3d4-0000-4000-8000-0123456789ab")
            #expect(try row.decode("some") == "x" as String?)
            #expect(row["nothing"] == nil && row[0] == String(Int.max) && row[99] == nil && row["no"] == nil)
            #expect(throws: PostgresError.decode(column: "nothing", reason: "is NULL")) {
                try row.decode("nothing", as: Int.self)
            }
            #expect(throws: PostgresError.decode(column: "s", reason: "not an integer")) {
                try row.decode("s", as: Int.self)
            }
            #expect(throws: PostgresError.decode(column: "no", reason: "there is no such column")) {
                try row.decode("no", as: Int.self)
            }
        }
    }

    @Test("timestamps of any session offset are read, BC and infinity too")
    func timestamps() async throws {
        try await PostgresFixture.withPool { pool async throws in
            for text in [
                "0044-03-15 12:00:00+00 BC", "infinity", "-infinity", "1883-11-18 12:03:58-04:56:02",
                "9999-12-31 23:59:59.999999+14",
            ] {
                let row = try #require(try await pool.query("SELECT \(text)::timestamptz AS t").first)
                let read: Timestamp = try row.decode("t")
                let same = try await pool.query("SELECT \(read)::timestamptz = \(text)::timestamptz AS same")
                #expect(try same[0].decode("same") == true)
            }
        }
    }

    @Test(
        "hostile strings stay values",
        arguments: [
            "'; DROP TABLE victims; --", "\\'; SELECT 1; --", "$1", "%s%n", "\u{202E}", "a'b\"c\\d`e", "-- \n ; /* */",
            "\u{1}\u{7F}",
        ])
    func injection(_ text: String) async throws {
        try await PostgresFixture.withPool { pool async throws in
            try await pool.execute("CREATE TABLE victims (name text)")
            #expect(try await pool.execute("INSERT INTO victims VALUES (\(text)), (\(text))") == 2)
            let rows = try await pool.query(
                "SELECT name FROM victims WHERE name = \(text) AND name = ANY(\([text, "x"]))")
            #expect(try rows.map { try $0.decode("name", as: String.self) } == [text, text])
        }
    }

    @Test("errors of the server become cases, without values")
    func errors() async throws {
        try await PostgresFixture.withPool({ $0.statementTimeout = .milliseconds(100) }) { pool async throws in
            try await pool.withConnection {
                try await $0.simple(
                    """
                    CREATE TABLE parents (id int PRIMARY KEY, name text NOT NULL CONSTRAINT long CHECK (length(name) < 9), UNIQUE (name));
                    CREATE TABLE children (parent int REFERENCES parents);
                    INSERT INTO parents VALUES (1, 'one')
                    """)
            }
            await expectError(.uniqueViolation(constraint: "parents_pkey")) {
                try await pool.execute("INSERT INTO parents VALUES (1, 'x')")
            }
            await expectError(.uniqueViolation(constraint: "parents_name_key")) {
                try await pool.execute("INSERT INTO parents VALUES (2, \("one"))")
            }
            await expectError(.foreignKeyViolation(constraint: "children_parent_fkey")) {
                try await pool.execute("INSERT INTO children VALUES (\(7))")
            }
            await expectError(.checkViolation(constraint: "long")) {
                try await pool.execute("INSERT INTO parents VALUES (3, \("much too long"))")
            }
            await expectError(.notNullViolation(column: "name")) {
                try await pool.execute("INSERT INTO parents VALUES (4, \(String?.none))")
            }
            await expectError(.statementTimeout) { _ = try await pool.query("SELECT pg_sleep(10)") }
            await expectError(.server("42P01", message: #"relation "nowhere" does not exist"#)) {
                _ = try await pool.query("SELECT * FROM nowhere WHERE secret = \("hunter2")")
            }
            await expectError(.encode(parameter: 1, reason: "PostgreSQL text cannot contain NUL")) {
                _ = try await pool.query("SELECT \("a\0b")::text")
            }
            await expectError(.encode(parameter: 0, reason: "the statement contains NUL")) {
                _ = try await pool.query("DELETE FROM parents \(raw: "\0") WHERE false")
            }
            #expect(pool.stats.open == 1, "none of these costs the connection")
        }
    }

    @Test("no error shows the statement, a value or the row")
    func silentErrors() async throws {
        try await PostgresFixture.withPool { pool async throws in
            try await pool.execute("CREATE TABLE secrets (key text UNIQUE, n int CHECK (n > 0))")
            try await pool.execute("INSERT INTO secrets VALUES (\("hunter2"), 1)")
            for sql in [
                "INSERT INTO secrets VALUES (\("hunter2"), 1)", "INSERT INTO secrets VALUES (\("hunter2"), -1)",
                "SELECT * FROM secrets WHERE key = \("hunter2") AND nonsense = 'hunter2'",
                "SELECT 1 / (length(\("hunter2")) - 7)",
            ] as [SQL] {
                let error = await #expect(throws: PostgresError.self) { try await pool.execute(sql) }
                #expect(
                    error.map { !"\($0)".contains("hunter2") && !String(reflecting: $0).contains("hunter2") } == true)
            }
        }
    }

    @Test("statements are prepared once per connection, and evicted ones are dropped on the server")
    func cache() async throws {
        try await PostgresFixture.withPool({
            $0.maxConnections = 1
            $0.statementCacheSize = 3
        }) { pool async throws in
            for _ in 0..<3 {
                for number in 0..<5 {
                    let rows = try await pool.query("SELECT \(number)::int + \(raw: String(number)) AS n")
                    #expect(try rows[0].decode("n") == number * 2)
                }
            }
            let held = try await pool.query("SELECT count(*) AS n FROM pg_prepared_statements")
            #expect(try held[0].decode("n", as: Int.self) <= 4)
        }
    }

    @Test("a statement that a schema change made stale is prepared again")
    func stale() async throws {
        try await PostgresFixture.withPool({ $0.maxConnections = 1 }) { pool async throws in
            try await pool.execute("CREATE TABLE things (a int)")
            try await pool.execute("INSERT INTO things VALUES (1)")
            let first = try await pool.query("SELECT * FROM things WHERE a = \(1)")
            #expect(first[0].count == 1)
            try await pool.execute("ALTER TABLE things ADD COLUMN b text DEFAULT 'x'")
            #expect(try await pool.query("SELECT * FROM things WHERE a = \(1)")[0]["b"] == "x")
            try await pool.execute("DEALLOCATE ALL")
            #expect(try await pool.query("SELECT * FROM things WHERE a = \(1)")[0]["b"] == "x")
        }
    }

    @Test("a script runs several statements and ends at the first error")
    func script() async throws {
        try await PostgresFixture.withPool { pool async throws in
            try await pool.withConnection { connection in
                try await connection.simple("CREATE TABLE a (x int); INSERT INTO a VALUES (1); SELECT * FROM a")
                await expectError(.server("22012", message: "division by zero")) {
                    try await connection.simple("INSERT INTO a VALUES (2); SELECT 1/0; INSERT INTO a VALUES (3)")
                }
                #expect(try await connection.query("SELECT x FROM a").count == 1)
                try await connection.simple("")
            }
        }
    }

    @Test("a big answer and a big parameter arrive whole")
    func big() async throws {
        try await PostgresFixture.withPool { pool async throws in
            let text = String(repeating: "0123456789abcdef", count: 512 * 1024)
            let rows = try await pool.query("SELECT \(text)::text AS t, length(\(text)) AS n")
            #expect(try rows[0].decode("t") == text)
            #expect(try await pool.query("SELECT n FROM generate_series(1, 100000) AS n").count == 100_000)
        }
    }

    @Test("a connection has one operation at a time and none after it was given back")
    func misuse() async throws {
        try await PostgresFixture.withPool { pool async throws in
            let kept = try await pool.withConnection { holder in
                _ = try await holder.query("SELECT pg_advisory_lock(7)")
                return try await pool.withConnection { connection in
                    async let slow = connection.query("SELECT pg_advisory_lock(7)")
                    try await PostgresFixture.eventually("the first statement waits for its lock") {
                        try await !holder.query(
                            """
                            SELECT 1 FROM pg_locks JOIN pg_database ON pg_database.oid = database
                            WHERE locktype = 'advisory' AND NOT granted AND datname = current_database()
                            """
                        ).isEmpty
                    }
                    await expectError(.connectionBusy) { _ = try await connection.query("SELECT 1") }
                    _ = try await holder.query("SELECT pg_advisory_unlock(7)")
                    _ = try await slow
                    return connection
                }
            }
            await expectError(.protocolFault("the connection was used after it was given back")) {
                _ = try await kept.query("SELECT 1")
            }
        }
    }

    @Test("the statement timeout can be changed for one lease and is back afterwards")
    func ownTimeout() async throws {
        try await PostgresFixture.withPool({
            $0.maxConnections = 1
            $0.statementTimeout = .seconds(7)
        }) { pool async throws in
            try await pool.withConnection { connection in
                try await connection.setStatementTimeout(.milliseconds(20))
                await expectError(.statementTimeout) { _ = try await connection.query("SELECT pg_sleep(5)") }
                try await connection.setStatementTimeout(nil)
                #expect(try await connection.query("SHOW statement_timeout")[0][0] == "0")
            }
            #expect(try await pool.query("SHOW statement_timeout")[0][0] == "7s")
        }
    }
}
