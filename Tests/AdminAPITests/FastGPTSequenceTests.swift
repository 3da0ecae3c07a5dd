import HTTPCore
import JSON
import Testing

@Suite("What FastGPT does with a channel")
struct FastGPTSequenceTests {
    /// What a browser sends along.
    private static let headers: HTTPHeaders = [
        "authorization": "Bearer \(AdminBoard.adminKey)", "user-agent": "Mozilla/5.0",
        "accept-encoding": "gzip, deflate, br, zstd", "referer": "http://fastgpt.test/", "sec-fetch-mode": "cors",
        "x-forwarded-for": "203.0.113.9", "content-type": "application/json",
    ]

    @Test("the form, the list, create, edit, toggle, migrate and delete, in its order and with its bodies")
    func sequence() async throws {
        try await AdminBoard.with { board async throws in
            let metas = try await board.call(.get, "/api/channels/type_metas", headers: Self.headers)
            #expect(metas.data["1"]?["name"] == "openai")
            let list = "/api/channels/all?page=1&perPage=10"
            #expect(try await board.call(.get, list, headers: Self.headers).text == #"{"data":[],"success":true}"#)
            let new = """
                {"type":1,"name":"My OpenAI","base_url":"","models":["gpt-4o-test"],
                 "model_mapping":{"gpt-4o-test":"gpt-4o"},"key":"sk-upstream","priority":1}
                """
            #expect(try await board.call(.post, "/api/channel/", new, headers: Self.headers).isDone)
            let created = try #require(try await board.call(.get, list, headers: Self.headers).data.array)
            #expect(created.count == 1)
            var channel = created[0]
            for (name, value) in try JSONValue.parse(Array(new.utf8)).object?.members.map({ ($0.key, $0.value) }) ?? []
            {
                #expect(channel[name] == value, "\(name)")
            }
            #expect(channel["status"] == 1)
            let path = "/api/channel/\(try #require(channel["id"]?.int))"

            // The edit form of 4.8.23, then the full replacement of 4.16 with the nulls that its schemas allow.
            var form: JSONValue = [:]
            for name in ["type", "name", "base_url", "models", "model_mapping", "key", "status"] {
                form[name] = channel[name]
            }
            form["priority"] = 7
            #expect(try await board.call(.put, path, text(form), headers: Self.headers).json["success"] == true)
            for name in ["proxy_url", "configs", "sets"] { form[name] = JSONValue.null }
            for name in ["enabled_auto_balance_check", "skip_tls_verify", "enabled_no_permission_ban"] {
                form[name] = false
            }
            form["warn_error_rate"] = 0
            form["max_error_rate"] = 0
            #expect(try await board.call(.put, path, text(form), headers: Self.headers).json["success"] == true)
            channel["priority"] = 7
            #expect(try await board.channels() == [channel])

            #expect(try await board.call(.post, "\(path)/status", #"{"status":2}"#, headers: Self.headers).isDone)
            channel["status"] = 2
            #expect(try await board.channels() == [channel])

            // The migration of 4.16: only `configs`, read back as it was sent.
            let configs = #"{"configs":{"map_reasoning_to_reasoning_content":true}}"#
            #expect(try await board.call(.put, path, configs, headers: Self.headers).json["success"] == true)
            let migrated = try await board.channels()[0]
            #expect(migrated["configs"] == ["map_reasoning_to_reasoning_content": true])
            #expect(migrated["key"] == "sk-upstream" && migrated["status"] == 2)

            #expect(try await board.call(.delete, path, headers: Self.headers).isDone)
            #expect(try await board.channels().isEmpty)
        }
    }

    private func text(_ value: JSONValue) -> String {
        String(decoding: value.serialized(), as: UTF8.self)
    }
}
