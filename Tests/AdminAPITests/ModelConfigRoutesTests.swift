import HTTPCore
import JSON
import Testing

@testable import AdminAPI

@Suite("Routes of model configs")
struct ModelConfigRoutesTests {
    private static let example = """
        {"model":"gpt-4o-mini","owner":"openai","type":1,"config":{"max_context_tokens":128000,"vision":true,"tool_choice":true},\
        "plugin":{"think-split":{"enable":true}},"price":{"input_price":0.00015,"output_price":0.0006,"cached_price":0.000075,\
        "conditional_prices":[{"condition":{"input_token_min":100001},"price":{"input_price":0.0003,"output_price":0.0012}}]},\
        "rpm":600,"timeout_config":{"request_timeout":120}}
        """

    @Test("the contract's example comes back as it was written")
    func example() async throws {
        try await AdminBoard.with { board async throws in
            #expect(try await board.call(.post, "/api/model_config/gpt-4o-mini", Self.example).isDone)
            let answer = try await board.call(.get, "/api/model_config/gpt-4o-mini")
            #expect(answer.text == #"{"data":\#(Self.example),"success":true}"#)
        }
    }

    @Test("empty lists are arrays, never null")
    func empty() async throws {
        try await AdminBoard.with { board async throws in
            let page = #"{"data":{"configs":[],"total":0},"success":true}"#
            #expect(try await board.call(.get, "/api/model_configs/").text == page)
            #expect(try await board.call(.get, "/api/model_configs/search?keyword=x").text == page)
            #expect(try await board.call(.get, "/api/model_configs/all").text == #"{"data":[],"success":true}"#)
            #expect(
                try await board.call(.post, "/api/model_configs/contains", #"{"models":["a"]}"#).text
                    == #"{"data":[],"success":true}"#)
            #expect(try await board.call(.post, "/api/model_configs/", "[]").isDone)
            #expect(try await board.call(.post, "/api/model_configs/batch_delete", #"["a"]"#).isDone)
        }
    }

    @Test("a path may hold slashes and escapes, and wins over the body")
    func path() async throws {
        try await AdminBoard.with { board async throws in
            #expect(
                try await board.call(.post, "/api/model_config/Pro/deepseek%20v3", #"{"model":"other","type":1}"#)
                    .isDone)
            #expect(
                try await board.call(.get, "/api/model_config/Pro/deepseek%20v3").data["model"] == "Pro/deepseek v3")
            #expect(try await board.call(.get, "/api/model_config/other").status == 404)
            #expect(try await board.call(.delete, "/api/model_config/Pro/deepseek%20v3").isDone)
            let gone = try await board.call(.delete, "/api/model_config/Pro/deepseek%20v3")
            #expect(gone.status == 404 && gone.message == "model config record not found")
        }
    }

