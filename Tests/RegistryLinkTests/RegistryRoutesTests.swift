import CollectorSupport
import Contracts
import HTTPCore
import JSON
import LogStore
import Telemetry
import Testing

@testable import RegistryLink

@Suite struct RegistryRoutesTests {
    private func withServer(migrates: Bool = true, _ body: (CollectorServer, CollectorFixture) async throws -> Void)
        async throws
    {
        let store = try await CollectorFixture(migrates: migrates)
        let server = try await CollectorServer(group: store.group) { router in
            RegistryRoutes(
                totals: TotalsReader(pool: store.pool), partitions: store.partitions, key: Redacted("k"),
                logger: .silent
            ).register(in: &router)
        }
        var result: Result<Void, any Error> = .success(())
        do { try await body(server, store) } catch { result = .failure(error) }
        await server.close()
        await store.close()
        try result.get()
    }

    private func post(
        _ server: CollectorServer, _ path: String, _ body: String, key: String = "k"
    ) async throws -> CollectorServer.Answer {
        try await server.call(
            .post, path, headers: [InternalAuth.header: key, "content-type": "application/json"], body: Array(body.utf8)
        )
    }

    private let totals = #"{"after":{"stamp":0,"kind":"","key":""},"limit":10}"#

    @Test("totals are told to who has the internal key, with epoch and horizon also when there are none")
    func told() async throws {
        try await withServer { server, store async throws in
            let empty = try await post(server, "/internal/v1/totals", totals).json
            #expect(empty["totals"]?.array?.isEmpty == true && empty["epoch"]?.string?.isEmpty == false)
            _ = try await store.writer().store(RecordBuilder.batch([RecordBuilder.record(store.clock.now)]))
            let answer = try await post(server, "/internal/v1/totals", totals).json
            let total = try #require(answer["totals"]?.array?.first)
            #expect(total["kind"] == "channel" && total["key"] == "7" && total["requests"] == 1)
            #expect(try #require(answer["horizon"]?.int) > 0 && #require(total["stamp"]?.int) > 0)
            #expect(try await post(server, "/internal/v1/totals", totals, key: "wrong").status == 401)
            #expect(try await post(server, "/internal/v1/totals", "{}").status == 400)
        }
    }

    @Test("a purge is done, a malformed one is refused and named")
    func purge() async throws {
        try await withServer { server, store async throws in
            _ = try await store.writer().store(
                RecordBuilder.batch([RecordBuilder.record(store.clock.now) { $0.group = "g" }]))
            let body = #"{"group":"g","before":\#(store.clock.now + 1),"scope":"everything"}"#
            #expect(try await post(server, "/internal/v1/groups/purge", body, key: "").status == 401)
            #expect(try await store.calls() == 1)
            let answer = try await post(server, "/internal/v1/groups/purge", body).json
            #expect(answer["records"] == 1 && answer["isDone"] == true)
            #expect(try await store.calls() == 0)
            for (body, name) in [
                (#"{"group":"","before":1,"scope":"restart"}"#, "group"),
                (#"{"group":"g","before":-1,"scope":"restart"}"#, "before"),
                (#"{"group":"g","before":1,"scope":"all"}"#, "scope"),
            ] {
                let refused = try await post(server, "/internal/v1/groups/purge", body)
                #expect(refused.status == 400 && refused.json["message"]?.string?.contains(name) == true)
            }
        }
    }

    @Test("before the schema is there it says that it has nothing yet")
    func unprepared() async throws {
        try await withServer(migrates: false) { server, _ async throws in
            #expect(try await post(server, "/internal/v1/totals", totals).status == 503)
            let body = #"{"group":"g","before":1,"scope":"everything"}"#
            #expect(try await post(server, "/internal/v1/groups/purge", body).status == 503)
        }
    }
}
