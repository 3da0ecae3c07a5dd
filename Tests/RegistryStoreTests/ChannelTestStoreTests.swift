import Contracts
import Postgres
import RegistryStore
import Telemetry
import Testing

@Suite("Results of channel tests in PostgreSQL")
struct ChannelTestStoreTests {
    private static let hour: Int64 = 3_600_000_000

    private func test(
        _ channel: Int, _ model: String, isSuccess: Bool = true, ago: Int64 = 0, response: String = ""
    ) -> ChannelTest {
        ChannelTest(
            testedAt: WallClock.microseconds() - ago, model: model, actualModel: model + "-eu", mode: 1,
            isSuccess: isSuccess, code: isSuccess ? 200 : 500, response: response, took: 1_234_567, channel: channel,
            channelType: 1, channelName: "c")
    }

    private func mark(_ stores: Stores, _ id: Int) async throws -> Int64? {
        try await stores.channels.find(id).lastTestErrorAt?.microseconds
    }

    @Test("the newest result of each model comes back as it was, by model")
    func newest() async throws {
        try await Stores.with { stores async throws in
            let id = try await stores.channels.create([Stores.new("c")])[0]
            let old = test(id, "b", isSuccess: false, ago: 10_000_000, response: "old")
            let new = test(id, "b", isSuccess: false, ago: 5_000_000, response: #"{"error":"ü\u0000"}"#)
            let other = test(id, "a/ü\"'\\")
            #expect(try await stores.channels.keep(ChannelTestBatch(tests: [old, other])) == 2)
            #expect(try await stores.channels.keep(ChannelTestBatch(tests: [new])) == 1)
            #expect(try await stores.channels.tests(of: id) == [other, new])
            #expect(try await stores.channels.keep(ChannelTestBatch(tests: [old])) == 0, "it came late")
            #expect(try await stores.channels.tests(of: id) == [other, new])
        }
    }

    @Test("a text that PostgreSQL would not take is kept without what it does not take, and a long one is cut")
    func texts() async throws {
        try await Stores.with { stores async throws in
            let id = try await stores.channels.create([Stores.new("c")])[0]
            let long = String(repeating: "ü", count: ChannelTestBatch.maxResponseBytes)
            let tests = [
                test(id, "a", isSuccess: false, response: "x\0y"),
                test(id, "b", isSuccess: false, response: long + "z"),
                test(id, String(repeating: "m", count: 5000)),
            ]
            #expect(try await stores.channels.keep(ChannelTestBatch(tests: tests)) == 2)
            let kept = try await stores.channels.tests(of: id)
            #expect(kept.map(\.model) == ["a", "b"] && kept[0].response == "x\u{FFFD}y")
            #expect(kept[1].response.utf8.count <= ChannelTestBatch.maxResponseBytes)
            #expect(long.hasPrefix(kept[1].response) && kept[1].response.count > 4000)
        }
    }

    @Test("a failure marks the channel with its time and takes no revision")
    func failure() async throws {
        try await Stores.with { stores async throws in
            let ids = try await stores.channels.create([Stores.new("c"), Stores.new("d")])
            let before = try await stores.revision()
            let failed = test(ids[0], "m", isSuccess: false, ago: 1000)
            let earlier = test(ids[0], "n", isSuccess: false, ago: 2000)
            _ = try await stores.channels.keep(ChannelTestBatch(tests: [failed, earlier, test(ids[1], "m")]))
            #expect(try await mark(stores, ids[0]) == failed.testedAt)
            #expect(try await mark(stores, ids[1]) == nil)
            #expect(try await stores.revision() == before)
            #expect(try await stores.feed.changes(after: before).channels.isEmpty)
        }
    }

    @Test("a success takes the mark away when it is over an hour old, a faultless run at once")
    func clearing() async throws {
        try await Stores.with { stores async throws in
            let id = try await stores.channels.create([Stores.new("c")])[0]
            let recent = test(id, "m", isSuccess: false, ago: Self.hour - 60_000_000)
            _ = try await stores.channels.keep(ChannelTestBatch(tests: [recent]))
            _ = try await stores.channels.keep(ChannelTestBatch(tests: [test(id, "n")]))
            #expect(try await mark(stores, id) == recent.testedAt)
            _ = try await stores.channels.keep(ChannelTestBatch(tests: [test(id, "n")], faultless: [id]))
            #expect(try await mark(stores, id) == nil)

            let old = test(id, "o", isSuccess: false, ago: Self.hour + 60_000_000)
            _ = try await stores.channels.keep(ChannelTestBatch(tests: [old]))
            #expect(try await mark(stores, id) == old.testedAt)
            _ = try await stores.channels.keep(ChannelTestBatch(tests: [old, test(id, "n")]))
            #expect(try await mark(stores, id) == old.testedAt, "a batch with a failure clears nothing")
            _ = try await stores.channels.keep(ChannelTestBatch(tests: [test(id, "n")]))
            #expect(try await mark(stores, id) == nil)
        }
    }

    @Test("results go with their channel, and those that arrive afterwards are dropped")
    func deletion() async throws {
        try await Stores.with { stores async throws in
            let ids = try await stores.channels.create([Stores.new("c"), Stores.new("d"), Stores.new("e")])
            _ = try await stores.channels.keep(ChannelTestBatch(tests: ids.map { test($0, "m", isSuccess: false) }))
            try await stores.channels.delete(ids[0])
            try await stores.channels.delete([ids[1]])
            let late = ChannelTestBatch(
                tests: ids.map { test($0, "late") } + [test(999_999, "m")], faultless: [ids[0], 999_999])
            #expect(try await stores.channels.keep(late) == 1)
            #expect(try await stores.channels.tests(of: ids[0]).isEmpty)
            #expect(try await stores.channels.tests(of: ids[1]).isEmpty)
            #expect(try await stores.channels.tests(of: ids[2]).map(\.model) == ["late", "m"])
            let left = try await stores.pool.query("SELECT count(*) AS n FROM registry.channel_tests")
            #expect(try left.first?.decode("n", as: Int.self) == 2)
        }
    }

    @Test("nothing at all is kept without asking PostgreSQL")
    func empty() async throws {
        try await Stores.with { stores async throws in
            #expect(try await stores.channels.keep(ChannelTestBatch(tests: [])) == 0)
            #expect(try await stores.channels.tests(of: 999_999).isEmpty)
        }
    }
}
