import Contracts
import Telemetry
import Testing

@testable import Routing

@Suite("Book of health")
struct HealthBookTests {
    private static func channel(_ id: Int = 1, maxErrorRate: Double = 0) throws -> RoutedChannel {
        let row = SnapshotChannel(
            id: id, type: 1, name: "c", bansOnNoPermission: true, maxErrorRate: maxErrorRate)
        return try #require(RoutedChannel(row, key: Redacted("k")))
    }

    private let book = HealthBook { 300 }

    private func report(_ draft: HealthDraft, at now: UInt64) -> HealthReport {
        draft.report(instance: "g", sequence: 1, clearsAfter: 7, atSecond: now)
    }

    @Test("counts of whole seconds are reported once, with their age when the report is sent")
    func drafts() throws {
        let channel = try Self.channel()
        _ = book.record(.success, channel: channel, model: "m:1", tokens: 30, atSecond: 100)
        _ = book.record(.error, channel: channel, model: "m:1", tokens: 0, atSecond: 100)
        _ = book.record(.neutral, channel: channel, model: "m:1", tokens: 5, atSecond: 101)
        #expect(book.draft(atSecond: 100).isEmpty)
        let first = report(book.draft(atSecond: 101), at: 103)
        #expect(
            first.attempts == [
                HealthCounts(channel: 1, model: "m:1", age: 3, calls: 2, tokens: 30, requests: 2, errors: 1)
            ])
        #expect(first.clearsAfter == 7)
        let second = report(book.draft(atSecond: 102), at: 102)
        #expect(second.attempts == [HealthCounts(channel: 1, model: "m:1", age: 1, calls: 1, tokens: 5)])
        #expect(book.draft(atSecond: 200).isEmpty)
    }

    @Test("counts that are too old when the report is sent at last are left out")
    func old() throws {
        _ = book.record(.success, channel: try Self.channel(), model: "m", tokens: 0, atSecond: 100)
        let draft = book.draft(atSecond: 101)
        #expect(report(draft, at: 219).attempts.count == 1)
        #expect(report(draft, at: 220).attempts.isEmpty)
    }

    @Test("a report holds a bounded number of rows, the rest comes with the next")
    func bounds() throws {
        let channel = try Self.channel()
        for number in 0..<(HealthReport.maxRows + 10) {
            _ = book.record(.success, channel: channel, model: "m\(number)", tokens: 0, atSecond: 100)
        }
        #expect(book.draft(atSecond: 101).attempts.count == HealthReport.maxRows)
        #expect(book.draft(atSecond: 101).attempts.count == 10)
        #expect(book.dropped == 0)
    }

    @Test("a report holds no more rows of one pair, and no more bans, than it may; the rest comes with the next")
    func boundsWithin() throws {
        let channel = try Self.channel()
        for number in 0..<(HealthReport.maxRows - 1) {
            _ = book.record(.noPermission, channel: channel, model: "m\(number)", tokens: 0, atSecond: 100)
        }
        for second in UInt64(100)..<110 {
            _ = book.record(.noPermission, channel: channel, model: "long", tokens: 0, atSecond: second)
            _ = book.record(.noPermission, channel: channel, model: "longer", tokens: 0, atSecond: second)
        }
        let first = book.draft(atSecond: 110)
        let second = book.draft(atSecond: 110)
        #expect((first.attempts.count, second.attempts.count) == (HealthReport.maxRows, 19))
        #expect((first.banned.count, second.banned.count) == (HealthReport.maxRows, 1))
        #expect(book.draft(atSecond: 110).isEmpty)
    }

    @Test("a ban is reported with what is left of it, a lift as a lift")
    func changes() throws {
        let channel = try Self.channel()
        #expect(!book.hasBans)
        _ = book.record(.noPermission, channel: channel, model: "m", tokens: 0, atSecond: 100)
        #expect(book.hasBans && book.bansInForce(atSecond: 399) == 1 && book.bansInForce(atSecond: 400) == 0)
        let draft = book.draft(atSecond: 101)
        #expect(
            report(draft, at: 110).banned == [HealthBan(channel: 1, model: "m", reason: .noPermission, seconds: 290)])
        #expect(book.draft(atSecond: 102).banned.isEmpty)
        _ = book.record(.success, channel: channel, model: "m", tokens: 0, atSecond: 400)
        #expect(!book.hasBans)
        #expect(report(book.draft(atSecond: 401), at: 401).lifted == [HealthPair(channel: 1, model: "m")])
    }

    @Test("only one call begins the trial of a channel")
    func trial() throws {
        let channel = try Self.channel()
        #expect(!book.beginTrial(channel: 1, model: "m", atSecond: 100))
        _ = book.record(.noPermission, channel: channel, model: "m", tokens: 0, atSecond: 100)
        #expect(!book.beginTrial(channel: 1, model: "m", atSecond: 399))
        #expect(book.beginTrial(channel: 1, model: "m", atSecond: 400))
        #expect(!book.beginTrial(channel: 1, model: "m", atSecond: 400))
        #expect(book.standings([channel], model: "m", atSecond: 400).map(\.state) == [.banned])
        _ = book.record(.neutral, channel: channel, model: "m", tokens: 0, atSecond: 402)
        #expect(book.beginTrial(channel: 1, model: "m", atSecond: 402))
    }

    @Test("the registry's word decides about bans, except those that changed since the report")
    func mergeBans() throws {
        let channels = [try Self.channel(1), try Self.channel(2), try Self.channel(3)]
        _ = book.record(.noPermission, channel: channels[0], model: "m", tokens: 0, atSecond: 100)
        _ = book.draft(atSecond: 101)
        _ = book.record(.noPermission, channel: channels[1], model: "m", tokens: 0, atSecond: 101)
        book.merge(
            HealthView(bans: [HealthBan(channel: 3, model: "m", reason: .errorRate, seconds: 60)]), atSecond: 102)
        func states(at now: UInt64) -> [Standing.State] {
            book.standings(channels, model: "m", atSecond: now).map(\.state)
        }
        #expect(states(at: 102) == [.usable, .banned, .banned])
        #expect(states(at: 162) == [.usable, .banned, .onTrial])
        _ = book.draft(atSecond: 103)
        book.merge(
            HealthView(bans: [HealthBan(channel: 3, model: "m", reason: .errorRate, seconds: -5)]), atSecond: 104)
        #expect(states(at: 104) == [.usable, .usable, .onTrial])
    }

    @Test("what other gateways saw counts until the registry has been silent for twenty seconds")
    func mergeOthers() throws {
        let channel = try Self.channel()
        let others = HealthView.Others(channel: 1, model: "m", requests: 20, errors: 10)
        book.merge(HealthView(others: [others]), atSecond: 100)
        #expect(book.standings([channel], model: "m", atSecond: 119) == [Standing(rate: 0.5)])
        #expect(book.standings([channel], model: "m", atSecond: 120) == [Standing()])
        book.merge(HealthView(), atSecond: 121)
        #expect(book.standings([channel], model: "m", atSecond: 121) == [Standing()])
    }

    @Test("a clear command takes errors and bans of what it means, and leaves the traffic to be reported")
    func clears() throws {
        let channels = [try Self.channel(1), try Self.channel(2)]
        for channel in channels {
            for model in ["a/b:c", "m"] {
                _ = book.record(.noPermission, channel: channel, model: model, tokens: 9, atSecond: 100)
            }
        }
        book.merge(HealthView(clears: [HealthView.Clear(channel: 1, model: "a/b:c")]), atSecond: 100)
        #expect(book.standings(channels, model: "a/b:c", atSecond: 100).map(\.state) == [.usable, .banned])
        #expect(book.standings(channels, model: "m", atSecond: 100).map(\.state) == [.banned, .banned])
        book.merge(HealthView(clears: [HealthView.Clear(channel: 2)]), atSecond: 100)
        #expect(book.standings(channels, model: "m", atSecond: 100).map(\.state) == [.banned, .usable])
        book.merge(HealthView(clears: [HealthView.Clear()]), atSecond: 100)
        #expect(!book.hasBans)
        let rows = report(book.draft(atSecond: 101), at: 101)
        #expect(rows.attempts.count == 4 && rows.banned.isEmpty)
        #expect(rows.attempts.allSatisfy { $0.calls == 1 && $0.tokens == 9 && $0.requests == 0 && $0.errors == 0 })
    }

    @Test("bans last five minutes, ten percent more or less")
    func length() throws {
        let drawn = HealthBook()
        let channel = try Self.channel()
        for number in 0..<50 {
            let event = drawn.record(.noPermission, channel: channel, model: "m\(number)", tokens: 0, atSecond: 1)
            guard case .banned(.noPermission, let seconds, _) = event else {
                Issue.record("no ban but \(String(describing: event))")
                continue
            }
            #expect((270...330).contains(seconds))
        }
    }
}

