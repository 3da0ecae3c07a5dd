import Contracts
import HTTPCore
import JSON
import RegistryStore
import Testing

@Suite("Monitor routes")
struct MonitorRoutesTests {
    private static let quarter = (try? JSONValue.parse(Array("0.25".utf8))) ?? .null
    private static let threeQuarters = (try? JSONValue.parse(Array("0.75".utf8))) ?? .null
    private static let zero: JSONValue = ["rpm": 0, "tpm": 0, "rps": 0, "tps": 0]

    /// Channels 1 and 2 with traffic of two gateways; the model `qwen3:8b` of channel 2 is banned.
    private func with(_ body: (AdminBoard) async throws -> Void) async throws {
        try await AdminBoard.with { board async throws in
            _ = try await board.channel("one")
            _ = try await board.channel("two", #","models":["a/b:c","m"],"sets":["eu","default"]"#)
            let health = HealthStore(pool: board.pool)
            func counts(_ channel: Int, _ model: String, _ requests: Int, _ errors: Int) -> HealthCounts {
                HealthCounts(
                    channel: channel, model: model, age: 20, calls: requests, tokens: requests * 100,
                    requests: requests, errors: errors)
            }
            func calls(_ group: String, _ token: String, _ model: String, _ calls: Int) -> CallerCounts {
                CallerCounts(group: group, token: token, model: model, age: 20, calls: calls, tokens: calls * 7)
            }
            _ = try await health.take(
                HealthReport(
                    instance: "a", sequence: 1,
                    attempts: [counts(1, "m", 8, 2), counts(2, "a/b:c", 12, 9), counts(99, "m", 50, 50)],
                    callers: [calls("fastgpt:1", "key", "qwen3:8b", 2), calls("fastgpt:1", "key", "m", 3)],
                    banned: [HealthBan(channel: 2, model: "a/b:c", reason: .errorRate, seconds: 300)]))
            _ = try await health.take(
                HealthReport(
                    instance: "b", sequence: 1, attempts: [counts(1, "m", 8, 2), counts(2, "m", 3, 3)],
                    callers: [calls("fastgpt:1", "other", "m", 5), calls("g", "key", "m", 1)]))
            try await body(board)
        }
    }

    @Test("without traffic every answer is there and empty")
    func empty() async throws {
        try await AdminBoard.with { board async throws in
            for path in ["", "/", "/models", "/7", "/banned_channels"] {
                #expect(
                    try await board.call(.get, "/api/monitor\(path)").text == #"{"data":{},"success":true}"#, "\(path)")
            }
            let runtime = try await board.call(.get, "/api/monitor/runtime_metrics")
            #expect(
                runtime.text == #"{"data":{"models":{},"channels":{},"channel_models":{}},"success":true}"#)
            #expect(
                try await board.call(.get, "/api/monitor/group_summary_metrics").text
                    == #"{"data":{"groups":{}},"success":true}"#)
            #expect(
                try await board.call(.get, "/api/monitor/group_token_metrics/g").text
                    == #"{"data":{"tokens":{}},"success":true}"#)
            #expect(
                try await board.call(.get, "/api/monitor/group_model_metrics/g").text
                    == #"{"data":{"models":{}},"success":true}"#)
            #expect(
                try await board.call(.get, "/api/monitor/group_tokenname_model_metrics/g").text
                    == #"{"data":{"items":[]},"success":true}"#)
            for body in [#"{"items":[]}"#, "{}", #"{"items":null}"#] {
                #expect(
                    try await board.call(.post, "/api/monitor/batch_group_token_metrics", body).text
                        == #"{"data":{"items":[]},"success":true}"#)
            }
            for path in ["", "/7", "/7/some/model"] {
                #expect(try await board.call(.delete, "/api/monitor\(path)").isDone)
            }
        }
    }

    @Test(
        "error rates by channel, by model and of one channel; below ten attempts they are 0, deleted channels are gone")
    func rates() async throws {
        try await with { board async throws in
            #expect(
                try await board.call(.get, "/api/monitor/").text
                    == #"{"data":{"1":{"m":0.25},"2":{"a/b:c":0.75,"m":0}},"success":true}"#)
            #expect(try await board.call(.get, "/api/monitor/1").data == ["m": Self.quarter])
            #expect(try await board.call(.get, "/api/monitor/3").data == [:])
            let models = try await board.call(.get, "/api/monitor/models").data
            #expect(models["a/b:c"] == Self.threeQuarters)
            // 7 of 19 over both channels.
            #expect(models["m"]?.double == 7.0 / 19)
            #expect(try await board.call(.get, "/api/monitor/banned_channels").data == ["a/b:c": [2]])
        }
    }

    @Test("a wrong channel id is told as the contract says")
    func badID() async throws {
        try await AdminBoard.with { board async throws in
            for (method, path) in [
                (HTTPMethod.get, "x"), (.delete, "x"), (.delete, "1.5/m"), (.get, "99999999999999999999"),
            ] {
                let answer = try await board.call(method, "/api/monitor/\(path)")
                #expect(answer.status == 400 && answer.message == "Invalid channel ID", "\(path)")
            }
        }
    }

    @Test("clearing one model, one channel and all takes errors and bans, not the traffic")
    func clear() async throws {
        try await with { board async throws in
            #expect(try await board.call(.delete, "/api/monitor/2/a/b:c").isDone)
            #expect(try await board.call(.get, "/api/monitor/banned_channels").data == [:])
            #expect(
                try await board.call(.get, "/api/monitor/").data == [
                    "1": ["m": Self.quarter], "2": ["a/b:c": 0, "m": 0],
                ])
            #expect(try await board.call(.delete, "/api/monitor/2").isDone)
            let pair = try await board.call(.get, "/api/monitor/runtime_metrics").data["channel_models"]?["2"]?["m"]
            #expect(pair?["errors"] == 0 && pair?["rpm"] == 3)
            #expect(try await board.call(.get, "/api/monitor/1").data == ["m": Self.quarter])
            #expect(try await board.call(.delete, "/api/monitor/").isDone)
            #expect(try await board.call(.get, "/api/monitor/1").data == ["m": 0])
        }
    }

