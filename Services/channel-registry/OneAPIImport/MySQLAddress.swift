package import Telemetry

/// A MySQL address as Go's driver writes it: `user:password@tcp(host:port)/database?parameters`.
///
/// The password is taken as it stands: it may hold `@`, `:` and `/`. Therefore the text is read from its end, where the
/// last `@` that is followed by a network, an address in parentheses and a slash ends the credentials.
package struct MySQLAddress: Equatable, Sendable {
    /// How the server is reached.
    package enum Endpoint: Equatable, Sendable {
        case tcp(host: String, port: UInt16)
        case unix(path: String)
    }

    /// How the connection is encrypted (`tls=`).
    package enum Encryption: Equatable, Sendable {
        /// Not at all.
        case none
        /// When the server can; its certificate is not looked at.
        case preferred
        /// Always; its certificate is not looked at.
        case unverified
        /// Always, to a server with a certificate for its name.
        case verified
    }

    package var user = ""
    package var password = Redacted("")
    package var endpoint = Endpoint.tcp(host: "127.0.0.1", port: 3306)
    package var database = ""
    package var encryption = Encryption.none

    private static let defaultPort: UInt16 = 3306
    private static let defaultSocket = "/tmp/mysql.sock"

    /// Reads the address.
    ///
    /// - Throws: ``ImportError/dsn(_:)``, which never quotes a part of the text.
    init(_ text: Substring) throws(ImportError) {
        guard let (credentials, target) = Self.split(text) else {
            throw Self.fault("expected user:password@tcp(host:port)/database")
        }
        if let colon = credentials.firstIndex(of: ":") {
            user = String(credentials[..<colon])
            password = Redacted(String(credentials[credentials.index(after: colon)...]))
        } else {
            user = String(credentials)
        }
        endpoint = try Self.endpoint(target.network, target.address)
        let parts = target.rest.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        database = parts.first.map { Self.decoded($0) ?? String($0) } ?? ""
        guard !database.isEmpty, !database.utf8.contains(0) else { throw Self.fault("it names no database") }
        if parts.count > 1 { try readParameters(parts[1]) }
    }

    private struct Target {
        let network: Substring
        /// What stands in the parentheses; `nil` without them.
        let address: Substring?
        /// What follows the slash.
        let rest: Substring
    }

    /// Splits at the last `@` behind which a target stands; without one the whole text may be a target.
    private static func split(_ text: Substring) -> (credentials: Substring, target: Target)? {
        var end = text.endIndex
        while let at = text[..<end].lastIndex(of: "@") {
            if let target = target(text[text.index(after: at)...]) { return (text[..<at], target) }
            end = at
        }
        return target(text).map { ("", $0) }
    }

    /// `tcp(host:port)/…`, `unix(/path)/…`, `tcp/…`, `(host:port)/…` or `/…`.
    private static func target(_ text: Substring) -> Target? {
        let network = text.prefix { $0.isASCII && ($0.isLetter || $0.isNumber) }
        guard ["", "tcp", "tcp4", "tcp6", "unix"].contains(network.lowercased()) else { return nil }
        var rest = text[network.endIndex...]
        var address: Substring?
        if rest.first == "(" {
            guard let close = rest.firstIndex(of: ")") else { return nil }
            address = rest[rest.index(after: rest.startIndex)..<close]
            rest = rest[rest.index(after: close)...]
        }
        guard rest.first == "/" else { return nil }
        return Target(network: network, address: address, rest: rest.dropFirst())
    }

    private static func endpoint(_ network: Substring, _ address: Substring?) throws(ImportError) -> Endpoint {
        if network.lowercased() == "unix" {
            let path = address.map(String.init) ?? defaultSocket
            guard path.hasPrefix("/") || path.hasPrefix("@") else { throw fault("the socket is not an absolute path") }
            return .unix(path: path)
        }
        guard let address, !address.isEmpty else { return .tcp(host: "127.0.0.1", port: defaultPort) }
        var host = address
        var port: Substring?
        if address.first == "[" {
            guard let close = address.lastIndex(of: "]") else { throw fault("the address has a [ without ]") }
            host = address[address.index(after: address.startIndex)..<close]
            let after = address[address.index(after: close)...]
            guard after.isEmpty || after.first == ":" else { throw fault("the address has text after ]") }
            port = after.isEmpty ? nil : after.dropFirst()
        } else if let colon = address.lastIndex(of: ":") {
            host = address[..<colon]
            port = address[address.index(after: colon)...]
            guard !host.contains(":") else { throw fault("an IPv6 address stands in brackets: tcp([::1]:3306)") }
        }
        if host.isEmpty { host = "127.0.0.1" }
        let isPlain = host.unicodeScalars.allSatisfy { scalar in
            scalar.value > 0x20 && scalar.value != 0x7F && !"@/?#".unicodeScalars.contains(scalar)
        }
        guard isPlain else { throw fault("the host is malformed") }
        guard let port else { return .tcp(host: String(host), port: defaultPort) }
        guard port.utf8.allSatisfy({ (48...57).contains($0) }), let number = UInt16(port), number > 0 else {
            throw fault("the port is not a number from 1 to 65535")
        }
        return .tcp(host: String(host), port: number)
    }

    /// Parameters that say how Go's driver reads values have no meaning here and are passed over.
    private mutating func readParameters(_ text: Substring) throws(ImportError) {
        for pair in text.split(separator: "&") {
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2 else { throw Self.fault("a parameter has no =") }
            guard parts[0] == "tls" else { continue }
            switch parts[1].lowercased() {
            case "true", "1": encryption = .verified
            case "false", "0": encryption = .none
            case "skip-verify": encryption = .unverified
            case "preferred": encryption = .preferred
            default: throw Self.fault("tls must be true, false, skip-verify or preferred")
            }
        }
    }

    /// The text with `%xx` decoded; `nil` when it is not so encoded.
    private static func decoded(_ text: Substring) -> String? {
        var bytes: [UInt8] = []
        var rest = text.utf8[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            guard let high = rest.popFirst().flatMap(digit), let low = rest.popFirst().flatMap(digit) else {
                return nil
            }
            bytes.append(high << 4 | low)
        }
        return String(validating: bytes, as: UTF8.self)
    }

    private static func digit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: nil
        }
    }

    private static func fault(_ reason: String) -> ImportError { .dsn("invalid mysql dsn: \(reason)") }
}
