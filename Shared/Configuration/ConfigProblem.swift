/// One thing that is wrong with the configuration, in words for the operator. Never carries a secret's value.
package struct ConfigProblem: Equatable, Sendable, CustomStringConvertible {
    /// The variable, argument or file concerned.
    package let name: String
    /// What is wrong and what would be right.
    package let reason: String

    /// A problem with a named setting.
    package init(_ name: String, _ reason: String) {
        self.name = name
        self.reason = reason
    }

    /// `NAME: what is wrong`.
    package var description: String { "\(name): \(reason)" }
}

/// Everything that is wrong with the configuration, so that an operator mends it in one go.
package struct ConfigErrors: Error, Equatable, Sendable, CustomStringConvertible {
    /// At least one problem.
    package let problems: [ConfigProblem]

    /// Errors from problems found.
    package init(_ problems: [ConfigProblem]) {
        self.problems = problems
    }

    /// One line for each problem.
    package var description: String {
        problems.map(\.description).joined(separator: "\n")
    }
}
