import CollectorSupport
import Contracts
import Postgres
import Testing

@testable import LogStore

@Suite struct RollupWriterTests {
    private static let sums: SQL = """
        sum(request_count)::bigint AS requests, sum(retry_count)::bigint AS retries,
        sum(exception_count)::bigint AS exceptions, sum(total_tokens)::bigint AS tokens,
        sum(total_time_milliseconds)::bigint AS time, sum(total_ttfb_milliseconds)::bigint AS ttfb
        """
    private static let called: SQL = """
        count(*) AS requests, 0 AS retries, count(*) FILTER (WHERE code <> 200) AS exceptions,
        sum(total_tokens)::bigint AS tokens,
        sum(floor(extract(epoch FROM created_at) * 1000) - floor(extract(epoch FROM request_at) * 1000))::bigint AS time,
        sum((first_byte_us + 500) / 1000)::bigint AS ttfb
        """

    private func values(_ row: Row) throws -> [Int] {
        try ["requests", "retries", "exceptions", "tokens", "time", "ttfb"].map {
            try row.decode($0, as: Int?.self) ?? 0
        }
    }

    private func random(_ at: Int64, _ generator: inout some RandomNumberGenerator) -> CallRecord {
        RecordBuilder.record(at - Int64.random(in: 0...7_200_000_000, using: &generator)) { record in
            record.channel = Int.random(in: 1...3, using: &generator)
            record.model = ["a", "b", "c"].randomElement(using: &generator) ?? ""
            record.group = ["", "g", "h"].randomElement(using: &generator) ?? ""
            record.tokenName = record.group.isEmpty ? "" : "t"
            record.code = [200, 200, 400, 429, 500, 502].randomElement(using: &generator) ?? 200
            record.usage.totalTokens = Int.random(in: 0...500, using: &generator)
            record.attempts = (0..<Int.random(in: 1...3, using: &generator)).map { _ in
                CallAttempt(
                    channel: Int.random(in: 1...3, using: &generator), reason: "r", outcome: .failed,
                    startedAt: record.requestAt, durationMicroseconds: 5_000)
            }
            if Int.random(in: 0..<8, using: &generator) == 0 {
                (record.channel, record.attempts, record.model, record.code) = (nil, [], "made up", 404)
            }
        }
    }

    @Test("sums equal the calls after many batches of several gateways, some of them sent twice and at once")
    func exactness() async throws {
        try await withStore { store async throws in
            var generator = SystemRandomNumberGenerator()
            let writer = store.writer()
            var batches: [LogBatch] = []
            for sequence in 1...6 {
                for instance in ["one", "two", "three"] {
                    let records = (0..<Int.random(in: 1...60, using: &generator)).map { _ in
                        random(store.clock.now, &generator)
                    }
                    batches.append(RecordBuilder.batch(records, instance: instance, sequence: Int64(sequence)))
                }
            }
            for instance in ["one", "two", "three"] {
                let own = batches.filter { $0.shipment.instance == instance }
                for batch in own {
                    try await withThrowingTaskGroup(of: Void.self) { group in
                        for _ in 0..<2 { group.addTask { _ = try await writer.store(batch) } }
                        try await group.waitForAll()
                    }
                }
            }
            let retries = batches.flatMap(\.records).reduce(0) { $0 + max(0, $1.attempts.count - 1) }
            let calls = try await store.pool.query("SELECT \(Self.called) FROM logs.calls")
            let wanted = try values(#require(calls.first))
            #expect(wanted[0] == batches.flatMap(\.records).count)
            for grain in RollupGrain.allCases {
                let rows = try await store.pool.query(
                    "SELECT \(Self.sums) FROM logs.rollup_channels WHERE grain = \(grain.rawValue)")
                let found = try values(#require(rows.first))
                #expect(found[0] - found[1] == wanted[0] && found[1] == retries)
                #expect(found[2] - found[1] == wanted[2])
                #expect(found[3] == wanted[3] && found[4] == wanted[4] + 5 * retries && found[5] == wanted[5])
                let grouped = try await store.pool.query(
                    "SELECT \(Self.sums) FROM logs.rollup_groups WHERE grain = \(grain.rawValue)")
                let called = try await store.pool.query("SELECT \(Self.called) FROM logs.calls WHERE group_name <> ''")
                #expect(try values(#require(grouped.first)) == values(#require(called.first)))
            }
            let wrong = try await store.number(
                """
                SELECT count(*) FROM logs.rollup_channels h, LATERAL (
                    SELECT max(request_count) AS rpm, max(total_tokens) AS tpm FROM logs.rollup_channels m
                    WHERE m.grain = 1 AND m.channel = h.channel AND m.model = h.model
                      AND m.bucket >= h.bucket AND m.bucket < h.bucket + interval '1 hour') fullest
                WHERE grain = 60 AND (max_rpm <> rpm OR max_tpm <> tpm)
                """)
            #expect(wrong == 0)
            #expect(try await store.number("SELECT count(*) FROM logs.rollup_channels WHERE model = 'made up'") == 0)
        }
    }

    @Test("the sums of a row that PostgreSQL refused are not there either")
    func refused() async throws {
        try await withStore { store async throws in
            try await store.pool.execute("ALTER TABLE logs.calls ADD CHECK (model <> 'bad')")
            let records = (0..<7).map { number in
                RecordBuilder.record(store.clock.now - 1_000) { if number == 3 { $0.model = "bad" } }
            }
            #expect(try await store.writer().store(RecordBuilder.batch(records)).refused == 1)
            #expect(
                try await store.number("SELECT sum(request_count)::bigint FROM logs.rollup_channels WHERE grain = 60")
                    == 6)
            #expect(try await store.number("SELECT count(*) FROM logs.rollup_channels WHERE model = 'bad'") == 0)
        }
    }

    @Test("calls are summed when no records are stored, and hostile names and numbers break nothing")
    func hostile() async throws {
        try await withStore { store async throws in
            let record = RecordBuilder.record(store.clock.now - 1_000) {
                $0.model = String(repeating: "长", count: 5_000) + "\0"
                $0.group = "g\0\"\\{}"
                $0.tokenName = "NULL"
                $0.usage.totalTokens = .max
                $0.usage.inputTokens = -5
            }
            let old = RecordBuilder.record(store.clock.now - 400 * LogTable.calls.width)
            let terms = StorageTerms(recordHours: -1)
            for sequence in 1...3 {
                let batch = RecordBuilder.batch([record, old], sequence: Int64(sequence))
                #expect(try await store.writer(terms).store(batch).stored == 0)
            }
            let rows = try await store.pool.query(
                "SELECT request_count, total_tokens, input_tokens, group_name FROM logs.rollup_groups WHERE grain = 1440"
            )
            let row = try #require(rows.first)
            #expect(rows.count == 1 && row["request_count"] == "3" && row["total_tokens"] == "3000000000")
            #expect(row["input_tokens"] == "0" && row["group_name"] == "g\u{FFFD}\"\\{}")
            #expect(
                try await store.number("SELECT sum(request_count)::bigint FROM logs.rollup_channels WHERE grain = 1440")
                    == 3)
        }
    }
}
