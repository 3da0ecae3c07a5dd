/// Why an import did not happen or did not end. No case ever carries the DSN or its password.
package enum ImportError: Error, Equatable, Sendable {
    /// The DSN cannot be read; says which part is wrong, never its text.
    case dsn(String)
    /// There is no session with the source: no server, no such database, wrong password.
    case connection(String)
    /// The source has no table `channels`.
    case noChannelsTable(database: String)
    /// The table is another program's.
    case foreignTable(String)
    /// More rows than one import takes; nothing was imported.
    case tooManyRows(count: Int, limit: Int)
    /// The source did not answer in time.
    case timedOut
    /// The source answered a statement with an error.
    case source(String)
    /// As many imports run as may run at once.
    case busy

    /// What the operator is told.
    package var message: String {
        switch self {
        case .dsn(let reason): reason
        case .connection(let reason): "cannot connect to the database of One API: \(reason)"
        case .noChannelsTable(let database):
            "the database '\(SourceText.shown(database))' has no table 'channels': it is not the database of One API"
        case .foreignTable(let reason): "the table 'channels' is not One API's: \(reason)"
        case .tooManyRows(let count, let limit):
            "the table 'channels' has \(count) rows; one import takes at most \(limit). Nothing was imported"
        case .timedOut: "cannot connect to the database of One API: it did not answer in time"
        case .source(let reason): "the database of One API cannot be read: \(reason)"
        case .busy: "other imports are running; try again when they have ended"
        }
    }
}

/// Makes text that a foreign server sent fit for an answer, a log and a terminal.
enum SourceText {
    private static let longest = 300

    /// One line without control characters, at most 300 characters, and without a secret that a server might repeat.
    static func shown(_ text: String, hiding secret: String = "") -> String {
        let hidden = secret.isEmpty ? text : text.replacing(secret, with: "•••")
        var line = ""
        for scalar in hidden.unicodeScalars.prefix(longest) {
            line.unicodeScalars.append(isPlain(scalar) ? scalar : " ")
        }
        return hidden.unicodeScalars.count > longest ? line + "…" : line
    }

    /// Whether a character neither moves a cursor nor turns the direction of writing.
    private static func isPlain(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .unassigned: false
        default: true
        }
    }
}
