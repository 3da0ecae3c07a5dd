import InternalHTTP
import TestSupport
import Testing

@Suite("Peer retry")
struct PeerRetryTests {
    private let policy = PeerRetry()

    @Test("the longest wait doubles from 100 ms to 5 s and stays there")
    func ceilings() {
        var generator = SeededGenerator(seed: 1)
        let ceilings = [100, 200, 400, 800, 1600, 3200, 5000, 5000]
        for (place, ceiling) in ceilings.enumerated() {
            for _ in 0..<200 {
                let delay = policy.delay(afterFailures: place + 1, using: &generator)
                #expect(delay >= .milliseconds(ceiling) / 2)
                #expect(delay <= .milliseconds(ceiling))
            }
        }
        for failures in [-1, 0, 33, 64, 1_000_000, Int.max] {
            let delay = policy.delay(afterFailures: failures, using: &generator)
            #expect(delay >= .milliseconds(50))
            #expect(delay <= .seconds(5))
        }
    }

    @Test("waits differ, so that replicas do not come back together")
    func jitter() {
        var generator = SeededGenerator(seed: 2)
        #expect(Set((0..<100).map { _ in policy.delay(afterFailures: 5, using: &generator) }).count > 90)
    }

    @Test("what the peer asks for is kept, up to a bound")
    func asked() {
        var generator = SeededGenerator(seed: 3)
        #expect(policy.delay(afterFailures: 1, asked: .seconds(7), using: &generator) == .seconds(7))
        #expect(policy.delay(afterFailures: 1, asked: .seconds(3_600), using: &generator) == .seconds(30))
        #expect(policy.delay(afterFailures: 1, asked: .seconds(-5), using: &generator) >= .milliseconds(50))
        #expect(policy.delay(afterFailures: 7, asked: .milliseconds(1), using: &generator) >= .milliseconds(2_500))
    }
}
