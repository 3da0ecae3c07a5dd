import Postgres
import RegistryStore
import Testing

@Suite("Model configs of groups in PostgreSQL")
struct GroupModelConfigTests {
    @Test("every change takes one revision and sends the group anew; what changes nothing takes none")
    func revisions() async throws {
        try await Stores.with { stores async throws in
            _ = try await stores.groups.create(NewGroup(id: "g"))
            var before = try await stores.revision()
            func advanced(_ change: () async throws -> Void) async throws -> Bool {
                try await change()
                let feed = try await stores.feed.changes(after: before)
                defer { before = feed.position.revision }
                return feed.position.revision == before + 1 && feed.groups["g"]?.revision == before + 1
            }
            let limits = GroupModelConfig(model: "m", values: ["override_limit": .flag(true), "rpm": .number(5)])
            let other = GroupModelConfig(model: "n")
            #expect(try await advanced { try await stores.groups.saveModelConfigs([limits, other], of: "g") })
            let change = GroupModelConfig(model: "m", values: ["rpm": .number(0)])
            #expect(try await advanced { try await stores.groups.updateModelConfigs([change], of: "g") })
            #expect(try await advanced { try await stores.groups.deleteModelConfigs(["m"], of: "g") })
            try await stores.groups.saveModelConfigs([], of: "g")
            try await stores.groups.updateModelConfigs([change, GroupModelConfig(model: "n")], of: "g")
            try await stores.groups.updateModelConfigs([change], of: "none")
            try await stores.groups.deleteModelConfigs(["m"], of: "g")
            await #expect(throws: RegistryError.groupNotFound) {
                try await stores.groups.saveModelConfigs([limits], of: "none")
            }
            #expect(try await stores.revision() == before)
            #expect(try await stores.groups.modelConfigs(of: "g").map(\.model) == ["n"])
        }
    }

    @Test("a long list is stored whole, and of several configs for one model the last holds")
    func manyAtOnce() async throws {
        try await Stores.with { stores async throws in
            _ = try await stores.groups.create(NewGroup(id: "g"))
            let configs = (0..<500).map { number in
                GroupModelConfig(
                    model: "m\(number % 250)", values: ["override_limit": .flag(true), "rpm": .number(number)])
            }
            try await stores.groups.saveModelConfigs(configs, of: "g")
            let stored = try await stores.groups.modelConfigs(of: "g")
            #expect(stored.count == 250)
            for config in stored {
                let number = try #require(Int(config.model.dropFirst()))
                #expect(config.values["rpm"] == .number(number + 250))
            }
        }
    }

    @Test("each member is a column, and each switch stands before its values")
    func fields() async throws {
        try await Stores.with { stores async throws in
            let rows = try await stores.pool.query(
                """
                SELECT column_name::text AS name FROM information_schema.columns
                WHERE table_schema = 'registry' AND table_name = 'group_model_configs' ORDER BY ordinal_position
                """)
            let columns = try rows.map { try $0.decode("name", as: String.self) }
            #expect(columns == ["group_id", "model"] + GroupModelField.all.map(\.name))
        }
    }
}
