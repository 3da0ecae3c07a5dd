import EventLoop
import TestSupport
import Testing

@Suite("Wake signal", .timeLimit(.minutes(1)))
struct WakeSignalTests {
    @Test("a wake before the wait is not lost, and several are one")
    func early() async throws {
        let signal = WakeSignal()
        signal.raise()
        signal.raise()
        await signal.wait()
        try await withLoop { loop in
            let waited = try await loop.run {
                let start = MonotonicTime.now()
                await signal.wait(atMost: .milliseconds(5), on: loop)
                return start.duration(to: .now())
            }
            #expect(waited >= .milliseconds(5))
        }
    }

    @Test("a wake ends a wait from another thread")
    func late() async throws {
        try await withLoop { loop in
            let signal = WakeSignal()
            let task = loop.spawn { await signal.wait(atMost: .seconds(3_600), on: loop) }
            signal.raise()
            await task.value
        }
    }

    @Test("cancelling ends a wait, before and during it, and leaves nothing behind")
    func cancellation() async throws {
        try await withLoop { loop in
            let signal = WakeSignal()
            for _ in 0..<200 {
                let task = loop.spawn { await signal.wait() }
                task.cancel()
                await task.value
            }
            signal.raise()
            await signal.wait()
        }
    }
}
