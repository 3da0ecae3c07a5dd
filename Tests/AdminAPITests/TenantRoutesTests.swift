import HTTPCore
import JSON
import Testing

@testable import AdminAPI

@Suite("Routes that change and search tokens and groups")
struct TenantRoutesTests {
    private static func token(
        _ board: AdminBoard, _ name: String, in group: String = "g", _ more: String = ""
    ) async throws -> JSONValue {
        let answer = try await board.call(
            .post, "/api/token/\(group)?auto_create_group=true", #"{"name":"\#(name)"\#(more)}"#)
        try #require(answer.status == 200, "\(answer.text)")
        return answer.data
    }

    @Test("a token is changed by what the body names, over both of its paths")
    func update() async throws {
        try await AdminBoard.with { board async throws in
            var token = try await Self.token(
                board, "a", in: "g", #","models":["m"],"subnets":["10.0.0.0/8"],"quota":1.5"#)
            let id = try #require(token["id"]?.int)
            let body = """
                {"name":"b","models":[],"subnets":["::1/128","192.168.0.0/16"],"quota":0,"period_type":"weekly","status":2,
                 "period_last_update_time":1780272000000,"key":"mine","used_amount":9,"unknown":1}
                """
            let answer = try await board.call(.put, "/api/tokens/\(id)", body)
            for (name, value) in [
                ("name", "b"), ("models", []), ("subnets", ["::1/128", "192.168.0.0/16"]), ("quota", 0),
                ("period_type", "weekly"), ("status", 2), ("period_last_update_time", 1_780_272_000_000),
            ] as [(String, JSONValue)] { token[name] = value }
            #expect(answer.data == token)
            #expect(try await board.call(.get, "/api/token/g/\(id)").data == token)
            // What a list shows can be sent back: empty and unset members change nothing.
            let echo = String(decoding: token.serialized(), as: UTF8.self)
            #expect(try await board.call(.put, "/api/token/g/\(id)", echo).data == token)
            let nulls = #"{"name":"","models":null,"subnets":null,"status":0,"quota":2}"#
            token["quota"] = 2
            #expect(try await board.call(.put, "/api/token/g/\(id)", nulls).data == token)
            let period = try await board.call(.put, "/api/tokens/\(id)", #"{"period_quota":5}"#).data
            #expect(period["period_quota"] == 5 && period["period_last_update_time"] == 1_780_272_000_000)
        }
    }

    @Test("a change that cannot be is refused and says why")
    func wrongUpdate() async throws {
        try await AdminBoard.with { board async throws in
            let id = try #require(try await Self.token(board, "a")["id"]?.int)
            _ = try await Self.token(board, "taken")
            for path in ["/api/tokens/\(id)", "/api/token/g/\(id)"] {
                for (body, status, message) in [
                    ("{}", 400, "empty update request"), (#"{"name":"","status":0}"#, 400, "empty update request"),
                    ("[]", 400, "body: expected an object"), ("", 400, "the request body is not valid JSON"),
                    (#"{"subnets":["10.0.0.0/33"]}"#, 400, "parameter error: invalid subnet: '10.0.0.0/33'"),
                    (#"{"subnets":["10.0.0.1"]}"#, 400, "parameter error: invalid subnet: '10.0.0.1'"),
                    (#"{"period_type":"yearly"}"#, 400, "period_type: "), (#"{"status":3}"#, 400, "status: "),
                    (#"{"quota":-1}"#, 400, "quota: "), (#"{"models":"m"}"#, 400, "models: "),
                    (#"{"name":"\#(String(repeating: "ü", count: 17))"}"#, 400, "name: token name is too long"),
                    (#"{"name":"taken"}"#, 409, "token name already exists in this group"),
                ] {
                    let answer = try await board.call(.put, path, body)
                    #expect(answer.status == status && answer.message.hasPrefix(message), "\(body) \(answer.text)")
                }
            }
            for (path, status, message) in [
                ("/api/tokens/999", 404, "token record not found"), ("/api/tokens/0", 400, "id: id is empty"),
                ("/api/tokens/x", 400, "id: "), ("/api/token/h/\(id)", 404, "token record not found"),
            ] {
                for method in [HTTPMethod.put, .get, .delete] {
                    let answer = try await board.call(method, path, #"{"status":1}"#)
                    #expect(answer.status == status && answer.message.hasPrefix(message), "\(answer.text)")
                }
                for (route, body) in [("status", #"{"status":1}"#), ("name", #"{"name":"n"}"#)] {
                    let answer = try await board.call(.post, "\(path)/\(route)", body)
                    #expect(answer.status == status && answer.message.hasPrefix(message), "\(answer.text)")
                }
            }
        }
    }

    @Test("a token gets a status and a name over both of its paths")
    func statusAndName() async throws {
        try await AdminBoard.with { board async throws in
            let id = try #require(try await Self.token(board, "a")["id"]?.int)
            _ = try await Self.token(board, "taken")
            for (index, path) in ["/api/tokens/\(id)", "/api/token/g/\(id)"].enumerated() {
                #expect(try await board.call(.post, "\(path)/status", #"{"status":\#(2 - index)}"#).isDone)
                #expect(try await board.call(.get, path).data["status"]?.int == 2 - index)
                #expect(try await board.call(.post, "\(path)/name", #"{"name":"n\#(index)"}"#).isDone)
                #expect(try await board.call(.get, path).data["name"]?.string == "n\(index)")
                for (route, body, status) in [
                    ("name", #"{"name":"taken"}"#, 409), ("name", "{}", 400), ("name", #"{"name":1}"#, 400),
                    ("status", "{}", 400), ("status", #"{"status":0}"#, 400), ("status", #"{"status":"1"}"#, 400),
                ] {
                    #expect(try await board.call(.post, "\(path)/\(route)", body).status == status, "\(route) \(body)")
                }
            }
            #expect(try await board.call(.delete, "/api/token/g/\(id)").isDone)
            #expect(try await board.call(.get, "/api/token/g/\(id)").status == 404)
        }
    }

    @Test("tokens are deleted many at a time, in all groups or in one")
    func deleteMany() async throws {
        try await AdminBoard.with { board async throws in
            var ids: [Int] = []
            for group in ["g", "h"] {
                for name in ["a", "b"] {
                    ids.append(try #require(try await Self.token(board, name, in: group)["id"]?.int))
                }
            }
            #expect(try await board.call(.post, "/api/tokens/batch_delete", "[]").isDone)
            #expect(try await board.call(.post, "/api/token/g/batch_delete", "\(ids + [9999])").isDone)
            #expect(try await board.call(.get, "/api/tokens/").data["total"] == 2)
            #expect(try await board.call(.post, "/api/tokens/batch_delete", #"{"ids":\#(ids)}"#).isDone)
            #expect(try await board.call(.get, "/api/tokens/").data == ["tokens": [], "total": 0])
            for path in ["/api/tokens/batch_delete", "/api/token/g/batch_delete"] {
                for body in ["", "{}", #"["1"]"#, "[1.5]", "7"] {
                    #expect(try await board.call(.post, path, body).status == 400, "\(body)")
                }
            }
        }
    }

    @Test("tokens are searched, sorted and paged; a malformed filter is named")
    func search() async throws {
        try await AdminBoard.with { board async throws in
            let first = try await Self.token(board, "alpha_1", in: "team", #","models":["Claude-x"]"#)
            let second = try await Self.token(board, "alphaX1", in: "other")
            func names(_ path: String) async throws -> [String] {
                let answer = try await board.call(.get, path)
                let tokens = try #require(answer.data["tokens"]?.array, "\(answer.text)")
                #expect(try #require(answer.data["total"]?.int) >= tokens.count)
                return tokens.compactMap { $0["name"]?.string }
            }
            let key = try #require(first["key"]?.string)
            #expect(try await names("/api/tokens/search") == ["alphaX1", "alpha_1"])
            #expect(try await names("/api/tokens/search?keyword=A_1") == ["alpha_1"])
            #expect(try await names("/api/tokens/search?keyword=claude") == ["alpha_1"])
            #expect(try await names("/api/tokens/search?keyword=%25") == [])
            #expect(try await names("/api/tokens/search?keyword=\(key.prefix(16))") == ["alpha_1"])
            #expect(try await names("/api/tokens/search?key=sk-\(key)") == ["alpha_1"])
            #expect(try await names("/api/tokens/search?name=alphaX1&status=1&group=other") == ["alphaX1"])
            #expect(try await names("/api/token/team/search?keyword=alpha&group=other") == ["alpha_1"])
            #expect(try await names("/api/token/none/search") == [])
            #expect(try await names("/api/tokens/?order=name-asc&per_page=1&p=2") == ["alpha_1"])
            #expect(try await names("/api/tokens/?order=expired_at&keyword=zzz&page=x") == ["alphaX1", "alpha_1"])
            #expect(try await names("/api/tokens/?order=id-asc") == ["alpha_1", "alphaX1"])
            for path in ["/api/tokens/", "/api/tokens/search", "/api/token/team", "/api/token/team/search"] {
                let answer = try await board.call(.get, "\(path)?status=on")
                #expect(answer.status == 400 && answer.message == "status must be an integer", "\(answer.text)")
            }
            #expect(try await board.call(.get, "/api/tokens/search?keyword=a%00").status == 400)
            #expect(second["key"]?.string != key)
        }
    }

    @Test("a group is changed by what the body names; an empty change finds nothing")
    func updateGroup() async throws {
        try await AdminBoard.with { board async throws in
            var group = try await board.call(.post, "/api/group/g", #"{"rpm_ratio":2,"available_sets":["a"]}"#).data
            let body = #"{"rpm_ratio":0,"tpm_ratio":0.5,"available_sets":[],"balance_alert_enabled":true,"status":2}"#
            let answer = try await board.call(.put, "/api/group/g", body)
            group["rpm_ratio"] = nil
            group["tpm_ratio"] = try JSONValue.parse(Array("0.5".utf8))
            group["available_sets"] = nil
            group["balance_alert_enabled"] = true
            group["status"] = 2
            #expect(answer.data == group, "\(answer.text)")
            #expect(try await board.call(.put, "/api/group/g", #"{"balance_alert_threshold":3}"#).status == 200)
            #expect(try await board.call(.post, "/api/group/g/rpm_ratio", #"{"rpm_ratio":1.5}"#).isDone)
            #expect(try await board.call(.post, "/api/group/g/tpm_ratio", #"{"tpm_ratio":-1}"#).isDone)
            let read = try await board.call(.get, "/api/group/g").data
            #expect(read["rpm_ratio"]?.double == 1.5 && read["tpm_ratio"] == -1)
            #expect(read["balance_alert_threshold"] == 3 && read["balance_alert_enabled"] == true)
            for (method, path, body, status, message) in [
                (HTTPMethod.put, "/api/group/g", "{}", 404, "group record not found"),
                (.put, "/api/group/none", #"{"status":1}"#, 404, "group record not found"),
                (.put, "/api/group/g", #"{"status":3}"#, 400, "status: "),
                (.put, "/api/group/g", #"{"available_sets":{}}"#, 400, "available_sets: "),
                (.put, "/api/group/g", "", 400, "the request body is not valid JSON"),
                (.post, "/api/group/g/rpm_ratio", "{}", 400, "rpm_ratio: missing"),
                (.post, "/api/group/g/tpm_ratio", #"{"tpm_ratio":"1"}"#, 400, "tpm_ratio: "),
                (.post, "/api/group/none/rpm_ratio", #"{"rpm_ratio":1}"#, 404, "group record not found"),
                (.post, "/api/group/none/tpm_ratio", #"{"tpm_ratio":1}"#, 404, "group record not found"),
                (.post, "/api/group/none/status", #"{"status":1}"#, 404, "group record not found"),
                (.post, "/api/group/g", "{}", 409, "duplicated key not allowed"),
                (.post, "/api/group/new", "1", 400, "body: "),
            ] {
                let answer = try await board.call(method, path, body)
                #expect(answer.status == status && answer.message.hasPrefix(message), "\(path) \(answer.text)")
            }
        }
    }

    @Test("groups are searched, disabled and deleted many at a time, with their tokens")
    func manyGroups() async throws {
        try await AdminBoard.with { board async throws in
            for group in ["team_a", "teamXa", "c"] { _ = try await Self.token(board, "t", in: group) }
            #expect(try await board.call(.put, "/api/group/c", #"{"available_sets":["eu"]}"#).status == 200)
            func ids(_ path: String) async throws -> [String] {
                let answer = try await board.call(.get, path)
                return try #require(answer.data["groups"]?.array, "\(answer.text)").compactMap { $0["id"]?.string }
            }
            #expect(try await ids("/api/groups/search?keyword=M_A") == ["team_a"])
            #expect(try await ids("/api/groups/search?keyword=eu") == ["c"])
            #expect(try await ids("/api/groups/search?keyword=zzz") == [])
            #expect(try await ids("/api/groups/?order=created_at-asc&per_page=2") == ["team_a", "teamXa"])
            let disable = #"{"status":2,"groups":["team_a","c","none"]}"#
            #expect(try await board.call(.post, "/api/groups/batch_status", disable).isDone)
            #expect(try await ids("/api/groups/search?status=2&order=id-asc") == ["c", "team_a"])
            #expect(try await board.call(.get, "/api/groups/search?status=x").message == "status must be an integer")
            #expect(try await board.call(.post, "/api/groups/batch_delete", #"["team_a","c","none"]"#).isDone)
            #expect(try await board.call(.post, "/api/groups/batch_delete", "[]").isDone)
            #expect(try await ids("/api/groups") == ["teamXa"])
            #expect(try await board.call(.get, "/api/tokens/").data["total"] == 1)
            for (path, body) in [
                ("batch_delete", ""), ("batch_delete", "{}"), ("batch_delete", "[1]"),
                ("batch_status", #"{"groups":["c"]}"#), ("batch_status", #"{"status":1}"#),
                ("batch_status", #"{"status":1,"groups":[1]}"#), ("batch_status", #"{"status":9,"groups":[]}"#),
            ] {
                #expect(try await board.call(.post, "/api/groups/\(path)", body).status == 400, "\(body)")
            }
        }
    }

    @Test("a tenant's own key opens no route")
    func tenantKey() async throws {
        try await AdminBoard.with { board async throws in
            let key = try #require(try await Self.token(board, "a")["key"]?.string)
            for route in AdminRoute.all where route.role == .administrator {
                let path = route.path.split(separator: "/").map { segment in
                    segment.hasPrefix(":") || segment.hasPrefix("*") ? "1" : segment
                }
                for form in ["Bearer sk-\(key)", key] {
                    let answer = try await board.call(
                        route.method, "/" + path.joined(separator: "/"), "{}", headers: ["authorization": form])
                    #expect(answer.status == 401, "\(route.method) \(route.path)")
                    #expect(answer.text == #"{"message":"unauthorized, no access token provided","success":false}"#)
                }
            }
            #expect(try await board.call(.get, "/api/tokens/").data["total"] == 1)
        }
    }
}
