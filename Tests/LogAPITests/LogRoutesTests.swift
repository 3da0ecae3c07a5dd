import AdminHTTP
import CollectorSupport
import Contracts
import HTTPCore
import HTTPServer
import JSON
import Postgres
import Telemetry
import TestSupport
import Testing

@testable import LogAPI
@testable import LogStore

@Suite struct LogRoutesTests {
    private struct API {
        let store: CollectorFixture
        let server: CollectorServer

        func get(_ path: String, key: String? = "Bearer admin") async throws -> CollectorServer.Answer {
            var headers: HTTPHeaders = ["user-agent": "test"]
            if let key { headers.append("authorization", key) }
            return try await server.call(.get, path, headers: headers)
        }

        func logs(_ path: String) async throws -> [JSONValue] { try await get(path).json["data"]?["logs"]?.array ?? [] }

        func expectUnavailable(_ words: String) async throws {
            let answer = try await get("/api/logs/search")
            #expect(answer.status == 503 && answer.json["success"]?.bool == false)
            #expect(answer.json["message"]?.string?.contains(words) == true)
        }

        func store(_ records: [CallRecord], sequence: Int64 = 1) async throws {
            #expect(
                try await store.writer().store(RecordBuilder.batch(records, sequence: sequence)).stored == records.count
            )
        }
    }

    private func withAPI(_ body: (API) async throws -> Void) async throws {
        try await withStore { store async throws in
            let routes = LogRoutes(
                reader: store.reader(), auth: AdminAuth(adminKey: Redacted("admin")),
                metrics: LogMetrics(MetricsRegistry()),
                logger: .silent, now: { store.clock.now })
            let server = try await CollectorServer(group: store.group) {
                $0.notFound = AdminGate.unknownRoute
                $0.methodNotAllowed = { request, response, _ in try await AdminGate.unknownRoute(request, response) }
                routes.register(in: &$0)
            }
            do {
                try await body(API(store: store, server: server))
            } catch {
                await server.close()
                throw error
            }
            await server.close()
        }
    }

    private static let paths = [
        "/api/logs", "/api/logs/", "/api/logs/search", "/api/logs/detail/1", "/api/log/g", "/api/log/g/search",
        "/api/log/g/detail/1",
    ]

    @Test("no route answers without the admin key", arguments: paths)
    func denied(_ path: String) async throws {
        try await withAPI { api async throws in
            for key in [nil, "", "Bearer wrong", "admin2"] {
                let answer = try await api.get(path, key: key)
                #expect(answer.status == 401)
                #expect(
                    String(decoding: answer.body, as: UTF8.self)
                        == #"{"message":"unauthorized, no access token provided","success":false}"#)
            }
            #expect(try await api.get(path + "?key=sk-admin", key: nil).status != 401)
        }
    }

    @Test(
        "an empty store gives empty lists, never null", arguments: ["/api/logs/", "/api/logs/search?p=1&per_page=20"])
    func empty(_ path: String) async throws {
        try await withAPI { api async throws in
            let answer = try await api.get(path)
            #expect(answer.status == 200)
            #expect(answer.headers.first("content-type") == "application/json; charset=utf-8")
            #expect(String(decoding: answer.body, as: UTF8.self) == #"{"data":{"logs":[],"total":0},"success":true}"#)
        }
    }

    @Test("the sequence that FastGPT's log page makes: list, filter, detail of a failed call")
    func fastGPT() async throws {
        try await withAPI { api async throws in
            let now = api.store.clock.now
            try await api.store([
                RecordBuilder.record(now - 3_000_000), RecordBuilder.failure(now - 1_000_000, code: 502),
            ])
            let query =
                "result_only=true&request_id=&channel=&model_name=&start_timestamp=\((now - 86_400_000_000) / 1_000)"
                + "&end_timestamp=\((now + 3_600_000_000) / 1_000)&p=1&per_page=20"
            let all = try await api.get("/api/logs/search?\(query)&code_type=all").json
            #expect(all["success"]?.bool == true && all["data"]?["total"]?.int == 2)
            #expect(all["data"]?["channels"] == [7] && all["data"]?["models"] == ["gpt-4o-test"])
            #expect(all["data"]?["logs"]?.array?.map { $0["code"]?.int } == [502, 200])
            let failed = try #require(try await api.logs("/api/logs/search?\(query)&code_type=error").first)
            #expect(failed["model"]?.string == "gpt-4o-test" && failed["upstream_model"]?.string == "gpt-4o")
            #expect(
                failed["created_at"]?.int == Int((now - 1_000_000) / 1_000)
                    && failed["request_at"]?.int == Int((now - 2_500_000) / 1_000))
            #expect(failed["usage"]?["input_tokens"]?.int == 8 && failed["ttfb_milliseconds"]?.int == 640)
            #expect(failed["content"]?.string == #"{"error":{"message":"boom"}}"#)
            let id = try #require(failed["id"]?.int)
            #expect(failed["request_detail"] == ["id": .int(id), "log_id": .int(id)])
            let detail = try await api.get("/api/logs/detail/\(id)").json
            #expect(detail["data"]?["request_body"]?.string == #"{"model":"gpt-4o-test"}"#)
            #expect(detail["data"]?["request_body_truncated"]?.bool == true)
            let succeeded = try #require(try await api.logs("/api/logs/search?\(query)&code_type=success").first)
            #expect(succeeded["request_detail"] == nil && succeeded["content"] == nil)
        }
    }

    @Test(
        "a detail that is not there is 404 with the words that FastGPT knows",
        arguments: ["1", "0", "-1", "x", "99999999999999999999", "1%20OR%201=1"])
    func noDetail(_ id: String) async throws {
        try await withAPI { api async throws in
            try await api.store([RecordBuilder.record(api.store.clock.now)])
            let answer = try await api.get("/api/logs/detail/\(id)")
            #expect(answer.status == 404)
            #expect(answer.json == ["message": "record not found", "success": false])
        }
    }

    @Test(
        "pages do not overlap and none is missed while rows arrive on top, and the total stays that of the first page")
    func pagesWhileWriting() async throws {
        try await withAPI { api async throws in
            let now = api.store.clock.now
            try await api.store((0..<95).map { RecordBuilder.record(now - 1_000_000 - Int64($0 / 3)) })
            let before = Set(try await api.logs("/api/logs/search?per_page=100").compactMap { $0["id"]?.int })
            var seen: [Int] = []
            for page in 1...10 {
                let data = try await api.get("/api/logs/search?per_page=10&p=\(page)").json["data"]
                let ids = data?["logs"]?.array?.compactMap { $0["id"]?.int } ?? []
                seen += ids
                #expect(data?["total"]?.int == 95)
                #expect(ids.count == (page < 10 ? 10 : 5))
                try await api.store((0..<7).map { RecordBuilder.record(now + Int64($0)) }, sequence: Int64(page + 1))
            }
            #expect(seen.count == Set(seen).count)
            #expect(Set(seen) == before)
            let fresh = try await api.get("/api/logs/search?per_page=10&p=1").json["data"]
            #expect(fresh?["total"]?.int == 95 + 70)
        }
    }

    @Test("pages that nobody led to are counted, and a page past the end is empty")
    func jumps() async throws {
        try await withAPI { api async throws in
            let now = api.store.clock.now
            try await api.store((0..<25).map { RecordBuilder.record(now - Int64($0)) })
            #expect(try await api.logs("/api/logs/search?per_page=10&p=3").count == 5)
            let far = try await api.get("/api/logs/search?per_page=10&p=9").json["data"]
            #expect(far?["logs"] == [] && far?["total"]?.int == 25)
        }
    }

    @Test("rows that ended while somebody scrolled do not leave a total that is never reached")
    func shrinking() async throws {
        try await withAPI { api async throws in
            let now = api.store.clock.now
            try await api.store((0..<25).map { RecordBuilder.record(now - Int64($0)) })
            #expect(try await api.get("/api/logs/search?per_page=10&p=1").json["data"]?["total"]?.int == 25)
            try await api.store.pool.execute("DELETE FROM logs.calls WHERE id > 10")
            let second = try await api.get("/api/logs/search?per_page=10&p=2").json["data"]
            #expect(second?["logs"] == [] && second?["total"]?.int == 10)
        }
    }

    @Test("bodies come with the list when they are asked for")
    func includesDetail() async throws {
        try await withAPI { api async throws in
            try await api.store([RecordBuilder.failure(api.store.clock.now)])
            let log = try #require(try await api.logs("/api/logs/?include_detail=true").first)
            #expect(log["request_detail"]?["response_body"]?.string == #"{"error":"boom"}"#)
            #expect(
                try await api.logs("/api/logs/?include_detail=false").first?["request_detail"]?["response_body"] == nil)
        }
    }

    @Test("a group sees its own calls only")
    func groups() async throws {
        try await withAPI { api async throws in
            let now = api.store.clock.now
            try await api.store([
                RecordBuilder.record(now) { ($0.group, $0.tokenName, $0.model) = ("g/1", "t", "m1") },
                RecordBuilder.failure(now),
            ])
            let group = try await api.get("/api/log/g%2F1/").json["data"]
            #expect(
                group?["total"]?.int == 1 && group?["models"] == ["m1"] && group?["token_names"] == ["t"]
                    && group?["channels"] == nil)
            #expect(group?["logs"]?[0]?["group"]?.string == "g/1")
            let other = try await api.get("/api/log/other/search?keyword=x").json["data"]
            #expect(other?["total"]?.int == 0 && other?["token_names"] == [])
            #expect(try await api.get("/api/log/g%2F1/detail/2").status == 404)
            #expect(try await api.get("/api/logs/detail/2").status == 200)
        }
    }

    @Test(
        "a doubled slash is none, and a path that nobody serves has an envelope",
        arguments: ["/api/dashboardv2/", "/api/logs/export", "/api"])
    func unknown(_ path: String) async throws {
        try await withAPI { api async throws in
            #expect(try await api.get("//api//logs/").status == 200)
            let answer = try await api.get(path)
            #expect(answer.status == 404)
            #expect(answer.json["success"]?.bool == false && answer.json["message"]?.string?.isEmpty == false)
        }
    }

    @Test("a browser may ask before it calls, without a key")
    func preflight() async throws {
        try await withAPI { api async throws in
            let answer = try await api.server.call(.options, "/api/logs/search")
            #expect(answer.status == 204 && answer.headers.first("access-control-allow-origin") == "*")
        }
    }

    @Test("every answer has a request id: the one it came with, or its arrival in microseconds")
    func requestID() async throws {
        try await withAPI { api async throws in
            let own = try await api.get("/api/logs/").headers.first("x-request-id")
            #expect(own?.utf8.count == 16 && own.flatMap { Int($0) } != nil)
            let given = try await api.server.call(
                .get, "/api/logs/", headers: ["authorization": "admin", "x-request-id": "abc-1"])
            #expect(given.headers.first("x-request-id") == "abc-1")
        }
    }

    @Test("with the store gone, or too slow, or not set up, the caller is told so")
    func failures() async throws {
        let cluster = try ThrowawayPostgres()
        let store = try await CollectorFixture(dsn: cluster.database(), migrates: false)
        var configuration = try PostgresConfiguration(dsn: store.dsn)
        configuration.statementTimeout = .milliseconds(100)
        configuration.waitTimeout = .milliseconds(300)
        let pool = PostgresPool(configuration, group: store.group, logger: .silent)
        let routes = LogRoutes(
            reader: LogReader(pool: pool, terms: StorageTerms()), auth: AdminAuth(adminKey: Redacted("admin")),
            metrics: LogMetrics(MetricsRegistry()), logger: .silent)
        let server = try await CollectorServer(group: store.group) { routes.register(in: &$0) }
        let api = API(store: store, server: server)

        try await api.expectUnavailable("not set up")
        let other = try await CollectorFixture(dsn: store.dsn)
        try await store.pool.transaction { connection async throws in
            try await connection.simple("LOCK TABLE logs.calls IN ACCESS EXCLUSIVE MODE")
            try await api.expectUnavailable("took too long")
        }
        #expect(try await api.get("/api/logs/search").status == 200)
        try cluster.stop()
        try await api.expectUnavailable("not available")
        await server.close()
        await pool.shutdown(deadline: .zero)
        await other.close()
        await store.close()
    }
}
