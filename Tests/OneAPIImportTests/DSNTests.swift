import Postgres
import Telemetry
import Testing

@testable import OneAPIImport

@Suite("One API import: the DSN")
struct DSNTests {
    private func mysql(_ text: String) throws -> MySQLAddress {
        guard case .mysql(let address) = try DSN(text) else { throw ImportError.dsn("not MySQL") }
        return address
    }

    private func refusal(_ text: String) -> String {
        do throws(ImportError) {
            _ = try DSN(text)
            return ""
        } catch {
            return error.message
        }
    }

    @Test("Go's form is read with the scheme, without it, and with white space around it")
    func plain() throws {
        for text in [
            "mysql://u:p@tcp(db.example:3307)/one", "u:p@tcp(db.example:3307)/one",
            " MySQL://u:p@tcp(db.example:3307)/one\n",
        ] {
            let address = try mysql(text)
            #expect(address.user == "u")
            #expect(address.password.reveal == "p")
            #expect(address.endpoint == .tcp(host: "db.example", port: 3307))
            #expect(address.database == "one")
            #expect(address.encryption == .none)
        }
    }

    @Test(
        "a password is taken as it stands",
        arguments: [
            "p@ss", "p:a:ss", "p/a/ss", "@", ":", "/", "@/", "a@tcp(", "a@tcp(b)", "a@tcp(b:1)/c@", "p?x=1&y=2", "100%",
            "%41", "#", "a b",
            "pass(word)", "[::1]", "密码", "\"'`\\", "://", "mysql://", "",
        ])
    func password(_ password: String) throws {
        for scheme in ["", "mysql://"] {
            let address = try mysql("\(scheme)user:\(password)@tcp(h:1)/db?charset=utf8mb4&parseTime=True&loc=Local")
            #expect(address.user == "user")
            #expect(address.password.reveal == password)
            #expect(address.endpoint == .tcp(host: "h", port: 1))
            #expect(address.database == "db")
        }
    }

    @Test(
        "every kind of address is read",
        arguments: [
            ("tcp(h)", .tcp(host: "h", port: 3306)), ("tcp([::1]:99)", .tcp(host: "::1", port: 99)),
            ("tcp([fe80::1])", .tcp(host: "fe80::1", port: 3306)),
            ("tcp", .tcp(host: "127.0.0.1", port: 3306)), ("", .tcp(host: "127.0.0.1", port: 3306)),
            ("tcp()", .tcp(host: "127.0.0.1", port: 3306)),
            ("(h:5)", .tcp(host: "h", port: 5)), ("TCP(h:5)", .tcp(host: "h", port: 5)),
            ("tcp(:5)", .tcp(host: "127.0.0.1", port: 5)),
            ("unix(/run/mysqld/mysqld.sock)", .unix(path: "/run/mysqld/mysqld.sock")),
            ("unix", .unix(path: "/tmp/mysql.sock")),
        ] as [(String, MySQLAddress.Endpoint)])
    func endpoints(_ text: String, _ endpoint: MySQLAddress.Endpoint) throws {
        #expect(try mysql("u:p/q@\(text)/db").endpoint == endpoint)
    }

    @Test("user and password may be missing, and the database may be percent-encoded")
    func parts() throws {
        #expect(try mysql("u@tcp(h)/db").password.reveal == "")
        #expect(try mysql("tcp(h)/db").user == "")
        #expect(try mysql("u:p@tcp(h)/a%2Fb").database == "a/b")
        #expect(try mysql("u:p@tcp(h)/100%").database == "100%")
        #expect(try mysql("u:p@tcp(h)/db?loc=Asia/Shanghai").database == "db")
    }

    @Test("tls says how the connection is encrypted")
    func encryption() throws {
        let kinds: [(String, MySQLAddress.Encryption)] = [
            ("tls=true", .verified), ("a=b&tls=skip-verify", .unverified), ("tls=preferred", .preferred),
            ("tls=false", .none), ("", .none),
        ]
        for (text, encryption) in kinds { #expect(try mysql("u:p@tcp(h)/db?\(text)").encryption == encryption) }
    }

    @Test("PostgreSQL URLs are read with either scheme")
    func postgres() throws {
        for scheme in ["postgres", "postgresql", "Postgres"] {
            guard
                case .postgres(let configuration, let password) = try DSN(
                    "\(scheme)://u:s%40cret@h:5433/one?sslmode=disable")
            else {
                Issue.record("not PostgreSQL")
                return
            }
            #expect(configuration.database == "one")
            #expect(configuration.firstServer == ("h", 5433))
            #expect(password.reveal == "s@cret")
        }
    }

    @Test(
        "what is no DSN is refused, and no part of it is repeated",
        arguments: [
            "mysql://", "mysql://user:Secret7@host:3306/db", "user:Secret7@udp(h)/db", "user:Secret7@tcp(h:0)/db",
            "user:Secret7@tcp(h:65536)/db",
            "user:Secret7@tcp(h:x)/db", "user:Secret7@tcp(::1)/db", "user:Secret7@tcp([::1)/db", "user:Secret7@tcp(h",
            "user:Secret7@tcp(h)",
            "user:Secret7@tcp(h)/", "user:Secret7@tcp(h)/?a=b", "user:Secret7@unix(relative)/db",
            "user:Secret7@tcp(h i)/db", "user:Secret7@tcp(h)/db?tls=maybe",
            "user:Secret7@tcp(h)/db?x", "sqlite:///Secret7.db", "http://user:Secret7@host/db",
            "redis://user:Secret7@tcp(h)/db", "postgres://user:Sec/ret7@h/db",
            "postgres://user:Secret7@h:port/db", "postgres://h:5432", "Secret7", "user:Secret7\0@tcp(h)/db",
            "u:Secret7@tcp(h)/" + String(repeating: "d", count: 9000),
        ])
    func refusals(_ text: String) {
        let message = refusal(text)
        #expect(!message.isEmpty)
        #expect(!message.contains("Secret7"))
        #expect(!message.contains("ret7"))
    }

    @Test("an empty DSN and another scheme get the words of the contract")
    func contract() {
        #expect(refusal("") == "sql dsn is required")
        #expect(refusal(" \n") == "sql dsn is required")
        #expect(refusal("sqlite://one-api.db") == "invalid dsn, only mysql and postgres are supported")
    }

    @Test("a server's words are made one harmless line without the password")
    func words() {
        #expect(SourceText.shown("a\u{1B}[31m\nb\u{202E}c s3cret", hiding: "s3cret") == "a [31m b c •••")
        #expect(SourceText.shown(String(repeating: "x", count: 1000)).count == 301)
    }
}
