import Postgres
import RegistryStore
import Testing

@Suite("Model configs and options in PostgreSQL")
struct ModelConfigStoreTests {
    static var full: ModelConfig {
        var config = ModelConfig(model: "a/b %_", owner: "me", type: 12)
        config.config = #"{"max_context_tokens":1.0}"#
        config.plugin = #"{"cache":{"enable":true}}"#
        config.price = #"{"input_price":0.00015}"#
        config.rpm = 1
        config.tpm = 2
        config.retryTimes = 3
        config.requestTimeout = 4
        config.streamRequestTimeout = 5
        config.isExcludedFromTests = true
        config.forcesSavingDetail = true
        config.sumsUpByServiceTier = true
        config.sumsUpByLongContext = true
        config.matchesResolutionsExactly = true
        config.maxImageCount = 6
        config.maxVideoSeconds = 7
        config.maxVideoCount = 8
        config.allowedResolutions = ["720p", "1x1"]
        config.requestBodyLimit = -1
        config.responseBodyLimit = 9
        return config
    }

    @Test("a config comes back with every field, and each save and deletion is one revision of the feed")
    func roundTrip() async throws {
        try await Stores.with { stores async throws in
            let configs = ModelConfigStore(pool: stores.pool)
            try await configs.save([Self.full, ModelConfig(model: "plain")])
            #expect(try await stores.revision() == 2)
            #expect(try await configs.find("a/b %_") == Self.full)
            #expect(try await configs.find("plain") == ModelConfig(model: "plain"))
            let changes = try await stores.feed.changes(after: 1)
            #expect(changes.modelConfigs["a/b %_"] == Stamped(revision: 2, value: Self.full))
            try await configs.delete("plain")
            #expect(try await configs.delete(["plain", "x"]) == 0)
            #expect(try await stores.revision() == 3)
            #expect(
                try await stores.feed.changes(after: 2).modelConfigs == ["plain": Stamped(revision: 3, value: nil)])
            try await configs.save([ModelConfig(model: "plain", type: 3)])
            #expect(try await stores.feed.changes(after: 2).modelConfigs["plain"]?.value?.type == 3)
        }
    }

    @Test("a config that is saved again is replaced and keeps its place")
    func replace() async throws {
        try await Stores.with { stores async throws in
            let configs = ModelConfigStore(pool: stores.pool)
            var first = Self.full
            first.model = "first"
            try await configs.save([first])
            try await configs.save([ModelConfig(model: "second")])
            try await configs.save([ModelConfig(model: "first", owner: "o")])
            #expect(try await configs.all() == [ModelConfig(model: "second"), ModelConfig(model: "first", owner: "o")])
        }
    }

    @Test("an option that does not change takes no revision")
    func options() async throws {
        try await Stores.with { stores async throws in
            let options = OptionStore(pool: stores.pool, overrides: ["DisableServe": "true"])
            try await options.set("RetryTimes", "3")
            try await options.set("RetryTimes", "03")
            #expect(try await stores.revision() == 2)
            #expect(try await options.inForce() == ["RetryTimes": "3", "DisableServe": "true"])
            #expect(try await stores.feed.changes(after: 1).options == ["RetryTimes": Stamped(revision: 2, value: "3")])
            await #expect(throws: RegistryError.unknownOption) { try await options.set("x", "1") }
            await #expect(throws: RegistryError.invalidOption("retry times must be greater than 0")) {
                try await options.set("RetryTimes", "-1")
            }
        }
    }
}
