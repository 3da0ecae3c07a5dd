package import Postgres
package import Telemetry

/// Where the database of One API is. Pure.
package enum DSN: Sendable {
    case mysql(MySQLAddress)
    case postgres(PostgresConfiguration, password: Redacted<String>)

    /// Longer texts are no DSN.
    private static let longest = 8192
    private static let onlyTwo = "invalid dsn, only mysql and postgres are supported"

    /// Reads `mysql://user:password@tcp(host:port)/database?…`, the same without the scheme, and `postgres://` URLs.
    ///
    /// - Throws: ``ImportError/dsn(_:)``, which names the wrong part and never quotes it.
    package init(_ text: String) throws(ImportError) {
        let text = text.trimmedSpaces
        guard !text.isEmpty else { throw .dsn("sql dsn is required") }
        guard text.utf8.count <= Self.longest else { throw .dsn("the dsn is longer than \(Self.longest) bytes") }
        guard !text.utf8.contains(0) else { throw .dsn("the dsn holds a NUL character") }
        switch Self.scheme(of: text) {
        case nil: self = .mysql(try MySQLAddress(text[...]))
        case "mysql": self = .mysql(try MySQLAddress(text.dropFirst("mysql://".count)))
        case "postgres", "postgresql": self = try Self.postgres(text)
        default: throw .dsn(Self.onlyTwo)
        }
    }

    /// The word before `://`, in lower case; `nil` when the text does not begin with one.
    private static func scheme(of text: String) -> String? {
        let word = text.prefix { $0.isASCII && ($0.isLetter || $0.isNumber || "+.-".contains($0)) }
        guard let first = word.first, first.isLetter, text[word.endIndex...].hasPrefix("://") else { return nil }
        return word.lowercased()
    }

    private static func postgres(_ text: String) throws(ImportError) -> DSN {
        // The pool's reader wants the scheme in lower case.
        let scheme = text.prefix { $0 != ":" }
        let url = scheme.lowercased() + text[scheme.endIndex...]
        do throws(PostgresError) {
            let configuration = try PostgresConfiguration(dsn: url)
            guard !configuration.database.isEmpty else { throw PostgresError.configuration("it names no database") }
            return .postgres(configuration, password: Redacted(configuration.password))
        } catch {
            guard case .configuration(let reason) = error else { throw .dsn("invalid dsn") }
            throw .dsn("invalid dsn: \(reason)")
        }
    }
}

extension String {
    /// The text without white space at both ends.
    fileprivate var trimmedSpaces: String {
        let from = drop { $0.isWhitespace }
        guard let last = from.lastIndex(where: { !$0.isWhitespace }) else { return "" }
        return String(from[...last])
    }
}
