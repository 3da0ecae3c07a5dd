import CollectorSupport
import Contracts
import Crypto
import EventLoop
import HTTPClient
import HTTPServer
import InternalHTTP
import LogStore
import Migrations
import Postgres
import RegistryLink
import RegistryStore
import Synchronization
import Telemetry

@testable import CollectorLink

/// The registry's and the collector's stores in one database, with the collector's routes on a socket between them.
struct CollectorPair: Sendable {
    let logs: CollectorFixture
    let groups: GroupStore
    let tokens: TokenStore
    let channels: ChannelStore
    let counters: CounterStore
    let purges: LogPurgeStore
    let peer: PeerClient
    /// What the collector refuses while it is set.
    let isDown: Flag

    final class Flag: Sendable {
        private let value = Atomic(false)

        var isSet: Bool { value.load(ordering: .acquiring) }

        func set(_ isSet: Bool) { value.store(isSet, ordering: .releasing) }
    }

    var pool: PostgresPool { logs.pool }

    static func with(_ body: (CollectorPair) async throws -> Void) async throws {
        try await withStore { logs async throws in
            _ = try await MigrationRunner.run(
                RegistrySchema.migrations, schema: RegistrySchema.name, pool: logs.pool, logger: .silent)
            let isDown = Flag()
            var router = Router()
            RegistryRoutes(
                totals: TotalsReader(pool: logs.pool), partitions: logs.partitions, key: Redacted("k"), logger: .silent
            ).register(in: &router)
            let routes = router
            let server = HTTPServer(ServerConfiguration(host: "127.0.0.1", port: 0), group: logs.group) {
                request, response in
                if isDown.isSet { return try response.refuse(Fault(.unavailable, "down")) }
                try await routes.handle(request, response)
            }
            let address = try await server.start()
            let clients = try HTTPClientGroup(group: logs.group)
            let vault = KeyVault(box: SecretBox(secretsKey: "test"), logger: .silent)
            let pair = CollectorPair(
                logs: logs, groups: GroupStore(pool: logs.pool), tokens: TokenStore(pool: logs.pool, vault: vault),
                channels: ChannelStore(pool: logs.pool, vault: vault), counters: CounterStore(pool: logs.pool),
                purges: LogPurgeStore(pool: logs.pool),
                peer: PeerClient(
                    baseURL: "http://\(address)", key: Redacted("k"), clients: clients, loops: logs.group,
                    logger: .silent),
                isDown: isDown)
            var result: Result<Void, any Error> = .success(())
            do { try await body(pair) } catch { result = .failure(error) }
            await clients.shutdown()
            await server.drain(deadline: .seconds(1))
            try result.get()
        }
    }

    func pull(pageSize: Int = 1_000, interval: Duration = .milliseconds(20)) -> CounterPull {
        CounterPull(
            peer: peer, store: counters, isPrepared: { true }, loop: logs.group.loops[0],
            metrics: CollectorMetrics(MetricsRegistry()), logger: .silent, interval: interval, pageSize: pageSize)
    }

    func purger(interval: Duration = .milliseconds(20)) -> LogPurger {
        LogPurger(
            peer: peer, store: purges, isPrepared: { true }, loop: logs.group.loops[0],
            metrics: CollectorMetrics(MetricsRegistry()), logger: .silent, interval: interval)
    }

    /// A channel, a group and a token of it.
    func tenant(_ group: String) async throws -> (channel: Int, token: Int) {
        let channel = try await channels.create([
            NewChannel(settings: ChannelSettings(type: 1, name: group), key: Redacted("k"))
        ])
        let token = try await tokens.create(NewToken(name: "t"), in: group, createsGroup: true)
        return (channel[0], token.id)
    }

    func call(_ at: Int64, channel: Int, token: Int, group: String) -> CallRecord {
        RecordBuilder.record(at) { record in
            (record.channel, record.tokenID, record.group, record.tokenName) = (channel, token, group, "t")
            record.attempts[0].channel = channel
        }
    }

    func wait(_ condition: () async throws -> Bool) async throws -> Bool {
        for _ in 0..<500 {
            if try await condition() { return true }
            try await logs.group.loops[0].sleep(for: .milliseconds(20))
        }
        return false
    }
}
