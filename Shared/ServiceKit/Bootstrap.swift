package import Configuration
import EventLoop
import Glibc
package import Lifecycle
import Telemetry

/// What an executable adds to the common start and stop.
package struct ServiceProgram<Config: Sendable>: Sendable {
    /// Name, summary and version.
    package let tool: CommandLineTool
    /// Reads the settings; what is wrong is collected by the reader.
    package let configure: @Sendable (inout ConfigReader) -> Config
    /// The settings that all services share, out of the program's own.
    package let common: @Sendable (Config) -> ServiceConfig
    /// Builds the services in the order of dependency. Runs on the first loop.
    package let assemble: @Sendable (Config, ServiceContext) async throws -> [any Service]
    /// Brings the database up to date; nil for a service without one.
    package let migrate: (@Sendable (Config, ServiceContext) async throws -> Void)?
    /// What each of the tool's own subcommands does. Runs on the first loop; the log goes to standard error, so that
    /// standard output is the subcommand's.
    package let extras: [String: ExtraAction<Config>]

    /// A program from its parts.
    package init(
        tool: CommandLineTool, configure: @escaping @Sendable (inout ConfigReader) -> Config,
        common: @escaping @Sendable (Config) -> ServiceConfig,
        assemble: @escaping @Sendable (Config, ServiceContext) async throws -> [any Service],
        migrate: (@Sendable (Config, ServiceContext) async throws -> Void)? = nil,
        extras: [String: ExtraAction<Config>] = [:]
    ) {
        self.tool = tool
        self.configure = configure
        self.common = common
        self.assemble = assemble
        self.migrate = migrate
        self.extras = extras
    }
}

/// A subcommand of one executable: gets the settings, the flags that were given and the context.
package typealias ExtraAction<Config> = @Sendable (Config, Set<String>, ServiceContext) async -> ExitCode

/// What a run of a program does.
enum Job<Config: Sendable> {
    case serve
    case migrate
    case extra(ExtraAction<Config>, flags: Set<String>)

    /// Whether standard output is free for the log.
    var logsToOutput: Bool {
        if case .extra = self { return false }
        return true
    }
}

/// The common main of the executables: reads the command line and the configuration, then runs the subcommand.
package enum Bootstrap {
    /// Runs a program and ends the process with its exit code. To be called first in `main`, on the main thread.
    package static func run<Config>(_ program: ServiceProgram<Config>) -> Never {
        Signals.prepare()
        exit(code(program, arguments: Array(CommandLine.arguments.dropFirst()), environment: environment()).rawValue)
    }

    /// Runs a program with a given command line and environment.
    static func code<Config>(
        _ program: ServiceProgram<Config>, arguments: [String], environment: [String: String],
        output: (String) -> Void = { print($0, terminator: "") }, problems: (String) -> Void = standardError
    ) -> ExitCode {
        switch program.tool.request(arguments) {
        case .help(let text):
            output(text)
            return .success
        case .wrong(let text):
            problems(text)
            return .usage
        case .run(.version, _):
            output("\(program.tool.name) \(program.tool.version)\n")
            return .success
        case .runExtra(let name, let flags, let settings):
            guard let action = program.extras[name] else {
                preconditionFailure("\(program.tool.name) names the subcommand \(name) and does not say what it does")
            }
            guard let (config, _) = configured(program, settings, environment, problems) else { return .configuration }
            return run(.extra(action, flags: flags), program, config)
        case .run(let subcommand, let settings):
            guard let (config, reader) = configured(program, settings, environment, problems) else {
                return .configuration
            }
            guard subcommand != .checkConfig else {
                output(reader.effective())
                return .success
            }
            guard subcommand == .migrate else { return run(.serve, program, config) }
            guard program.migrate != nil else {
                output("\(program.tool.name) keeps no database: nothing to migrate\n")
                return .success
            }
            return run(.migrate, program, config)
        }
    }

    /// The settings and what read them; `nil` after everything that is wrong was printed.
    private static func configured<Config>(
        _ program: ServiceProgram<Config>, _ settings: [String], _ environment: [String: String],
        _ problems: (String) -> Void
    ) -> (Config, ConfigReader)? {
        var reader = ConfigReader(arguments: settings, environment: environment)
        let config = program.configure(&reader)
        do throws(ConfigErrors) {
            try reader.finish()
            return (config, reader)
        } catch {
            problems("\(program.tool.name): the configuration is wrong\n\(error)\n")
            return nil
        }
    }

    /// Builds loops, logger and metrics, and does the job while this thread takes signals.
    private static func run<Config>(
        _ job: Job<Config>, _ program: ServiceProgram<Config>, _ config: Config
    ) -> ExitCode {
        let common = program.common(config)
        let sink = BufferedSink(descriptor: job.logsToOutput ? STDOUT_FILENO : STDERR_FILENO)
        let logger = Logger(service: program.tool.name, level: common.logLevel, sink: sink)
        defer { logger.flush() }
        do throws(EventLoopError) {
            let control = try EventLoop(name: "control")
            let group = try EventLoopGroup(count: common.loops, name: program.tool.name)
            try group.start()
            let context = ServiceContext(config: common, group: group, logger: logger, version: program.tool.version)
            ProcessMetrics.register(in: context.metrics)
            context.metrics.counterCallback(
                "log_lines_dropped_total", "Log lines dropped because the reader of the log is slow."
            ) { Double(sink.droppedLines) }
            let run = ServiceRun(program: program, config: config, context: context, control: control)
            control.spawn {
                await run.run(job)
                control.stop()
            }
            control.run()
            return run.outcome
        } catch {
            logger.error("the event loops cannot be started", ["error": "\(error)"])
            return .failure
        }
    }

    private static func standardError(_ text: String) {
        DescriptorSink(descriptor: STDERR_FILENO).write(Array(text.utf8))
    }

    /// The process environment.
    static func environment() -> [String: String] {
        var values: [String: String] = [:]
        var place = unsafe environ
        while let entry = unsafe place.pointee {
            let text = unsafe String(cString: entry)
            if let equals = text.firstIndex(of: "=") {
                values[String(text[..<equals])] = String(text[text.index(after: equals)...])
            }
            unsafe place += 1
        }
        return values
    }
}
