/// Says what is wrong with the addresses that administrators write, before a call fails because of them.
package enum AddressRule {
    /// The fault of a vendor's base address, to which paths are appended; `nil` when there is none.
    package static func httpFault(_ text: String) -> String? {
        fault(text, schemes: ["http", "https"], example: "https://api.example.com/v1") ?? pathFault(text)
    }

    /// The fault of an outbound proxy's address; `nil` when there is none.
    package static func proxyFault(_ text: String) -> String? {
        fault(
            text, schemes: ["http", "https", "socks4", "socks4a", "socks5", "socks5h"],
            example: "http://proxy.example.com:3128")
    }

    private static func pathFault(_ text: String) -> String? {
        if text.contains("?") || text.contains("#") { return "must not have a query or a fragment" }
        return nil
    }

    private static func fault(_ text: String, schemes: [String], example: String) -> String? {
        let form = "expected an address such as \(example)"
        if text.unicodeScalars.contains(where: { $0.properties.isWhitespace || $0.value < 0x21 || $0.value == 0x7F }) {
            return "\(form), without white space"
        }
        if text.contains("{") || text.contains("}") { return "\(form); replace the part in braces" }
        guard let separator = text.range(of: "://") else { return form }
        guard schemes.contains(text[..<separator.lowerBound].lowercased()) else {
            return "\(form); the scheme must be \(schemes.joined(separator: ", "))"
        }
        let rest = text[separator.upperBound...]
        var authority = rest.prefix { $0 != "/" && $0 != "?" && $0 != "#" }
        if let at = authority.lastIndex(of: "@") { authority = authority[authority.index(after: at)...] }
        return authorityFault(authority).map { "\(form); \($0)" }
    }

    private static func authorityFault(_ authority: Substring) -> String? {
        var host = authority
        var port: Substring?
        if authority.hasPrefix("[") {
            guard let end = authority.firstIndex(of: "]") else { return "the bracket is not closed" }
            host = authority[authority.index(after: authority.startIndex)..<end]
            let rest = authority[authority.index(after: end)...]
            guard rest.isEmpty || rest.hasPrefix(":") else { return "the port is malformed" }
            port = rest.isEmpty ? nil : rest.dropFirst()
            guard Subnet.isIPv6(host) else { return "the host is not an IPv6 address" }
        } else if let colon = authority.firstIndex(of: ":") {
            host = authority[..<colon]
            port = authority[authority.index(after: colon)...]
        }
        if host.isEmpty { return "the host is missing" }
        if let port {
            guard let number = UInt16(port), number > 0, !port.hasPrefix("+") else { return "the port is malformed" }
        }
        let allowed = host.unicodeScalars.allSatisfy {
            $0.value >= 0x80 || $0.properties.isAlphabetic || "0123456789.-_:".unicodeScalars.contains($0)
        }
        return allowed ? nil : "the host is malformed"
    }
}

extension String {
    /// Where another text first occurs.
    fileprivate func range(of other: String) -> Range<String.Index>? {
        var start = startIndex
        while start < endIndex {
            if self[start...].hasPrefix(other) { return start..<index(start, offsetBy: other.count) }
            start = index(after: start)
        }
        return nil
    }
}
