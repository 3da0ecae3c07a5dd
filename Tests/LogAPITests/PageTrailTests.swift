import LogStore
import Testing

@testable import LogAPI

@Suite struct PageTrailTests {
    private let key = PageTrail.Key(caller: "a", scope: .search, query: ["x=1"])
    private let names = LogReader.Names(channels: [1])

    @Test("a page begins where the page before it ended, with the total of the first page")
    func follows() {
        let trail = PageTrail()
        trail.leave(LogPlace(instant: 50, id: 5), total: 40, names: names, after: 1, of: key, now: 0)
        trail.leave(LogPlace(instant: 30, id: 3), total: 99, names: LogReader.Names(), after: 2, of: key, now: 1)
        #expect(trail.step(to: 1, of: key, now: 2) == nil)
        #expect(
            trail.step(to: 2, of: key, now: 2) == .init(last: LogPlace(instant: 50, id: 5), total: 40, names: names))
        #expect(
            trail.step(to: 3, of: key, now: 2) == .init(last: LogPlace(instant: 30, id: 3), total: 40, names: names))
        #expect(trail.step(to: 4, of: key, now: 2) == nil)
    }

    @Test("the first page starts anew, and another caller or query has a trail of its own")
    func separate() {
        let trail = PageTrail()
        trail.leave(LogPlace(instant: 50, id: 5), total: 40, names: names, after: 1, of: key, now: 0)
        trail.leave(LogPlace(instant: 30, id: 3), total: 40, names: names, after: 2, of: key, now: 0)
        trail.leave(LogPlace(instant: 60, id: 6), total: 41, names: names, after: 1, of: key, now: 0)
        #expect(trail.step(to: 2, of: key, now: 0)?.last == LogPlace(instant: 60, id: 6))
        #expect(trail.step(to: 3, of: key, now: 0) == nil)
        #expect(trail.step(to: 2, of: PageTrail.Key(caller: "b", scope: .search, query: ["x=1"]), now: 0) == nil)
        #expect(trail.step(to: 2, of: PageTrail.Key(caller: "a", scope: .search, query: ["x=2"]), now: 0) == nil)
        #expect(trail.step(to: 2, of: PageTrail.Key(caller: "a", scope: .list, query: ["x=1"]), now: 0) == nil)
    }

    @Test("a trail is forgotten when nobody goes on")
    func expires() {
        let trail = PageTrail(lifetime: 10)
        trail.leave(LogPlace(instant: 50, id: 5), total: 40, names: names, after: 1, of: key, now: 0)
        #expect(trail.step(to: 2, of: key, now: 10) != nil)
        #expect(trail.step(to: 2, of: key, now: 20) != nil)
        #expect(trail.step(to: 2, of: key, now: 31) == nil)
    }

    @Test("searches and pages are bounded, and the one used longest ago goes")
    func bounded() {
        let trail = PageTrail(searches: 2, pages: 2)
        for (place, caller) in ["a", "b", "c"].enumerated() {
            let key = PageTrail.Key(caller: caller, scope: .search, query: [])
            for page in 1...3 {
                trail.leave(
                    LogPlace(instant: 1, id: 1), total: 1, names: names, after: page, of: key,
                    now: Int64(place * 10 + page))
            }
        }
        func step(_ caller: String, _ page: Int) -> PageTrail.Step? {
            trail.step(to: page, of: PageTrail.Key(caller: caller, scope: .search, query: []), now: 30)
        }
        #expect(step("a", 2) == nil)
        #expect(step("b", 2) != nil && step("b", 3) != nil && step("b", 4) == nil)
        #expect(step("c", 2) != nil)
    }
}
