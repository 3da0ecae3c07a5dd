import Configuration
import Foundation
import Telemetry
import Testing

/// What a reader finds wrong after `body`.
private func problems(_ reader: ConfigReader, _ body: (inout ConfigReader) -> Void) -> [String] {
    var reader = reader
    body(&reader)
    do throws(ConfigErrors) {
        try reader.finish()
        return []
    } catch {
        return error.problems.map(\.description)
    }
}

/// A reader over given sources; `files` are the files that exist.
private func reader(
    _ environment: [String: String] = [:], arguments: [String] = [], files: [String: String] = [:]
) -> ConfigReader {
    ConfigReader(arguments: arguments, environment: environment) { path throws(FileReadError) in
        guard let text = files[path] else { throw FileReadError("No such file or directory") }
        return text
    }
}

@Suite("Configuration: values")
struct ConfigValueTests {
    @Test("an argument beats the environment, that the file, that the default; empty counts as not given")
    func precedence() throws {
        let files = ["/etc/s.conf": "A=file\nB=file\nC=file\nD=\n"]
        var reader = reader(
            ["CONFIG": "/etc/s.conf", "A": "env", "B": "env", "C": ""],
            arguments: ["--a=arg", "--config", "/etc/s.conf"],
            files: files)
        #expect(reader.string("A", default: "std") == "arg")
        #expect(reader.string("B", default: "std") == "env")
        #expect(reader.string("C", default: "std") == "file")
        #expect(reader.string("D", default: "std") == "std")
        #expect(reader.optionalString("E") == nil)
        try reader.finish()
        #expect(
            reader.effective() == """
                A=arg  # argument
                B=env  # environment
                C=file  # file
                D=std  # default
                E=  # default

                """)
    }

    @Test("a truth value may be missing, and is shown in words then")
    func optionalBool() throws {
        var reader = reader(["A": "Off", "B": "maybe"])
        #expect(reader.optionalBool("A", unset: "as it comes") == false)
        #expect(reader.optionalBool("C", unset: "as it comes") == nil)
        #expect(reader.effective() == "A=false  # environment\nC=as it comes  # default\n")
        #expect(problems(reader) { _ = $0.optionalBool("B", unset: "") } == [#"B: "maybe" is not true or false"#])
    }

    @Test("arguments are written with = or a blank, names with dashes")
    func arguments() throws {
        var reader = reader(arguments: ["--max-body-bytes=10", "--log-level", "debug", "--x=a=b"])
        #expect(reader.int("MAX_BODY_BYTES", default: 1, in: 0...100) == 10)
        #expect(reader.string("LOG_LEVEL", default: "") == "debug")
        #expect(reader.string("X", default: "") == "a=b")
        try reader.finish()
    }

    @Test("the file knows comments, blank lines, blanks and quotes")
    func file() throws {
        let text = "# comment\n\n A = 1 \r\nB=\"two words \"\nC=a#b\n"
        var reader = reader(["CONFIG": "f"], files: ["f": text])
        #expect(reader.int("A", default: 0, in: 0...9) == 1)
        #expect(reader.string("B", default: "") == "two words ")
        #expect(reader.string("C", default: "") == "a#b")
        try reader.finish()
    }

    @Test(
        "truth values are read in their usual words",
        arguments: [
            ("true", true), ("TRUE", true), ("1", true), ("yes", true), ("on", true), ("false", false), ("0", false),
            ("No", false),
            ("off", false),
        ])
    func bools(text: String, value: Bool) {
        var reader = reader(["X": text])
        #expect(reader.bool("X", default: !value) == value)
        #expect(problems(reader) { _ in } == [])
    }

    @Test(
        "spans are numbers with or without a unit",
        arguments: [
            ("30", .seconds(30)), ("250ms", .milliseconds(250)), ("5s", .seconds(5)), ("2m", .seconds(120)),
            ("3h", .seconds(10800)),
            ("1d", .seconds(86400)), ("0", .zero),
        ] as [(String, Duration)])
    func durations(text: String, value: Duration) {
        var reader = reader(["X": text])
        #expect(reader.duration("X", default: .seconds(1)) == value)
        #expect(problems(reader) { _ in } == [])
    }

    @Test("a bare number of a span means the unit of the setting")
    func durationUnits() {
        var reader = reader(["H": "720", "M": "1500"])
        #expect(reader.duration("H", default: .zero, unit: .hours) == .seconds(720 * 3600))
        #expect(reader.duration("M", default: .zero, unit: .milliseconds) == .milliseconds(1500))
        #expect(reader.effective() == "H=30d  # environment\nM=1500ms  # environment\n")
    }

    @Test(
        "addresses of other services are kept without slashes at their end",
        arguments: [
            ("http://registry:3001", "http://registry:3001"), ("https://a.b/base//", "https://a.b/base"),
            ("HTTP://[::1]:1/", "http://[::1]:1"),
        ])
    func urls(text: String, value: String) {
        var reader = reader(["X": text])
        #expect(reader.url("X", default: "") == value)
        #expect(problems(reader) { _ in } == [])
    }

    @Test("words of a closed set are read in any case")
    func choices() {
        var reader = reader(["X": "Debug"])
        let choices = LogLevel.allCases.map { (word: $0.name, value: $0) }
        #expect(reader.choice("X", default: .info, from: choices) == .debug)
        #expect(reader.choice("Y", default: .info, from: choices) == .info)
        #expect(reader.effective() == "X=debug  # environment\nY=info  # default\n")
    }
}

