import Contracts
import EventLoop
import HTTPClient
import InternalHTTP
import LogShipping
import TestSupport
import Testing

@Suite("Ship machine")
struct ShipMachineTests {
    private let start = MonotonicTime(nanoseconds: 1_000_000_000)
    private let refused = PeerError.transport(.connect("refused"))

    private func pending(_ records: Int, bytes: Int = 100, age: Duration = .zero) -> LogQueue.Pending {
        LogQueue.Pending(records: records, bytes: bytes, oldestAt: records > 0 ? start.advanced(by: .zero - age) : nil)
    }

    private func next(
        _ machine: inout ShipMachine, _ pending: LogQueue.Pending, draining: Bool = false, after: Duration = .zero
    ) -> ShipMachine.Action {
        machine.next(pending, isDraining: draining, at: start.advanced(by: after))
    }

    private func sent(
        _ machine: inout ShipMachine, _ answer: ShipMachine.Answer, after: Duration = .zero
    ) -> ShipMachine.Meaning {
        var generator = SeededGenerator(seed: 1)
        return machine.didSend(answer, at: start.advanced(by: after), using: &generator)
    }

    /// A machine that was told to send its first batch.
    private func sending(_ records: Int) -> ShipMachine {
        var machine = ShipMachine()
        #expect(next(&machine, pending(records, age: .seconds(1))) == .cut)
        machine.didCut(records: records)
        #expect(next(&machine, pending(0)) == .send(sequence: 1))
        return machine
    }

    @Test("it waits for news, then for company, and cuts a batch that is old or full")
    func due() {
        var machine = ShipMachine()
        #expect(next(&machine, pending(0)) == .wait(atMost: nil))
        #expect(next(&machine, pending(1)) == .wait(atMost: .milliseconds(200)))
        #expect(next(&machine, pending(1, age: .milliseconds(150))) == .wait(atMost: .milliseconds(50)))
        #expect(next(&machine, pending(1), after: .milliseconds(199)) == .wait(atMost: .milliseconds(1)))
        var (old, many, large) = (machine, machine, machine)
        #expect(next(&old, pending(1), after: .milliseconds(200)) == .cut)
        #expect(next(&many, pending(LogShipment.maxRecords)) == .cut)
        #expect(next(&large, pending(5, bytes: LogShipment.maxBytes)) == .cut)
    }

    @Test("a batch is sent, acknowledged, and the next one has the next number")
    func acknowledged() {
        var machine = sending(3)
        #expect(machine.recordsInHand == 3)
        let ack = LogAck(sequence: 1, stored: 2, rejected: 1)
        #expect(sent(&machine, .acknowledged(ack)) == .done(taken: 2, rejected: 1))
        #expect(machine.recordsInHand == 0)
        #expect(next(&machine, pending(1, age: .seconds(1))) == .cut)
        machine.didCut(records: 1)
        #expect(next(&machine, pending(0)) == .send(sequence: 2))
    }

    @Test("a batch that had been stored by an earlier try counts as taken")
    func repeated() {
        var machine = sending(3)
        #expect(sent(&machine, .failed(refused)) == .again(failures: 1))
        #expect(next(&machine, pending(0), after: .seconds(10)) == .send(sequence: 1))
        #expect(
            sent(&machine, .acknowledged(LogAck(sequence: 1, stored: 0, rejected: 0))) == .done(taken: 3, rejected: 0))
    }

    @Test("a batch that the queue lost meanwhile is no batch")
    func emptyCut() {
        var machine = ShipMachine()
        #expect(next(&machine, pending(1, age: .seconds(1))) == .cut)
        machine.didCut(records: 0)
        #expect(next(&machine, pending(0)) == .wait(atMost: nil))
    }

    @Test("a failure rests longer each time and sends the same number again")
    func backoff() {
        var machine = sending(3)
        for (place, ceiling) in [100, 200, 400, 800, 1600, 3200, 5000, 5000].enumerated() {
            #expect(sent(&machine, .failed(refused)) == .again(failures: place + 1))
            guard case .wait(.some(let rest)) = next(&machine, pending(9)) else {
                Issue.record("no rest")
                return
            }
            #expect(rest >= .milliseconds(ceiling / 2) && rest <= .milliseconds(ceiling))
            #expect(next(&machine, pending(9), after: rest) == .send(sequence: 1))
        }
    }

    @Test("an acknowledgement of an earlier batch only is a failure")
    func oldAcknowledgement() {
        var machine = sending(3)
        #expect(sent(&machine, .acknowledged(LogAck(sequence: 0, stored: 3, rejected: 0))) == .again(failures: 1))
    }

    @Test("what the collector asks for is waited")
    func retryAfter() {
        var machine = sending(3)
        let busy = PeerError.fault(Fault(.busy, ""), status: 503, retryAfter: .seconds(7))
        #expect(sent(&machine, .failed(busy)) == .again(failures: 1))
        #expect(next(&machine, pending(0)) == .wait(atMost: .seconds(7)))
    }

    @Test("only a fault of the collector's own with a final status gives a batch up, and its number is not used again")
    func givenUp() {
        for status in [400, 409, 411, 413, 415, 422, 499] {
            var machine = sending(3)
            let final = PeerError.fault(Fault(.malformed, ""), status: status, retryAfter: nil)
            #expect(sent(&machine, .failed(final)) == .givenUp(records: 3))
            #expect(machine.recordsInHand == 0)
            #expect(next(&machine, pending(1, age: .seconds(1))) == .cut)
            machine.didCut(records: 1)
            #expect(next(&machine, pending(0)) == .send(sequence: 2))
        }
        let passing: [PeerError] =
            [401, 403, 404, 408, 429, 500, 502, 503].map {
                .fault(Fault(.unauthorized, ""), status: $0, retryAfter: nil)
            }
            + [400, 404, 413, 200, 302, 500].map { .unexpected(status: $0, "") }
            + [.transport(.timedOut(.total)), .transport(.reset("")), .transport(.truncated), .transport(.cancelled)]
        for error in passing {
            var machine = sending(3)
            #expect(sent(&machine, .failed(error)) == .again(failures: 1))
        }
    }

    @Test("while draining nothing waits for company, and the end comes when nothing is left")
    func drain() {
        var machine = ShipMachine()
        #expect(next(&machine, pending(1), draining: true) == .cut)
        machine.didCut(records: 1)
        #expect(next(&machine, pending(0), draining: true) == .send(sequence: 1))
        #expect(sent(&machine, .failed(refused)) == .again(failures: 1))
        guard case .wait(.some) = next(&machine, pending(0), draining: true) else {
            Issue.record("a failure rests also while draining")
            return
        }
        #expect(next(&machine, pending(0), draining: true, after: .seconds(1)) == .send(sequence: 1))
        _ = sent(&machine, .acknowledged(LogAck(sequence: 1, stored: 1, rejected: 0)))
        #expect(next(&machine, pending(0), draining: true) == .finish)
    }

    @Test("a random walk through an interpreter ships every record once, in order", arguments: 1...60)
    func walk(seed: UInt64) {
        var interpreter = ShipInterpreter(seed: seed)
        interpreter.walk(steps: 2_000)
        interpreter.drain()
        #expect(interpreter.faults == [])
        #expect(interpreter.collector == Array(0..<interpreter.made))
    }
}

