import Postgres
import Telemetry
import Testing

@testable import RegistryStore

@Suite("Search in the keys of channels")
struct KeySearchTests {
    @Test("a search finds the keys as they are now, whatever changed since the last one")
    func follows() async throws {
        try await Stores.with { stores async throws in
            func found(_ filter: ChannelFilter) async throws -> [Int] {
                try await stores.channels.page(filter, ListPage(limit: 100)).channels.map(\.id).sorted()
            }
            let ids = try await stores.channels.create([
                Stores.new("a", key: "sk-Erster"), Stores.new("b", key: "sk-zweiter"), Stores.new("c"),
            ])
            #expect(try await found(ChannelFilter(keyword: "ERSTER")) == [ids[0]])
            #expect(try await found(ChannelFilter(key: "sk-Erster")) == [ids[0]])
            #expect(try await found(ChannelFilter(key: "sk-erster")) == [])

            var change = ChannelChange()
            change.key = Redacted("sk-dritter")
            _ = try await stores.channels.update(ids[0], change)
            #expect(try await found(ChannelFilter(keyword: "erster")) == [])
            #expect(try await found(ChannelFilter(keyword: "tter")) == [ids[0]])

            try await stores.channels.delete(ids[1])
            #expect(try await found(ChannelFilter(keyword: "zweiter")) == [])
            #expect(stores.channels.keys.ids(containing: "zweiter") == [])

            let more = try await stores.channels.create([Stores.new("d", key: "sk-dritter, auch")])
            #expect(try await found(ChannelFilter(keyword: "dritter")) == [ids[0]] + more)
        }
    }

    @Test("when the database was put back to an earlier state the keys are read anew")
    func restored() async throws {
        try await Stores.with { stores async throws in
            _ = try await stores.channels.create([Stores.new("a", key: "sk-before")])
            let later = try await stores.channels.create([Stores.new("b", key: "sk-later")])
            #expect(try await stores.channels.page(ChannelFilter(keyword: "later"), ListPage(limit: 9)).total == 1)
            try await stores.pool.execute("DELETE FROM registry.channels WHERE id = \(later[0])")
            try await stores.pool.execute("UPDATE registry.settings SET revision = revision - 1")
            #expect(try await stores.channels.page(ChannelFilter(keyword: "before"), ListPage(limit: 9)).total == 1)
            #expect(stores.channels.keys.ids(containing: "later") == [])
        }
    }

    @Test("of two who read the same changes the second one changes nothing")
    func race() {
        let index = ChannelKeyIndex()
        let now = ChannelKeyIndex.Position(epoch: "e", revision: 5)
        #expect(index.start(now) == 0)
        index.merge([(1, Redacted("new"))], after: 0, now: now)
        index.merge([(1, Redacted("old"))], after: 0, now: ChannelKeyIndex.Position(epoch: "e", revision: 4))
        #expect(index.start(now) == 5 && index.ids(of: "new") == [1] && index.ids(containing: "ol") == [])
        #expect(index.start(ChannelKeyIndex.Position(epoch: "other", revision: 9)) == 0 && index.ids(of: "new") == [])
    }

    @Test("a search tells how many it finds, on every page and behind the last")
    func totals() async throws {
        try await Stores.with { stores async throws in
            try await stores.channels.create((1...25).map { Stores.new("name \($0)", models: ["m\($0)"]) })
            for (offset, count) in [(0, 10), (20, 5), (25, 0), (400, 0)] {
                let page = try await stores.channels.page(
                    ChannelFilter(keyword: "NAME", order: ListOrder(.name, isAscending: true)),
                    ListPage(limit: 10, offset: offset))
                #expect(page.total == 25 && page.channels.count == count)
                if offset == 20 { #expect(page.channels.first?.settings.name == "name 5") }
            }
            let nothing = try await stores.channels.page(ChannelFilter(keyword: "nobody"), ListPage(limit: 10))
            #expect(nothing.total == 0 && nothing.channels.isEmpty)
        }
    }
}
