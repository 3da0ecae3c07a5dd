import EventLoop
import Testing

@testable import LogShipping

@Suite("Line ring")
struct LineRingTests {
    private func time(_ number: Int) -> MonotonicTime { MonotonicTime(nanoseconds: UInt64(number)) }

    @Test("lines come out in order, with a line feed each, at most as many and as large as asked")
    func order() {
        var ring = LineRing()
        for number in 0..<10 { ring.append(Array("line \(number)".utf8), at: time(number)) }
        #expect(ring.count == 10 && ring.bytes == 70 && ring.oldestAt == time(0))
        let (body, lines) = ring.take(lines: 3, bytes: 1000)
        #expect(lines == 3 && String(decoding: body, as: UTF8.self) == "line 0\nline 1\nline 2\n")
        #expect(ring.take(lines: 100, bytes: 15).lines == 2)
        #expect(ring.oldestAt == time(5) && ring.count == 5 && ring.bytes == 35)
        #expect(ring.take(lines: 100, bytes: 6).lines == 0)
    }

    @Test("a line larger than a slab is kept whole")
    func large() {
        var ring = LineRing()
        let large = [UInt8](repeating: 65, count: 300_000)
        ring.append([66], at: time(0))
        ring.append(large, at: time(1))
        ring.append([67], at: time(2))
        let (body, lines) = ring.take(lines: 10, bytes: 1_000_000)
        #expect(lines == 3 && body == [66, 10] + large + [10, 67, 10])
        #expect(ring.count == 0 && ring.bytes == 0 && ring.oldestAt == nil)
    }

    @Test("a random walk agrees with a plain list", arguments: [1, 2, 3, 4])
    func walk(seed: Int) {
        var random = UInt64(seed) &* 0x9E37_79B9_7F4A_7C15
        func next(_ bound: Int) -> Int {
            random = random &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(random >> 33) % bound
        }
        var ring = LineRing()
        var list: [(line: [UInt8], at: MonotonicTime)] = []
        for step in 0..<3000 {
            switch next(10) {
            case 0..<7:
                let line = [UInt8](repeating: UInt8(65 + step % 26), count: next(next(20) == 0 ? 200_000 : 900))
                ring.append(line, at: time(step))
                list.append((line, time(step)))
            case 7..<9:
                ring.dropFirst()
                if !list.isEmpty { list.removeFirst() }
            default:
                let (maxLines, maxBytes) = (next(300), next(400_000))
                let (body, lines) = ring.take(lines: maxLines, bytes: maxBytes)
                var expected: [UInt8] = []
                var count = 0
                while let first = list.first, count < maxLines, expected.count + first.line.count + 1 <= maxBytes {
                    expected += first.line + [10]
                    list.removeFirst()
                    count += 1
                }
                #expect(lines == count && body == expected)
            }
            #expect(ring.count == list.count && ring.oldestAt == list.first?.at)
            #expect(ring.bytes == list.reduce(0) { $0 + $1.line.count + 1 })
        }
    }
}
