import HTTPCore
import JSON
import TestSupport
import Testing

@testable import AdminAPI

@Suite("POST /api/channels/import/oneapi")
struct ImportRoutesTests {
    private static let path = "/api/channels/import/oneapi"

    private func body(_ dsn: String) -> String {
        String(decoding: JSONValue.object(["dsn": .string(dsn)]).serialized(), as: UTF8.self)
    }

    @Test("the answer has a line for each channel that was changed or could not be mapped, and no other")
    func lines() async throws {
        let server = try ThrowawayMariaDB.shared()
        let name = try server.database()
        try server.run(
            """
            CREATE TABLE channels (id bigint PRIMARY KEY, type int, `key` text, name text, status int DEFAULT 1, base_url text);
            INSERT INTO channels (id, type, `key`, name, base_url) VALUES
                (1, 1, 'sk-1', 'plain', ''), (2, 8, 'sk-2', 'moved', 'https://llm.example'), (3, 38, 'sk-3', 'deepl', '');
            """, database: name)
        try await AdminBoard.with { (board) async throws -> Void in
            let answer = try await board.call(.post, Self.path, body("mysql://" + server.dsn(name)))
            #expect(answer.status == 200)
            #expect(answer.json["success"] == true)
            let lines = try #require(answer.data.array)
            #expect(lines.map { $0["id"]?.int } == [3, 2])
            #expect(lines[0]["imported"] == false)
            #expect(lines[0]["error"]?.string?.contains("translation") == true)
            #expect(lines[1]["imported"] == true)
            #expect(lines[1]["change"]?.string?.contains("/v1") == true)
            #expect(try await board.channels().count == 2)
            let second = try await board.call(.post, Self.path + "/", body(server.dsn(name)))
            #expect(second.data.array?.count == 1)
            #expect(try await board.channels().count == 2)
        }
    }

    @Test("nothing to say is an empty array")
    func plain() async throws {
        let server = try ThrowawayMariaDB.shared()
        let name = try server.database()
        try server.run("CREATE TABLE channels (id int, type int, `key` text)", database: name)
        try await AdminBoard.with { (board) async throws -> Void in
            let answer = try await board.call(.post, Self.path, body(server.dsn(name)))
            #expect(answer.text == #"{"data":[],"success":true}"#)
        }
    }

    @Test("what is wrong with the source is a 400 with a reason and without the password")
    func refusals() async throws {
        try await AdminBoard.with { (board) async throws -> Void in
            for (text, message) in [
                ("{}", "sql dsn is required"), (#"{"dsn":""}"#, "sql dsn is required"),
                (#"{"dsn":null}"#, "sql dsn is required"),
                (#"{"dsn":7}"#, "dsn: expected a string, got 7"),
                (#"{"dsn":"sqlite://x"}"#, "invalid dsn, only mysql and postgres are supported"),
                ("[]", "body: expected an object, got an array"),
            ] {
                let answer = try await board.call(.post, Self.path, text)
                #expect(answer.status == 400)
                #expect(answer.message == message)
            }
            for dsn in ["u:Secret7@tcp(127.0.0.1:1)/db", "postgres://u:Secret7@127.0.0.1:1/db"] {
                let answer = try await board.call(.post, Self.path, body(dsn))
                #expect(answer.status == 400)
                #expect(answer.message.hasPrefix("cannot connect to the database of One API: "))
                #expect(!answer.text.contains("Secret7"))
            }
            #expect(try await board.call(.post, Self.path, body("x"), headers: [:]).status == 401)
        }
    }
}
