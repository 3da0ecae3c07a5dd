import Contracts
import Postgres
import RegistryStore
import Telemetry
import Testing

@Suite("Channels in PostgreSQL")
struct ChannelStoreTests {
    @Test("a channel comes back as it was created, and the next read has it")
    func create() async throws {
        try await Stores.with { stores async throws in
            var new = Stores.new("first", key: "sk-upstream", models: ["a", "b", "ü\"\\,{}"])
            new.settings.baseURL = "http://localhost/v1"
            new.settings.proxyURL = "socks5://proxy:1080"
            new.settings.modelMapping = #"{"a":"x","b":"\u0000 y"}"#
            new.settings.priority = 7
            new.settings.sets = ["eu"]
            new.settings.configs =
                #"{"n":1.50,"big":123456789012345678901234567890,"z":{"a":[null,true]},"a":"\ud83d\ude00"}"#
            new.settings.checksBalance = true
            new.settings.skipsTLSVerification = true
            new.settings.bansOnNoPermission = true
            new.settings.warnErrorRate = 0.1
            new.settings.maxErrorRate = 0.7
            let id = try await stores.channels.create([new])[0]
            let stored = try await stores.channels.find(id)
            #expect(stored.settings == new.settings)
            #expect(stored.key == .open(Redacted("sk-upstream")))
            #expect(stored.status == 1 && stored.requestCount == 0 && stored.usedAmount == "0" && stored.balance == "0")
            #expect(stored.balanceUpdatedAt == nil && stored.lastTestErrorAt == nil)
            #expect(try await stores.channels.all() == [stored])
        }
    }

