import Testing

@testable import Postgres

@Suite("Statement cache")
struct StatementCacheTests {
    @Test("the least recently used statement makes room and its name comes back")
    func leastRecentlyUsed() {
        var cache = StatementCache(capacity: 2)
        let (a, b, c) = (cache.nextName(), cache.nextName(), cache.nextName())
        #expect(Set([a, b, c]).count == 3)
        #expect(cache.insert("A", name: a) == nil)
        #expect(cache.insert("B", name: b) == nil)
        #expect(cache.name(of: "A") == a)
        #expect(cache.insert("C", name: c) == b)
        #expect(cache.name(of: "B") == nil)
        #expect(cache.count == 2)
    }

    @Test("a text that is prepared again gives its old name back")
    func replaced() {
        var cache = StatementCache(capacity: 2)
        #expect(cache.insert("A", name: "s1") == nil)
        #expect(cache.insert("A", name: "s2") == "s1")
        #expect(cache.remove("A") == "s2")
        #expect(cache.remove("A") == nil)
    }
}
