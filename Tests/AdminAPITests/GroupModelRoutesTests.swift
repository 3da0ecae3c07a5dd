import HTTPCore
import JSON
import Testing

@Suite("Routes of what groups have of their own for models")
struct GroupModelRoutesTests {
    private static let configs = "/api/group/g/model_configs/"
    private static let full = """
        {"override_limit":true,"rpm":60,"tpm":1000,"override_price":true,"price":{"input_price":0.00015,"output_price":1.50},
         "override_retry_times":true,"retry_times":3,"override_timeout_config":true,
         "timeout_config":{"request_timeout":120,"stream_request_timeout":0},"override_force_save_detail":true,
         "force_save_detail":true,"override_max_image_generation_count":true,"max_image_generation_count":1,
         "override_max_video_generation_seconds":true,"max_video_generation_seconds":2,
         "override_max_video_generation_count":true,"max_video_generation_count":3,
         "override_request_body_storage_max_size":true,"request_body_storage_max_size":-1,
         "override_response_body_storage_max_size":true,"response_body_storage_max_size":4096,
         "override_summary_service_tier":true,"summary_service_tier":true,"override_summary_claude_long_context":true,
         "summary_claude_long_context":true}
        """

    private static func zero(_ model: String) throws -> JSONValue {
        try JSONValue.parse(
            Array(
                """
                {"group_id":"g","model":"\(model)","override_limit":false,"rpm":0,"tpm":0,"override_price":false,"price":{},
                 "override_retry_times":false,"retry_times":0,"override_timeout_config":false,"timeout_config":{},
                 "override_force_save_detail":false,"force_save_detail":false,
                 "override_max_image_generation_count":false,"max_image_generation_count":0,
                 "override_max_video_generation_seconds":false,"max_video_generation_seconds":0,
                 "override_max_video_generation_count":false,"max_video_generation_count":0,
                 "override_request_body_storage_max_size":false,"request_body_storage_max_size":0,
                 "override_response_body_storage_max_size":false,"response_body_storage_max_size":0,
                 "override_summary_service_tier":false,"summary_service_tier":false,
                 "override_summary_claude_long_context":false,"summary_claude_long_context":false}
                """.utf8))
    }

    private static func with(_ body: (AdminBoard) async throws -> Void) async throws {
        try await AdminBoard.with { board async throws in
            try #require(try await board.call(.post, "/api/group/g", "{}").status == 200)
            try await body(board)
        }
    }

    @Test("a config with every pair comes back as it was set, whatever the name of its model")
    func save() async throws {
        try await Self.with { board async throws in
            #expect(try await board.call(.get, Self.configs).data == [])
            let path = "/api/group/g/model_config/org/model%3A8b"
            #expect(try await board.call(.post, path, Self.full).isDone)
            var expected = try JSONValue.parse(Array(Self.full.utf8))
            expected["group_id"] = "g"
            expected["model"] = "org/model:8b"
            expected["timeout_config"] = ["request_timeout": 120]
            let read = try await board.call(.get, path)
            #expect(read.data == expected, "\(read.text)")
            #expect(read.text.contains(#""price":{"input_price":0.00015,"output_price":1.50}"#))
            #expect(read.data.object?.keys == (try Self.zero("")).object?.keys)
            #expect(try await board.call(.get, Self.configs).data == [expected])
            // What is not named is cleared; the path wins over the body.
            #expect(try await board.call(.post, path, #"{"model":"other","rpm":5}"#).isDone)
            expected = try Self.zero("org/model:8b")
            expected["rpm"] = 5
            #expect(try await board.call(.get, Self.configs).data == [expected])
        }
    }

    @Test("many are set at once, each replaced as a whole, others left alone")
    func saveMany() async throws {
        try await Self.with { board async throws in
            let list = #"[{"model":"b","rpm":1,"override_limit":true},{"model":"a"},{"model":"b","tpm":2}]"#
            #expect(try await board.call(.post, Self.configs, list).isDone)
            var b = try Self.zero("b")
            b["tpm"] = 2
            #expect(try await board.call(.get, Self.configs).data == [try Self.zero("a"), b])
            #expect(try await board.call(.post, Self.configs, #"[{"model":"c"}]"#).isDone)
            #expect(try await board.call(.post, Self.configs, "[]").isDone)
            #expect(try await board.call(.get, Self.configs).data.array?.count == 3)
        }
    }

