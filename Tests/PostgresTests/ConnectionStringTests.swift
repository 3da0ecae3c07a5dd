import Testing

@testable import Postgres

@Suite("Database URL")
struct ConnectionStringTests {
    typealias Endpoint = ConnectionString.Endpoint

    @Test("a full URL is split into its parts and percent-decoded")
    func full() throws {
        let url = try ConnectionString(
            "postgres://me:p%40ss%2F@db.example:5433/my%20db?sslmode=require&connect_timeout=3")
        #expect(url.endpoints == [Endpoint(host: "db.example", port: 5433)])
        #expect(
            url.keywords == [
                "user": "me", "password": "p@ss/", "dbname": "my db", "sslmode": "require", "connect_timeout": "3",
            ])
        #expect(url.settings.isEmpty)
    }

    @Test("several hosts are kept in order, with and without ports and in brackets")
    func hosts() throws {
        let url = try ConnectionString("postgresql://u@a,b:1,[::1]:2,[fe80::1]/d")
        #expect(
            url.endpoints == [
                Endpoint(host: "a", port: 5432), Endpoint(host: "b", port: 1), Endpoint(host: "::1", port: 2),
                Endpoint(host: "fe80::1", port: 5432),
            ])
    }

    @Test(
        "a socket directory can be the host, encoded or as a parameter",
        arguments: [
            "postgres://u@%2Frun%2Fpg:7/d", "postgres://u@/d?host=/run/pg&port=7",
            "postgres:///d?host=%2Frun%2Fpg&port=7&user=u",
        ])
    func socket(_ text: String) throws {
        let url = try ConnectionString(text)
        #expect(url.endpoints == [Endpoint(host: "/run/pg", port: 7)])
        #expect(url.endpoints[0].isUnixSocket)
        #expect(url.keywords == ["user": "u", "dbname": "d"])
    }

    @Test("without a host the usual socket directory is used")
    func noHost() throws {
        #expect(try ConnectionString("postgres://").endpoints == [Endpoint(host: "/var/run/postgresql", port: 5432)])
    }

    @Test("a parameter that libpq does not know is a setting of the session")
    func settings() throws {
        let url = try ConnectionString("postgres://h/d?TimeZone=Asia/Shanghai&search_path=a,b&ssl=true")
        #expect(url.settings == ["TimeZone": "Asia/Shanghai", "search_path": "a,b"])
        #expect(url.keywords == ["dbname": "d", "sslmode": "require"])
    }

    @Test("an @ in the password may stay as it is when it is not ambiguous")
    func atInPassword() throws {
        #expect(try ConnectionString("postgres://u:a@b@h/d").keywords["password"] == "a@b")
    }

    @Test(
        "a bad URL is refused without quoting any of it",
        arguments: [
            "mysql://u:hunter2@h/d", "postgres://u:hunter2/x@h/d", "postgres://u:hunter2?x@h/d",
            "postgres://u:hunter2#x@h/d",
            "postgres://u:hunter2%zz@h/d", "postgres://u:hunter2%00@h/d", "postgres://u:x@h:hunter2/d",
            "postgres://u@h:0/d",
            "postgres://u@h:70000/d", "postgres://u@[::1/d", "postgres://u@[::1]x/d", "postgres://u@h/d?hunter2",
            "postgres://u@h/d?hunter2-x=1", "postgres://u@a,b/d?port=1,2,3", "postgres://u@hunter2 x/d",
            "postgres://u@h/d?hostaddr=1.2.3.4", "hunter2", "", "postgres://u:%ff@h/d",
        ])
    func bad(_ text: String) throws {
        let error = try #require(throws: PostgresError.self) { try ConnectionString(text) }
        guard case .configuration(let reason) = error else {
            Issue.record("\(error)")
            return
        }
        #expect(!reason.contains("hunter2"))
    }

    @Test("the session runs in UTC with ISO dates and a statement timeout, and settings are escaped")
    func options() throws {
        var configuration = try PostgresConfiguration(
            dsn: "postgres://u@h/d?options=-c%20geqo%3Doff&application_name=app")
        configuration.statementTimeout = .milliseconds(1500)
        configuration.sessionSettings = ["search_path": #"a b\c"#]
        let keywords = Dictionary(uniqueKeysWithValues: configuration.libpqKeywords)
        #expect(
            keywords["options"]
                == #"-c geqo=off -c DateStyle=ISO -c TimeZone=UTC -c bytea_output=hex -c search_path=a\ b\\c"#
                + " -c standard_conforming_strings=on -c statement_timeout=1500")
        #expect(keywords["application_name"] == "app")
        #expect(keywords["client_encoding"] == "UTF8")
        #expect(keywords["gssencmode"] == "disable")
    }
}
