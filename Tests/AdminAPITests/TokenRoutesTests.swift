import HTTPCore
import JSON
import Testing

@Suite("Routes of tokens and groups")
struct TokenRoutesTests {
    @Test("a token is made with a new key, in a group that is there or is made")
    func create() async throws {
        try await AdminBoard.with { board async throws in
            let missing = try await board.call(.post, "/api/token/team", #"{"name":"svc"}"#)
            #expect(missing.status == 404 && missing.message == "group record not found")
            let answer = try await board.call(
                .post, "/api/token/team?auto_create_group=true",
                #"{"name":"svc","subnets":["10.0.0.0/8"],"models":["m"],"quota":100,"period_type":"daily"}"#)
            let token = answer.data
            #expect(
                token.object?.keys == [
                    "id", "key", "name", "group", "subnets", "models", "status", "used_amount", "request_count",
                    "quota",
                    "period_quota", "period_type", "period_last_update_time", "period_last_update_amount", "created_at",
                    "accessed_at",
                ])
            #expect(token["key"]?.string?.utf8.count == 48 && token["group"] == "team" && token["accessed_at"] == 0)
            #expect(token["period_last_update_time"]?.int == -62_135_596_800_000 && token["status"] == 1)
            let again = try await board.call(.post, "/api/token/team", #"{"name":"svc"}"#)
            #expect(again.status == 409 && again.message == "token name already exists in this group")
            #expect(try await board.call(.post, "/api/token/team?ignore_exist=true", #"{"name":"svc"}"#).data == token)
            #expect(try await board.call(.get, "/api/tokens/").data == ["tokens": [token], "total": 1])
            #expect(try await board.call(.get, "/api/token/team").data == ["tokens": [token], "total": 1])
            #expect(try await board.call(.get, "/api/token/other").data == ["tokens": [], "total": 0])
        }
    }

    @Test("a wrong token is refused by the name of its field")
    func wrong() async throws {
        try await AdminBoard.with { board async throws in
            for (body, message) in [
                ("{}", "name: missing"), (#"{"name":"a","subnets":["x"]}"#, "parameter error: invalid subnet: 'x'"),
                (#"{"name":"a","quota":"1"}"#, "quota: expected a number"), ("", "the request body is not valid JSON"),
            ] {
                let answer = try await board.call(.post, "/api/token/g?auto_create_group=true", body)
                #expect(answer.status == 400 && answer.message.hasPrefix(message), "\(answer.text)")
            }
            let long = String(repeating: "g", count: 65)
            #expect(
                try await board.call(.post, "/api/token/\(long)?auto_create_group=true", #"{"name":"a"}"#).message
                    .contains("group id length too long"))
            #expect(try await board.call(.get, "/api/groups/").data == ["groups": [], "total": 0])
        }
    }

    @Test("a token is found, disabled and deleted by its id")
    func change() async throws {
        try await AdminBoard.with { board async throws in
            let token = try await board.call(.post, "/api/token/g?auto_create_group=true", #"{"name":"a"}"#).data
            let path = "/api/tokens/\(try #require(token["id"]?.int))"
            #expect(try await board.call(.get, path).data == token)
            #expect(try await board.call(.post, "\(path)/status", #"{"status":2}"#).isDone)
            #expect(try await board.call(.get, "/api/tokens/?status=2&group=g").data["total"] == 1)
            #expect(try await board.call(.post, "\(path)/status", #"{"status":3}"#).status == 400)
            #expect(try await board.call(.delete, path).isDone)
            for (method, body) in [(HTTPMethod.get, String?.none), (.delete, nil)] {
                let answer = try await board.call(method, path, body)
                #expect(answer.status == 404 && answer.message == "token record not found")
            }
            #expect(try await board.call(.post, "\(path)/status", #"{"status":1}"#).status == 404)
            #expect(try await board.call(.get, "/api/tokens/abc").status == 400)
        }
    }

    @Test("a group with an id that needs escaping is made, found, disabled and deleted with its tokens")
    func groups() async throws {
        try await AdminBoard.with { board async throws in
            let path = "/api/group/fastgpt%3Atmb%3A1%2F%C3%BC"
            let made = try await board.call(.post, path, #"{"rpm_ratio":1.5,"available_sets":["default","eu"]}"#)
            #expect(
                made.data.object?.keys == [
                    "id", "status", "rpm_ratio", "used_amount", "request_count", "available_sets",
                    "balance_alert_enabled",
                    "balance_alert_threshold", "created_at",
                ])
            #expect(made.data["id"] == "fastgpt:tmb:1/ü" && made.data["rpm_ratio"]?.double == 1.5)
            #expect(try await board.call(.get, path).data == made.data)
            #expect(try await board.call(.get, "/api/groups/").data == ["groups": [made.data], "total": 1])
            let again = try await board.call(.post, path, "{}")
            #expect(again.status == 409 && again.message.hasPrefix("duplicated key not allowed"))
            let token = try await board.call(.post, "/api/token/fastgpt%3Atmb%3A1%2F%C3%BC", #"{"name":"t"}"#).data
            #expect(token["group"] == "fastgpt:tmb:1/ü")
            #expect(try await board.call(.post, "\(path)/status", #"{"status":2}"#).isDone)
            #expect(try await board.call(.get, path).data["status"] == 2)
            #expect(try await board.call(.delete, path).isDone)
            #expect(try await board.call(.delete, path).message == "group record not found")
            #expect(try await board.call(.get, path).status == 404)
            #expect(try await board.call(.get, "/api/tokens/").data["total"] == 0)
        }
    }
}
