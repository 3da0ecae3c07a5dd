/// Where the database is and how the pool behaves; every default is here.
package struct PostgresConfiguration: Sendable {
    let target: ConnectionString

    /// Most connections the pool opens; each `listen` has one more of its own.
    package var maxConnections = 10
    /// Most callers that wait for a connection; one more is refused with `.overloaded`.
    package var maxWaiters = 1024
    /// How long a caller waits for a connection. While no server can be reached callers also wait this long, so that a restart of PostgreSQL is ridden out;
    /// once an outage is older than this, they fail at once with `.unavailable`.
    package var waitTimeout: Duration = .seconds(5)
    /// How long a statement may run on the server; nil for as long as the server allows.
    package var statementTimeout: Duration? = .seconds(30)
    /// How long one server may take to let us in.
    package var connectTimeout: Duration = .seconds(10)
    /// How long a connection may be idle before it is closed.
    package var idleTimeout: Duration = .seconds(600)
    /// How long a cancelled statement may take to stop before its connection is closed.
    package var cancelGrace: Duration = .seconds(2)
    /// How much longer than the statement timeout we wait for the server's own word before the connection is given up; a server that hangs says nothing.
    package var silenceGrace: Duration = .seconds(5)
    /// What the server shows as the client's name.
    package var applicationName = "switchboard"
    /// Prepared statements that each connection keeps.
    package var statementCacheSize = 128
    /// Shortest and longest wait between attempts to connect.
    package var backoff: ClosedRange<Duration> = .milliseconds(100) ... .seconds(5)
    /// Settings of every session by name, over those that the URL gives (`synchronous_commit`: `off`).
    package var sessionSettings: [String: String] = [:]

    /// Reads a `postgres://` URL.
    ///
    /// - Throws: `.configuration`, naming the part that is wrong without quoting it.
    package init(dsn: String) throws(PostgresError) {
        target = try ConnectionString(dsn)
        if let seconds = target.keywords["connect_timeout"].flatMap({ Int64($0) }), seconds > 0 {
            connectTimeout = .seconds(seconds)
        }
        if let name = target.keywords["application_name"] { applicationName = name }
    }

    /// The password of the URL or `""`, for whoever must keep it out of a text of the server.
    package var password: String { target.keywords["password"] ?? "" }

    /// The server that is tried first.
    package var firstServer: (host: String, port: UInt16) { (target.endpoints[0].host, target.endpoints[0].port) }

    /// The name of the database, for logs and refusals.
    package var database: String { target.keywords["dbname"] ?? target.keywords["user"] ?? "" }

    /// The keywords for libpq, but those of the endpoint.
    var libpqKeywords: [(String, String)] {
        var keywords = target.keywords
        keywords["connect_timeout"] = nil
        keywords["application_name"] = applicationName
        keywords["client_encoding"] = "UTF8"
        for (name, value) in Self.transportDefaults where keywords[name] == nil { keywords[name] = value }
        keywords["options"] = [keywords["options"], sessionOptions].compactMap(\.self).joined(separator: " ")
        return keywords.sorted { $0.key < $1.key }
    }

    /// Dead peers are noticed within a minute; no ticket cache of Kerberos is searched, which could block.
    private static let transportDefaults: [(String, String)] = [
        ("gssencmode", "disable"), ("keepalives_idle", "30"), ("keepalives_interval", "10"), ("keepalives_count", "3"),
        ("tcp_user_timeout", "30000"),
    ]

    /// The `-c name=value` list of the session.
    private var sessionOptions: String {
        var settings = target.settings
        settings["TimeZone"] = settings.removeValue(forKey: "timezone") ?? settings["TimeZone"] ?? "UTC"
        settings["DateStyle"] = "ISO"
        settings["bytea_output"] = "hex"
        settings["standard_conforming_strings"] = "on"
        if let statementTimeout {
            settings["statement_timeout"] = String(
                max(
                    1,
                    statementTimeout.components.seconds * 1000
                        + statementTimeout.components.attoseconds / 1_000_000_000_000_000))
        }
        for (name, value) in sessionSettings { settings[name] = value }
        return settings.sorted { $0.key < $1.key }.map { name, value in
            "-c \(name)=\(Self.escapedOption(value))"
        }.joined(separator: " ")
    }

    /// The server splits `options` at spaces; a backslash makes the next character plain.
    private static func escapedOption(_ value: String) -> String {
        var escaped = ""
        for character in value {
            if character == "\\" || character.isWhitespace { escaped += "\\" }
            escaped.append(character)
        }
        return escaped
    }
}
