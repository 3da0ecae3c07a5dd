import CollectorSupport
import Contracts
import Postgres
import Telemetry
import TestSupport
import Testing

@testable import LogStore

@Suite struct LogReaderTests {
    private static let texts = ["a", "b", "ab", "A", "a ", "é", "' OR 1=1 --"]

    /// Calls over few values, so that every filter finds some and combinations find fewer.
    private func records(_ count: Int, now: Int64, seed: UInt64) -> [CallRecord] {
        var random = SeededGenerator(seed: seed)
        func text() -> String { Self.texts.randomElement(using: &random) ?? "" }
        return (0..<count).map { _ in
            RecordBuilder.record(now - Int64.random(in: 0..<40, using: &random) * 60_000_000) {
                $0.requestAt = $0.finishedAt - Int64.random(in: 0..<5, using: &random) * 600_000_000
                ($0.model, $0.requestID, $0.upstreamID) = (text(), text(), text())
                ($0.ip, $0.user, $0.tokenName) = (text(), text(), text())
                $0.group = Bool.random(using: &random) ? "" : text()
                $0.tokenID = Bool.random(using: &random) ? nil : Int.random(in: 1...3, using: &random)
                $0.channel = Int.random(in: 0...3, using: &random)
                if $0.channel == 0 { $0.channel = nil }
                $0.code = [200, 200, 200, 429, 500].randomElement(using: &random) ?? 200
            }
        }
    }

    private func filter(now: Int64, using random: inout SeededGenerator) -> LogFilter {
        var filter = LogFilter()
        func text() -> String? {
            Int.random(in: 0..<4, using: &random) == 0 ? Self.texts.randomElement(using: &random) : nil
        }
        if Bool.random(using: &random) { filter.from = now - Int64.random(in: 0..<45, using: &random) * 60_000_000 }
        if Bool.random(using: &random) { filter.through = now - Int64.random(in: -2..<30, using: &random) * 60_000_000 }
        (filter.model, filter.requestID, filter.upstreamID) = (text(), text(), text())
        (filter.ip, filter.user, filter.group, filter.tokenName) = (text(), text(), text(), text())
        if Int.random(in: 0..<4, using: &random) == 0 { filter.channel = Int.random(in: 1...4, using: &random) }
        if Int.random(in: 0..<4, using: &random) == 0 { filter.tokenID = Int.random(in: 1...4, using: &random) }
        filter.result = [nil, nil, .success, .failure, .code(429), .code(418)].randomElement(using: &random) ?? nil
        filter.keyword = text()
        return filter
    }

    /// The same conditions in plain Swift.
    private func matches(_ call: StoredCall, _ filter: LogFilter) -> Bool {
        func equal<Value: Equatable>(_ wanted: Value?, _ value: Value?) -> Bool { wanted == nil || wanted == value }
        guard call.createdAt >= filter.from ?? .min, call.createdAt <= filter.through ?? .max else { return false }
        guard equal(filter.model, call.model), equal(filter.requestID, call.requestID), equal(filter.ip, call.ip) else {
            return false
        }
        guard equal(filter.upstreamID, call.upstreamID), equal(filter.user, call.user), equal(filter.group, call.group)
        else {
            return false
        }
        guard equal(filter.tokenName, call.tokenName), equal(filter.tokenID, call.tokenID),
            equal(filter.channel, call.channel)
        else {
            return false
        }
        switch filter.result {
        case .success: if call.code != 200 { return false }
        case .failure: if call.code == 200 { return false }
        case .code(let code): if call.code != code { return false }
        case nil: break
        }
        guard let keyword = filter.keyword else { return true }
        let fields: [(String?, String)] = [
            (filter.requestID, call.requestID), (filter.upstreamID, call.upstreamID), (filter.group, call.group),
            (filter.model, call.model), (filter.tokenName, call.tokenName),
        ]
        let free = fields.filter { $0.0 == nil }
        return free.isEmpty || free.contains { $0.1 == keyword }
    }

    private func sorted(_ calls: [StoredCall], _ order: LogOrder) -> [Int64] {
        calls.sorted { left, right in
            let (a, b) = order.isAscending ? (left, right) : (right, left)
            switch order.field {
            case .createdAt: return (a.createdAt, a.id) < (b.createdAt, b.id)
            case .requestAt: return (a.requestAt, a.id) < (b.requestAt, b.id)
            case .id: return a.id < b.id
            }
        }.map(\.id)
    }