    @Test("runtime metrics have the shapes of the contract")
    func runtime() async throws {
        try await with { board async throws in
            let data = try await board.call(.get, "/api/monitor/runtime_metrics").data
            #expect(data.object?.keys == ["models", "channels", "channel_models"])
            let banned: JSONValue = [
                "rpm": 12, "tpm": 1200, "rps": 0, "tps": 0, "requests": 12, "errors": 9,
                "error_rate": Self.threeQuarters,
                "banned": true,
            ]
            #expect(data["channel_models"]?["2"]?["a/b:c"] == banned)
            // No minimum of ten attempts here.
            #expect(data["channel_models"]?["2"]?["m"]?["error_rate"] == 1)
            let model: JSONValue = [
                "rpm": 12, "tpm": 1200, "rps": 0, "tps": 0, "requests": 12, "errors": 9,
                "error_rate": Self.threeQuarters,
                "banned_channels": 1,
                "channels": [
                    "2": [
                        "rpm": 12, "tpm": 1200, "rps": 0, "tps": 0, "requests": 12, "errors": 9,
                        "error_rate": Self.threeQuarters,
                        "banned_models": 1, "models": nil,
                    ]
                ], "accessible_sets": ["default", "eu"], "accessible_groups": 2,
            ]
            #expect(data["models"]?["a/b:c"] == model)
            #expect(data["models"]?["m"]?["requests"] == 19)
            #expect(data["models"]?["m"]?["channels"]?.object?.keys == ["1", "2"])
            let channel = try #require(data["channels"]?["2"])
            #expect(channel["requests"] == 15 && channel["errors"] == 12 && channel["error_rate"]?.double == 0.8)
            #expect(channel["banned_models"] == 1)
            let inner: JSONValue = [
                "rpm": 3, "tpm": 300, "rps": 0, "tps": 0, "requests": 3, "errors": 3, "error_rate": 1,
                "banned_channels": 0, "channels": nil, "accessible_sets": nil, "accessible_groups": 0,
            ]
            #expect(channel["models"]?["m"] == inner)
            #expect(data["channels"]?["99"] == nil)
        }
    }

