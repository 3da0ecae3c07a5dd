/// What an executable is asked to do.
package enum Subcommand: String, CaseIterable, Sendable {
    /// Run the service; the default.
    case serve
    /// Bring the database to the state this version needs, then end.
    case migrate
    /// Print the effective configuration with secrets hidden, or everything that is wrong with it.
    case checkConfig = "check-config"
    /// Print the version.
    case version

    var summary: String {
        switch self {
        case .serve: "run the service (the default)"
        case .migrate: "bring the database up to date and end"
        case .checkConfig: "print the effective configuration, or everything that is wrong with it"
        case .version: "print the version"
        }
    }
}

/// Reads the command line of an executable: a subcommand, then `--name=value` settings. Pure.
package struct CommandLineTool: Sendable {
    /// What the command line asks for.
    package enum Request: Equatable, Sendable {
        /// Run a subcommand with the settings that follow it.
        case run(Subcommand, settings: [String])
        /// Print a text and end well.
        case help(String)
        /// Print a text to standard error and end with ``ExitCode/usage``.
        case wrong(String)
    }

    /// The executable's name.
    package let name: String
    /// What it is, in a line.
    package let summary: String
    /// Its version.
    package let version: String

    /// A tool with the four subcommands.
    package init(name: String, summary: String, version: String = ServiceVersion.current) {
        self.name = name
        self.summary = summary
        self.version = version
    }

    /// What the arguments (without the executable's name) ask for.
    package func request(_ arguments: [String]) -> Request {
        if arguments.contains(where: { $0 == "--help" || $0 == "-h" || $0 == "help" }) { return .help(usage) }
        guard let first = arguments.first, !first.hasPrefix("-") else {
            return arguments.first == "--version" ? .run(.version, settings: []) : .run(.serve, settings: arguments)
        }
        guard let subcommand = Subcommand(rawValue: first) else {
            return .wrong("\(name): '\(first)' is not a subcommand\n\n\(usage)")
        }
        return .run(subcommand, settings: Array(arguments.dropFirst()))
    }

    /// The text of `--help`.
    package var usage: String {
        let width = Subcommand.allCases.map(\.rawValue.count).max() ?? 0
        let lines = Subcommand.allCases.map { subcommand in
            let padding = String(repeating: " ", count: width - subcommand.rawValue.count)
            return "  \(subcommand.rawValue)\(padding)  \(subcommand.summary)\n"
        }
        return """
            \(name) \(version): \(summary)

            usage: \(name) [subcommand] [--setting=value ...]

            \(lines.joined())
            Settings are environment variables; each is also an argument: LOG_LEVEL is --log-level.

            """
    }
}

/// The version of the three services, which are released together.
package enum ServiceVersion {
    /// Major, minor and patch.
    package static let current = "0.1.0"
}
