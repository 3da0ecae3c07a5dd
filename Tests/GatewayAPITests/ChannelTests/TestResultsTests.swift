import Contracts
import EventLoop
import HTTPClient
import InternalHTTP
import Synchronization
import Telemetry
import Testing

@testable import GatewayAPI

@Suite("Handing over of test results")
struct TestResultsTests {
    private final class Registry: Sendable {
        private let taken = Mutex<[ChannelTestBatch]>([])

        var batches: [ChannelTestBatch] { taken.withLock { $0 } }

        func take(_ batch: ChannelTestBatch) {
            taken.withLock { $0.append(batch) }
        }
    }

    private func keep(
        _ tests: [ChannelTest], faultless: [Int] = [], metrics: MetricsRegistry = MetricsRegistry(),
        send: @escaping TestResults.Send
    ) async throws {
        let loops = try EventLoopGroup(count: 1, name: "test")
        try loops.start()
        defer { loops.stop() }
        let results = TestResults(metrics: ChannelTestMetrics(metrics), logger: .silent, send: send)
        await results.keep(tests, faultless: faultless, on: loops.loops[0])
    }

    @Test("many results go in batches, and the marks of channels after the last result")
    func batches() async throws {
        let registry = Registry()
        let tests = (0..<130).map { number in
            var test = sampleTest()
            test.model = "m\(number)"
            return test
        }
        try await keep(tests, faultless: [7]) { batch in
            registry.take(batch)
            return ChannelTestAck(stored: batch.tests.count)
        }
        let batches = registry.batches
        #expect(batches.map(\.tests.count) == [64, 64, 2])
        #expect(batches.map(\.faultless) == [[], [], [7]])
        #expect(batches.flatMap(\.tests) == tests)
    }

    @Test("nothing to keep asks nobody, and a faultless run without results is told")
    func empty() async throws {
        let registry = Registry()
        let send: TestResults.Send = { batch in
            registry.take(batch)
            return ChannelTestAck(stored: 0)
        }
        try await keep([], send: send)
        #expect(registry.batches.isEmpty)
        try await keep([], faultless: [3], send: send)
        #expect(registry.batches == [ChannelTestBatch(tests: [], faultless: [3])])
    }

    @Test("results that are not taken are counted by reason, and the rest is still sent")
    func failure() async throws {
        let metrics = MetricsRegistry()
        try await keep(Array(repeating: sampleTest(), count: 65), metrics: metrics) { batch in
            if batch.tests.count == 1 { throw PeerError.transport(.connect("refused")) }
            throw PeerError.fault(Fault(.unavailable, "no database"), status: 503, retryAfter: nil)
        }
        let text = String(decoding: metrics.render(), as: UTF8.self)
        #expect(text.contains(#"gateway_channel_tests_unsaved_total{reason="unavailable"} 64"#))
        #expect(text.contains(#"gateway_channel_tests_unsaved_total{reason="connect"} 1"#))
    }
}
