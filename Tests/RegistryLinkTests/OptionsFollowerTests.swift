import CollectorSupport
import Contracts
import EventLoop
import HTTPClient
import HTTPServer
import InternalHTTP
import LogStore
import Synchronization
import Telemetry
import Testing

@testable import RegistryLink

/// A registry that tells options, and can be broken.
private final class TestRegistry: Sendable {
    struct State {
        var options: [String: String] = [:]
        var mark = 1
        var isDown = false
        var asked: [String] = []
    }

    let state = Mutex(State())

    func say(_ options: [String: String]) {
        state.withLock {
            $0.options = options
            $0.mark += 1
        }
    }

    func register(in router: inout Router) {
        router.serve(.options, key: Redacted("k"), logger: .silent) { query, _ in
            try self.state.withLock { state in
                state.asked.append(query.mark)
                if state.isDown { throw Fault(.unavailable, "down") }
                let mark = "m\(state.mark)"
                return OptionsAnswer(mark: mark, options: query.mark == mark ? nil : state.options)
            }
        }
    }
}

@Suite struct OptionsFollowerTests {
    private func following(
        _ store: CollectorFixture, _ registry: TestRegistry, _ body: (TermsCell) async throws -> Void
    ) async throws {
        var router = Router()
        registry.register(in: &router)
        let routes = router
        let server = HTTPServer(
            ServerConfiguration(host: "127.0.0.1", port: 0), group: store.group,
            handler: { try await routes.handle($0, $1) })
        let address = try await server.start()
        let clients = try HTTPClientGroup(group: store.group)
        let cell = TermsCell()
        let follower = OptionsFollower(
            peer: PeerClient(
                baseURL: "http://\(address)", key: Redacted("k"), clients: clients, loops: store.group, logger: .silent),
            cell: cell, store: TermsStore(pool: store.pool), isPrepared: { true }, loop: store.group.loops[0],
            logger: .silent, interval: .milliseconds(20))
        let work = Task { try await follower.run() }
        var result: Result<Void, any Error> = .success(())
        do { try await body(cell) } catch { result = .failure(error) }
        await follower.shutdown(deadline: .zero)
        try await work.value
        await clients.shutdown()
        await server.drain(deadline: .seconds(1))
        try result.get()
    }

    private func wait(_ store: CollectorFixture, _ condition: () async throws -> Bool) async throws {
        for _ in 0..<500 {
            if try await condition() { return }
            try await store.group.loops[0].sleep(for: .milliseconds(20))
        }
        Issue.record("what was waited for never came")
    }

    @Test("options are followed, asked for by their mark, and kept while the registry is down and over a restart")
    func follows() async throws {
        try await withStore { store async throws in
            let registry = TestRegistry()
            registry.state.withLock { $0.options = ["LogStorageHours": "48"] }
            try await following(store, registry) { cell in
                try await wait(store) { cell.current.recordHours == 48 && cell.current.bodyHours == 1 }
                registry.say(["LogStorageHours": "2", "LogDetailStorageHours": "0"])
                try await wait(store) { cell.current == StorageTerms(recordHours: 2, bodyHours: 0) }
                try await wait(store) { registry.state.withLock { $0.asked.last == "m2" } }
                registry.state.withLock { $0.isDown = true }
                let asked = registry.state.withLock { $0.asked.count }
                try await wait(store) { registry.state.withLock { $0.asked.count > asked + 2 } }
                #expect(cell.current.recordHours == 2)
                let saved = try await TermsStore(pool: store.pool).load()
                #expect(saved == OptionTerms(["LogStorageHours": "2", "LogDetailStorageHours": "0"]))
            }
            try await following(store, registry) { cell in
                try await wait(store) { cell.isKnown }
                #expect(cell.current == StorageTerms(recordHours: 2, bodyHours: 0))
                registry.state.withLock { $0.isDown = false }
                registry.say([:])
                try await wait(store) { cell.current == StorageTerms() }
                try await wait(store) { try await TermsStore(pool: store.pool).load() == OptionTerms([:]) }
            }
        }
    }
}
