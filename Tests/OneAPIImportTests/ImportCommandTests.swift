import Glibc
import TestSupport
import Testing

@testable import OneAPIImport

@Suite("One API import: the subcommand")
struct ImportCommandTests {
    /// The built executable, beside the tests.
    private static func executable() throws -> String {
        var path = [CChar](repeating: 0, count: 4096)
        let count = unsafe readlink("/proc/self/exe", &path, path.count - 1)
        guard count > 0 else { throw Command.Failure(description: "/proc/self/exe: errno \(errno)") }
        let own = String(decoding: path[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
        let folder = own.split(separator: "/").dropLast().joined(separator: "/")
        let program = "/\(folder)/channel-registry"
        guard unsafe access(program, X_OK) == 0 else { throw Command.Failure(description: "\(program) was not built") }
        return program
    }

    /// Runs the executable with a registry over a fresh database.
    private func run(_ registry: String, _ arguments: [String]) throws -> Command.Outcome {
        try Command.run(
            ["env", "ADMIN_KEY=a", "INTERNAL_KEY=i", "SECRETS_KEY=s", "SQL_DSN=\(registry)", "LOOPS=1"]
                + [try Self.executable()] + arguments)
    }

    @Test("a dry run reports and writes nothing, a run imports, a second one finds everything there")
    func report() throws {
        let server = try ThrowawayMariaDB.shared()
        let name = try server.database()
        try server.run(OneAPITable.mysql + OneAPITable.rows + OneAPITable.keys("`"), database: name)
        let registry = try ThrowawayPostgres.database()
        #expect(try run(registry, ["migrate"]).status == 0)
        let dsn = "mysql://" + server.dsn(name)

        let dry = try run(registry, ["import-oneapi", "--dsn", dsn, "--dry-run"])
        #expect(dry.status == 0, "\(dry.output)")
        #expect(dry.output.contains("8 would be created"))
        #expect(dry.output.contains("FAILED   5 'palm'"))
        let wet = try run(registry, ["import-oneapi", "--dsn=\(dsn)"])
        #expect(wet.status == 0, "\(wet.output)")
        #expect(wet.output.contains("8 created"))
        let again = try run(registry, ["import-oneapi", "--dry-run", "--dsn=\(dsn)"])
        #expect(again.output.contains("0 would be created"))
        #expect(again.output.contains("imported before:      7"))
        for outcome in [dry, wet, again] {
            #expect(!outcome.output.contains("p@ss"))
            #expect(!outcome.output.contains("sk-one"))
        }
    }

    @Test("a missing or wrong DSN and an unknown argument end with a message and a status")
    func refusals() throws {
        let registry = try ThrowawayPostgres.database()
        let none = try run(registry, ["import-oneapi"])
        #expect(none.status == 64)
        #expect(none.output.contains("--dsn="))
        let wrong = try run(registry, ["import-oneapi", "--dsn=http://user:Secret7@host/db"])
        #expect(wrong.status == 1)
        #expect(wrong.output.contains("only mysql and postgres are supported"))
        #expect(!wrong.output.contains("Secret7"))
        #expect(try run(registry, ["import-oneapi", "--dsn=x", "--wet-run=1"]).status == 78)
        #expect(try run(registry, ["--help"]).output.contains("import-oneapi"))
    }
}
