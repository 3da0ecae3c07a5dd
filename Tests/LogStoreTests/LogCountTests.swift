import CollectorSupport
import Contracts
import Postgres
import Testing

@testable import LogStore

@Suite struct LogCountTests {
    @Test(
        "totals from sums are the numbers of rows, whatever the window and the filter, also after history was deleted")
    func exactness() async throws {
        // Noon, so that windows reach over a midnight.
        try await withStore(now: 1_773_144_000_000_123) { store async throws in
            var generator = SystemRandomNumberGenerator()
            let (now, hour) = (store.clock.now, Int64(3_600_000_000))
            for sequence in 1...4 {
                let records = (0..<150).map { _ in
                    let at =
                        Bool.random(using: &generator)
                        ? 60_000_000 * Int64.random(in: 0..<4_000, using: &generator)
                        : Int64.random(in: 0..<(70 * hour), using: &generator)
                    return RecordBuilder.record(now - at) { record in
                        record.model = ["a", "b"].randomElement(using: &generator) ?? ""
                        record.channel = [1, 2, nil].randomElement(using: &generator) ?? nil
                        record.group = ["", "g"].randomElement(using: &generator) ?? ""
                        record.tokenName =
                            record.group.isEmpty ? "" : ["s", "t"].randomElement(using: &generator) ?? ""
                        record.code = [200, 429, 500].randomElement(using: &generator) ?? 200
                        if Bool.random(using: &generator) { record.attempts += record.attempts }
                    }
                }
                _ = try await store.writer().store(RecordBuilder.batch(records, sequence: Int64(sequence)))
            }
            for round in 0..<2 {
                for _ in 0..<150 {
                    var filter = LogFilter()
                    filter.from = now - Int64.random(in: 0..<(72 * hour), using: &generator)
                    filter.through =
                        Bool.random(using: &generator)
                        ? nil : (filter.from ?? 0) + Int64.random(in: 0..<(60 * hour), using: &generator)
                    if Bool.random(using: &generator) { filter.from = CivilDate.floored(filter.from ?? 0, to: hour) }
                    filter.model = [nil, "a", "zzz"].randomElement(using: &generator) ?? nil
                    filter.result =
                        [nil, .success, .failure, .code(429), .code(200)].randomElement(using: &generator) ?? nil
                    if Bool.random(using: &generator) {
                        filter.channel = [nil, 1].randomElement(using: &generator) ?? nil
                    } else {
                        filter.group = "g"
                        filter.tokenName = [nil, "t"].randomElement(using: &generator) ?? nil
                    }
                    let counted = try await store.number("SELECT count(*) FROM logs.calls WHERE \(filter.condition)")
                    let total = try await store.reader().search(.init(filter: filter, limit: 1)).total
                    #expect(total == counted, "\(filter)")
                }
                guard round == 0 else { break }
                let cutoff = now - 40 * hour + 1
                let before = try await store.number(
                    "SELECT count(*) FROM logs.calls WHERE created_at < \(Timestamp(microseconds: cutoff))")
                #expect(try await store.partitions.deleteHistory(before: cutoff, batch: 7) == before && before > 0)
                #expect(try await store.partitions.deleteHistory(before: cutoff) == 0)
                #expect(try await store.calls() == 600 - before)
            }
        }
    }

    @Test("a stretch is cut into the longest spans that fit")
    func cover() {
        let (day, hour, minute) = (RollupGrain.day.width, RollupGrain.hour.width, RollupGrain.minute.width)
        func pieces(_ from: Int64?, _ until: Int64?) -> [RollupCover.Piece] {
            RollupCover(from: from, until: until, [.day, .hour, .minute]).pieces
        }
        #expect(pieces(5 * minute, 5 * minute).isEmpty)
        #expect(pieces(5 * minute, 9 * minute) == [.init(grain: .minute, from: 5 * minute, until: 9 * minute)])
        #expect(pieces(nil, nil) == [.init(grain: .day, from: nil, until: nil)])
        #expect(
            pieces(day - hour - minute, 2 * day + minute)
                == [
                    .init(grain: .minute, from: day - hour - minute, until: day - hour),
                    .init(grain: .hour, from: day - hour, until: day), .init(grain: .day, from: day, until: 2 * day),
                    .init(grain: .hour, from: 2 * day, until: 2 * day),
                    .init(grain: .minute, from: 2 * day, until: 2 * day + minute),
                ].filter { $0.from != $0.until })
    }
}
