import TestSupport
import Testing

@testable import Lifecycle

@Suite("Lifecycle: what a group does next")
struct ServiceGroupMachineTests {
    typealias Event = ServiceGroupMachine.Event
    typealias Action = ServiceGroupMachine.Action

    func play(_ count: Int, _ events: [Event]) -> [[Action]] {
        var machine = ServiceGroupMachine(count: count)
        return events.map { machine.event($0) }
    }

    @Test("a stop shuts the services down one after the other, the last first")
    func order() {
        #expect(
            play(2, [.stop, .shutDown(1), .ended(1), .ended(0), .shutDown(0)]) == [
                [.armDeadline, .shutDown(1)], [], [.shutDown(0)], [], [.finish(.success)],
            ])
    }

    @Test(
        "a service that fails or ends by itself stops the others, and the code says so",
        arguments: [Event.failed(0), .ended(0), .cut(0)])
    func failure(event: Event) {
        #expect(
            play(2, [event, .shutDown(1), .ended(1)]) == [[.armDeadline, .shutDown(1)], [], [.finish(.failure)]])
    }

    @Test("services that ended already are passed over")
    func passedOver() {
        #expect(
            play(3, [.stop, .ended(1), .ended(2), .shutDown(2), .ended(0), .shutDown(0)]) == [
                [.armDeadline, .shutDown(2)], [], [], [.shutDown(0)], [], [.finish(.success)],
            ])
    }

    @Test("a failure while draining is a failure of the whole, a cut one is code 70")
    func lateFailure() {
        #expect(play(1, [.stop, .failed(0), .shutDown(0)]).last == [.finish(.failure)])
        #expect(play(1, [.stop, .cut(0), .shutDown(0)]).last == [.finish(.drainCut)])
    }

    @Test(
        "the deadline cancels what still runs and ends with 70 when that has ended", arguments: [Event.deadline, .stop])
    func deadline(event: Event) {
        #expect(
            play(2, [.stop, event, .ended(0), .ended(1)]) == [
                [.armDeadline, .shutDown(1)], [.cancelAll, .armGrace], [], [.finish(.drainCut)],
            ])
    }

    @Test("services that ignore the cancellation do not keep the process")
    func grace() {
        #expect(play(1, [.stop, .deadline, .graceOver]).last == [.finish(.drainCut)])
    }

    @Test("a shutdown that never answers is cut although its run has ended")
    func hungShutdown() {
        #expect(play(1, [.stop, .ended(0), .deadline]).last == [.finish(.drainCut)])
    }

    @Test("a group without services stops at once")
    func empty() {
        #expect(play(0, [.stop]) == [[.armDeadline, .finish(.success)]])
    }

    @Test(
        "whatever comes in whatever order, it finishes once, and each service is shut down at most once",
        arguments: 0..<300)
    func randomWalk(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let count = Int.random(in: 0..<5, using: &generator)
        var machine = ServiceGroupMachine(count: count)
        var running = Set(0..<count)
        var asked: [Int] = []
        var pending: [Event] = [.stop]
        var finishes = 0
        for _ in 0..<200 {
            var choices = pending
            if let service = running.randomElement(using: &generator) {
                let endings = [Event.ended(service), .failed(service), .cut(service)]
                choices.append(endings.randomElement(using: &generator) ?? .stop)
            }
            guard let event = choices.randomElement(using: &generator) else { break }
            pending.removeAll { $0 == event }
            if case .ended(let service) = event { running.remove(service) }
            if case .failed(let service) = event { running.remove(service) }
            if case .cut(let service) = event { running.remove(service) }
            for action in machine.event(event) {
                #expect(finishes == 0)
                switch action {
                case .armDeadline: pending.append(.deadline)
                case .armGrace: pending.append(.graceOver)
                case .shutDown(let service):
                    asked.append(service)
                    pending.append(.shutDown(service))
                case .cancelAll: break
                case .finish: finishes += 1
                }
            }
        }
        #expect(finishes == 1)
        #expect(asked == asked.sorted(by: >))
        #expect(Set(asked).count == asked.count)
    }
}
