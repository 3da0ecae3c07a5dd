import Synchronization
import TestSupport
import Testing

@testable import Postgres

@Suite("LISTEN on a real server")
struct ListenTests {
    private final class Heard: Sendable {
        private let state = Mutex<(payloads: [String], beginnings: Int)>(([], 0))

        var payloads: [String] { state.withLock { $0.payloads } }
        var beginnings: Int { state.withLock { $0.beginnings } }
        func add(_ payload: String) { state.withLock { $0.payloads.append(payload) } }
        func begin() { state.withLock { $0.beginnings += 1 } }
    }

    @Test("notifications arrive in order, on a channel of any name")
    func order() async throws {
        try await PostgresFixture.withPool { pool async throws in
            let heard = Heard()
            let channel = #"We"ird; channel"#
            let handle = pool.listen(channel, { heard.add($0) }, onReconnect: { heard.begin() })
            try await PostgresFixture.eventually("listening has begun") { heard.beginnings == 1 }
            for number in 0..<100 { try await pool.execute("SELECT pg_notify(\(channel), \(String(number)))") }
            try await PostgresFixture.eventually("all have arrived") { heard.payloads.count == 100 }
            #expect(heard.payloads == (0..<100).map(String.init))
            handle.cancel()
            try await PostgresFixture.eventually("the session is gone") {
                try await pool.query(
                    "SELECT 1 FROM pg_stat_activity WHERE query LIKE 'LISTEN%' AND datname = current_database()"
                ).isEmpty
            }
        }
    }

    @Test("after a restart of the server listening begins again and says so")
    func restart() async throws {
        let server = try ThrowawayPostgres()
        try await PostgresFixture.withPool(dsn: server.database()) { pool async throws in
            let heard = Heard()
            _ = pool.listen("news", { heard.add($0) }, onReconnect: { heard.begin() })
            try await PostgresFixture.eventually("listening has begun") { heard.beginnings == 1 }
            try await pool.execute("NOTIFY news, 'before'")
            try await PostgresFixture.eventually("the first has arrived") { heard.payloads == ["before"] }
            try server.stop()
            try server.start()
            try await PostgresFixture.eventually("listening has begun again") { heard.beginnings == 2 }
            try await PostgresFixture.eventually("the pool is back") { await pool.ping() }
            try await pool.execute("NOTIFY news, 'after'")
            try await PostgresFixture.eventually("the second has arrived") { heard.payloads == ["before", "after"] }
        }
    }

    @Test("listening that is given up before a server was reached ends")
    func never() async throws {
        try await PostgresFixture.withPool(dsn: "postgres://u@127.0.0.1:1/d") { pool async throws in
            let handle = pool.listen("news", { _ in }, onReconnect: {})
            handle.cancel()
            handle.cancel()
        }
    }
}
