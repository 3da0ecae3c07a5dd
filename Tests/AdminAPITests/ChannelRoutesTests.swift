import HTTPCore
import JSON
import Postgres
import Testing

@testable import AdminAPI

@Suite("Routes of channels")
struct ChannelRoutesTests {
    @Test("type_metas has all 43 types with the three texts that FastGPT reads")
    func typeMetas() async throws {
        try await AdminBoard.with { board async throws in
            let metas = try #require(try await board.call(.get, "/api/channels/type_metas").data.object)
            #expect(metas.count == 43)
            for member in metas.members {
                for name in ["name", "keyHelp", "defaultBaseUrl", "readme"] {
                    #expect(member.value[name]?.string != nil, "\(member.key) \(name)")
                }
            }
            #expect(metas["1"]?["defaultBaseUrl"] == "https://api.openai.com/v1")
            #expect(
                metas["1"]?["configSchema"]?["properties"]?["map_reasoning_to_reasoning_content"]?["type"] == "boolean")
            #expect(metas["16"]?.object?["configSchema"] == nil)
        }
    }

    @Test("an empty list is an array, never null")
    func empty() async throws {
        try await AdminBoard.with { board async throws in
            #expect(try await board.call(.get, "/api/channels/all").text == #"{"data":[],"success":true}"#)
            #expect(
                try await board.call(.get, "/api/channels/").text
                    == #"{"data":{"channels":[],"total":0},"success":true}"#)
            #expect(
                try await board.call(.get, "/api/channels/search?keyword=x").text
                    == #"{"data":{"channels":[],"total":0},"success":true}"#)
        }
    }

    @Test("a channel has the members of the contract in its order, those that are empty left out")
    func shape() async throws {
        try await AdminBoard.with { board async throws in
            let plain = try await board.channel("plain")
            #expect(
                plain.object?.keys == [
                    "id", "type", "name", "key", "base_url", "proxy_url", "models", "model_mapping", "status",
                    "priority",
                    "balance", "balance_threshold", "used_amount", "request_count", "retry_count",
                    "enabled_auto_balance_check", "skip_tls_verify", "enabled_no_permission_ban", "warn_error_rate",
                    "max_error_rate", "created_at", "balance_updated_at", "last_test_error_at",
                ])
            #expect(plain["status"] == 1 && plain["model_mapping"] == [:] && plain["models"] == ["m"])
            #expect(plain["balance_updated_at"]?.int == -62_135_596_800_000)
            #expect(try #require(plain["created_at"]?.int) > 1_700_000_000_000)
            let full = try await board.channel("full", #", "sets":["a"],"configs":{"b":1.50}"#)
            #expect(full["sets"] == ["a"] && full["configs"]?.serialized() == Array(#"{"b":1.50}"#.utf8))
        }
    }

    @Test("one channel comes with the results of its tests, lists do not")
    func tests() async throws {
        try await AdminBoard.with { board async throws in
            let id = try #require(try await board.channel("tested")["id"]?.int)
            #expect(try await board.call(.get, "/api/channel/\(id)").data["channel_tests"] == [])
            _ = try await board.pool.execute(
                """
                INSERT INTO registry.channel_tests VALUES
                    (\(id), 'm', 'm-eu', to_timestamp(1782711200.123456), 3, false, 502, '{"error":{}}', 842000, 'old name', 1)
                """)
            #expect(
                try await board.call(.get, "/api/channel/\(id)").text.contains(
                    #""channel_tests":[{"test_at":1782711200123,"model":"m","actual_model":"m-eu","response":"{\"error\":{}}","#
                        + #""channel_name":"old name","channel_type":1,"channel_id":\#(id),"took":0.842,"success":false,"#
                        + #""mode":3,"code":502}]"#))
            #expect(try await board.channels().allSatisfy { $0["channel_tests"] == nil })
            let answer = try await board.call(.put, "/api/channel/\(id)", #"{"channel_tests":"ignored","priority":2}"#)
            #expect(answer.status == 200 && answer.data["channel_tests"] == nil)
            #expect(try await board.call(.delete, "/api/channel/\(id)").isDone)
            let left = try await board.pool.query("SELECT 1 FROM registry.channel_tests")
            #expect(left.isEmpty)
        }
    }

    @Test("creating answers exactly success, from one body or many, and all are in the next list, newest first")
    func create() async throws {
        try await AdminBoard.with { board async throws in
            #expect(try await board.call(.post, "/api/channel/", #"{"type":1,"name":"a","key":"k1\nk2"}"#).isDone)
            #expect(
                try await board.call(
                    .post, "/api/channels/", #"[{"type":1,"name":"b"},{"type":14,"name":"c","status":2}]"#
                ).isDone)
            let channels = try await board.channels()
            #expect(channels.map { $0["name"]?.string } == ["c", "b", "a", "a"])
            #expect(channels.map { $0["key"]?.string } == ["", "", "k2", "k1"])
            #expect(channels.map { $0["status"]?.int } == [2, 1, 1, 1])
        }
    }

    @Test("a creating body with one wrong channel creates none, and says which")
    func createWrong() async throws {
        try await AdminBoard.with { board async throws in
            for (path, body, message) in [
                (
                    "/api/channels/", #"[{"type":1},{"type":1,"priority":"x"}]"#,
                    "[1].priority: expected an integer, got a string"
                ),
                ("/api/channels/", #"[{"type":1},5]"#, "[1]: expected an object, got 5"),
                ("/api/channels/", "[]", "body: expected 1 to 10000 channels, got 0"),
                ("/api/channels/", "{}", "body: expected an array of channels, got an object"),
                ("/api/channel/", "[]", "body: expected an object, got an array"),
                ("/api/channel/", "", "the request body is not valid JSON: the text is empty"),
                ("/api/channel/", "{", "the request body is not valid JSON: "),
                (
                    "/api/channel/", #"{"type":13,"name":"n","key":"one part"}"#,
                    "n [baidu v2(13)] invalid key: it must have 2 parts"
                ),
            ] {
                let answer = try await board.call(.post, path, body)
                #expect(answer.status == 400 && answer.json["success"] == false)
                #expect(answer.message.hasPrefix(message), "\(answer.message)")
            }
            #expect(try await board.channels().isEmpty)
        }
    }

    @Test("one channel is found by its id, and an id that is none or unknown is told apart")
    func find() async throws {
        try await AdminBoard.with { board async throws in
            let channel = try await board.channel("a")
            let id = try #require(channel["id"]?.int)
            let found = try #require(try await board.call(.get, "/api/channel/\(id)").data.object)
            for member in try #require(channel.object).members { #expect(found[member.key] == member.value) }
            #expect(found.keys == (channel.object?.keys ?? []) + ["channel_tests"])
            #expect(try await board.call(.get, "/api/channel/abc").status == 400)
            for (method, path, body) in [
                (HTTPMethod.get, "/api/channel/999", String?.none), (.put, "/api/channel/999", "{}"),
                (.post, "/api/channel/999/status", #"{"status":1}"#), (.delete, "/api/channel/999", nil),
                (.get, "/api/channel/-1", nil),
            ] {
                let answer = try await board.call(method, path, body)
                #expect(answer.status == 404 && answer.message == "channel record not found")
            }
        }
    }

    @Test("an edit changes the fields that are present and answers the channel")
    func update() async throws {
        try await AdminBoard.with { board async throws in
            let before = try await board.channel("a", #","key":"k","priority":3,"sets":["s"],"configs":{"x":1}"#)
            let path = "/api/channel/\(try #require(before["id"]?.int))"
            var expected = before
            expected["configs"] = ["map_reasoning_to_reasoning_content": true]
            let answer = try await board.call(.put, path, #"{"configs":{"map_reasoning_to_reasoning_content":true}}"#)
            #expect(answer.status == 200 && answer.data == expected)
            #expect(try await board.channels() == [expected])
            // What the list returned is accepted as it is; the status is not part of an edit.
            var form = expected
            form["status"] = 2
            #expect(
                try await board.call(.put, path, String(decoding: form.serialized(), as: UTF8.self)).data == expected)
            let nulls = #"{"model_mapping":null,"configs":null,"sets":null,"proxy_url":null}"#
            expected["configs"] = nil
            expected["sets"] = nil
            #expect(try await board.call(.put, path, nulls).data == expected)
        }
    }

    @Test("a wrong edit changes nothing")
    func updateWrong() async throws {
        try await AdminBoard.with { board async throws in
            let before = try await board.channel("a")
            let path = "/api/channel/\(try #require(before["id"]?.int))"
            for (body, field) in [
                (#"{"name":"b","priority":"high"}"#, "priority"), (#"{"name":"b","models":[1]}"#, "models"),
                (#"{"name":"b","type":9999}"#, "type"), (#"{"name":"b","base_url":"x"}"#, "base_url"),
                (#"{"name":"b","type":13,"key":"x"}"#, "key"), ("", "body"), ("[1]", "body"),
            ] {
                let answer = try await board.call(.put, path, body)
                #expect(answer.status == 400 && answer.message.contains(field), "\(answer.text)")
            }
            #expect(try await board.channels() == [before])
        }
    }

    @Test("status, delete and the calls for many answer exactly success")
    func writes() async throws {
        try await AdminBoard.with { board async throws in
            var ids: [Int] = []
            for name in ["a", "b", "c", "d"] { ids.append(try #require(try await board.channel(name)["id"]?.int)) }
            func statuses() async throws -> [Int?] { try await board.channels().map { $0["status"]?.int } }
            #expect(try await board.call(.post, "/api/channel/\(ids[0])/status", #"{"status":2}"#).isDone)
            #expect(try await statuses() == [1, 1, 1, 2])
            #expect(
                try await board.call(
                    .post, "/api/channels/batch_status", #"{"ids":[\#(ids[1]),\#(ids[2]),999],"status":2}"#
                ).isDone)
            #expect(try await statuses() == [1, 2, 2, 2])
            for body in [#"{"status":"on"}"#, "{}", #"{"status":0}"#, #"{"status":4}"#, ""] {
                #expect(try await board.call(.post, "/api/channel/\(ids[0])/status", body).status == 400)
            }
            #expect(
                try await board.call(.post, "/api/channels/batch_status", #"{"status":2}"#).message.hasPrefix(
                    "ids: missing"))
            #expect(try await board.call(.delete, "/api/channel/\(ids[0])").isDone)
            #expect(try await board.call(.post, "/api/channels/batch_delete", "[\(ids[1]),999]").isDone)
            #expect(try await board.call(.post, "/api/channels/batch_delete", #"{"ids":[\#(ids[2])]}"#).isDone)
            #expect(try await board.call(.post, "/api/channels/batch_delete", "[]").isDone)
            #expect(try await board.call(.post, "/api/channels/batch_delete", #"["a"]"#).status == 400)
            #expect(try await board.channels().map { $0["id"]?.int } == [ids[3]])
            let info = try await board.call(.post, "/api/channels/batch_info", "[\(ids[3]),\(ids[0]),999]")
            #expect(
                info.text
                    == #"{"data":[{"id":\#(ids[0]),"name":"a","type":1},{"id":\#(ids[3]),"name":"d","type":1}],"success":true}"#
            )
            #expect(
                try await board.call(.post, "/api/channels/batch_info", "[]").text == #"{"data":[],"success":true}"#)
        }
    }

    @Test("the list is paged, sorted, filtered and searched; what does not parse is no filter")
    func page() async throws {
        try await AdminBoard.with { board async throws in
            let bodies = (1...12).map {
                #"{"type":\#($0 == 12 ? 14 : 1),"name":"n\#($0)","key":"key\#($0)","models":["m\#($0)"]}"#
            }
            #expect(try await board.call(.post, "/api/channels/", "[\(bodies.joined(separator: ","))]").isDone)
            func names(_ query: String) async throws -> [String] {
                let answer = try await board.call(.get, "/api/channels/\(query)")
                #expect(answer.status == 200, "\(answer.text)")
                return try #require(answer.data["channels"]?.array).compactMap { $0["name"]?.string }
            }
            #expect(try await names("?per_page=3") == ["n12", "n11", "n10"])
            #expect(try await names("?p=2&per_page=5&order=id-asc") == ["n6", "n7", "n8", "n9", "n10"])
            #expect(try await names("?page=99") == [])
            #expect(try await names("?page=0&per_page=x").count == 10)
            #expect(try await names("?per_page=1000&order=test_at").count == 12)
            #expect(try await names("?page=9223372036854775807&per_page=100") == [])
            #expect(try await names("?search=N7") == ["n7"])
            #expect(try await names("search?keyword=key1&order=id-asc") == ["n1", "n10", "n11", "n12"])
            #expect(try await names("search?keyword=M12") == ["n12"])
            #expect(try await names("?channel_type=14") == ["n12"])
            #expect(try await names("?channel_type=&id=0&name=&unknown=x").count == 10)
            for name in ["channel_type", "id"] {
                let answer = try await board.call(.get, "/api/channels/?\(name)=x")
                #expect(answer.status == 400 && answer.message == "\(name) must be an integer")
            }
            #expect(try await names("?key=key3") == ["n3"])
            #expect(try await names("?name=n4&channel_type=1") == ["n4"])
            #expect(try await names("?name=%27%3B%20DROP%20TABLE%20registry.channels%3B--") == [])
            #expect(try await board.call(.get, "/api/channels/?per_page=2").data["total"] == 12)
        }
    }
}
