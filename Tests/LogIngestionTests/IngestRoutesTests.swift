import CollectorSupport
import Contracts
import EventLoop
import Foundation
import HTTPCore
import JSON
import LogStore
import Postgres
import Synchronization
import Telemetry
import TestSupport
import Testing

@testable import LogIngestion

/// The ingest route on a server of its own.
struct IngestServer {
    let server: CollectorServer
    let store: CollectorFixture
    let readers = BlockingPool(name: "ingest", threads: 2, maxQueued: 16)

    init(_ store: CollectorFixture, concurrency: Int = 4) async throws {
        self.store = store
        let routes = IngestRoutes(
            writer: store.writer(), key: Redacted("internal-secret"), concurrency: concurrency, readers: readers,
            metrics: IngestMetrics(MetricsRegistry()), logger: .silent)
        server = try await CollectorServer(group: store.group) { routes.register(in: &$0) }
    }

    /// Sends a body as a gateway does.
    func ship(
        _ body: [UInt8], instance: String? = "gateway-1", sequence: String? = "1", key: String? = "internal-secret"
    ) async throws -> CollectorServer.Answer {
        var headers: HTTPHeaders = ["content-type": "application/x-ndjson"]
        if let key { headers.append(InternalAuth.header, key) }
        if let instance { headers.append(LogShipment.instanceHeader, instance) }
        if let sequence { headers.append(LogShipment.sequenceHeader, sequence) }
        return try await server.call(.post, LogShipment.path, headers: headers, body: body)
    }

    func close() async {
        await server.close()
        readers.close()
    }

    static func lines(_ records: [CallRecord]) throws -> [UInt8] {
        try records.reduce(into: []) { $0 += Array(try JSONEncoder().encode($1)) + [10] }
    }
}

/// How far the gateways of a test are.
private final class Progress: Sendable {
    let shipped = Atomic<Int>(0)
    let retries = Atomic<Int>(0)
}

@Suite struct IngestRoutesTests {
    private func withServer(
        concurrency: Int = 4, _ body: (IngestServer) async throws -> Void
    ) async throws {
        try await withStore { store async throws in
            let server = try await IngestServer(store, concurrency: concurrency)
            do {
                try await body(server)
            } catch {
                await server.close()
                throw error
            }
            await server.close()
        }
    }

    private func text(_ answer: CollectorServer.Answer) -> String { String(decoding: answer.body, as: UTF8.self) }

