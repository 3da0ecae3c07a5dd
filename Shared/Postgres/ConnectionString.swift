/// What a `postgres://` URL says, split into endpoints and libpq keywords. Pure.
///
/// Understood: `postgres://user:password@host1:5432,host2/database?sslmode=require`, IPv6 hosts in brackets, a socket directory as host
/// (`%2Frun%2Fpostgresql` or `?host=/run/postgresql`), every keyword of libpq as a query parameter. A parameter that libpq does not know is a
/// run-time setting (`TimeZone=UTC`), as pgx reads it. Faults name the part and never quote it, since any part may be a piece of a password that was
/// not percent-encoded.
struct ConnectionString: Equatable, Sendable {
    /// One server to try.
    struct Endpoint: Equatable, Sendable {
        /// A name, an address or, starting with `/` or `@`, a socket directory.
        var host: String
        var port: UInt16

        var isUnixSocket: Bool { host.hasPrefix("/") || host.hasPrefix("@") }
    }

    /// Servers in the order in which they are tried; never empty.
    var endpoints: [Endpoint] = []
    /// libpq keywords but host, hostaddr and port.
    var keywords: [String: String] = [:]
    /// Settings of the session, by name.
    var settings: [String: String] = [:]

    static let defaultPort: UInt16 = 5432
    private static let defaultSocketDirectory = "/var/run/postgresql"

    init(_ url: String) throws(PostgresError) {
        guard let scheme = ["postgres://", "postgresql://"].first(where: url.hasPrefix) else {
            throw Self.fault("must start with postgres:// or postgresql://")
        }
        guard !url.utf8.contains(0) else { throw Self.fault("contains NUL") }
        let rest = url.dropFirst(scheme.count)
        let authorityEnd = rest.firstIndex { "/?#".contains($0) } ?? rest.endIndex
        let authority = rest[..<authorityEnd]
        let tail = rest[authorityEnd...]
        guard !tail.contains("@") else {
            throw Self.fault("has an @ after the host; percent-encode / ? # and @ in user and password")
        }
        guard !tail.contains("#") else { throw Self.fault("has a #; write it as %23") }
        let pathAndQuery = tail.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        let path = (pathAndQuery.first ?? "").drop { $0 == "/" }

        var hosts = authority
        if let at = authority.lastIndex(of: "@") {
            try readCredentials(authority[..<at])
            hosts = authority[authority.index(after: at)...]
        }
        if !path.isEmpty { keywords["dbname"] = try Self.decoded(path, part: "database name") }
        var list = try Self.hostList(hosts)
        if pathAndQuery.count > 1 { try readParameters(pathAndQuery[1], &list) }
        try makeEndpoints(list)
    }

    private struct HostList {
        var hosts: [String]
        var ports: [String]
    }

    private static func fault(_ reason: String) -> PostgresError { .configuration("the database URL \(reason)") }

    private mutating func readCredentials(_ text: Substring) throws(PostgresError) {
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        let user = try Self.decoded(parts[0], part: "user")
        if !user.isEmpty { keywords["user"] = user }
        if parts.count > 1 {
            let password = try Self.decoded(parts[1], part: "password")
            if !password.isEmpty { keywords["password"] = password }
        }
    }

    private static func hostList(_ text: Substring) throws(PostgresError) -> HostList {
        var list = HostList(hosts: [], ports: [])
        guard !text.isEmpty else { return list }
        for entry in text.split(separator: ",", omittingEmptySubsequences: false) {
            var host = entry
            var port: Substring = ""
            if entry.hasPrefix("[") {
                guard let end = entry.firstIndex(of: "]") else { throw fault("has a [ without ]") }
                host = entry[entry.index(after: entry.startIndex)..<end]
                let after = entry[entry.index(after: end)...]
                guard after.isEmpty || after.hasPrefix(":") else { throw fault("has text after ]") }
                port = after.dropFirst()
            } else if let colon = entry.firstIndex(of: ":") {
                host = entry[..<colon]
                port = entry[entry.index(after: colon)...]
            }
            list.hosts.append(try decoded(host, part: "host"))
            list.ports.append(String(port))
        }
        return list
    }

    private mutating func readParameters(_ query: Substring, _ list: inout HostList) throws(PostgresError) {
        for pair in query.split(separator: "&") {
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2 else { throw Self.fault("has a parameter without =") }
            let name = try Self.decoded(parts[0], part: "parameter name")
            let value = try Self.decoded(parts[1], part: "parameter value")
            switch name {
            case "host": list.hosts = value.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
            case "port": list.ports = value.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
            case "hostaddr": throw Self.fault("has hostaddr; write the address as the host")
            case "ssl" where value == "true": keywords["sslmode"] = "require"
            case "ssl" where value == "false": keywords["sslmode"] = "disable"
            case _ where Self.libpqKeywords.contains(name): keywords[name] = value
            case _ where Self.isSettingName(name): settings[name] = value
            default: throw Self.fault("has a parameter whose name is not one")
            }
        }
    }

    private mutating func makeEndpoints(_ list: HostList) throws(PostgresError) {
        let hosts = list.hosts.isEmpty ? [""] : list.hosts
        guard list.ports.isEmpty || list.ports.count == 1 || list.ports.count == hosts.count else {
            throw Self.fault("has another number of ports than of hosts")
        }
        for (index, host) in hosts.enumerated() {
            let text = list.ports.isEmpty ? "" : list.ports[list.ports.count == 1 ? 0 : index]
            guard let port = text.isEmpty ? Self.defaultPort : UInt16(text), port != 0 else {
                throw Self.fault("has a port that is not a number from 1 to 65535")
            }
            guard !host.contains(where: { " @".contains($0) }) || host.hasPrefix("@") || host.hasPrefix("/") else {
                throw Self.fault("has a host that cannot be one")
            }
            endpoints.append(Endpoint(host: host.isEmpty ? Self.defaultSocketDirectory : host, port: port))
        }
    }

    private static func isSettingName(_ name: String) -> Bool {
        guard let first = name.utf8.first, first < 0x80, Character(Unicode.Scalar(first)).isLetter || first == 0x5F
        else {
            return false
        }
        return name.utf8.allSatisfy { byte in
            byte < 0x80
                && (Character(Unicode.Scalar(byte)).isLetter || (0x30...0x39).contains(byte) || byte == 0x5F
                    || byte == 0x2E)
        }
    }

    private static func decoded(_ text: Substring, part: String) throws(PostgresError) -> String {
        var bytes: [UInt8] = []
        var rest = text.utf8[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            guard let high = rest.popFirst(), let low = rest.popFirst(),
                let value = UInt8(String(decoding: [high, low], as: UTF8.self), radix: 16), value != 0,
                high != UInt8(ascii: "+"), high != UInt8(ascii: "-")
            else { throw fault("has a bad percent-encoding in the \(part)") }
            bytes.append(value)
        }
        guard let text = String(validating: bytes, as: UTF8.self) else { throw fault("is not UTF-8 in the \(part)") }
        return text
    }

    private static let libpqKeywords: Set<String> = [
        "user", "password", "passfile", "dbname", "channel_binding", "connect_timeout", "options", "application_name",
        "fallback_application_name", "keepalives", "keepalives_idle", "keepalives_interval", "keepalives_count",
        "tcp_user_timeout", "sslmode", "requiressl", "sslcompression", "sslcert", "sslkey", "sslpassword",
        "sslrootcert",
        "sslcrl", "sslcrldir", "sslsni", "requirepeer", "ssl_min_protocol_version", "ssl_max_protocol_version",
        "krbsrvname", "gsslib", "gssencmode", "target_session_attrs",
    ]
}
