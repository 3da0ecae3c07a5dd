import Contracts
import EventLoop
import Foundation
import HTTPClient
import HTTPCore
import HTTPServer
import InternalHTTP
import Lifecycle
import LogShipping
import Synchronization
import Telemetry
import TestSupport
import Testing

/// A collector that keeps what it is sent by the rules of the contract, and fails as it is told or at random.
final class FakeCollector: Sendable {
    enum Fate: Sendable {
        case store
        case failBefore
        case failAfter
        case never
    }

    private struct State {
        var stored: [String] = []
        var committed: [String: Int64] = [:]
        var bodies: [Int64: [UInt8]] = [:]
        var faults: [String] = []
        var inFlight = 0
        var calls = 0
    }

    private let state = Mutex(State())
    private let fate: @Sendable (Int) -> Fate

    init(_ fate: @escaping @Sendable (Int) -> Fate = { _ in .store }) { self.fate = fate }

    var stored: [String] { state.withLock { $0.stored } }
    var faults: [String] { state.withLock { $0.faults } }
    var calls: Int { state.withLock { $0.calls } }

    func take(_ shipment: LogShipment, _ body: [UInt8]) throws(PeerError) -> LogAck {
        let ids = body.split(separator: UInt8(ascii: "\n")).map { line in
            (try? JSONDecoder().decode(CallRecord.self, from: Data(line)))?.requestID ?? "unreadable"
        }
        let outcome: Result<LogAck, PeerError> = state.withLock { state in
            state.calls += 1
            let committed = state.committed[shipment.instance] ?? 0
            if let before = state.bodies[shipment.sequence], before != body { state.faults.append("other bytes") }
            if shipment.sequence > committed + 1 { state.faults.append("a number is left out") }
            state.bodies[shipment.sequence] = body
            let fate = fate(state.calls)
            switch fate {
            case .failBefore: return .failure(.transport(.connect("refused")))
            case .never: return .failure(.fault(Fault(.malformed, "never"), status: 400, retryAfter: nil))
            case .store, .failAfter:
                let isNew = shipment.sequence > committed
                if isNew {
                    state.stored += ids
                    state.committed[shipment.instance] = shipment.sequence
                }
                guard case .store = fate else { return .failure(.transport(.reset("after"))) }
                return .success(
                    LogAck(
                        sequence: max(committed, shipment.sequence), stored: isNew ? ids.count : 0, rejected: 0))
            }
        }
        return try outcome.get()
    }
}

@Suite("Shipper", .timeLimit(.minutes(1)))
struct ShipperTests {
    private struct Bench: Sendable {
        let queue: LogQueue
        let shipper: Shipper
        let sink = CollectingSink()
        let registry = MetricsRegistry()
        let loop: EventLoop

        init(_ loop: EventLoop, _ send: @escaping Shipper.Send) {
            self.loop = loop
            let metrics = LogMetrics(registry)
            queue = LogQueue(metrics: metrics)
            var policy = ShipMachine.Policy()
            policy.age = .milliseconds(2)
            policy.retry.first = .milliseconds(1)
            policy.retry.longest = .milliseconds(3)
            shipper = Shipper(
                queue: queue, send: send, loop: loop, metrics: metrics, logger: Logger(service: "test", sink: sink),
                policy: policy)
        }

        init(_ loop: EventLoop, _ collector: FakeCollector) {
            self.init(loop) { shipment, body async throws(PeerError) in try collector.take(shipment, body) }
        }

        func until(_ condition: () -> Bool) async throws {
            while !condition() { try await loop.sleep(for: .milliseconds(1)) }
        }

        func counts(_ text: String) -> Bool { String(decoding: registry.render(), as: UTF8.self).contains(text) }
    }

    @Test("records arrive by age alone, in order, and the end finds nothing left")
    func ships() async throws {
        try await withLoops { loops in
            let collector = FakeCollector()
            let bench = Bench(loops.loops[0], collector)
            async let run: Void = bench.shipper.run()
            for number in 0..<5 { bench.queue.append(.numbered(number)) }
            try await bench.until { collector.stored.count == 5 }
            for number in 5..<9 { bench.queue.append(.numbered(number)) }
            await bench.shipper.shutdown(deadline: .seconds(30))
            try await run
            #expect(collector.stored == (0..<9).map(String.init))
            #expect(collector.faults == [])
            #expect(bench.counts("gateway_log_shipped_total 9"))
            #expect(bench.sink.lines == [])
        }
    }

    @Test(
        "a collector that fails at random before and after it commits gets every record exactly once", arguments: 1...8)
    func randomFailures(seed: UInt64) async throws {
        try await withLoops(2) { loops in
            let collector = FakeCollector { call in
                var generator = SeededGenerator(seed: seed &* 1_000 &+ UInt64(call))
                return [.store, .failBefore, .failAfter].randomElement(using: &generator) ?? .store
            }
            let bench = Bench(loops.loops[0], collector)
            async let run: Void = bench.shipper.run()
            var generator = SeededGenerator(seed: seed)
            for number in 0..<3_000 {
                bench.queue.append(.numbered(number))
                if Int.random(in: 0..<200, using: &generator) == 0 {
                    try await loops.loops[1].sleep(for: .milliseconds(3))
                }
            }
            await bench.shipper.shutdown(deadline: .seconds(50))
            try await run
            #expect(collector.stored == (0..<3_000).map(String.init))
            #expect(collector.faults == [])
            #expect(bench.counts("gateway_log_shipped_total 3000"))
        }
    }