@Suite("Traffic of callers")
struct CallerTrafficTests {
    @Test("calls are summed by key and second, and whole seconds are taken once")
    func sums() {
        let traffic = CallerTraffic()
        let key = CallerTraffic.Key(group: "fastgpt:1", token: "t", model: "qwen3:8b")
        traffic.record(key, tokens: 3, atSecond: 10)
        traffic.record(key, tokens: 4, atSecond: 10)
        traffic.record(key, tokens: 5, atSecond: 11)
        traffic.record(CallerTraffic.Key(group: "g", token: "t", model: "m"), tokens: 0, atSecond: 10)
        let taken = traffic.take(atSecond: 11).sorted { $0.key.group < $1.key.group }
        #expect(taken.map(\.calls) == [2, 1] && taken.map(\.tokens) == [7, 0] && taken.map(\.second) == [10, 10])
        #expect(!traffic.isEmpty)
        #expect(traffic.take(atSecond: 12).map(\.tokens) == [5])
        #expect(traffic.isEmpty && traffic.dropped == 0)
    }

    @Test("what nobody took for two minutes is let go, and beyond the bound calls are only counted as dropped")
    func bounds() {
        let traffic = CallerTraffic()
        let key = CallerTraffic.Key(group: "g", token: "t", model: "m")
        traffic.record(key, tokens: 0, atSecond: 10)
        #expect(traffic.take(atSecond: 130).isEmpty)
        for number in 0..<100_001 {
            traffic.record(CallerTraffic.Key(group: "g\(number)", token: "t", model: "m"), tokens: 0, atSecond: 10)
        }
        #expect(traffic.dropped == 1)
        #expect((5_000...5_001).contains(traffic.take(atSecond: 11).count))
    }
}
