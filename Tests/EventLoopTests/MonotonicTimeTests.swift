import EventLoop
import Testing

@Suite("Monotonic time")
struct MonotonicTimeTests {
    @Test("a step forward and back returns to the start")
    func steps() {
        let start = MonotonicTime(nanoseconds: 5_000)
        let later = start.advanced(by: .microseconds(3))
        #expect(later.nanoseconds == 8_000)
        #expect(start.duration(to: later) == .microseconds(3))
        #expect(later.duration(to: start) == .microseconds(-3))
        #expect(later.advanced(by: .microseconds(-3)) == start)
    }

    @Test("steps beyond the ends of the clock stop at the ends")
    func ends() {
        let start = MonotonicTime(nanoseconds: 10)
        #expect(start.advanced(by: .seconds(-1)).nanoseconds == 0)
        #expect(MonotonicTime(nanoseconds: .max - 1).advanced(by: .seconds(1)).nanoseconds == .max)
        #expect(start.advanced(by: .seconds(Int64.max)).nanoseconds == UInt64(Int64.max) + 10)
        #expect(start.advanced(by: .seconds(Int64.min)).nanoseconds == 0)
    }

    @Test("the clock does not go back")
    func monotone() {
        let readings = (0..<1_000).map { _ in MonotonicTime.now() }
        #expect(readings == readings.sorted())
    }
}