    @Test("a shipment is acknowledged with what was stored, a repeated one with nothing")
    func acknowledges() async throws {
        try await withServer { server async throws in
            let now = server.store.clock.now
            let body = try IngestServer.lines([RecordBuilder.record(now), RecordBuilder.failure(now)])
            let first = try await server.ship(body)
            #expect(first.status == 200 && text(first) == #"{"sequence":1,"stored":2,"rejected":0}"#)
            #expect(
                try JSONDecoder().decode(LogAck.self, from: Data(first.body))
                    == LogAck(sequence: 1, stored: 2, rejected: 0))
            #expect(text(try await server.ship(body)) == #"{"sequence":1,"stored":0,"rejected":0}"#)
            #expect(text(try await server.ship(body, sequence: "4")) == #"{"sequence":4,"stored":2,"rejected":0}"#)
            #expect(text(try await server.ship(body, sequence: "3")) == #"{"sequence":4,"stored":0,"rejected":0}"#)
            #expect(text(try await server.ship([], sequence: "5")) == #"{"sequence":5,"stored":0,"rejected":0}"#)
            #expect(try await server.store.calls() == 4)
        }
    }

    @Test("lines that are no record are counted and the others stored")
    func badLines() async throws {
        try await withServer { server async throws in
            let good = try IngestServer.lines([RecordBuilder.record(server.store.clock.now)])
            let body = Array("nonsense\n".utf8) + good + Array("{\"requestID\":1}\n\u{0}\n".utf8) + good
            #expect(text(try await server.ship(body)) == #"{"sequence":1,"stored":2,"rejected":3}"#)
            #expect(
                text(try await server.ship(Array("x\ny".utf8), sequence: "2"))
                    == #"{"sequence":2,"stored":0,"rejected":2}"#)
            #expect(try await server.store.calls() == 2)
        }
    }

    @Test(
        "without the internal key nothing is stored",
        arguments: [nil, "", "internal-secre", "internal-secret2", "Bearer internal-secret"])
    func wrongKey(_ key: String?) async throws {
        try await withServer { server async throws in
            let body = try IngestServer.lines([RecordBuilder.record(server.store.clock.now)])
            let answer = try await server.ship(body, key: key)
            #expect(answer.status == 401 && answer.json["code"]?.string == "unauthorized")
            #expect(try await server.store.calls() == 0)
        }
    }

    @Test("headers that name no shipment are refused with the header's name")
    func badHeaders() async throws {
        try await withServer { server async throws in
            for (instance, sequence, header) in [
                (nil, "1", "x-log-instance"), ("", "1", "x-log-instance"),
                (String(repeating: "i", count: 129), "1", "x-log-instance"),
                ("a b", "1", "x-log-instance"), ("a", nil, "x-log-sequence"), ("a", "0", "x-log-sequence"),
                ("a", "-1", "x-log-sequence"),
                ("a", "one", "x-log-sequence"), ("a", "9223372036854775808", "x-log-sequence"),
            ] as [(String?, String?, String)] {
                let answer = try await server.ship([], instance: instance, sequence: sequence)
                #expect(answer.status == 400 && answer.json["code"]?.string == "malformed")
                #expect(answer.json["message"]?.string?.contains(header) == true)
            }
            #expect(try await server.store.number("SELECT count(*) FROM logs.positions") == 0)
        }
    }

    @Test("a shipment over the limit is refused")
    func tooLarge() async throws {
        try await withServer { server async throws in
            let answer = try await server.ship([UInt8](repeating: 10, count: LogShipment.maxBytes + 1))
            #expect(answer.status == 413)
            #expect(try await server.ship([UInt8](repeating: 10, count: LogShipment.maxBytes)).status == 200)
        }
    }

    @Test("more shipments at once than may be are told to come again, and the slot is free again afterwards")
    func busy() async throws {
        try await withServer(concurrency: 1) { server async throws in
            let store = server.store
            let body = try IngestServer.lines([RecordBuilder.record(store.clock.now)])
            _ = try await server.ship(body, instance: "warm-up")
            try await store.pool.transaction { connection async throws in
                try await connection.simple("LOCK TABLE logs.positions IN ACCESS EXCLUSIVE MODE")
                async let blocked = server.ship(body, instance: "a")
                // The blocked one holds the only slot once it waits for the lock.
                var waiting = 0
                for _ in 0..<600 where waiting == 0 {
                    try await store.group.loops[0].sleep(for: .milliseconds(20))
                    waiting = try await store.number(
                        "SELECT count(*) FROM pg_locks WHERE NOT granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
                    )
                }
                #expect(waiting == 1)
                let second = try await server.ship(body, instance: "b")
                #expect(second.status == 503 && second.headers.first("retry-after") == "1")
                #expect(second.json["code"]?.string == "busy")
                try await connection.simple("ROLLBACK; BEGIN")
                #expect(try await blocked.status == 200)
            }
            #expect(try await server.ship(body, instance: "b").status == 200)
            #expect(try await store.calls() == 3)
        }
    }

    @Test("a store without its schema is not ready, and the shipment is worth sending again")
    func noSchema() async throws {
        let store = try await CollectorFixture(migrates: false)
        let server = try await IngestServer(store)
        let body = try IngestServer.lines([RecordBuilder.record(store.clock.now)])
        let answer = try await server.ship(body)
        #expect(answer.status == 503 && answer.json["code"]?.string == "unavailable")
        #expect(answer.headers.first("retry-after") != nil)
        await server.close()
        await store.close()
    }

    @Test("20 000 records of four gateways are stored exactly once while PostgreSQL is restarted under them")
    func restart() async throws {
        let cluster = try ThrowawayPostgres()
        let store = try await CollectorFixture(dsn: cluster.database())
        let server = try await IngestServer(store)
        let progress = Progress()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for gateway in 0..<4 {
                group.addTask {
                    for sequence in 1...20 {
                        let records = (0..<250).map { place in
                            RecordBuilder.record(store.clock.now - Int64(place)) {
                                $0.requestID = "\(gateway)-\(sequence)-\(place)"
                            }
                        }
                        let body = try IngestServer.lines(records)
                        var isShipped = false
                        for _ in 0..<600 where !isShipped {
                            // A gateway knows no more than the answer: anything but 200 is sent again.
                            let answer = try? await server.ship(
                                body, instance: "gateway-\(gateway)", sequence: String(sequence))
                            isShipped = answer?.status == 200
                            if isShipped { break }
                            progress.retries.add(1, ordering: .relaxed)
                            try await store.group.loops[0].sleep(for: .milliseconds(100))
                        }
                        #expect(isShipped)
                        progress.shipped.add(1, ordering: .relaxed)
                    }
                }
            }
            group.addTask {
                for (count, stop) in [(20, { try cluster.crash() }), (45, { try cluster.stop() })] {
                    while progress.shipped.load(ordering: .relaxed) < count {
                        try await store.group.loops[0].sleep(for: .milliseconds(5))
                    }
                    try stop()
                    try cluster.start()
                }
            }
            try await group.waitForAll()
        }
        #expect(progress.retries.load(ordering: .relaxed) > 0)
        #expect(try await store.calls() == 20_000)
        #expect(try await store.number("SELECT count(DISTINCT request_id) FROM logs.calls") == 20_000)
        #expect(try await store.number("SELECT count(*) FROM logs.positions WHERE sequence = 20") == 4)
        await server.close()
        await store.close()
    }
}
