import AdminHTTP
import HTTPCore
import JSON
import Postgres
import Testing

@testable import AdminAPI

@Suite("The protocol of the admin API")
struct ProtocolTests {
    @Test("every route but the health check refuses a missing and a wrong key, before it reads anything")
    func auth() async throws {
        try await AdminBoard.with { board async throws in
            for route in AdminRoute.all where route.role == .administrator {
                let path = route.path.replacing(":id", with: "1").replacing(":group", with: "g")
                for headers in [
                    HTTPHeaders(), ["authorization": "Bearer wrong"],
                    ["authorization": "bearer \(AdminBoard.adminKey)"],
                ] {
                    let answer = try await board.call(route.method, path, "{not json", headers: headers)
                    #expect(answer.status == 401, "\(route.method) \(path)")
                    #expect(answer.text == #"{"message":"unauthorized, no access token provided","success":false}"#)
                }
            }
            #expect(
                try await board.call(.get, "/api/status", headers: [:]).text
                    == #"{"data":{"startTime":1780000000000},"success":true}"#)
        }
    }

    @Test("the key is taken in all its forms, from the header or from the query when there is no header")
    func forms() async throws {
        try await AdminBoard.with { board async throws in
            let bare = String(AdminBoard.adminKey.dropFirst(3))
            for form in [bare, "Bearer \(bare)", "sk-\(bare)", "Bearer sk-\(bare)"] {
                #expect(try await board.call(.get, "/api/channels/all", headers: ["authorization": form]).status == 200)
                let query = form.replacing(" ", with: "%20")
                #expect(try await board.call(.get, "/api/channels/all?key=\(query)", headers: [:]).status == 200)
            }
            let wrong: HTTPHeaders = ["authorization": "wrong"]
            let query = bare.replacing(" ", with: "+")
            #expect(try await board.call(.get, "/api/channels/all?key=\(query)", headers: wrong).status == 401)
        }
    }

    @Test("unknown paths and methods are 404 in the envelope")
    func unknown() async throws {
        try await AdminBoard.with { board async throws in
            for (method, path) in [
                (HTTPMethod.get, "/api/nope"), (.patch, "/api/channel/1"), (.get, "/api/channel/1/x"),
                (.post, "/api/channels/all"),
            ] {
                let answer = try await board.call(method, path)
                #expect(answer.status == 404 && answer.json["success"] == false && !answer.message.isEmpty)
            }
        }
    }

    @Test("every answer has a request id, the content type of the contract and no encoding")
    func headers() async throws {
        try await AdminBoard.with { board async throws in
            for path in ["/api/status", "/api/channels/all", "/api/nope", "/api/channel/999"] {
                let answer = try await board.call(.get, path)
                let id = try #require(answer.headers.first("x-request-id"))
                #expect(id.utf8.count == 16 && Int(id) != nil)
                #expect(answer.headers.first("content-type") == "application/json; charset=utf-8")
                #expect(!answer.headers.contains("content-encoding"))
            }
        }
    }

    @Test("lost, added and doubled slashes change nothing, and nobody is redirected")
    func slashes() async throws {
        try await AdminBoard.with { board async throws in
            for path in [
                "//api/channels/all", "/api/channels/all/", "/api/channels", "/api/channels/", "/api//channels//all",
            ] {
                #expect(try await board.call(.get, path).status == 200, "\(path)")
            }
            for path in ["/api/channel", "/api/channel/"] {
                #expect(try await board.call(.post, path, #"{"type":1,"name":"n"}"#).isDone)
            }
        }
    }

    @Test("a browser of another origin may ask what it may send")
    func preflight() async throws {
        try await AdminBoard.with { board async throws in
            let answer = try await board.call(.options, "/api/channel/1", headers: ["origin": "http://fastgpt.test"])
            #expect(answer.status == 204 && answer.headers.first("access-control-allow-origin") == "*")
            #expect(try await board.call(.get, "/api/status").headers.first("access-control-allow-origin") == "*")
        }
    }

    @Test("a body over the limit is refused in the envelope")
    func tooLarge() async throws {
        try await AdminBoard.with { board async throws in
            let name = String(repeating: "a", count: AdminServer.maxBodyBytes)
            let answer = try await board.call(.post, "/api/channel/", #"{"type":1,"name":"\#(name)"}"#)
            #expect(answer.status == 413 && answer.json["success"] == false && !answer.message.isEmpty)
        }
    }

    @Test("without tables the answer is 503 and says what to do")
    func notMigrated() async throws {
        try await AdminBoard.with(migrated: false) { board async throws in
            for (method, path, body) in [
                (HTTPMethod.get, "/api/channels/all", String?.none),
                (.post, "/api/channel/", #"{"type":1,"name":"n"}"#),
                (.get, "/api/tokens/", nil),
            ] {
                let answer = try await board.call(method, path, body)
                #expect(answer.status == 503 && answer.message.contains("channel-registry migrate"), "\(answer.text)")
            }
        }
    }

    @Test("without a database the answer is 503 in the envelope, and names neither host nor SQL")
    func noDatabase() async throws {
        try await AdminBoard.with { board async throws in
            await board.pool.shutdown(deadline: .seconds(1))
            for (method, path, body) in [
                (HTTPMethod.get, "/api/channels/all", String?.none),
                (.post, "/api/channel/", #"{"type":1,"name":"n"}"#),
                (.get, "/api/groups/", nil),
            ] {
                let answer = try await board.call(method, path, body)
                #expect(answer.status == 503 && answer.json["success"] == false)
                #expect(answer.message.hasPrefix("the database is not available"))
                #expect(answer.headers.first("retry-after") == "1")
            }
            #expect(try await board.call(.get, "/api/status").status == 200)
        }
    }
}
