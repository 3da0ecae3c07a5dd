import CollectorSupport
import EventLoop
import Lifecycle
import Postgres
import Telemetry
import TestSupport
import Testing

@testable import LogStore

@Suite struct StoreKeeperTests {
    private func report(_ checks: ReadinessChecks) -> [String: Bool] {
        Dictionary(uniqueKeysWithValues: checks.report().checks.map { ($0.name, $0.state == .ready) })
    }

    private func wait(_ store: CollectorFixture, _ condition: () -> Bool) async throws {
        for _ in 0..<600 {
            if condition() { return }
            try await store.group.loops[0].sleep(for: .milliseconds(50))
        }
        Issue.record("the state that was waited for never came")
    }

    private func running(
        _ store: CollectorFixture, migrates: Bool, _ body: (StoreKeeper, ReadinessChecks) async throws -> Void
    ) async throws {
        let checks = ReadinessChecks()
        let keeper = StoreKeeper(
            pool: store.pool, migrates: migrates, readiness: checks, loop: store.group.loops[0], logger: .silent)
        async let run: Void = keeper.run()
        do {
            try await body(keeper, checks)
        } catch {
            await keeper.shutdown(deadline: .zero)
            try? await run
            throw error
        }
        await keeper.shutdown(deadline: .zero)
        try await run
    }

    @Test("a fresh database is migrated and then everything is ready")
    func migrates() async throws {
        let store = try await CollectorFixture(migrates: false)
        try await running(store, migrates: true) { keeper, checks in
            try await wait(store) { keeper.hasSchema }
            #expect(report(checks) == ["postgres": true, "schema": true])
            let calls = try await store.calls()
            #expect(calls == 0)
        }
        await store.close()
    }

    @Test("without the leave to migrate it waits until somebody has")
    func waits() async throws {
        let store = try await CollectorFixture(migrates: false)
        try await running(store, migrates: false) { keeper, checks in
            try await wait(store) { report(checks) == ["postgres": true, "schema": false] }
            let other = try await CollectorFixture(dsn: store.dsn)
            try await wait(store) { keeper.hasSchema }
            await other.close()
        }
        await store.close()
    }

    @Test("with PostgreSQL down at the start it stays up, and is ready when PostgreSQL is")
    func outages() async throws {
        let cluster = try ThrowawayPostgres()
        let dsn = try cluster.database()
        try cluster.stop()
        let store = try await CollectorFixture(dsn: dsn, migrates: false)
        try await running(store, migrates: true) { keeper, checks in
            try await wait(store) { report(checks) == ["postgres": false, "schema": false] }
            try cluster.start()
            try await wait(store) { report(checks) == ["postgres": true, "schema": true] }
            try cluster.crash()
            try await wait(store) { report(checks) == ["postgres": false, "schema": true] }
            try cluster.start()
            try await wait(store) { report(checks)["postgres"] == true }
        }
        await store.close()
    }
}