    @Test("what cannot be shipped before the deadline is reported as lost, with its number, once")
    func deadline() async throws {
        try await withLoops { loops in
            let collector = FakeCollector { _ in .failBefore }
            let bench = Bench(loops.loops[0], collector)
            async let run: Void = bench.shipper.run()
            for number in 0..<3 { bench.queue.append(.numbered(number)) }
            try await bench.until { collector.calls > 2 }
            for number in 3..<7 { bench.queue.append(.numbered(number)) }
            await bench.shipper.shutdown(deadline: .milliseconds(10))
            do {
                try await run
                Issue.record("the loss was not reported")
            } catch {
                #expect(error as? DrainCut == DrainCut("7 call records were not shipped"))
            }
            let lost = bench.sink.lines.filter { $0.contains("\"error\"") && $0.contains("before the gateway stopped") }
            #expect(lost.count == 1)
            #expect(lost.first?.contains(#""records":7"#) == true)
            #expect(bench.counts(#"gateway_log_dropped_total{reason="stopped"} 7"#))
        }
    }

    @Test("a call that hangs is ended at the deadline, and its records are reported")
    func hangs() async throws {
        try await withLoops { loops in
            let isCalled = WakeSignal()
            let bench = Bench(loops.loops[0]) { [loop = loops.loops[0]] _, _ async throws(PeerError) in
                isCalled.raise()
                try? await loop.sleep(for: .seconds(3_600))
                throw .transport(.cancelled)
            }
            async let run: Void = bench.shipper.run()
            bench.queue.append(.numbered(1))
            await isCalled.wait()
            await bench.shipper.shutdown(deadline: .milliseconds(10))
            do {
                try await run
                Issue.record("the loss was not reported")
            } catch {
                #expect(error as? DrainCut == DrainCut("1 call records were not shipped"))
            }
        }
    }

    @Test("a batch that the collector will never take is dropped, counted and logged, and the rest goes on")
    func poison() async throws {
        try await withLoops { loops in
            let collector = FakeCollector { $0 == 1 ? .never : .store }
            let bench = Bench(loops.loops[0], collector)
            async let run: Void = bench.shipper.run()
            bench.queue.append(.numbered(1))
            bench.queue.append(.numbered(2))
            try await bench.until { collector.calls == 1 }
            bench.queue.append(.numbered(3))
            await bench.shipper.shutdown(deadline: .seconds(30))
            try await run
            #expect(collector.stored == ["3"])
            #expect(bench.counts(#"gateway_log_dropped_total{reason="refused"} 2"#))
            #expect(bench.sink.lines.count { $0.contains(#""level":"error""#) } == 1)
        }
    }

    @Test("each run has a name of its own that fits a header")
    func instances() {
        let names = Set((0..<1_000).map { _ in Shipper.randomInstance() })
        #expect(names.count == 1_000)
        #expect(names.allSatisfy { $0.utf8.count == 40 && $0.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F } })
    }

    @Test("over sockets: the collector goes away and comes back, and nothing is lost or doubled")
    func sockets() async throws {
        try await withLoops(2) { loops in
            let collector = FakeCollector()
            let key = Redacted("k")
            var router = Router()
            router.serveBytes(
                .post, LogShipment.path, key: key, logger: .silent, maxBodyBytes: LogShipment.maxBytes
            ) { body, request in
                let headers = request.head.headers
                let shipment = LogShipment(
                    instance: headers.first(LogShipment.instanceHeader) ?? "",
                    sequence: headers.first(LogShipment.sequenceHeader).flatMap { Int64($0) } ?? 0)
                return Array(try JSONEncoder().encode(try collector.take(shipment, body)))
            }
            let routes = router
            func serve(_ port: UInt16) async throws -> (HTTPServer, UInt16) {
                let server = HTTPServer(
                    ServerConfiguration(host: "127.0.0.1", port: port), group: loops,
                    handler: { try await routes.handle($0, $1) })
                return (server, try await server.start().port)
            }
            let (first, port) = try await serve(0)
            let clients = try HTTPClientGroup(group: loops)
            let peer = PeerClient(
                baseURL: "http://127.0.0.1:\(port)", key: key, clients: clients, loops: loops, logger: .silent)
            let registry = MetricsRegistry()
            let metrics = LogMetrics(registry)
            let queue = LogQueue(metrics: metrics)
            var policy = ShipMachine.Policy()
            policy.age = .milliseconds(2)
            policy.retry.longest = .milliseconds(5)
            let shipper = Shipper(
                queue: queue, peer: peer, loop: loops.loops[0], metrics: metrics, logger: .silent, policy: policy)
            func until(_ condition: () -> Bool) async throws {
                while !condition() { try await loops.loops[0].sleep(for: .milliseconds(1)) }
            }
            async let run: Void = shipper.run()
            for number in 0..<50 { queue.append(.numbered(number, body: "\"\n")) }
            try await until { collector.stored.count == 50 }
            await first.drain(deadline: .zero)
            for number in 50..<100 { queue.append(.numbered(number)) }
            try await until { String(decoding: registry.render(), as: UTF8.self).contains(#"reason="connect""#) }
            let (second, _) = try await serve(port)
            try await until { collector.stored.count == 100 }
            await shipper.shutdown(deadline: .seconds(30))
            try await run
            #expect(collector.stored == (0..<100).map(String.init))
            #expect(collector.faults == [])
            await clients.shutdown()
            await second.drain(deadline: .seconds(1))
        }
    }
}
