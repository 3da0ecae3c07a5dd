/// Where a server listens: `host:port`, `[::1]:port`, or `:port` for all interfaces.
package struct ListenAddress: Equatable, Sendable, CustomStringConvertible {
    /// A host name or an address, without brackets; `0.0.0.0` when only a port was given.
    package let host: String
    /// The port; 0 lets the system choose.
    package let port: UInt16

    /// An address from its parts.
    package init(host: String, port: UInt16) {
        self.host = host
        self.port = port
    }

    /// The address in a text; nil when it is in none of the three forms.
    package init?(_ text: String) {
        guard let colon = text.lastIndex(of: ":") else { return nil }
        let digits = text[text.index(after: colon)...]
        guard !digits.isEmpty, digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let port = UInt16(digits) else {
            return nil
        }
        var host = text[..<colon]
        if host.hasPrefix("[") {
            guard host.hasSuffix("]"), host.contains(":") else { return nil }
            host = host.dropFirst().dropLast()
        } else if host.contains(where: { ":[]/ \t".contains($0) }) {
            return nil
        }
        self.init(host: host.isEmpty ? "0.0.0.0" : String(host), port: port)
    }

    /// The address as it is written in `LISTEN`.
    package var description: String {
        host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
    }
}