    @Test("every filter, alone and combined, finds what it says in the order it says, with the exact total")
    func filters() async throws {
        try await withStore { store async throws in
            let now = store.clock.now
            _ = try await store.writer().store(RecordBuilder.batch(records(400, now: now, seed: 1)))
            let reader = store.reader()
            let all = try await reader.search(.init(filter: LogFilter(), limit: 1_000)).calls
            #expect(all.count == 400)
            var random = SeededGenerator(seed: 2)
            var hits = 0
            for turn in 0..<300 {
                let filter = filter(now: now, using: &random)
                let order = LogOrder(
                    LogOrder.Field.allCases.randomElement(using: &random) ?? .createdAt,
                    isAscending: .random(using: &random))
                let expected = sorted(all.filter { matches($0, filter) }, order)
                let found = try await reader.search(.init(filter: filter, order: order, limit: 1_000))
                #expect(found.calls.map(\.id) == expected, "turn \(turn): \(filter)")
                #expect(found.total == expected.count)
                hits += expected.isEmpty ? 0 : 1
            }
            #expect(hits > 60)
        }
    }

    @Test("each filter on its own finds exactly its calls", arguments: 0..<12)
    func single(_ place: Int) async throws {
        try await withStore { store async throws in
            let now = store.clock.now
            _ = try await store.writer().store(RecordBuilder.batch(records(200, now: now, seed: 3)))
            let all = try await store.reader().search(.init(filter: LogFilter(), limit: 1_000)).calls
            var filter = LogFilter()
            switch place {
            case 0: filter.model = "ab"
            case 1: filter.requestID = "a"
            case 2: filter.upstreamID = "a "
            case 3: filter.ip = "é"
            case 4: filter.user = "A"
            case 5: filter.group = "b"
            case 6: filter.tokenName = "' OR 1=1 --"
            case 7: filter.tokenID = 2
            case 8: filter.channel = 3
            case 9: filter.result = .failure
            case 10: filter.result = .code(429)
            default: filter.keyword = "ab"
            }
            let found = try await store.reader().search(.init(filter: filter, limit: 1_000))
            let expected = all.filter { matches($0, filter) }
            #expect(!expected.isEmpty && expected.count < 200)
            #expect(Set(found.calls.map(\.id)) == Set(expected.map(\.id)))
            #expect(found.total == expected.count)
        }
    }

    @Test("pages by place follow each other without overlap and without a gap in every order, also among equal times")
    func pages() async throws {
        try await withStore { store async throws in
            let now = store.clock.now
            _ = try await store.writer().store(RecordBuilder.batch(records(95, now: now, seed: 4)))
            let all = try await store.reader().search(.init(filter: LogFilter(), limit: 1_000)).calls
            for field in LogOrder.Field.allCases {
                for isAscending in [true, false] {
                    let order = LogOrder(field, isAscending: isAscending)
                    var ids: [Int64] = []
                    var place: LogPlace?
                    repeat {
                        let found = try await store.reader().search(
                            .init(filter: LogFilter(), order: order, after: place, offset: 99, limit: 10, counts: false)
                        )
                        if place == nil {
                            let first = try await store.reader().search(
                                .init(filter: LogFilter(), order: order, limit: 10))
                            ids += first.calls.map(\.id)
                            place = first.calls.last?.place(in: order)
                            continue
                        }
                        #expect(found.total == nil)
                        ids += found.calls.map(\.id)
                        place = found.calls.count == 10 ? found.calls.last?.place(in: order) : nil
                    } while place != nil
                    #expect(ids == sorted(all, order))
                }
            }
        }
    }

    @Test(
        "texts that try to be SQL are only texts",
        arguments: ["'; DROP TABLE logs.calls; --", "$1", "%", "_", "\\", "a' OR 'a'='a"])
    func injection(_ text: String) async throws {
        try await withStore { store async throws in
            _ = try await store.writer().store(RecordBuilder.batch([RecordBuilder.record(store.clock.now)]))
            var filter = LogFilter()
            filter.keyword = text
            #expect(try await store.reader().search(.init(filter: filter, limit: 10)).total == 0)
            filter = LogFilter()
            (filter.model, filter.user, filter.group, filter.ip) = (text, text, text, text)
            (filter.requestID, filter.upstreamID, filter.tokenName) = (text, text, text)
            #expect(try await store.reader().search(.init(filter: filter, limit: 10)).total == 0)
            #expect(try await store.reader().names([.models, .tokens], of: filter) == LogReader.Names())
            #expect(try await store.calls() == 1)
        }
    }

