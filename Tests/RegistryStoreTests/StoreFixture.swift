import Crypto
import EventLoop
import Migrations
import Postgres
import RegistryStore
import Telemetry
import TestSupport

/// The stores over a fresh database.
struct Stores: Sendable {
    let pool: PostgresPool
    let vault: KeyVault
    let channels: ChannelStore
    let tokens: TokenStore
    let groups: GroupStore
    let feed: ChangeFeed

    init(pool: PostgresPool, secretsKey: String = "test secrets key") {
        self.pool = pool
        vault = KeyVault(box: SecretBox(secretsKey: secretsKey), logger: .silent)
        channels = ChannelStore(pool: pool, vault: vault)
        tokens = TokenStore(pool: pool, vault: vault)
        groups = GroupStore(pool: pool)
        feed = ChangeFeed(pool: pool)
    }

    /// Runs a test over a migrated database of its own.
    static func with(_ body: (Stores) async throws -> Void) async throws {
        let loops = try EventLoopGroup(count: 2, name: "test")
        try loops.start()
        defer { loops.stop() }
        let configuration = try PostgresConfiguration(dsn: ThrowawayPostgres.database())
        let pool = PostgresPool(configuration, group: loops, logger: .silent)
        do {
            _ = try await MigrationRunner.run(
                RegistrySchema.migrations, schema: RegistrySchema.name, pool: pool, logger: .silent)
            try await body(Stores(pool: pool))
            await pool.shutdown(deadline: .seconds(5))
        } catch {
            await pool.shutdown(deadline: .seconds(5))
            throw error
        }
    }

    /// A channel of type openai.
    static func new(_ name: String, key: String = "", models: [String] = []) -> NewChannel {
        NewChannel(settings: ChannelSettings(type: 1, name: name, models: models), key: Redacted(key))
    }

    func revision() async throws -> Int64 {
        try await feed.position().revision
    }
}