    @Test("saving replaces the whole config: what is absent is cleared")
    func replace() async throws {
        try await AdminBoard.with { board async throws in
            #expect(try await board.call(.post, "/api/model_config/gpt-4o-mini", Self.example).isDone)
            #expect(
                try await board.call(
                    .post, "/api/model_configs",
                    #"[{"model":"gpt-4o-mini","type":3,"timeout_config":{"stream_request_timeout":9}}]"#
                ).isDone)
            #expect(
                try await board.call(.get, "/api/model_config/gpt-4o-mini").text
                    == #"{"data":{"model":"gpt-4o-mini","owner":"","type":3,"price":{},"timeout_config":{}},"success":true}"#
            )
        }
    }

    @Test("lists are filtered, paged and searched in any case, wildcards meaning themselves")
    func lists() async throws {
        try await AdminBoard.with { board async throws in
            let body = #"[{"model":"GPT-a","owner":"o"},{"model":"gpt-b"},{"model":"100%"},{"model":"1000"}]"#
            #expect(try await board.call(.post, "/api/model_configs/", body).isDone)
            func names(_ path: String) async throws -> [String?] {
                try await board.call(.get, "/api/model_configs/\(path)").data["configs"]?.array?.map {
                    $0["model"]?.string
                } ?? []
            }
            #expect(try await names("?per_page=2&page=2") == ["GPT-a", "gpt-b"])
            #expect(try await names("?model=gpt-b") == ["gpt-b"])
            #expect(try await names("search?keyword=gPt") == ["GPT-a", "gpt-b"])
            #expect(try await names("search?keyword=gpt&owner=o") == ["GPT-a"])
            #expect(try await names("search?keyword=0%25") == ["100%"])
            #expect(try await board.call(.get, "/api/model_configs/search?keyword=gpt&per_page=1").data["total"] == 2)
            #expect(try await board.call(.get, "/api/model_configs/all").data.array?.count == 4)
            let some = try await board.call(.post, "/api/model_configs/contains", #"{"models":["gpt-b","x"]}"#)
            #expect(some.data.array?.map { $0["model"] } == ["gpt-b"])
            #expect(try await board.call(.post, "/api/model_configs/batch_delete", #"["gpt-b","x","1000"]"#).isDone)
            #expect(try await board.call(.get, "/api/model_configs/all").data.array?.count == 2)
        }
    }

    @Test(
        "a wrong body is refused and says what is wrong, and nothing of it is stored",
        arguments: [
            ("[{\"model\":\"ok\"},{\"model\":\"\"}]", "[1].model is required"),
            (#"[{"type":1}]"#, "[0].model is required"),
            (#"[{"model":"m","type":99}]"#, "[0].type: there is no mode 99"),
            (#"[{"model":"m","type":"1"}]"#, "[0].type: expected an integer, got a string"),
            (#"[{"model":"m","rpm":-1}]"#, "[0].rpm: expected an integer from 0 to 9007199254740991, got -1"),
            (#"[{"model":"m","config":[]}]"#, "[0].config: expected an object, got an array"),
            (#"[{"model":"m","config":{"vision":1}}]"#, "[0].config.vision: expected a boolean, got 1"),
            (#"[{"model":"m","plugin":{"cache":1}}]"#, "[0].plugin.cache: expected an object, got 1"),
            (#"[{"model":"m","created_at":1}]"#, "[0].created_at: expected a string, got 1"),
            (#"[{"model":"m","price":{"input_price":"1"}}]"#, "[0].price.input_price: expected a number, got a string"),
            (#"{"model":"m"}"#, "body: expected an array of model configs, got an object"),
        ])
    func wrong(body: String, message: String) async throws {
        try await AdminBoard.with { board async throws in
            let answer = try await board.call(.post, "/api/model_configs/", body)
            #expect(answer.status == 400 && answer.message == message)
            #expect(try await board.call(.get, "/api/model_configs/all").data == [])
        }
    }

    @Test("a body that is not JSON, an empty path and a list that is none are refused")
    func malformed() async throws {
        try await AdminBoard.with { board async throws in
            #expect(try await board.call(.post, "/api/model_config/m", "{").status == 400)
            #expect(try await board.call(.post, "/api/model_config/m", "[]").status == 400)
            #expect(try await board.call(.post, "/api/model_configs/contains", "[]").status == 400)
            #expect(try await board.call(.post, "/api/model_configs/batch_delete", #"{"models":["a"]}"#).status == 400)
            #expect(
                try await board.call(.post, "/api/model_configs/batch_delete", "[1]").message
                    == "[0]: expected a string, got 1")
            #expect(try await board.call(.get, "/api/model_config/").status == 404)
        }
    }

    @Test("where models must have a config, a channel with others is refused by name; elsewhere it is created")
    func strict() async throws {
        try await AdminBoard.with(requiresModelConfigs: true) { board async throws in
            #expect(try await board.call(.post, "/api/model_config/known", #"{"type":1}"#).isDone)
            let refused = try await board.call(
                .post, "/api/channel/", #"{"type":1,"name":"c","models":["z","known","a"]}"#)
            #expect(refused.status == 400 && refused.message == "model config not found: [a z]")
            #expect(try await board.channels().isEmpty)
            #expect(try await board.call(.post, "/api/channel/", #"{"type":1,"name":"c","models":["known"]}"#).isDone)
            let id = try #require(try await board.channels()[0]["id"]?.int)
            let edit = try await board.call(.put, "/api/channel/\(id)", #"{"models":["a"]}"#)
            #expect(edit.status == 400 && edit.message == "model config not found: [a]")
            #expect(try await board.call(.put, "/api/channel/\(id)", #"{"name":"d"}"#).status == 200)
            let option = try await board.call(.put, "/api/option/DefaultChannelModels", #"{"1":["b"]}"#)
            #expect(option.status == 400 && option.message == "model config not found: [b]")
        }
        try await AdminBoard.with { board async throws in
            #expect(try await board.call(.post, "/api/channel/", #"{"type":1,"name":"c","models":["z"]}"#).isDone)
        }
    }
}
