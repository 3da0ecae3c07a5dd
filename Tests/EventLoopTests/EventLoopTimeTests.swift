import EventLoop
import TestSupport
import Testing

@Suite("Event loop: timers and sleep", .timeLimit(.minutes(1)))
struct EventLoopTimeTests {
    @Test("timers fire in the order of their deadlines and not early")
    func timers() async throws {
        try await withLoop { loop in
            let trail = Trail<Int>()
            let done = Gate()
            let early = Trail<Int>()
            try await loop.run {
                let start = MonotonicTime.now()
                for (number, delay) in [(3, 9), (1, 2), (2, 5)] {
                    _ = loop.schedule(after: .milliseconds(delay)) {
                        if start.duration(to: .now()) < .milliseconds(delay) { early.add(number) }
                        trail.add(number)
                        if number == 3 { done.open() }
                    }
                }
            }
            await done.pass()
            #expect(trail.all == [1, 2, 3])
            #expect(early.all == [])
        }
    }

    @Test("a cancelled timer does not fire, and cancelling it twice or late does nothing")
    func cancel() async throws {
        try await withLoop { loop in
            let trail = Trail<String>()
            let done = Gate()
            try await loop.run {
                let doomed = loop.schedule(after: .milliseconds(1)) { trail.add("doomed") }
                loop.cancel(doomed)
                loop.cancel(doomed)
                _ = loop.schedule(after: .milliseconds(3)) {
                    trail.add("kept")
                    loop.cancel(doomed)
                    done.open()
                }
            }
            await done.pass()
            #expect(trail.all == ["kept"])
        }
    }

    @Test("a timer that sets itself again without delay does not hold up the pass")
    func reschedule() async throws {
        try await withLoop { loop in
            let isOver = Flag()
            final class Ticker: @unchecked Sendable {
                // SAFETY: used on the loop only.
                func tick(_ loop: EventLoop, until isOver: @escaping () -> Bool) {
                    guard !isOver() else { return }
                    _ = loop.schedule(after: .seconds(-1)) { self.tick(loop, until: isOver) }
                }
            }
            try await loop.run {
                Ticker().tick(loop) { isOver.isSet }
            }
            for _ in 0..<10 { try await loop.run {} }
            isOver.set()
        }
    }

    @Test("sleep lasts at least as long as asked, from the loop and from elsewhere")
    func sleep() async throws {
        try await withLoop { loop in
            let start = MonotonicTime.now()
            try await loop.sleep(for: .milliseconds(3))
            #expect(start.duration(to: .now()) >= .milliseconds(3))
            let inside = try await loop.run {
                let start = MonotonicTime.now()
                try await loop.sleep(for: .milliseconds(3))
                return start.duration(to: .now())
            }
            #expect(inside >= .milliseconds(3))
        }
    }

    @Test("cancelling ends a sleep at once")
    func cancelledSleep() async throws {
        try await withLoop { loop in
            let isAsleep = Gate()
            let result = Trail<Bool>()
            let task = loop.spawn {
                isAsleep.open()
                do {
                    try await loop.sleep(for: .seconds(3_600))
                    result.add(false)
                } catch {
                    result.add(true)
                }
            }
            await isAsleep.pass()
            task.cancel()
            await task.value
            #expect(result.all == [true])
        }
    }

    @Test("a sleep in a cancelled task does not begin")
    func sleepAfterCancel() async throws {
        try await withLoop { loop in
            let mayGo = Gate()
            let result = Trail<Bool>()
            let task = loop.spawn {
                await mayGo.pass()
                do {
                    try await loop.sleep(for: .seconds(3_600))
                    result.add(false)
                } catch {
                    result.add(true)
                }
            }
            task.cancel()
            mayGo.open()
            await task.value
            #expect(result.all == [true])
        }
    }

    @Test("sleeps that race with their cancellation end exactly once")
    func race() async throws {
        try await withLoop { loop in
            await withTaskGroup(of: Void.self) { group in
                for number in 0..<500 {
                    let task = Task { try? await loop.sleep(for: .microseconds(number)) }
                    group.addTask {
                        if number.isMultiple(of: 2) { await Task.yield() }
                        task.cancel()
                        await task.value
                    }
                }
            }
        }
    }
}