    @Test("a change sets what it names, to false and to zero too, and passes over what is not there")
    func update() async throws {
        try await Self.with { board async throws in
            let path = "/api/group/g/model_config/m"
            #expect(try await board.call(.post, path, Self.full).isDone)
            var expected = try await board.call(.get, path).data
            let change = """
                {"override_limit":false,"rpm":0,"override_price":null,"timeout_config":{},"force_save_detail":false,
                 "request_body_storage_max_size":0,"price":{"per_request_price":1}}
                """
            #expect(try await board.call(.put, path, change).isDone)
            for (name, value) in [
                ("override_limit", false), ("rpm", 0), ("timeout_config", [:]), ("force_save_detail", false),
                ("request_body_storage_max_size", 0), ("price", ["per_request_price": 1]),
            ] as [(String, JSONValue)] { expected[name] = value }
            #expect(try await board.call(.get, path).data == expected)
            let list = #"[{"model":"m","tpm":7},{"model":"none","tpm":7}]"#
            #expect(try await board.call(.put, Self.configs, list).isDone)
            expected["tpm"] = 7
            #expect(try await board.call(.get, Self.configs).data == [expected])
            #expect(try await board.call(.put, path, "{}").isDone)
            #expect(try await board.call(.put, "/api/group/none/model_config/m", #"{"rpm":1}"#).isDone)
            #expect(try await board.call(.get, Self.configs).data == [expected])
        }
    }

    @Test("configs are deleted one by one, many at a time, and with their group")
    func delete() async throws {
        try await Self.with { board async throws in
            let list = #"[{"model":"a"},{"model":"b"},{"model":"c/d"},{"model":"e"}]"#
            #expect(try await board.call(.post, Self.configs, list).isDone)
            #expect(try await board.call(.delete, "/api/group/g/model_config/c/d").isDone)
            #expect(try await board.call(.delete, "/api/group/g/model_config/c/d").isDone)
            let missing = try await board.call(.get, "/api/group/g/model_config/c/d")
            #expect(missing.status == 404 && missing.message == "group_model_config record not found")
            #expect(try await board.call(.delete, Self.configs, #"["a","none"]"#).isDone)
            #expect(try await board.call(.delete, Self.configs, "[]").isDone)
            #expect(
                try await board.call(.get, Self.configs).data.array?.compactMap { $0["model"]?.string } == ["b", "e"])
            #expect(try await board.call(.delete, "/api/group/g").isDone)
            #expect(try await board.call(.post, "/api/group/g", "{}").status == 200)
            #expect(try await board.call(.get, Self.configs).data == [])
        }
    }

    @Test("what cannot be is refused and named, and nothing of it is stored")
    func wrong() async throws {
        try await Self.with { board async throws in
            let path = "/api/group/g/model_config/m"
            for method in [HTTPMethod.post, .put] {
                for (body, message) in [
                    ("", "the request body is not valid JSON"), ("[]", "body: "), (#"{"rpm":-1}"#, "rpm: "),
                    (#"{"rpm":"1"}"#, "rpm: "), (#"{"override_limit":1}"#, "override_limit: "),
                    (#"{"price":[]}"#, "price: "), (#"{"price":{"input_price":-1}}"#, "price.input_price: "),
                    (#"{"timeout_config":{"request_timeout":"1"}}"#, "timeout_config.request_timeout: "),
                    (
                        #"{"price":{"conditional_prices":[{"condition":{"service_tier":"x"},"price":{}}]}}"#,
                        "conditional price 0: "
                    ),
                ] {
                    let answer = try await board.call(method, path, body)
                    #expect(answer.status == 400 && answer.message.hasPrefix(message), "\(body) \(answer.text)")
                }
                for (body, message) in [
                    ("{}", "body: "), ("[1]", "[0]: "), (#"[{"model":"a"},{}]"#, "[1].model: missing"),
                    (#"[{"model":"a"},{"model":"b","tpm":1.5}]"#, "[1].tpm: "),
                    (#"[{"model":"\#(String(repeating: "m", count: 129))"}]"#, "[0].model: longer"),
                ] {
                    let answer = try await board.call(method, Self.configs, body)
                    #expect(answer.status == 400 && answer.message.hasPrefix(message), "\(body) \(answer.text)")
                }
            }
            for body in ["", "{}", "[1]"] {
                #expect(try await board.call(.delete, Self.configs, body).status == 400)
            }
            for missing in ["/api/group/none/model_configs", "/api/group/none/model_config/m"] {
                let body = missing.hasSuffix("s") ? #"[{"model":"m"}]"# : "{}"
                let answer = try await board.call(.post, missing, body)
                #expect(answer.status == 404 && answer.message == "group record not found")
            }
            #expect(try await board.call(.get, "/api/group/none/model_configs").data == [])
            #expect(try await board.call(.get, Self.configs).data == [])
        }
    }

    @Test("the option for the number of tokens holds for a group")
    func tokenLimit() async throws {
        try await AdminBoard.with(overrides: ["GroupMaxTokenNum": "1"]) { board async throws in
            let path = "/api/token/g?auto_create_group=true&ignore_exist=true"
            #expect(try await board.call(.post, path, #"{"name":"a"}"#).status == 200)
            for name in ["a", "b"] {
                let answer = try await board.call(.post, path, #"{"name":"\#(name)"}"#)
                #expect(answer.status == 409 && answer.message == "group max token num reached")
            }
        }
    }
}
