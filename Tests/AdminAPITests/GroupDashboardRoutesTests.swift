import HTTPCore
import JSON
import Postgres
import Testing

@Suite("The models that a group may use")
struct GroupDashboardRoutesTests {
    private static let path = "/api/dashboard/g/models"

    private func with(
        group: String = "{}", overrides: [String: String] = [:], _ body: (AdminBoard) async throws -> Void
    ) async throws {
        try await AdminBoard.with(overrides: overrides) { board async throws in
            let channels = #"""
                [{"type":1,"name":"a","models":["x/one","two"]},{"type":1,"name":"b","models":["two","three"],"sets":["eu"]},
                {"type":1,"name":"off","models":["never"],"status":2}]
                """#
            #expect(try await board.call(.post, "/api/channels/", channels).isDone)
            let config = #"""
                {"owner":"us","type":1,"rpm":15,"tpm":1000,"price":{"input_price":0.50},"config":{"vision":true},
                 "max_image_generation_count":4,"plugin":{"cache":{"enable":true},"off":{"enable":false}}}
                """#
            #expect(try await board.call(.post, "/api/model_config/two", config).isDone)
            #expect(try await board.call(.post, "/api/group/g", group).status == 200)
            try await body(board)
        }
    }

    private func model(_ board: AdminBoard, _ name: String) async throws -> JSONValue {
        let all = try #require(try await board.call(.get, Self.path).data.array)
        return try #require(all.first { $0["model"]?.string == name })
    }

    @Test("a group has the models of its sets, each once, and of the set default when it names none")
    func sets() async throws {
        try await with { board async throws in
            func names() async throws -> [String] {
                try #require(try await board.call(.get, Self.path).data.array).compactMap { $0["model"]?.string }
            }
            let first = try await names()
            #expect(Set(first) == ["x/one", "two"] && first.count == 2)
            #expect(try await board.call(.put, "/api/group/g", #"{"available_sets":["eu","default"]}"#).status == 200)
            #expect((try await names()).sorted() == ["three", "two", "x/one"])
            #expect(try await board.call(.put, "/api/group/g", #"{"available_sets":["none"]}"#).status == 200)
            #expect(try await board.call(.get, Self.path).text == #"{"data":[],"success":true}"#)
        }
    }

    @Test("a model has the members of the contract, and no zeros")
    func shape() async throws {
        try await with { board async throws in
            let half = try JSONValue.parse(Array("0.50".utf8))
            let two: JSONValue = [
                "model": "two", "owner": "us", "type": 1, "price": ["input_price": half],
                "config": ["vision": true], "rpm": 15, "tpm": 1000, "max_image_generation_count": 4,
                "enabled_plugins": ["cache"],
            ]
            #expect(try await model(board, "two") == two)
            #expect(try await model(board, "x/one") == ["model": "x/one", "owner": "", "type": 0, "price": [:]])
        }
    }

    @Test("limits are those of the group: its own or the model's, times its ratios, and never rounded to none")
    func limits() async throws {
        try await with(group: #"{"rpm_ratio":0.5,"tpm_ratio":0.0001}"#) { board async throws in
            let scaled = try await model(board, "two")
            #expect(scaled["rpm"] == 7 && scaled["tpm"] == 1)
            let own = #"""
                {"override_limit":true,"rpm":100,"override_price":true,"price":{"output_price":2},
                 "override_max_image_generation_count":true,"max_image_generation_count":1}
                """#
            #expect(try await board.call(.post, "/api/group/g/model_config/two", own).isDone)
            let overridden = try await model(board, "two")
            #expect(overridden["rpm"] == 50 && overridden["tpm"] == nil)
            #expect(overridden["price"] == ["output_price": 2] && overridden["max_image_generation_count"] == 1)
        }
    }

    @Test("what a group has spent raises its limits by the highest level reached")
    func level() async throws {
        try await with(overrides: ["GroupConsumeLevelRatio": #"{"0":1,"100":3,"1000":9}"#]) { board async throws in
            #expect(try await model(board, "two")["rpm"] == 15)
            try await board.pool.execute("UPDATE registry.groups SET used_amount = 100.5")
            #expect(try await model(board, "two")["rpm"] == 45)
        }
    }

    @Test("an unknown group is answered with the models of the set default as they are configured")
    func unknown() async throws {
        try await with { board async throws in
            let models = try #require(try await board.call(.get, "/api/dashboard/who/models").data.array)
            #expect(Set(models.compactMap { $0["model"]?.string }) == ["x/one", "two"])
            #expect(models.allSatisfy { $0["timeout_config"] != nil })
        }
        try await AdminBoard.with { board async throws in
            #expect(try await board.call(.get, Self.path).text == #"{"data":[],"success":true}"#)
            #expect(try await board.call(.get, "/api/dashboard/a%00/models").status == 400)
        }
    }
}
