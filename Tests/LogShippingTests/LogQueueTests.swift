import Contracts
import EventLoop
import Foundation
import LogShipping
import Telemetry
import Testing

@Suite("Log queue", .timeLimit(.minutes(1)))
struct LogQueueTests {
    private let registry = MetricsRegistry()

    private func queue(bytes: Int? = nil, records: Int? = nil, line: Int? = nil) -> LogQueue {
        var limits = LogQueue.Limits()
        if let bytes { limits.bytes = bytes }
        if let records { limits.records = records }
        if let line { limits.lineBytes = line }
        return LogQueue(limits: limits, metrics: LogMetrics(registry))
    }

    private func records(_ batch: LogQueue.Batch) throws -> [CallRecord] {
        try batch.body.split(separator: UInt8(ascii: "\n"))
            .map { try JSONDecoder().decode(CallRecord.self, from: Data($0)) }
    }

    private func drops(_ reason: String) -> Int {
        let name = "gateway_log_dropped_total{reason=\"\(reason)\"} "
        let line = String(decoding: registry.render(), as: UTF8.self).split(separator: "\n").first {
            $0.hasPrefix(name)
        }
        return line.flatMap { Int($0.dropFirst(name.count)) } ?? -1
    }

    @Test("records leave in the order in which they came, one line each")
    func order() throws {
        let queue = queue()
        for number in 0..<10 { queue.append(.numbered(number)) }
        #expect(queue.pending.records == 10)
        let batch = queue.take()
        #expect(batch.records == 10)
        #expect(try records(batch).map(\.requestID) == (0..<10).map(String.init))
        #expect(batch.body.last == UInt8(ascii: "\n"))
        #expect(queue.pending == LogQueue.Pending())
        #expect(queue.take().records == 0)
    }

    @Test("a batch has at most as many records and bytes as a shipment may have")
    func batches() throws {
        let many = queue()
        for number in 0..<4_500 { many.append(.numbered(number)) }
        #expect((0..<4).map { _ in many.take().records } == [2_000, 2_000, 500, 0])
        let large = queue()
        for number in 0..<20 { large.append(.numbered(number, body: String(repeating: "x", count: 1_000_000))) }
        var taken: [CallRecord] = []
        while large.pending.records > 0 {
            let batch = large.take()
            #expect(batch.body.count <= LogShipment.maxBytes)
            #expect(batch.records > 0)
            taken += try records(batch)
        }
        #expect(taken.map(\.requestID) == (0..<20).map(String.init))
        #expect(taken.allSatisfy { $0.requestBody?.utf8.count == 1_000_000 })
    }

    @Test("a full queue keeps the new record without its bodies and loses the oldest ones, counted")
    func bytesBound() throws {
        let small = CallRecordWriter.line(.numbered(10)).count + 1
        let queue = queue(bytes: small * 3)
        for number in 10..<13 { queue.append(.numbered(number)) }
        #expect(drops("bodies") == 0)
        queue.append(.numbered(13, body: "body"))
        #expect(drops("bodies") == 1)
        #expect(drops("oldest") == 1)
        #expect(queue.pending.bytes == small * 3)
        let left = try records(queue.take())
        #expect(left.map(\.requestID) == ["11", "12", "13"])
        #expect(left.allSatisfy { $0.requestBody == nil })
        queue.append(.numbered(14, body: "body"))
        #expect(try records(queue.take()).map(\.requestBody) == ["body"])
    }

    @Test("the bound of records holds as well")
    func recordsBound() throws {
        let queue = queue(records: 5)
        for number in 0..<12 { queue.append(.numbered(number)) }
        #expect(drops("oldest") == 7)
        #expect(try records(queue.take()).map(\.requestID) == (7..<12).map(String.init))
    }

    @Test("a record too long for a shipment loses its bodies, and then the ends of its texts, but not itself")
    func longLines() throws {
        let queue = queue(line: 20_000)
        queue.append(.numbered(1, body: String(repeating: "b", count: 30_000)))
        #expect(drops("bodies") == 1)
        var record = CallRecord.numbered(2)
        record.model = String(repeating: "漢", count: 10_000)
        record.content = String(repeating: "c", count: 10_000)
        record.attempts = (0..<200).map {
            CallAttempt(
                channel: $0, reason: "", outcome: .failed, error: "", startedAt: 0, durationMicroseconds: 0)
        }
        queue.append(record)
        #expect(drops("texts") == 1)
        let taken = try records(queue.take())
        #expect(taken.map(\.requestID) == ["1", "2"])
        #expect(taken[0].requestBody == nil)
        #expect(taken[1].model == String(repeating: "漢", count: 4096 / 3))
        #expect(taken[1].content.utf8.count == 4096)
        #expect(taken[1].attempts.count == 100)
    }

    @Test("many threads append at once and nothing is lost or torn")
    func threads() async throws {
        let queue = queue()
        await withTaskGroup(of: Void.self) { group in
            for thread in 0..<8 {
                group.addTask { for number in 0..<1_000 { queue.append(.numbered(thread * 1_000 + number)) } }
            }
        }
        var seen: [Int] = []
        while queue.pending.records > 0 { seen += try records(queue.take()).compactMap { Int($0.requestID) } }
        #expect(seen.sorted() == Array(0..<8_000))
        for thread in 0..<8 {
            let own = seen.filter { $0 / 1_000 == thread }
            #expect(own == own.sorted())
        }
    }

    @Test("the first record and a full batch raise the news")
    func news() async {
        let queue = queue()
        queue.append(.numbered(0))
        await queue.news.wait()
        for number in 1..<LogShipment.maxRecords { queue.append(.numbered(number)) }
        await queue.news.wait()
        _ = queue.take()
        queue.append(.numbered(0))
        await queue.news.wait()
    }

    @Test("what waits is shown by the metrics")
    func metrics() {
        let queue = queue()
        queue.append(.numbered(0))
        let text = String(decoding: registry.render(), as: UTF8.self)
        #expect(text.contains("gateway_log_queue_records 1"))
        #expect(text.contains("gateway_log_queue_bytes \(queue.pending.bytes)"))
        #expect(text.contains("gateway_log_records_total 1"))
    }
}
