import EventLoop
import Glibc
import Lifecycle
import Synchronization
import Testing

@Suite("Lifecycle: signals")
struct SignalsTests {
    @Test("signals arrive on the loop, as often as they are sent one after the other", arguments: [SIGTERM, SIGINT])
    func delivery(number: Int32) async throws {
        let loop = try EventLoop(name: "signals")
        try loop.start()
        defer {
            loop.stop()
            loop.join()
        }
        let received = Mutex<[Int32]>([])
        for count in 1...3 {
            await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
                loop.execute {
                    // Only this thread blocks the signal, and it is sent to this thread only: the test process must live.
                    Self.block(number)
                    let held = Mutex<Signals?>(nil)
                    let signals = try? Signals(loop: loop) { signal in
                        received.withLock { $0.append(signal) }
                        held.withLock { $0.take() }?.close()
                        continuation.resume()
                    }
                    held.withLock { $0 = signals }
                    pthread_kill(pthread_self(), number)
                }
            }
            #expect(received.withLock { $0 } == Array(repeating: number, count: count))
        }
    }

    private static func block(_ number: Int32) {
        var set = sigset_t()
        unsafe sigemptyset(&set)
        unsafe sigaddset(&set, number)
        unsafe pthread_sigmask(SIG_BLOCK, &set, nil)
    }
}
