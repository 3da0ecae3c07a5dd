import CollectorSupport
import Contracts
import Postgres
import Testing

@testable import LogStore

@Suite struct LogWriterTests {
    private let hour: Int64 = 3_600_000_000

    @Test("a record is read back as it was written")
    func everyField() async throws {
        try await withStore { store async throws in
            let at = store.clock.now - 1_000
            let record = CallRecord(
                requestID: "1782711199004512", requestAt: at - 2_000_123, finishedAt: at,
                firstByteMicroseconds: 640_123,
                retryAt: at - 1_000_001, model: "gpt-4o-测试", upstreamModel: "gpt-4o", mode: .responses, code: 502,
                outcome: .upstreamCut, isStream: true, channel: 3, group: "team-a", tokenID: 12, tokenName: "svc",
                endpoint: "/v1/responses", ip: "::1", user: "u", upstreamID: "x",
                usage: TokenUsage(
                    inputTokens: 1, outputTokens: 2, totalTokens: 3, cachedTokens: 4, cacheCreationTokens: 5,
                    reasoningTokens: 6,
                    audioInputTokens: 7, audioOutputTokens: 8, imageInputTokens: 9, imageOutputTokens: 10),
                usageSource: .estimated,
                attempts: [
                    CallAttempt(
                        channel: 9, reason: "highest weight", status: 500, outcome: .failed, error: "upstream_status",
                        startedAt: at - 2_000_000, durationMicroseconds: 1_500),
                    CallAttempt(
                        channel: 3, reason: "next", outcome: .upstreamCut, error: "upstream_cut",
                        startedAt: at - 1_000_001,
                        durationMicroseconds: 9_000),
                ], content: "{}", requestBody: "in", responseBody: "out", isResponseBodyTruncated: true)
            let receipt = try await store.writer().store(RecordBuilder.batch([record]))
            #expect(receipt == LogReceipt(sequence: 1, stored: 1, bodies: 1))

            let found = try await store.reader().search(.init(filter: LogFilter(), limit: 10, includesBodies: true))
            let call = try #require(found.calls.first)
            #expect(found.total == 1)
            #expect(call.createdAt == at && call.requestAt == record.requestAt && call.retryAt == record.retryAt)
            #expect(
                call.firstByteMicroseconds == 640_123 && call.requestID == record.requestID
                    && call.model == record.model)
            #expect(call.upstreamModel == "gpt-4o" && call.mode == RelayMode.responses.rawValue && call.code == 502)
            #expect(call.outcome == "upstreamCut" && call.isStream && call.channel == 3 && call.group == "team-a")
            #expect(
                call.tokenID == 12 && call.tokenName == "svc" && call.endpoint == "/v1/responses" && call.ip == "::1")
            #expect(call.user == "u" && call.upstreamID == "x" && call.content == "{}" && call.retryCount == 1)
            #expect(call.usage == record.usage && call.usageSource == "estimated")
            #expect(call.price == nil && call.amounts.isEmpty && call.hasBody)
            #expect(
                call.body
                    == StoredBody(
                        logID: call.id, requestBody: "in", responseBody: "out", isRequestBodyTruncated: false,
                        isResponseBodyTruncated: true))
            #expect(call.attempts.contains(#""reason": "highest weight""#) && call.attempts.contains(#""status": 500"#))
        }
    }

    @Test("a batch that comes again is recognised, and so is an older one")
    func repeats() async throws {
        try await withStore { store async throws in
            let writer = store.writer()
            let record = RecordBuilder.record(store.clock.now)
            #expect(try await writer.store(RecordBuilder.batch([record, record], sequence: 5)).stored == 2)
            #expect(
                try await writer.store(RecordBuilder.batch([record, record], sequence: 5))
                    == LogReceipt(sequence: 5, isRepeat: true))
            #expect(
                try await writer.store(RecordBuilder.batch([record], sequence: 4))
                    == LogReceipt(sequence: 5, isRepeat: true))
            #expect(try await store.calls() == 2)
            let later = try await writer.store(RecordBuilder.batch([record], sequence: 6))
            #expect(later == LogReceipt(sequence: 6, stored: 1))
        }
    }

    @Test("a gap is accepted and told, also at the start")
    func gaps() async throws {
        try await withStore { store async throws in
            let record = RecordBuilder.record(store.clock.now)
            #expect(try await store.writer().store(RecordBuilder.batch([record], sequence: 3)).missing == 2)
            #expect(try await store.writer().store(RecordBuilder.batch([record], sequence: 4)).missing == 0)
            #expect(try await store.writer().store(RecordBuilder.batch([], sequence: 9)).missing == 4)
            #expect(try await store.calls() == 2)
        }
    }

    @Test("the same batch sent eight times at once is stored once")
    func race() async throws {
        try await withStore { store async throws in
            let records = (0..<50).map { RecordBuilder.record(store.clock.now - Int64($0)) }
            let receipts = try await withThrowingTaskGroup(of: LogReceipt.self) { group in
                for _ in 0..<8 { group.addTask { try await store.writer().store(RecordBuilder.batch(records)) } }
                return try await group.reduce(into: [LogReceipt]()) { $0.append($1) }
            }
            #expect(receipts.filter { !$0.isRepeat }.map(\.stored) == [50])
            #expect(receipts.allSatisfy { $0.sequence == 1 })
            #expect(try await store.calls() == 50)
        }
    }

    @Test("gateways that ship at once keep their own order, and ids are never given twice")
    func interleaved() async throws {
        try await withStore { store async throws in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for instance in 0..<4 {
                    group.addTask {
                        for sequence in 1...10 {
                            let records = (0..<20).map { RecordBuilder.failure(store.clock.now - Int64($0)) }
                            let receipt = try await store.writer().store(
                                RecordBuilder.batch(records, instance: "gw-\(instance)", sequence: Int64(sequence)))
                            #expect(receipt.stored == 20 && receipt.missing == 0)
                        }
                    }
                }
                try await group.waitForAll()
            }
            #expect(try await store.calls() == 800)
            #expect(try await store.number("SELECT count(DISTINCT id) FROM logs.calls") == 800)
            #expect(
                try await store.number(
                    "SELECT count(*) FROM logs.calls c JOIN logs.bodies b ON b.log_id = c.id AND b.created_at = c.created_at"
                ) == 800)
            #expect(try await store.number("SELECT count(*) FROM logs.positions WHERE sequence = 10") == 4)
        }
    }

    @Test("text that means something to COPY, SQL or JSON arrives byte for byte; NUL becomes U+FFFD")
    func hostileText() async throws {
        try await withStore { store async throws in
            let texts = [
                "\\N", "\\.", "a\tb\nc\rd\\", "'; DROP TABLE logs.calls; --", "\u{1F600}\u{301}", "\"}],\"x\":[{\"",
                "\u{FFFD}\u{FEFF}", String(repeating: "長", count: 300_000), "\\x00", "\u{7F}\u{1}",
            ]
            let records = texts.map { text in
                RecordBuilder.failure(store.clock.now) {
                    ($0.model, $0.requestID, $0.group, $0.user) = (text, text, text, text)
                    ($0.content, $0.requestBody, $0.ip, $0.upstreamModel) = (text, text, text, text)
                    $0.attempts[0].reason = text
                }
            }
            let nul = RecordBuilder.failure(store.clock.now) {
                ($0.model, $0.requestID, $0.content, $0.responseBody) = ("a\0b", "\0", "\0\0", "\0")
                $0.attempts[0].reason = "c\0d"
            }
            #expect(try await store.writer().store(RecordBuilder.batch(records + [nul])).stored == texts.count + 1)
            let found = try await store.reader().search(
                .init(filter: LogFilter(), order: LogOrder(.id, isAscending: true), limit: 100, includesBodies: true))
            for (call, text) in zip(found.calls, texts) {
                #expect(call.model == text && call.requestID == text && call.group == text && call.user == text)
                #expect(call.content == text && call.body?.requestBody == text && call.ip == text)
            }
            let last = try #require(found.calls.last)
            #expect(last.model == "a\u{FFFD}b" && last.requestID == "\u{FFFD}" && last.content == "\u{FFFD}\u{FFFD}")
            #expect(last.body?.responseBody == "\u{FFFD}" && last.attempts.contains("c\u{FFFD}d"))
        }
    }

    @Test("rows that PostgreSQL refuses do not lose the others")
    func refused() async throws {
        try await withStore { store async throws in
            try await store.pool.execute("ALTER TABLE logs.calls ADD CONSTRAINT poison CHECK (model <> 'poison')")
            let poisoned: Set = [0, 3, 4, 499, 500, 998, 999]
            let records = (0..<1_000).map { place in
                RecordBuilder.failure(store.clock.now) {
                    if poisoned.contains(place) { $0.model = "poison" }
                    $0.requestID = "r\(place)"
                }
            }
            let receipt = try await store.writer().store(RecordBuilder.batch(records))
            #expect(receipt == LogReceipt(sequence: 1, stored: 993, bodies: 993, refused: 7))
            #expect(try await store.calls() == 993)
            #expect(try await store.number("SELECT count(*) FROM logs.bodies") == 993)
            #expect(try await store.number("SELECT count(DISTINCT request_id) FROM logs.calls") == 993)
            let all = try await store.writer().store(
                RecordBuilder.batch([records[0], records[3], records[4]], sequence: 2))
            #expect(all == LogReceipt(sequence: 2, refused: 3))
            #expect(try await store.writer().store(RecordBuilder.batch(records, sequence: 2)).isRepeat)
        }
    }

    @Test("an error that is not about a row stores nothing and leaves the position where it was")
    func wholeFailure() async throws {
        try await withStore { store async throws in
            try await store.pool.execute("ALTER TABLE logs.bodies RENAME TO gone")
            await #expect(throws: PostgresError.self) {
                try await store.writer().store(RecordBuilder.batch([RecordBuilder.failure(store.clock.now)]))
            }
            try await store.pool.execute("ALTER TABLE logs.gone RENAME TO bodies")
            #expect(try await store.calls() == 0)
            #expect(
                try await store.writer().store(RecordBuilder.batch([RecordBuilder.failure(store.clock.now)])).stored
                    == 1)
        }
    }

    @Test("a record older than its term is not stored, a body older than its term not either")
    func expired() async throws {
        try await withStore { store async throws in
            let now = store.clock.now
            let records = [
                RecordBuilder.failure(now - 721 * hour), RecordBuilder.failure(now - 719 * hour),
                RecordBuilder.failure(now - 2 * hour), RecordBuilder.failure(now),
            ]
            let receipt = try await store.writer().store(RecordBuilder.batch(records))
            #expect(receipt == LogReceipt(sequence: 1, stored: 3, bodies: 1, expired: 1))
            let none = try await store.writer(StorageTerms(recordHours: -1)).store(
                RecordBuilder.batch(records, sequence: 2))
            #expect(none == LogReceipt(sequence: 2, expired: 4))
            let noBodies = try await store.writer(StorageTerms(bodyHours: -1)).store(
                RecordBuilder.batch([records[3]], sequence: 3))
            #expect(noBodies == LogReceipt(sequence: 3, stored: 1))
            let forEver = try await store.writer(StorageTerms(recordHours: 0, bodyHours: 0)).store(
                RecordBuilder.batch([RecordBuilder.failure(now - 20_000 * hour)], sequence: 4))
            #expect(forEver == LogReceipt(sequence: 4, stored: 1, bodies: 1))
        }
    }
}

extension RecordBuilder {
    fileprivate static func failure(_ at: Int64, _ change: (inout CallRecord) -> Void) -> CallRecord {
        var record = failure(at)
        change(&record)
        return record
    }
}
