import HTTPCore
import JSON
import Testing

@testable import AdminAPI

@Suite("Routes of models")
struct ModelRoutesTests {
    private func names(_ value: JSONValue?) -> [String?]? {
        value?.array?.map { $0["model"]?.string }
    }

    @Test("the catalogue is listed once and by channel type")
    func builtin() async throws {
        try await AdminBoard.with { board async throws in
            let all = try #require(try await board.call(.get, "/api/models/builtin").data.array)
            #expect(
                all.count == 527 && all.allSatisfy { $0["price"]?.object != nil && $0["timeout_config"]?.object != nil }
            )
            let mini = try #require(all.first { $0["model"] == "gpt-4o-mini" })
            #expect(
                mini["owner"] == "openai" && mini["type"] == 1 && mini["created_at"] == nil
                    && mini["channel_types"] == nil)
            let types = try #require(try await board.call(.get, "/api/models/builtin/channel").data.object)
            #expect(types.count == 43 && types["34"] == [] && types["14"]?.array?.count == 17)
            let anthropic = try await board.call(.get, "/api/models/builtin/channel/14")
            #expect(anthropic.data == types["14"])
            #expect(try await board.call(.get, "/api/models/builtin/channel/2").text == #"{"data":[],"success":true}"#)
            let wrong = try await board.call(.get, "/api/models/builtin/channel/x")
            #expect(wrong.status == 400 && wrong.message == "invalid type")
        }
    }

    @Test("enabled models are those of enabled channels by set, with their config, the catalogue's, or their name")
    func enabled() async throws {
        try await AdminBoard.with { board async throws in
            #expect(try await board.call(.get, "/api/models/enabled").text == #"{"data":{},"success":true}"#)
            #expect(try await board.call(.get, "/api/models/enabled/default").text == #"{"data":[],"success":true}"#)
            let channels = #"""
                [{"type":1,"name":"a","models":["gpt-4o","mine"]},{"type":1,"name":"b","models":["mine","plain"],"sets":["eu","default"]},
                {"type":1,"name":"off","models":["never"],"status":2},{"type":14,"name":"empty"}]
                """#
            #expect(try await board.call(.post, "/api/channels/", channels).isDone)
            #expect(try await board.call(.post, "/api/model_config/mine", #"{"owner":"me","type":1,"rpm":7}"#).isDone)
            #expect(try await board.call(.put, "/api/option/DefaultChannelModels", #"{"14":["claude-x"]}"#).isDone)
            let data = try await board.call(.get, "/api/models/enabled").data
            #expect(data.object?.keys == ["default", "eu"])
            #expect(names(data["default"]) == ["claude-x", "plain", "mine", "gpt-4o"])
            #expect(names(data["eu"]) == ["plain", "mine"])
            #expect(data["eu"]?[1]?["rpm"] == 7 && data["default"]?[3]?["owner"] == "openai")
            #expect(data["eu"]?[0] == ["model": "plain", "owner": "", "type": 0, "price": [:], "timeout_config": [:]])
            #expect(try await board.call(.get, "/api/models/enabled/eu").data == data["eu"])
            #expect(try await board.call(.get, "/api/models/enabled/none").data == [])
        }
    }

    @Test("where configs are required, enabled models are those that have one")
    func enabledStrict() async throws {
        try await AdminBoard.with(requiresModelConfigs: true) { board async throws in
            #expect(try await board.call(.post, "/api/model_configs", #"[{"model":"a"},{"model":"b"}]"#).isDone)
            #expect(try await board.call(.post, "/api/channel/", #"{"type":1,"models":["a","b"]}"#).isDone)
            #expect(try await board.call(.delete, "/api/model_config/a").isDone)
            #expect(names(try await board.call(.get, "/api/models/enabled").data["default"]) == ["b"])
        }
    }

    @Test("sets tell which channels serve a model, and their shares")
    func sets() async throws {
        try await AdminBoard.with { board async throws in
            #expect(try await board.call(.get, "/api/models/sets").text == #"{"data":{},"success":true}"#)
            let channels = #"""
                [{"type":1,"name":"a","models":["m"],"priority":20},{"type":14,"name":"b","models":["m"],"sets":["eu","default"]},
                {"type":1,"name":"off","models":["m"],"status":2}]
                """#
            #expect(try await board.call(.post, "/api/channels/", channels).isDone)
            let ids = try await board.channels().compactMap { $0["id"]?.int }.sorted()
            #expect(
                try await board.call(.get, "/api/models/sets").text == """
                    {"data":{"m":{"default":[{"id":\(ids[0]),"type":1,"name":"a","priority":20,"weight":66.67},\
                    {"id":\(ids[1]),"type":14,"name":"b","priority":10,"weight":33.33}],\
                    "eu":[{"id":\(ids[1]),"type":14,"name":"b","priority":10,"weight":100}]}},"success":true}
                    """)
        }
    }

    @Test("defaults come from the options in force")
    func defaults() async throws {
        let overrides = ["DefaultChannelModelMapping": #"{"1":{"a":"b"}}"#]
        try await AdminBoard.with(overrides: overrides) { board async throws in
            #expect(
                try await board.call(.get, "/api/models/default").text
                    == #"{"data":{"models":{},"mapping":{"1":{"a":"b"}}},"success":true}"#)
            #expect(try await board.call(.put, "/api/option/DefaultChannelModels", #"{"1":["a"]}"#).isDone)
            #expect(
                try await board.call(.get, "/api/models/default/1").text
                    == #"{"data":{"models":["a"],"mapping":{"a":"b"}},"success":true}"#)
            #expect(
                try await board.call(.get, "/api/models/default/14").text
                    == #"{"data":{"models":[],"mapping":{}},"success":true}"#)
            let wrong = try await board.call(.get, "/api/models/default/x")
            #expect(wrong.status == 400 && wrong.message == "invalid type")
        }
    }

    @Test("a channel's configs must be of the kinds that its type's schema names")
    func configs() async throws {
        try await AdminBoard.with { board async throws in
            for (body, message) in [
                (
                    #""type":1,"configs":{"map_reasoning_to_reasoning_content":"yes"}"#,
                    "configs.map_reasoning_to_reasoning_content: expected a boolean, got a string"
                ),
                (
                    #""type":24,"configs":{"safety":"NONE"}"#,
                    "configs.safety: expected one of BLOCK_NONE, BLOCK_LOW_AND_ABOVE, BLOCK_MEDIUM_AND_ABOVE, BLOCK_ONLY_HIGH"
                ),
                (
                    #""type":49,"configs":{"response_models":["a",1]}"#,
                    "configs.response_models: expected an array of strings, got an array"
                ),
                (
                    #""type":55,"configs":{"error_status_code":1.5}"#,
                    "configs.error_status_code: expected an integer, got a number"
                ),
            ] {
                let answer = try await board.call(.post, "/api/channel/", "{\(body)}")
                #expect(answer.status == 400 && answer.message == message, "\(body): \(answer.text)")
            }
            #expect(try await board.channels().isEmpty)
            let good =
                #"{"type":24,"name":"g","configs":{"safety":"BLOCK_NONE","other":[1],"disable_auto_image_url_to_base64":null}}"#
            #expect(try await board.call(.post, "/api/channel/", good).isDone)
            let id = try #require(try await board.channels()[0]["id"]?.int)
            let edit = try await board.call(.put, "/api/channel/\(id)", #"{"configs":{"safety":1}}"#)
            #expect(edit.status == 400 && edit.message == "configs.safety: expected a string, got a number")
            #expect(try await board.call(.put, "/api/channel/\(id)", #"{"name":"h"}"#).status == 200)
        }
    }
}