    @Test("bodies are gone for the reader after their hours, before their partition is dropped")
    func detailTerm() async throws {
        try await withStore { store async throws in
            _ = try await store.writer().store(RecordBuilder.batch([RecordBuilder.failure(store.clock.now)]))
            let reader = store.reader()
            let call = try #require(try await reader.search(.init(filter: LogFilter(), limit: 1)).calls.first)
            #expect(call.hasBody)
            #expect(try await reader.body(of: call.id)?.requestBody == #"{"model":"gpt-4o-test"}"#)
            store.clock.advance(hours: 2)
            #expect(try await reader.body(of: call.id) == nil)
            let later = try await reader.search(.init(filter: LogFilter(), limit: 1, includesBodies: true)).calls.first
            #expect(later?.hasBody == false && later?.body == nil)
            store.clock.advance(hours: 720)
            #expect(try await reader.search(.init(filter: LogFilter(), limit: 1)).total == 0)
        }
    }

    @Test("a body is shown to its own group only, and none exists for a call without one")
    func groups() async throws {
        try await withStore { store async throws in
            var owned = RecordBuilder.failure(store.clock.now)
            owned.group = "team"
            _ = try await store.writer().store(RecordBuilder.batch([owned, RecordBuilder.record(store.clock.now)]))
            let calls = try await store.reader().search(
                .init(filter: LogFilter(), order: LogOrder(.id, isAscending: true), limit: 2)
            ).calls
            #expect(try await store.reader().body(of: calls[0].id, group: "team") != nil)
            #expect(try await store.reader().body(of: calls[0].id, group: "other") == nil)
            #expect(try await store.reader().body(of: calls[0].id, group: "") == nil)
            #expect(try await store.reader().body(of: calls[1].id) == nil)
            #expect(try await store.reader().body(of: 999) == nil)
        }
    }

    @Test("names are those of the hours of the window, most used first, models narrowed by channel or token")
    func names() async throws {
        // The beginning of an hour.
        try await withStore(now: 1_773_144_000_000_000) { store async throws in
            let now = store.clock.now
            let uses: [(Int?, String, String, String)] = [
                (1, "x", "g", "t"), (2, "y", "g", "t"), (2, "y", "", ""), (nil, "z", "g", "u"), (2, "x", "g", ""),
                (2, "y", "h", "v"),
            ]
            let records = uses.map { use in
                RecordBuilder.record(now) { ($0.channel, $0.model, $0.group, $0.tokenName) = use }
            }
            _ = try await store.writer().store(RecordBuilder.batch(records))
            let reader = store.reader()
            var filter = LogFilter()
            // What no channel answered is no name of ours.
            let all = try await reader.names([.channels, .models], of: filter)
            #expect(all == .init(channels: [2, 1], models: ["y", "x"]))
            filter.channel = 1
            filter.requestID = "another"
            let narrowed = try await reader.names([.channels, .models], of: filter)
            #expect(narrowed == .init(channels: [2, 1], models: ["x"]))
            filter = LogFilter()
            filter.group = "g"
            #expect(
                try await reader.names([.models, .tokens], of: filter)
                    == .init(models: ["x", "y"], tokenNames: ["t"]))
            filter.tokenName = "u"
            #expect(try await reader.names([.models, .tokens], of: filter) == .init(tokenNames: ["t"]))
            filter = LogFilter()
            filter.from = now + 1
            #expect(try await reader.names(.models, of: filter).models == ["y", "x"])
            filter.from = now + 3_600_000_000
            #expect(try await reader.names([.channels, .models], of: filter) == .init())
        }
    }

    @Test("a search that takes too long is stopped")
    func timeout() async throws {
        try await withStore { store async throws in
            var configuration = try PostgresConfiguration(dsn: store.dsn)
            configuration.statementTimeout = .milliseconds(100)
            let pool = PostgresPool(configuration, group: store.group, logger: .silent)
            let reader = LogReader(pool: pool, terms: StorageTerms())
            try await store.pool.transaction { connection async throws in
                try await connection.simple("LOCK TABLE logs.calls IN ACCESS EXCLUSIVE MODE")
                await #expect(throws: PostgresError.statementTimeout) {
                    try await reader.search(.init(filter: LogFilter(), limit: 1))
                }
            }
            #expect(try await reader.search(.init(filter: LogFilter(), limit: 1)).total == 0)
            await pool.shutdown(deadline: .seconds(1))
        }
    }
}