    @Test("a model that no enabled channel has is accessible to nobody")
    func inaccessible() async throws {
        try await with { board async throws in
            #expect(try await board.call(.post, "/api/channel/2/status", #"{"status":2}"#).isDone)
            let model = try await board.call(.get, "/api/monitor/runtime_metrics").data["models"]?["a/b:c"]
            #expect(model?["accessible_sets"] == JSONValue.null && model?["accessible_groups"] == 0)
            #expect(model?["banned_channels"] == 0, "a change of the status forgets the ban")
        }
    }

    @Test("rates of groups, tokens and models, also with colons in their names")
    func callers() async throws {
        try await with { board async throws in
            let groups = try await board.call(
                .get, "/api/monitor/group_summary_metrics?groups=fastgpt%3A1,%20nobody,,"
            ).data["groups"]
            #expect(groups == ["fastgpt:1": ["rpm": 10, "tpm": 70, "rps": 0, "tps": 0], "nobody": Self.zero])
            let tokens = try await board.call(.get, "/api/monitor/group_token_metrics/fastgpt:1").data["tokens"]
            #expect(tokens?.object?.keys == ["key", "other"])
            #expect(tokens?["key"] == ["rpm": 5, "tpm": 35, "rps": 0, "tps": 0])
            let models = try await board.call(.get, "/api/monitor/group_model_metrics/fastgpt%3A1").data["models"]
            #expect(models?["qwen3:8b"]?["rpm"] == 2 && models?["m"]?["rpm"] == 8)
            let items = try await board.call(.get, "/api/monitor/group_tokenname_model_metrics/fastgpt:1").data["items"]
            #expect(items?.array?.count == 3)
            let first: JSONValue = [
                "group": "fastgpt:1", "token_name": "key", "model": "m", "rpm": 3, "tpm": 21, "rps": 0, "tps": 0,
            ]
            #expect(items?[0] == first)
        }
    }

    @Test("rates of many tokens come in the order asked; incomplete entries are dropped, wrong ones named")
    func batch() async throws {
        try await with { board async throws in
            let path = "/api/monitor/batch_group_token_metrics"
            let items = try await board.call(
                .post, path,
                #"{"items":[{"group":"x","token_name":"y"},{"group":"g","token_name":"key"},{"group":"g"},{"group":"","token_name":"key"}]}"#
            ).data["items"]
            let expected: JSONValue = [
                ["group": "x", "token_name": "y", "rpm": 0, "tpm": 0, "rps": 0, "tps": 0],
                ["group": "g", "token_name": "key", "rpm": 1, "tpm": 7, "rps": 0, "tps": 0],
            ]
            #expect(items == expected)
            for (body, message) in [
                (#"{"items":{}}"#, "items: expected an array of objects"),
                (#"{"items":[1]}"#, "items[0]: expected an object"),
                (#"{"items":[{"group":1,"token_name":"t"}]}"#, "items[0].group: expected a string"),
                ("", "the request body is not valid JSON"),
            ] {
                let answer = try await board.call(.post, path, body)
                #expect(answer.status == 400 && answer.message.hasPrefix(message), "\(answer.message)")
            }
        }
    }

    @Test("without tables and with a group that cannot be one the answer says so")
    func faults() async throws {
        try await AdminBoard.with(migrated: false) { board async throws in
            #expect(try await board.call(.get, "/api/monitor/").status == 503)
            #expect(try await board.call(.delete, "/api/monitor/").status == 503)
            #expect(try await board.call(.get, "/api/monitor/group_token_metrics/a%00b").status == 400)
            #expect(try await board.call(.get, "/api/monitor/group_summary_metrics?groups=a%00b").status == 400)
        }
    }
}
