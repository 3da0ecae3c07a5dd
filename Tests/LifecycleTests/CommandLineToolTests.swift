import Testing

@testable import Lifecycle

@Suite("Lifecycle: the command line")
struct CommandLineToolTests {
    let tool = CommandLineTool(name: "gateway", summary: "relays calls", version: "1.2.3")

    @Test(
        "the first word is the subcommand, and none means serve",
        arguments: [
            ([], .run(.serve, settings: [])), (["serve"], .run(.serve, settings: [])),
            (["migrate"], .run(.migrate, settings: [])),
            (["check-config", "--a=1"], .run(.checkConfig, settings: ["--a=1"])),
            (["version"], .run(.version, settings: [])),
            (["--version"], .run(.version, settings: [])),
            (["--loops=1", "--x", "y"], .run(.serve, settings: ["--loops=1", "--x", "y"])),
        ] as [([String], CommandLineTool.Request)])
    func subcommands(arguments: [String], request: CommandLineTool.Request) {
        #expect(tool.request(arguments) == request)
    }

    @Test("a subcommand of one executable takes its flags out of the settings")
    func extras() {
        let extra = ExtraSubcommand(name: "import", summary: "takes over", flags: ["--dry-run"])
        let tool = CommandLineTool(name: "registry", summary: "keeps", extras: [extra])
        #expect(
            tool.request(["import", "--dry-run", "--dsn", "x"])
                == .runExtra("import", flags: ["--dry-run"], settings: ["--dsn", "x"]))
        #expect(tool.request(["import", "--dsn=x"]) == .runExtra("import", flags: [], settings: ["--dsn=x"]))
        #expect(tool.usage.contains("  import        takes over\n"))
        #expect(tool.request(["serve", "--dry-run"]) == .run(.serve, settings: ["--dry-run"]))
        #expect(self.tool.request(["import"]) == .wrong("gateway: 'import' is not a subcommand\n\n\(self.tool.usage)"))
    }

    @Test("help is given wherever it is asked for", arguments: [["--help"], ["-h"], ["help"], ["serve", "--help"]])
    func help(arguments: [String]) {
        #expect(tool.request(arguments) == .help(tool.usage))
        for subcommand in Subcommand.allCases { #expect(tool.usage.contains("  \(subcommand.rawValue) ")) }
        #expect(tool.usage.hasPrefix("gateway 1.2.3: relays calls\n"))
    }

    @Test("another word is wrong, and the usage is shown", arguments: ["start", "Serve", "check_config"])
    func unknown(word: String) {
        #expect(tool.request([word]) == .wrong("gateway: '\(word)' is not a subcommand\n\n\(tool.usage)"))
    }
}

@Suite("Lifecycle: readiness")
struct ReadinessChecksTests {
    @Test("the service is ready when every check is")
    func report() {
        let checks = ReadinessChecks()
        #expect(checks.report().isReady)
        let database = checks.addSwitch("postgres")
        checks.add("snapshot") { .ready }
        #expect(
            checks.report().checks == [
                .init(name: "postgres", state: .notReady("starting")), .init(name: "snapshot", state: .ready),
            ])
        #expect(!checks.report().isReady)
        database.set(.ready)
        #expect(checks.report().isReady)
        checks.add("snapshot") { .notReady("none yet") }
        #expect(checks.report().checks.map(\.name) == ["postgres", "snapshot"])
        #expect(!checks.report().isReady)
    }

    @Test("a draining service is not ready, and says why")
    func draining() {
        let checks = ReadinessChecks()
        checks.beginDraining()
        #expect(checks.report().checks == [.init(name: "draining", state: .notReady("the service is stopping"))])
    }
}
