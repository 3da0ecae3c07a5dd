import EventLoop
import Postgres
import RegistryStore
import Telemetry
import TestSupport
import Testing

@testable import OneAPIImport

@Suite("One API import: from PostgreSQL")
struct PostgresImportTests {
    /// A database with a script run in it.
    private func database(_ script: String) async throws -> String {
        let url = try ThrowawayPostgres.shared().database(overTCP: true)
        let loops = try EventLoopGroup(count: 1, name: "source")
        try loops.start()
        defer { loops.stop() }
        let pool = PostgresPool(try PostgresConfiguration(dsn: url), group: loops, logger: .silent)
        try await pool.withConnection { try await $0.simple(script) }
        await pool.shutdown(deadline: .seconds(5))
        return url
    }

    @Test("rows of many types become channels, and a second run creates none")
    func twice() async throws {
        let url = try await database(OneAPITable.postgres + OneAPITable.rows + OneAPITable.keys("\""))
        try await ImportBench.with { (bench) async throws -> Void in
            let report = try await bench.run(url)
            #expect(report.rows == 9)
            #expect(report.created == 8)
            let channels = try await bench.named()
            #expect(channels["openai"]?.first?.key.shown == "sk-one")
            #expect(channels["azure"]?.first?.key.shown == "azure-key|2024-06-01")
            #expect(Set(channels["two keys"]?.map(\.key.shown) ?? []) == ["sk-two-a", "sk-two-b"])
            #expect(channels["qianfan"]?.first?.settings.sets == ["vip", "default"])
            #expect(report.lines.filter { !$0.isImported }.map(\.id).sorted() == [5, 8])
            let second = try await bench.run(url.replacing("127.0.0.1", with: "localhost"))
            #expect(second.created == 0)
            #expect(second.present == 7)
        }
    }

    @Test("ten thousand rows are imported, and none of them again")
    func many() async throws {
        let url = try await database(
            OneAPITable.postgres + """
                INSERT INTO channels (type, name, "key", models)
                    SELECT 1, 'channel ' || n, 'sk-' || n, 'gpt-4o' FROM generate_series(1, 10000) AS n
                """)
        try await ImportBench.with { (bench) async throws -> Void in
            #expect(try await bench.run(url).created == 10_000)
            #expect(try await bench.run(url).present == 10_000)
        }
    }

    @Test("bytes that are no text and broken JSON get their line")
    func hostile() async throws {
        let cluster = try ThrowawayPostgres.shared()
        let name = "ascii\(UInt32.random(in: 0 ... .max))"
        let script =
            OneAPITable.postgres + """
                INSERT INTO channels (id, type, name, "key", model_mapping) VALUES
                    (1, 1, E'a\\\\xFFb', 'sk-1', '{'), (2, 1, 'key', E's\\\\xC3(', ''), (3, NULL, NULL, NULL, NULL), (4, 1, repeat('n', 500), 'sk-4', '')
                """
        let psql = [
            "\(cluster.binaries)/psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-h", cluster.directory, "-p",
            "\(cluster.port)", "-U", "postgres",
        ]
        try Command.check(
            psql + ["-d", "postgres", "-c", "CREATE DATABASE \(name) ENCODING 'SQL_ASCII' TEMPLATE template0"])
        try Command.check(psql + ["-d", name, "-c", script.replacing("\\\\x", with: "\\x")])
        try await ImportBench.with { (bench) async throws -> Void in
            let report = try await bench.run("postgres://postgres@127.0.0.1:\(cluster.port)/\(name)")
            #expect(report.rows == 4)
            #expect(report.created == 2)
            #expect(report.lines.filter { !$0.isImported }.map(\.id).sorted() == [2, 3])
            #expect(try await bench.named()["a\u{FFFD}b"]?.count == 1)
        }
    }

    @Test("every way of not getting in is a clear error within ten seconds, without the password")
    func refusals() async throws {
        let url = try await database("CREATE TABLE nothing (id int)")
        let silent = try SilentServer()
        defer { silent.close() }
        try await ImportBench.with { (bench) async throws -> Void in
            let secret = "Hidden9Secret"
            for dsn in [
                url, "postgres://u:\(secret)@127.0.0.1:1/db", "postgres://u:\(secret)@host.invalid/db",
                "postgres://u:\(secret)@127.0.0.1:\(silent.port)/db",
                url.replacing("/t", with: "/missing").replacing("postgres@", with: "postgres:\(secret)@"),
                "postgres://u:\(secret)@192.0.2.1/db",
            ] {
                let (error, time) = await bench.failure(dsn)
                let message = try #require(error).message
                #expect(!message.contains(secret))
                #expect(message.contains("database"), "\(message)")
                #expect(time < .seconds(10), "\(time)")
            }
            #expect(
                await bench.failure(url).0 == .noChannelsTable(database: String(url.split(separator: "/").last ?? "")))
            #expect(!bench.log.text.contains(secret))
        }
    }
}
