import Contracts
import Crypto
import EventLoop
import Lifecycle
import Migrations
import Postgres
import RegistryStore
import Telemetry
import TestSupport
import Testing

@testable import SnapshotPublisher

/// A feed that runs over a database of its own.
private struct RunningFeed: Sendable {
    let pool: PostgresPool
    let channels: ChannelStore
    let tokens: TokenStore
    let groups: GroupStore
    let changes: ChangeFeed
    let board: SnapshotBoard
    let readiness: ReadinessSwitch
    private let loops: EventLoopGroup

    static func with(dsn: String? = nil, _ body: (RunningFeed) async throws -> Void) async throws {
        let loops = try EventLoopGroup(count: 2, name: "test")
        try loops.start()
        defer { loops.stop() }
        var configuration = try PostgresConfiguration(dsn: dsn ?? ThrowawayPostgres.database())
        configuration.waitTimeout = .milliseconds(500)
        let pool = PostgresPool(configuration, group: loops, logger: .silent)
        _ = try await MigrationRunner.run(
            RegistrySchema.migrations, schema: RegistrySchema.name, pool: pool, logger: .silent)
        let vault = KeyVault(box: SecretBox(secretsKey: "test"), logger: .silent)
        let board = SnapshotBoard()
        let readiness = ReadinessChecks().addSwitch("snapshot")
        var timing = SnapshotFeed.Timing()
        timing.poll = .milliseconds(200)
        timing.retry = .milliseconds(50)
        let feed = SnapshotFeed(
            board: board, changes: ChangeFeed(pool: pool), pool: pool, loop: loops.loops[0], logger: .silent,
            metrics: FeedMetrics(MetricsRegistry(), board: board), readiness: readiness, timing: timing)
        let running = loops.loops[0].spawn { try? await feed.run() }
        feed.start()
        let fixture = RunningFeed(
            pool: pool, channels: ChannelStore(pool: pool, vault: vault), tokens: TokenStore(pool: pool, vault: vault),
            groups: GroupStore(pool: pool), changes: ChangeFeed(pool: pool), board: board, readiness: readiness,
            loops: loops)
        let result: Result<Void, any Error>
        do {
            result = .success(try await body(fixture))
        } catch {
            result = .failure(error)
        }
        await feed.shutdown(deadline: .seconds(5))
        await running.value
        await pool.shutdown(deadline: .seconds(5))
        try result.get()
    }

    /// What a gateway would be answered, on a loop as in the service.
    func ask(_ epoch: String = "", after: Int64 = 0, wait: Int = 20_000) async throws -> Snapshot {
        let query = SnapshotQuery(epoch: epoch, after: after, waitMilliseconds: wait)
        let answer = await withTaskExecutorPreference(loops.loops[1]) { @concurrent in
            await board.answer(to: query)
        }
        return try #require(answer).snapshot
    }

    /// The whole as soon as it holds everything that was written so far.
    func whole() async throws -> Snapshot {
        let last = try await changes.position().revision
        var snapshot = try await ask()
        while snapshot.revision < last {
            _ = try await ask(snapshot.epoch, after: snapshot.revision)
            snapshot = try await ask()
        }
        return snapshot
    }

    func create(_ name: String) async throws -> Int {
        try await channels.create([
            NewChannel(settings: ChannelSettings(type: 1, name: name), key: Redacted("k"))
        ])[0]
    }
}

@Suite("The feed to gateways")
struct SnapshotFeedTests {
    @Test("a gateway that waits is told of a change by a delta")
    func delta() async throws {
        try await RunningFeed.with { feed async throws in
            let first = try await feed.ask()
            #expect(first.isWhole && first.revision == 1)
            async let waiting = feed.ask(first.epoch, after: first.revision)
            let id = try await feed.create("a")
            let delta = try await waiting
            #expect(!delta.isWhole && delta.revision == 2 && delta.channels.map(\.id) == [id])
            try await feed.channels.delete(id)
            let removal = try await feed.ask(first.epoch, after: 2)
            #expect(removal.removedChannels == [id] && removal.channels.isEmpty && removal.revision == 3)
        }
    }

    @Test("many gateways that wait get one and the same prepared answer")
    func many() async throws {
        try await RunningFeed.with { feed async throws in
            let first = try await feed.ask()
            try await withThrowingTaskGroup(of: Snapshot.self) { group in
                for _ in 0..<200 { group.addTask { try await feed.ask(first.epoch, after: first.revision) } }
                _ = try await feed.create("a")
                let answers = try await group.reduce(into: [Snapshot]()) { $0.append($1) }
                #expect(answers.count == 200 && answers.allSatisfy { $0 == answers[0] && $0.channels.count == 1 })
            }
            #expect(feed.board.waiting == 0)
        }
    }

