import EventLoop
import Testing

@testable import HTTPClient

@Suite("Transfer machine")
struct TransferMachineTests {
    private func at(_ milliseconds: UInt64) -> MonotonicTime {
        MonotonicTime(nanoseconds: milliseconds * 1_000_000)
    }

    private func machine(
        connect: Duration? = .milliseconds(10), firstByte: Duration? = .milliseconds(20),
        idle: Duration? = .milliseconds(30), total: Duration? = .milliseconds(1000)
    ) -> TransferMachine {
        let timeouts = ClientTimeouts(connect: connect, firstByte: firstByte, idle: idle, total: total)
        return TransferMachine(limits: TransferLimits(timeouts), at: at(100))
    }

    private func due(_ milliseconds: UInt64, _ phase: ClientPhase) -> TransferMachine.Deadline {
        .init(at: milliseconds * 1_000_000, phase: phase)
    }

    @Test("each stage has its own deadline")
    func stages() {
        var machine = machine()
        #expect(machine.deadline == due(110, .connect))
        machine.connected(at: at(105))
        #expect(machine.stage == .sending)
        #expect(machine.deadline == due(135, .idle))
        machine.progressed(at: at(120))
        #expect(machine.deadline == due(150, .idle))
        machine.requestSent(at: at(130))
        #expect(machine.stage == .waiting)
        #expect(machine.deadline == due(150, .firstByte))
        machine.progressed(at: at(149))
        #expect(machine.deadline == due(150, .firstByte))
        let isNew = machine.headArrived(at: at(140))
        #expect(isNew)
        #expect(machine.stage == .receiving)
        #expect(machine.deadline == due(170, .idle))
        let ends = machine.ended(.complete)
        #expect(ends)
        #expect(machine.deadline == nil)
    }

    @Test("the total limit wins as soon as it is nearest, and counts from the start")
    func total() {
        var machine = machine(total: .milliseconds(45))
        machine.connected(at: at(105))
        machine.requestSent(at: at(130))
        #expect(machine.deadline == due(145, .total))
        machine.restarted(at: at(140))
        #expect(machine.stage == .connecting)
        #expect(machine.deadline == due(145, .total))
    }

    @Test("without limits there is no deadline")
    func unlimited() {
        let machine = machine(connect: nil, firstByte: nil, idle: nil, total: nil)
        #expect(machine.deadline == nil)
    }

    @Test("the first outcome stays")
    func outcome() {
        var machine = machine()
        let first = machine.ended(.failed(.cancelled))
        let second = machine.ended(.complete)
        let late = machine.headArrived(at: at(101))
        #expect(first)
        #expect(!second)
        #expect(!late)
        #expect(machine.outcome == .failed(.cancelled))
    }

    @Test("a second head is not one")
    func secondHead() {
        var machine = machine()
        machine.connected(at: at(101))
        let first = machine.headArrived(at: at(102))
        let second = machine.headArrived(at: at(103))
        #expect(first)
        #expect(!second)
    }

    @Test("offered bytes are held above the high-water mark, but a single piece always passes")
    func offers() {
        var machine = machine()
        let large = machine.offer(10 * TransferMachine.highWater, at: at(101))
        #expect(large == .accept)
        let more = machine.offer(1, at: at(102))
        #expect(more == .hold)
        #expect(machine.waitingBytes == 10 * TransferMachine.highWater)
        let resumes = machine.drained(at: at(103))
        #expect(resumes)
        let again = machine.drained(at: at(104))
        #expect(!again)
    }

    @Test("taken bytes hold the reader as soon as the mark is passed")
    func takes() {
        var machine = machine()
        let first = machine.take(TransferMachine.highWater, at: at(101))
        let second = machine.take(1, at: at(102))
        #expect(first == .accept)
        #expect(second == .hold)
        #expect(machine.isHeld)
    }

    @Test("a held transfer cannot be idle, and starts anew when it goes on")
    func heldIsNotIdle() {
        var machine = machine()
        machine.connected(at: at(101))
        machine.requestSent(at: at(101))
        _ = machine.headArrived(at: at(110))
        _ = machine.take(TransferMachine.highWater + 1, at: at(111))
        #expect(machine.deadline == due(1100, .total))
        _ = machine.drained(at: at(500))
        #expect(machine.deadline == due(530, .idle))
    }

    @Test("an upload that waits for its source cannot be idle")
    func awaitedSourceIsNotIdle() {
        var machine = machine()
        machine.connected(at: at(101))
        machine.sourceAwaited(true, at: at(110))
        #expect(machine.deadline == due(1100, .total))
        machine.sourceAwaited(false, at: at(500))
        #expect(machine.deadline == due(530, .idle))
    }

    @Test("draining after the end resumes nothing")
    func drainAfterEnd() {
        var machine = machine()
        _ = machine.take(TransferMachine.highWater + 1, at: at(101))
        _ = machine.ended(.complete)
        let resumes = machine.drained(at: at(102))
        #expect(!resumes)
    }
}