    @Test("several channels are created together or not at all, newest first in the list")
    func batch() async throws {
        try await Stores.with { stores async throws in
            let ids = try await stores.channels.create([Stores.new("a"), Stores.new("b"), Stores.new("c")])
            #expect(ids == ids.sorted() && Set(ids).count == 3)
            let before = try await stores.revision()
            var bad = Stores.new("bad", key: "no colon")
            bad.settings.type = 18
            let help = try #require(ChannelType.find(18)).keyHelp
            let batch = [Stores.new("d"), bad]
            await #expect(
                throws: RegistryError.invalidKey("bad [xunfei(18)] invalid key: it must contain ':', \(help)")
            ) { try await stores.channels.create(batch) }
            #expect(try await stores.channels.all().map(\.settings.name) == ["c", "b", "a"])
            #expect(try await stores.revision() == before)
        }
    }

    @Test("an edit changes what it names and nothing else")
    func update() async throws {
        try await Stores.with { stores async throws in
            var new = Stores.new("first", key: "k1", models: ["a"])
            new.settings.configs = #"{"x":1}"#
            new.settings.sets = ["s"]
            let id = try await stores.channels.create([new])[0]
            var change = ChannelChange()
            change.priority = 9
            var expected = try await stores.channels.find(id)
            expected.settings.priority = 9
            #expect(try await stores.channels.update(id, change) == expected)
            change = ChannelChange()
            change.key = Redacted("k2")
            change.configs = ""
            change.sets = []
            expected.key = .open(Redacted("k2"))
            expected.settings.configs = ""
            expected.settings.sets = []
            #expect(try await stores.channels.update(id, change) == expected)
            change = ChannelChange()
            change.key = Redacted("")
            expected.key = .none
            #expect(try await stores.channels.update(id, change) == expected)
            #expect(try await stores.channels.find(id) == expected)
        }
    }

    @Test("a change of type checks the key that is kept")
    func typeChange() async throws {
        try await Stores.with { stores async throws in
            let id = try await stores.channels.create([Stores.new("n", key: "plain")])[0]
            var change = ChannelChange()
            change.type = 13
            await #expect(throws: RegistryError.self) { try await stores.channels.update(id, change) }
            change.key = Redacted("ak|sk")
            #expect(try await stores.channels.update(id, change).settings.type == 13)
            change = ChannelChange()
            change.name = "renamed"
            #expect(try await stores.channels.update(id, change).settings.name == "renamed")
        }
    }

    @Test("a deleted channel is gone from everything but the summaries, and takes no key with it")
    func delete() async throws {
        try await Stores.with { stores async throws in
            let ids = try await stores.channels.create([Stores.new("a", key: "k"), Stores.new("b")])
            try await stores.channels.delete(ids[0])
            #expect(try await stores.channels.all().map(\.id) == [ids[1]])
            await #expect(throws: RegistryError.channelNotFound) { try await stores.channels.find(ids[0]) }
            await #expect(throws: RegistryError.channelNotFound) { try await stores.channels.delete(ids[0]) }
            await #expect(throws: RegistryError.channelNotFound) { try await stores.channels.setStatus(ids[0], 1) }
            await #expect(throws: RegistryError.channelNotFound) {
                try await stores.channels.update(ids[0], ChannelChange())
            }
            #expect(
                try await stores.channels.summaries([ids[1], ids[0], 999]) == [
                    ChannelSummary(id: ids[0], name: "a", type: 1), ChannelSummary(id: ids[1], name: "b", type: 1),
                ])
            let rows = try await stores.pool.query("SELECT sealed_key FROM registry.channels WHERE id = \(ids[0])")
            #expect(try rows[0].decode("sealed_key", as: String.self) == "")
        }
    }

    @Test("a write that finds nothing takes no revision")
    func nothing() async throws {
        try await Stores.with { stores async throws in
            let before = try await stores.revision()
            #expect(try await stores.channels.delete([1, 2, 3]) == 0)
            #expect(try await stores.channels.setStatus([], 2) == 0)
            await #expect(throws: RegistryError.channelNotFound) { try await stores.channels.setStatus(5, 2) }
            await #expect(throws: RegistryError.channelNotFound) {
                try await stores.channels.update(5, ChannelChange())
            }
            #expect(try await stores.revision() == before)
        }
    }

    @Test("the page is filtered, sorted and counted")
    func page() async throws {
        try await Stores.with { stores async throws in
            var channels = (1...25).map { Stores.new("name \($0)", key: "key-\($0)-end", models: ["model-\($0)"]) }
            channels[3].settings.sets = ["Special_Set"]
            channels[4].settings.baseURL = "http://base/%"
            channels[4].settings.type = 14
            let ids = try await stores.channels.create(channels)
            func names(_ filter: ChannelFilter, _ page: ListPage = ListPage(limit: 100)) async throws -> [String] {
                try await stores.channels.page(filter, page).channels.map(\.settings.name)
            }
            let second = try await stores.channels.page(ChannelFilter(), ListPage(limit: 10, offset: 10))
            #expect(second.total == 25 && second.channels.map(\.id) == ids.reversed()[10..<20].map { $0 })
            #expect(try await stores.channels.page(ChannelFilter(), ListPage(limit: 10, offset: 99)).total == 25)
            #expect(try await names(ChannelFilter(id: ids[6])) == ["name 7"])
            #expect(try await names(ChannelFilter(name: "name 7")) == ["name 7"])
            #expect(try await names(ChannelFilter(name: "name")) == [])
            #expect(try await names(ChannelFilter(key: "key-7-end")) == ["name 7"])
            #expect(try await names(ChannelFilter(key: "key-7")) == [])
            #expect(try await names(ChannelFilter(type: 14)) == ["name 5"])
            #expect(try await names(ChannelFilter(type: 99_999_999_999)) == [])
            #expect(try await names(ChannelFilter(baseURL: "http://base/%")) == ["name 5"])
            #expect(try await names(ChannelFilter(keyword: "KEY-7-")) == ["name 7"])
            #expect(try await names(ChannelFilter(keyword: "MODEL-25")) == ["name 25"])
            #expect(try await names(ChannelFilter(keyword: "special_")) == ["name 4"])
            #expect(try await names(ChannelFilter(keyword: "%")) == ["name 5"])
            #expect(try await names(ChannelFilter(keyword: "name_7")) == [])
            #expect(try await names(ChannelFilter(keyword: "\\")) == [])
            #expect(try await names(ChannelFilter(keyword: "NAME 25")) == ["name 25"])
            let order = try #require(ListOrder<ChannelFilter.Field>("name-asc"))
            #expect(try await names(ChannelFilter(order: order), ListPage(limit: 2)) == ["name 1", "name 10"])
            #expect(ListOrder<ChannelFilter.Field>("test_at") == nil)
            for field in ChannelFilter.Field.allCases {
                #expect(try await names(ChannelFilter(order: ListOrder(field))).count == 25)
            }
        }
    }

    @Test(
        "texts that try to be SQL are texts",
        arguments: [
            "'); DROP TABLE registry.channels; --", "\\'; SELECT 1", "$1", "{a,b}", "\"", "NULL", "\u{7f}\t\n", "%s%n",
        ])
    func injection(text: String) async throws {
        try await Stores.with { stores async throws in
            let id = try await stores.channels.create([Stores.new(text, key: text, models: [text])])[0]
            let stored = try await stores.channels.find(id)
            #expect(stored.settings.name == text && stored.settings.models == [text])
            #expect(stored.key == .open(Redacted(text)))
            #expect(try await stores.channels.page(ChannelFilter(name: text), ListPage(limit: 9)).total == 1)
            #expect(try await stores.channels.page(ChannelFilter(keyword: text), ListPage(limit: 9)).total == 1)
        }
    }
}
