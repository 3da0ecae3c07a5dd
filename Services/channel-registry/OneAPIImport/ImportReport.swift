/// What became of one row that was not taken over as it was.
package struct ImportLine: Equatable, Sendable {
    /// The row's id in One API; 0 when it has none.
    package let id: Int
    /// The row's name there, as text.
    package let name: String
    /// Whether a channel stands for the row now.
    package let isImported: Bool
    /// What was changed, or why there is no channel. Never a key.
    package let notes: [String]
}

/// What an import did, or would do.
package struct ImportReport: Equatable, Sendable {
    /// Whether nothing was written.
    package let isDryRun: Bool
    /// The rows that were read.
    package internal(set) var rows = 0
    /// The channels that were created.
    package internal(set) var created = 0
    /// The rows that were imported before and left as they are.
    package internal(set) var present = 0
    /// The rows of which nothing was imported.
    package internal(set) var failed = 0
    /// One line for each row that could not be mapped or was changed on the way.
    package internal(set) var lines: [ImportLine] = []

    init(isDryRun: Bool) {
        self.isDryRun = isDryRun
    }

    /// The report for a terminal.
    package var text: String {
        var text = ""
        for line in lines {
            let name = SourceText.shown(line.name)
            text += "  \(line.isImported ? "changed " : "FAILED  ") \(line.id) '\(name)': "
            text += line.notes.map { SourceText.shown($0) }.joined(separator: "; ") + "\n"
        }
        let verb = isDryRun ? "would be created (dry run: nothing was written)" : "created"
        return text + """
            rows read:            \(rows)
            channels:             \(created) \(verb)
            imported before:      \(present)
            not imported:         \(failed)

            """
    }
}