/// Carries out what the machine says on a clock of its own, against a collector that fails at random before and after it commits, and notes every
/// action that is not allowed.
private struct ShipInterpreter {
    private(set) var faults: [String] = []
    private(set) var collector: [Int] = []
    private(set) var made = 0

    private var machine = ShipMachine()
    private var generator: SeededGenerator
    private var now = MonotonicTime(nanoseconds: 1)
    private var queue: [(number: Int, at: MonotonicTime)] = []
    private var batch: [Int] = []
    private var committed: Int64 = 0
    private var sentBefore: [Int64: [Int]] = [:]
    private var isDraining = false
    private var isFinished = false
    private var failureRate = 40

    init(seed: UInt64) { generator = SeededGenerator(seed: seed) }

    mutating func walk(steps: Int) {
        for _ in 0..<steps {
            for _ in 0..<Int.random(in: 0...3, using: &generator) {
                queue.append((made, now))
                made += 1
            }
            step()
        }
    }

    mutating func drain() {
        isDraining = true
        failureRate = 10
        for _ in 0..<100_000 where !isFinished { step() }
        if !isFinished { faults.append("the drain has no end") }
    }

    private mutating func step() {
        let pending = LogQueue.Pending(records: queue.count, bytes: queue.count * 100, oldestAt: queue.first?.at)
        switch machine.next(pending, isDraining: isDraining, at: now) {
        case .wait(let time):
            if isDraining, time == nil { faults.append("waits for news while draining") }
            if let time, time <= .zero { faults.append("waits for no time") }
            let chance = Duration.milliseconds(Int.random(in: 1...300, using: &generator))
            now = now.advanced(by: min(time ?? chance, chance))
        case .cut:
            if !batch.isEmpty { faults.append("cuts while a batch is on its way") }
            batch = queue.prefix(LogShipment.maxRecords).map(\.number)
            queue.removeFirst(batch.count)
            machine.didCut(records: batch.count)
        case .send(let sequence):
            send(sequence)
        case .finish:
            if !queue.isEmpty || !batch.isEmpty { faults.append("finishes with records left") }
            isFinished = true
        }
    }

    private mutating func send(_ sequence: Int64) {
        if batch.isEmpty { faults.append("sends nothing") }
        if let before = sentBefore[sequence], before != batch {
            faults.append("number \(sequence) carries other records")
        }
        sentBefore[sequence] = batch
        let fate = Int.random(in: 0..<100, using: &generator)
        var answer = ShipMachine.Answer.failed(.transport(.reset("before")))
        if fate >= failureRate / 2 {
            let isNew = sequence > committed
            if sequence > committed + 1 { faults.append("a number is left out") }
            if isNew {
                collector += batch
                committed = sequence
            }
            let isLost = fate < failureRate
            answer =
                isLost
                ? .failed(.transport(.truncated))
                : .acknowledged(LogAck(sequence: committed, stored: isNew ? batch.count : 0, rejected: 0))
        }
        now = now.advanced(by: .milliseconds(Int.random(in: 1...20, using: &generator)))
        if case .done(let taken, _) = machine.didSend(answer, at: now, using: &generator) {
            if taken != batch.count { faults.append("counts \(taken) of \(batch.count)") }
            batch = []
        }
    }
}
