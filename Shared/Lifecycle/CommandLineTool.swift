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

/// A subcommand that one executable has beside the common ones.
package struct ExtraSubcommand: Equatable, Sendable {
    /// The word on the command line.
    package let name: String
    /// What it does and with which settings, in a line.
    package let summary: String
    /// Arguments without a value, such as `--dry-run`.
    package let flags: Set<String>

    package init(name: String, summary: String, flags: Set<String> = []) {
        self.name = name
        self.summary = summary
        self.flags = flags
    }
}

/// Reads the command line of an executable: a subcommand, then `--name=value` settings. Pure.
package struct CommandLineTool: Sendable {
    /// What the command line asks for.
    package enum Request: Equatable, Sendable {
        /// Run a subcommand with the settings that follow it.
        case run(Subcommand, settings: [String])
        /// Run a subcommand of this executable, with those of its flags that were given.
        case runExtra(String, flags: Set<String>, settings: [String])
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
    /// What it has beside the common subcommands.
    package let extras: [ExtraSubcommand]

    /// A tool with the four subcommands and its own.
    package init(
        name: String, summary: String, version: String = ServiceVersion.current, extras: [ExtraSubcommand] = []
    ) {
        self.extras = extras
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
        if let extra = extras.first(where: { $0.name == first }) {
            let rest = arguments.dropFirst()
            return .runExtra(
                extra.name, flags: extra.flags.intersection(rest), settings: rest.filter { !extra.flags.contains($0) })
        }
        guard let subcommand = Subcommand(rawValue: first) else {
            return .wrong("\(name): '\(first)' is not a subcommand\n\n\(usage)")
        }
        return .run(subcommand, settings: Array(arguments.dropFirst()))
    }

    /// The text of `--help`.
    package var usage: String {
        let rows = Subcommand.allCases.map { ($0.rawValue, $0.summary) } + extras.map { ($0.name, $0.summary) }
        let width = rows.map(\.0.count).max() ?? 0
        let lines = rows.map { name, summary in
            "  \(name)\(String(repeating: " ", count: width - name.count))  \(summary)\n"
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
