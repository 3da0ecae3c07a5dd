import Crypto
import EventLoop
import Migrations
import Postgres
import RegistryStore
import Synchronization
import Telemetry
import TestSupport

@testable import OneAPIImport

/// A registry over a fresh database, with an importer and a log that is kept.
struct ImportBench: Sendable {
    let channels: ChannelStore
    let importer: OneAPIImporter
    let log: KeptLog
    let pool: PostgresPool

    /// Runs a test over a bench of its own.
    static func with(_ body: (ImportBench) async throws -> Void) async throws {
        let loops = try EventLoopGroup(count: 2, name: "test")
        try loops.start()
        defer { loops.stop() }
        let pool = PostgresPool(
            try PostgresConfiguration(dsn: ThrowawayPostgres.database()), group: loops, logger: .silent)
        _ = try await MigrationRunner.run(
            RegistrySchema.migrations, schema: RegistrySchema.name, pool: pool, logger: .silent)
        let log = KeptLog()
        let logger = Logger(service: "test", level: .trace, sink: log)
        let vault = KeyVault(box: SecretBox(secretsKey: "test"), logger: logger)
        let channels = ChannelStore(pool: pool, vault: vault)
        let importer = OneAPIImporter(channels: channels, group: loops, logger: logger)
        let result: Result<Void, any Error>
        do {
            result = .success(
                try await body(ImportBench(channels: channels, importer: importer, log: log, pool: pool)))
        } catch {
            result = .failure(error)
        }
        importer.close()
        await pool.shutdown(deadline: .seconds(5))
        try result.get()
    }

    /// Imports from a DSN.
    func run(_ dsn: String, isDryRun: Bool = false) async throws -> ImportReport {
        try await importer.run(dsn: Redacted(dsn), isDryRun: isDryRun)
    }

    /// The error of an import that must fail, and how long it took.
    func failure(_ dsn: String) async -> (ImportError?, Duration) {
        let started = MonotonicTime.now()
        do {
            _ = try await run(dsn)
            return (nil, started.duration(to: .now()))
        } catch {
            return (error as? ImportError, started.duration(to: .now()))
        }
    }

    /// The channels by name.
    func named() async throws -> [String: [Channel]] {
        Dictionary(grouping: try await channels.all()) { $0.settings.name }
    }
}

/// Keeps what is logged.
final class KeptLog: LogSink {
    private let lines = Mutex("")

    func write(_ line: [UInt8]) {
        lines.withLock { $0 += String(decoding: line, as: UTF8.self) }
    }

    func flush() {}

    var text: String { lines.withLock { $0 } }
}

/// One API's table, as its ORM makes it.
enum OneAPITable {
    static let mysql = """
        CREATE TABLE `channels` (
            `id` bigint NOT NULL AUTO_INCREMENT, `type` bigint DEFAULT 0, `key` text, `status` bigint DEFAULT 1,
            `name` varchar(191), `weight` bigint unsigned DEFAULT 0, `created_time` bigint, `test_time` bigint,
            `response_time` bigint, `base_url` varchar(191) DEFAULT '', `other` longtext, `balance` double,
            `balance_updated_time` bigint, `models` longtext, `group` varchar(32) DEFAULT 'default',
            `used_quota` bigint DEFAULT 0, `model_mapping` varchar(1024) DEFAULT '', `priority` bigint DEFAULT 0,
            `config` longtext, `system_prompt` text, PRIMARY KEY (`id`), INDEX `idx_channels_name` (`name`)
        );

        """

    static let postgres = """
        CREATE TABLE channels (
            id bigserial PRIMARY KEY, type bigint DEFAULT 0, "key" text, status bigint DEFAULT 1, name text,
            weight bigint DEFAULT 0, created_time bigint, test_time bigint, response_time bigint,
            base_url text DEFAULT '', other text, balance numeric, balance_updated_time bigint, models text,
            "group" varchar(32) DEFAULT 'default', used_quota bigint DEFAULT 0, model_mapping varchar(1024) DEFAULT '',
            priority bigint DEFAULT 0, config text, system_prompt text
        );

        """

    /// Rows of many types, understood by both servers.
    static let rows = #"""
        INSERT INTO channels (id, type, name, status, base_url, models, model_mapping, priority) VALUES
            (1, 1, 'openai', 1, '', 'gpt-4o,gpt-4o-mini', '{"gpt-4":"gpt-4o"}', 5),
            (2, 1, 'two keys', 2, 'https://proxy.example', 'gpt-4o', '', 0),
            (3, 3, 'azure', 1, 'https://r.openai.azure.com', 'gpt-4o', '', 0),
            (4, 33, 'aws', 3, '', 'claude', '', 0),
            (5, 11, 'palm', 1, '', 'palm', '', 0),
            (6, 47, 'qianfan', 1, 'https://qianfan.baidubce.com', 'ernie', '{broken', 0),
            (7, 34, 'coze', 1, '', 'bot', '', 0),
            (8, 999, 'future', 1, '', '', '', 0),
            (9, 44, 'silicon', 1, 'https://api.siliconflow.cn/', 'q', '', -1);

        """#

    /// The keys, apart, because the name of their column is quoted in two ways.
    static func keys(_ quote: String) -> String {
        [
            (1, "sk-one"), (2, "sk-two-a\nsk-two-b"), (3, "azure-key"), (4, "ak|sk|us-east-1"), (5, "palm"),
            (6, "bce-v3/a/b"), (7, "token"),
            (8, "sk-eight"), (9, "sk-nine"),
        ].map { "UPDATE channels SET \(quote)key\(quote) = '\($0.1)' WHERE id = \($0.0);\n" }.joined()
            + "UPDATE channels SET other = '2024-06-01' WHERE id = 3;\n"
            + "UPDATE channels SET config = '{\"user_id\":\"user\"}' WHERE id = 7;\n"
            + "UPDATE channels SET \(quote)group\(quote) = 'vip,default' WHERE id = 6;\n"
    }
}
