import EventLoop
import Glibc
import RegistryStore
import Telemetry
import TestSupport
import Testing

@testable import OneAPIImport

@Suite("One API import: from MariaDB")
struct MySQLImportTests {
    private func database(_ script: String) throws -> (server: ThrowawayMariaDB, name: String) {
        let server = try ThrowawayMariaDB.shared()
        let name = try server.database()
        try server.run(script, database: name)
        return (server, name)
    }

    private func filled() throws -> (server: ThrowawayMariaDB, name: String) {
        try database(OneAPITable.mysql + OneAPITable.rows + OneAPITable.keys("`"))
    }

    @Test("rows of many types become channels, and a second run creates none")
    func twice() async throws {
        let (server, name) = try filled()
        let before = try server.run("CHECKSUM TABLE channels", database: name)
        try await ImportBench.with { (bench) async throws -> Void in
            let report = try await bench.run("mysql://" + server.dsn(name))
            #expect(report.rows == 9)
            #expect(report.created == 8)
            #expect(report.failed == 2)
            let channels = try await bench.named()
            let openai = try #require(channels["openai"]?.first)
            #expect(openai.settings.type == 1)
            #expect(openai.settings.baseURL == "")
            #expect(openai.settings.models == ["gpt-4o", "gpt-4o-mini"])
            #expect(openai.settings.modelMapping == #"{"gpt-4":"gpt-4o"}"#)
            #expect(openai.settings.priority == 5)
            #expect(openai.settings.sets == ["default"])
            #expect(openai.key.shown == "sk-one")
            #expect(openai.status == 1)
            #expect(Set(channels["two keys"]?.map(\.key.shown) ?? []) == ["sk-two-a", "sk-two-b"])
            #expect(
                channels["two keys"]?.allSatisfy { $0.settings.baseURL == "https://proxy.example/v1" && $0.status == 2 }
                    == true)
            #expect(channels["azure"]?.first?.key.shown == "azure-key|2024-06-01")
            #expect(channels["aws"]?.first?.key.shown == "us-east-1|ak|sk")
            #expect(channels["aws"]?.first?.status == 2)
            #expect(channels["coze"]?.first?.key.shown == "token|user")
            #expect(channels["qianfan"]?.first?.settings.type == 49)
            #expect(channels["qianfan"]?.first?.settings.baseURL == "https://qianfan.baidubce.com/v2")
            #expect(channels["qianfan"]?.first?.settings.modelMapping == "{}")
            #expect(channels["qianfan"]?.first?.settings.sets == ["vip", "default"])
            #expect(channels["silicon"]?.first?.settings.baseURL == "https://api.siliconflow.cn/v1")
            #expect(report.lines.map(\.id).sorted() == [2, 3, 4, 5, 6, 7, 8, 9])
            #expect(report.lines.filter { !$0.isImported }.map(\.id).sorted() == [5, 8])

            // By the socket it is the same server.
            for dsn in [server.dsn(name), server.dsn(name, overTCP: false)] {
                let second = try await bench.run(dsn)
                #expect(second.created == 0)
                #expect(second.present == 7)
                #expect(second.lines.map(\.id).sorted() == [5, 8])
            }
            #expect(try await bench.channels.all().count == 8)
            #expect(!bench.log.text.contains(ThrowawayMariaDB.password))
            #expect(!bench.log.text.contains("p@ss"))
        }
        #expect(try server.run("CHECKSUM TABLE channels", database: name) == before)
    }

    @Test("a second run takes what came since and leaves what was edited, and a deleted channel comes back")
    func later() async throws {
        let (server, name) = try filled()
        try await ImportBench.with { (bench) async throws -> Void in
            let dsn = server.dsn(name)
            _ = try await bench.run(dsn)
            let openai = try #require(try await bench.named()["openai"]?.first)
            var change = ChannelChange()
            change.name = "edited"
            _ = try await bench.channels.update(openai.id, change)
            try server.run(
                """
                UPDATE channels SET name = 'renamed', `key` = 'sk-replaced' WHERE id = 1;
                UPDATE channels SET `key` = 'sk-two-c\\nsk-two-a\\nsk-two-b' WHERE id = 2;
                INSERT INTO channels (id, type, name, `key`) VALUES (20, 1, 'new', 'sk-new');
                """, database: name)
            let second = try await bench.run(dsn)
            #expect(second.created == 2)
            let channels = try await bench.named()
            #expect(channels["edited"]?.first?.key.shown == "sk-one")
            #expect(channels["renamed"] == nil)
            #expect(channels["two keys"]?.count == 3)
            #expect(channels["new"]?.count == 1)
            #expect(second.lines.first { $0.id == 1 }?.notes.first?.contains("replaced") == true)
            try await bench.channels.delete(try #require(channels["azure"]?.first).id)
            #expect(try await bench.run(dsn).created == 1)
            #expect(try await bench.named()["azure"]?.count == 1)
        }
    }

    @Test("a dry run says the same and writes nothing")
    func dryRun() async throws {
        let (server, name) = try filled()
        try await ImportBench.with { (bench) async throws -> Void in
            let dry = try await bench.run(server.dsn(name), isDryRun: true)
            #expect(try await bench.channels.all().isEmpty)
            let wet = try await bench.run(server.dsn(name))
            #expect(dry.lines == wet.lines)
            #expect(dry.created == wet.created)
            #expect(dry.text.contains("nothing was written"))
            #expect(try await bench.run(server.dsn(name), isDryRun: true).created == 0)
        }
    }

    @Test("two imports at once double nothing")
    func atOnce() async throws {
        let (server, name) = try filled()
        try await ImportBench.with { (bench) async throws -> Void in
            async let first = bench.run(server.dsn(name))
            async let second = bench.run(server.dsn(name))
            _ = try await (first, second)
            #expect(try await bench.channels.all().count == 8)
        }
    }

    @Test("hostile rows get their line and never end the import")
    func hostile() async throws {
        let long = String(repeating: "名", count: 100)
        let (server, name) = try database(
            OneAPITable.mysql + """
                ALTER TABLE channels MODIFY name varbinary(1000), MODIFY `key` longblob, MODIFY models longblob, MODIFY type varchar(50);
                INSERT INTO channels (id, type, name, `key`, models, model_mapping, `group`) VALUES
                    (1, '1', 0x61FF62, 'sk-1', 'm', '', ''), (2, '1', 0x610062, 'sk-2', 'm', '', ''), (3, '1', '\(long)', 'sk-3', 'm', '', ''),
                    (4, '1', 'key', 0x73C328, 'm', '', ''), (5, '1', 'nul key', 0x730062, 'm', '', ''), (6, '1', 'models', 'sk-6', 0x6DFF2C6D32, '', ''),
                    (7, '1', 'mapping', 'sk-7', 'm', '{"a":', ''), (8, 'x', 'type', 'sk-8', 'm', '', ''), (9, NULL, NULL, NULL, NULL, NULL, NULL),
                    (10, '1', ''' OR 1=1; DROP TABLE channels; --', 'sk-10', 'm', '', ''), (11, '1', 'huge', REPEAT('k', 3000000), 'm', '', ''),
                    (12, '1', 'vast', 'sk-12', REPEAT('m', 9000000), '', ''), (13, '1', 'status', 'sk-13', 'm', '', ''), (14, '1', 'last', 'sk-14', 'm', '', '');
                UPDATE channels SET status = -9223372036854775808, priority = 9223372036854775807 WHERE id = 13;
                """)
        try await ImportBench.with { (bench) async throws -> Void in
            let report = try await bench.run(server.dsn(name))
            #expect(report.rows == 14)
            #expect(report.created == 8)
            #expect(report.lines.filter { !$0.isImported }.map(\.id).sorted() == [4, 5, 8, 9, 11, 12])
            #expect(report.lines.map(\.id).sorted() == Array(1...9) + Array(11...13))
            let channels = try await bench.named()
            #expect(channels["a\u{FFFD}b"]?.count == 2)
            #expect(channels[String(repeating: "名", count: 64)]?.count == 1)
            #expect(channels["models"]?.first?.settings.models == ["m\u{FFFD}", "m2"])
            #expect(channels["' OR 1=1; DROP TABLE channels; --"]?.count == 1)
            #expect(!report.text.unicodeScalars.contains { $0.value == 0x1B || $0.value == 0 })
            #expect(try await bench.run(server.dsn(name)).created == 0)
        }
    }

    @Test("ten thousand rows are imported, and none of them again")
    func many() async throws {
        let (server, name) = try database(
            OneAPITable.mysql + """
                INSERT INTO channels (id, type, name, `key`, models)
                    SELECT seq, 1 + seq % 2, CONCAT('channel ', seq), CONCAT('sk-', seq), 'gpt-4o,gpt-4o-mini' FROM seq_1_to_10000;
                """)
        try await ImportBench.with { (bench) async throws -> Void in
            #expect(try await bench.run(server.dsn(name)).created == 10_000)
            let second = try await bench.run(server.dsn(name))
            #expect(second.created == 0)
            #expect(second.present == 10_000)
        }
    }

    @Test("more rows than one import takes are refused before anything is written")
    func tooMany() async throws {
        let (server, name) = try database(
            OneAPITable.mysql + "INSERT INTO channels (id, type, `key`) SELECT seq, 1, 'k' FROM seq_1_to_20001;")
        try await ImportBench.with { (bench) async throws -> Void in
            #expect(await bench.failure(server.dsn(name)).0 == .tooManyRows(count: 20_001, limit: 20_000))
            #expect(try await bench.channels.all().isEmpty)
        }
    }

    @Test("what an older or another One API lacks is not missed; another program's table is refused")
    func columns() async throws {
        let (server, name) = try database(
            "CREATE TABLE channels (id int, type int, `key` text); INSERT INTO channels VALUES (1, 1, 'sk')")
        let (_, foreign) = try database("CREATE TABLE channels (id int, type int, `key` text, configs text)")
        let (_, other) = try database("CREATE TABLE channels (id int, title text)")
        try await ImportBench.with { (bench) async throws -> Void in
            let report = try await bench.run(server.dsn(name))
            #expect(report.created == 1)
            #expect(report.lines.isEmpty)
            #expect(try await bench.channels.all().first?.status == 1)
            guard case .foreignTable = await bench.failure(server.dsn(foreign)).0 else { throw ImportError.busy }
            guard case .foreignTable = await bench.failure(server.dsn(other)).0 else { throw ImportError.busy }
        }
    }

    @Test("a DSN that asks for TLS is not served in clear")
    func encryption() async throws {
        let (server, name) = try database(OneAPITable.mysql)
        try await ImportBench.with { (bench) async throws -> Void in
            for tls in ["true", "skip-verify"] {
                guard case .connection = await bench.failure("\(server.dsn(name))&tls=\(tls)").0 else {
                    Issue.record("tls=\(tls) was ignored")
                    continue
                }
            }
            #expect(try await bench.run("\(server.dsn(name))&tls=preferred").rows == 0)
            #expect(try await bench.run("\(server.dsn(name))&tls=false").rows == 0)
        }
    }

    @Test("every way of not getting in is a clear error within ten seconds, without the password")
    func refusals() async throws {
        let (server, name) = try database("CREATE TABLE nothing (id int)")
        let silent = try SilentServer()
        defer { silent.close() }
        try await ImportBench.with { (bench) async throws -> Void in
            let secret = "Hidden9Secret"
            for (dsn, part) in [
                (server.dsn(name), "no table 'channels'"), (server.dsn(name, password: secret), "Access denied"),
                (server.dsn("missing"), "missing"),
                ("u:\(secret)@tcp(127.0.0.1:1)/db", "cannot connect"),
                ("u:\(secret)@tcp(host.invalid:3306)/db", "cannot connect"),
                ("u:\(secret)@unix(/nowhere/s)/db", "cannot connect"),
                ("u:\(secret)@tcp(127.0.0.1:\(silent.port))/db", "cannot connect"),
                ("u:\(secret)@tcp(192.0.2.1:3306)/db", "cannot connect"),
            ] {
                let (error, time) = await bench.failure(dsn)
                let message = try #require(error).message
                #expect(message.contains(part), "\(message)")
                #expect(!message.contains(secret))
                #expect(!message.contains(ThrowawayMariaDB.password))
                #expect(time < .seconds(10), "\(dsn): \(time)")
            }
            #expect(!bench.log.text.contains(secret))
        }
    }
}

/// Accepts connections into its queue and never says a word.
struct SilentServer {
    let port: UInt16
    private let descriptor: Int32

    init() throws {
        port = try FreePort.find()
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let descriptor = descriptor
        let code = unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                unsafe bind(descriptor, address, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard code == 0, listen(descriptor, 8) == 0 else {
            throw Command.Failure(description: "listen: errno \(errno)")
        }
    }

    func close() {
        _ = Glibc.close(descriptor)
    }
}