@Suite("Configuration: problems")
struct ConfigProblemTests {
    @Test(
        "a malformed value is an error that names the variable and the accepted form",
        arguments: [
            ("INT", "ten", #"INT: "ten" is not a whole number from 1 to 10"#),
            ("INT", "11", #"INT: "11" is not a whole number from 1 to 10"#),
            ("INT", "1.5", #"INT: "1.5" is not a whole number from 1 to 10"#),
            ("BOOL", "maybe", #"BOOL: "maybe" is not true or false"#),
            (
                "TIME", "-1s",
                #"TIME: "-1s" is not a span from 0s to 1h, such as 30s, 5m or 2h; a bare number means seconds"#
            ),
            (
                "TIME", "1.5s",
                #"TIME: "1.5s" is not a span from 0s to 1h, such as 30s, 5m or 2h; a bare number means seconds"#
            ),
            (
                "TIME", "2h",
                #"TIME: "2h" is not a span from 0s to 1h, such as 30s, 5m or 2h; a bare number means seconds"#
            ),
            (
                "TIME", "9999999999999999999",
                #"TIME: "9999999999999999999" is not a span from 0s to 1h, such as 30s, 5m or 2h; a bare number means seconds"#
            ),
            ("URL", "registry:3001", #"URL: "registry:3001" is not an address such as http://host:3001"#),
            ("URL", "http://", #"URL: "http://" is not an address such as http://host:3001"#),
            ("URL", "http://a b", #"URL: "http://a b" is not an address such as http://host:3001"#),
            ("URL", "http://a?x", #"URL: "http://a?x" is not an address such as http://host:3001"#),
            ("WORD", "loud", #"WORD: "loud" is not one of trace, debug, info, warning, error"#),
        ])
    func malformed(name: String, value: String, message: String) {
        let found = problems(reader([name: value])) { reader in
            _ = reader.int("INT", default: 1, in: 1...10)
            _ = reader.bool("BOOL", default: false)
            _ = reader.duration("TIME", default: .seconds(1), in: .zero ... .seconds(3600))
            _ = reader.url("URL", default: "")
            _ = reader.choice("WORD", default: .info, from: LogLevel.allCases.map { (word: $0.name, value: $0) })
        }
        #expect(found == [message])
    }

    @Test("everything that is wrong is told at once")
    func together() {
        let found = problems(
            reader(["A": "x", "B": "y"], arguments: ["--nobody=1", "stray", "--flag", "--a2", "--nobody=2"])
        ) { reader in
            _ = reader.int("A", default: 1, in: 1...9)
            _ = reader.bool("B", default: false)
            _ = reader.requiredString("C", hint: "a DSN such as postgres://…")
            _ = reader.requiredSecret("D", hint: "at least 16 characters of chance")
            reader.fail("E", "cannot be given together with F")
        }
        #expect(
            found == [
                "stray: is not an argument of the form --name=value", "--flag: needs a value, as in --flag=value",
                "--a2: needs a value, as in --a2=value", "--nobody: is given twice",
                #"A: "x" is not a whole number from 1 to 9"#,
                #"B: "y" is not true or false"#, "C: is required: a DSN such as postgres://…",
                "D: is required (or D_FILE): at least 16 characters of chance", "E: cannot be given together with F",
                "--nobody: is not a known argument",
            ])
    }

    @Test("unknown environment variables are others' business, unknown keys of the file are not")
    func unknown() {
        let sources = reader(["PATH": "/bin", "CONFIG": "f"], files: ["f": "TYPO=1\nnonsense\nA=1\nA=2\n=x\n"])
        let found = problems(sources) { $0.tolerate("A") }
        #expect(
            found == [
                "f:2: is not a line of the form NAME=value", "f:4: gives A a second time",
                "f:5: is not a line of the form NAME=value",
                "TYPO: in f is not a known setting",
            ])
        #expect(
            problems(reader(["CONFIG": "gone"])) { _ in } == ["CONFIG: gone cannot be read: No such file or directory"])
    }
}

@Suite("Configuration: secrets")
struct ConfigSecretTests {
    @Test("a secret comes from its variable or from the file that NAME_FILE names, without blanks around it")
    func sources() throws {
        var reader = reader(["A": "direct", "B_FILE": "/run/b"], files: ["/run/b": "  from file\n"])
        #expect(reader.secret("A")?.reveal == "direct")
        #expect(reader.requiredSecret("B", hint: "").reveal == "from file")
        #expect(reader.secret("C") == nil)
        try reader.finish()
        #expect(reader.effective() == "A=•••  # environment\nB=•••  # secret file\nC=  # default\n")
    }

    @Test("what is wrong with a secret is told without its value")
    func faults() {
        let sources = reader(
            ["A": "hunter2", "B": "x", "B_FILE": "/run/b", "C_FILE": "/gone", "D_FILE": "/empty"],
            files: ["/run/b": "y", "/empty": " \n"])
        let found = problems(sources) { reader in
            _ = reader.requiredSecret("A", hint: "", minimumLength: 16)
            _ = reader.secret("B")
            _ = reader.requiredSecret("C", hint: "")
            _ = reader.requiredSecret("D", hint: "")
        }
        #expect(
            found == [
                "A: has fewer than 16 characters", "B: and B_FILE are both given; keep one",
                "C_FILE: /gone cannot be read: No such file or directory",
                "D_FILE: /empty is empty",
            ])
        #expect(!found.joined().contains("hunter2"))
    }

    @Test("real files are read, missing and oversized ones refused with the system's words")
    func realFiles() throws {
        let path = FileManager.default.temporaryDirectory.appending(path: "switchboard-config-\(UUID().uuidString)")
            .path
        defer { try? FileManager.default.removeItem(atPath: path) }
        try Data("secret\n".utf8).write(to: URL(filePath: path))
        #expect(try FileReader.text(path) == "secret\n")
        try Data(repeating: 0x20, count: (1 << 20) + 1).write(to: URL(filePath: path))
        #expect(throws: FileReadError("larger than 1048576 bytes")) { try FileReader.text(path) }
        try Data([0xFF]).write(to: URL(filePath: path))
        #expect(throws: FileReadError("not UTF-8")) { try FileReader.text(path) }
        #expect(throws: FileReadError("No such file or directory")) { try FileReader.text(path + "-gone") }
        #expect(throws: FileReadError("Is a directory")) { try FileReader.text("/") }
    }
}