    @Test("a wait without news ends with an empty delta of the same revision")
    func nothing() async throws {
        try await RunningFeed.with { feed async throws in
            let first = try await feed.ask()
            let same = try await feed.ask(first.epoch, after: first.revision, wait: 30)
            #expect(same == Snapshot(epoch: first.epoch, revision: first.revision, isWhole: false))
            #expect(feed.board.waiting == 0)
        }
    }

    @Test("a change whose notification was lost is found by the clock")
    func lostNotification() async throws {
        try await RunningFeed.with { feed async throws in
            let id = try await feed.create("a")
            let first = try await feed.whole()
            async let waiting = feed.ask(first.epoch, after: 2)
            try await feed.pool.transaction { connection in
                try await connection.execute("UPDATE registry.settings SET revision = revision + 1")
                try await connection.execute("UPDATE registry.channels SET priority = 5, revision = 3 WHERE id = \(id)")
            }
            let delta = try await waiting
            #expect(delta.revision == 3 && delta.channels.map(\.priority) == [5])
        }
    }

    @Test("a database that was set back is told as a whole")
    func setBack() async throws {
        try await RunningFeed.with { feed async throws in
            let id = try await feed.create("a")
            let first = try await feed.whole()
            async let waiting = feed.ask(first.epoch, after: first.revision)
            try await feed.pool.transaction { connection in
                try await connection.execute("UPDATE registry.settings SET revision = 1")
                try await connection.execute("DELETE FROM registry.channels WHERE id = \(id)")
            }
            let whole = try await waiting
            #expect(whole.isWhole && whole.revision == 1 && whole.channels.isEmpty)
        }
    }

    @Test("when the board closes, whoever waits is answered at once")
    func close() async throws {
        try await RunningFeed.with { feed async throws in
            let first = try await feed.ask()
            async let waiting = feed.ask(first.epoch, after: first.revision)
            while feed.board.waiting == 0 { await Task.yield() }
            feed.board.close()
            #expect(try await waiting.revision == first.revision)
            #expect(try await feed.ask(first.epoch, after: first.revision).revision == first.revision)
        }
    }

    @Test("a cancelled wait ends")
    func cancelled() async throws {
        try await RunningFeed.with { feed async throws in
            let first = try await feed.ask()
            let waiting = Task { try await feed.ask(first.epoch, after: first.revision) }
            while feed.board.waiting == 0 { await Task.yield() }
            waiting.cancel()
            #expect(try await waiting.value.revision == first.revision)
            #expect(feed.board.waiting == 0)
        }
    }

    @Test("while PostgreSQL is away gateways are still answered, and changes come again afterwards")
    func outage() async throws {
        let cluster = try ThrowawayPostgres()
        try await RunningFeed.with(dsn: cluster.database()) { feed async throws in
            _ = try await feed.create("a")
            let before = try await feed.whole()
            #expect(before.channels.count == 1)
            try cluster.stop()
            while feed.readiness.state == .ready { try await Task.sleep(for: .milliseconds(20)) }
            #expect(try await feed.ask("", after: 0, wait: 0) == before)
            try cluster.start()
            while feed.readiness.state != .ready { try await Task.sleep(for: .milliseconds(20)) }
            async let waiting = feed.ask(before.epoch, after: before.revision)
            _ = try await feed.create("b")
            #expect(try await waiting.channels.map(\.name) == ["b"])
        }
    }

    @Test("a gateway that polls while many write never sees a revision go back and ends with the whole")
    func live() async throws {
        try await RunningFeed.with { feed async throws in
            let follower = Task {
                var reader = FeedReader()
                while true {
                    let answer = try await feed.ask(reader.epoch, after: reader.revision, wait: 5_000)
                    #expect(answer.revision >= reader.revision)
                    reader.take(answer)
                    if reader.groups["the end"] != nil { return reader }
                }
            }
            try await withThrowingTaskGroup(of: Void.self) { group in
                for writer in 0..<4 as Range<UInt64> { group.addTask { try await write(feed, seed: writer) } }
                try await group.waitForAll()
            }
            _ = try await feed.groups.create(NewGroup(id: "the end"))
            var whole = FeedReader()
            let reader = try await follower.value
            whole.take(SnapshotMirror(whole: try await feed.changes.changes(after: 0)).answer(to: whole.query))
            #expect(reader == whole)
        }
    }

    private func write(_ feed: RunningFeed, seed: UInt64) async throws {
        var random = SeededGenerator(seed: seed)
        for step in 0..<30 {
            do {
                switch Int.random(in: 0..<5, using: &random) {
                case 0, 1: _ = try await feed.create("\(seed)-\(step)")
                case 2: try await feed.channels.delete(Int.random(in: 1...40, using: &random))
                case 3:
                    let group = "g\(Int.random(in: 0..<3, using: &random))"
                    _ = try await feed.tokens.create(NewToken(name: "\(seed)-\(step)"), in: group, createsGroup: true)
                default: try await feed.groups.delete("g\(Int.random(in: 0..<3, using: &random))")
                }
            } catch RegistryError.channelNotFound, RegistryError.groupNotFound {
                continue
            }
        }
    }
}
