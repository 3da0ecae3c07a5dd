import EventLoop
import TestSupport
import Testing

@testable import LogShipping

@Suite("Line ring")
struct LineRingTests {
    @Test("a random walk agrees with an array", arguments: 1...20)
    func walk(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        var ring = LineRing()
        var oracle: [([UInt8], UInt64)] = []
        for step in 0..<5_000 as Range<UInt64> {
            // Long stretches of growing and of shrinking, so that the ring doubles and wraps.
            if Int.random(in: 0..<10, using: &generator) < (step / 500 % 2 == 0 ? 7 : 3) {
                let line = [UInt8](repeating: UInt8(step & 0xFF), count: Int.random(in: 0..<20, using: &generator))
                ring.append(line, at: MonotonicTime(nanoseconds: step))
                oracle.append((line, step))
            } else {
                #expect(ring.popFirst() == (oracle.isEmpty ? nil : oracle.removeFirst().0))
            }
            #expect(ring.count == oracle.count)
            #expect(ring.bytes == oracle.reduce(0) { $0 + $1.0.count + 1 })
            #expect(ring.nextBytes == oracle.first.map { $0.0.count + 1 })
            #expect(ring.oldestAt?.nanoseconds == oracle.first?.1)
        }
    }
}
