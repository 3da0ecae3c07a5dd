import TestSupport
import Testing

@testable import EventLoop

@Suite("Timer queue")
struct TimerQueueTests {
    private func at(_ nanoseconds: UInt64) -> MonotonicTime { MonotonicTime(nanoseconds: nanoseconds) }

    @Test("a random walk of adding, cancelling and firing agrees with a sorted list", arguments: 1...20)
    func walk(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        var queue = TimerQueue<Int>()
        var oracle: [(deadline: UInt64, order: Int, id: TimerID)] = []
        var dead: [TimerID] = []
        var clock: UInt64 = 0
        for order in 0..<3_000 {
            switch generator.next() % 10 {
            case 0..<5:
                let deadline = clock + generator.next() % 50
                let id = queue.add(order, at: at(deadline))
                oracle.append((deadline, order, id))
            case 5, 6:
                guard let index = oracle.indices.randomElement(using: &generator) else { continue }
                #expect(queue.cancel(oracle[index].id) == oracle[index].order)
                dead.append(oracle.remove(at: index).id)
            case 7:
                if let id = dead.randomElement(using: &generator) { #expect(queue.cancel(id) == nil) }
            default:
                clock += generator.next() % 20
                oracle.sort { ($0.deadline, $0.order) < ($1.deadline, $1.order) }
                while let first = oracle.first, first.deadline <= clock {
                    #expect(queue.popDue(at: at(clock)) == first.order)
                    dead.append(oracle.removeFirst().id)
                }
                #expect(queue.popDue(at: at(clock)) == nil)
            }
            #expect(queue.count == oracle.count)
            #expect(queue.nextDeadline?.nanoseconds == oracle.map(\.deadline).min())
        }
    }

    @Test("timers of one deadline come out in the order in which they were added")
    func ties() {
        var queue = TimerQueue<Int>()
        for number in 0..<100 { _ = queue.add(number, at: at(7)) }
        #expect((0..<100).map { _ in queue.popDue(at: at(7)) } == Array(0..<100))
    }

    @Test("the id of a fired timer does not cancel the timer that took its slot")
    func reusedSlot() {
        var queue = TimerQueue<String>()
        let old = queue.add("old", at: at(1))
        #expect(queue.popDue(at: at(1)) == "old")
        let new = queue.add("new", at: at(2))
        #expect(queue.cancel(old) == nil)
        #expect(queue.cancel(new) == "new")
        #expect(queue.cancel(new) == nil)
    }

    @Test("an empty queue has no deadline and nothing due")
    func empty() {
        var queue = TimerQueue<Int>()
        #expect(queue.nextDeadline == nil)
        #expect(queue.popDue(at: at(.max)) == nil)
    }
}
