/// An `http` or `https` address that a caller named, taken apart strictly: what one parser could read otherwise than another is refused. Pure.
package struct MediaAddress: Equatable, Sendable {
    /// `http` or `https`.
    package let scheme: String
    /// In lower case; an IPv6 address without its brackets.
    package let host: String
    /// Host and port as they stand in the address.
    private let authority: String
    /// Path and query, percent-encoded; begins with `/`.
    private let target: String

    /// The whole address, as it is asked for.
    package var url: String { "\(scheme)://\(authority)\(target)" }

    /// Whether a text claims to be an address of this kind.
    package static func isWeb(_ text: String) -> Bool { scheme(of: text) != nil }

    /// Reads an absolute address; `nil` for one with credentials, odd characters in its host, another scheme, or more than 8 KiB.
    package init?(_ text: String) {
        guard text.utf8.count <= 8192, let scheme = Self.scheme(of: text) else { return nil }
        let rest = text.utf8.dropFirst(scheme.utf8.count + 3)
        let end = rest.firstIndex { $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "?") || $0 == UInt8(ascii: "#") }
        let authority = String(Substring(rest[..<(end ?? rest.endIndex)]))
        guard let host = Self.host(ofAuthority: authority) else { return nil }
        self.scheme = scheme
        self.host = host
        self.authority = authority
        target = Self.target(String(Substring(rest[(end ?? rest.endIndex)...])))
    }

    /// Where a redirect from this address leads (RFC 3986 §5.2); `nil` for what is no such address.
    package func redirected(to location: String) -> MediaAddress? {
        if Self.isWeb(location) { return MediaAddress(location) }
        if location.hasPrefix("//") { return MediaAddress("\(scheme):\(location)") }
        // Another scheme: letters before a colon that comes before any slash.
        let head = location.prefix { $0 != "/" && $0 != "?" && $0 != "#" }
        guard !head.contains(":") else { return nil }
        let path = String(target.prefix { $0 != "?" })
        if location.hasPrefix("/") { return MediaAddress("\(scheme)://\(authority)\(location)") }
        if location.hasPrefix("?") { return MediaAddress("\(scheme)://\(authority)\(path)\(location)") }
        let folder = path[...(path.lastIndex(of: "/") ?? path.startIndex)]
        return MediaAddress("\(scheme)://\(authority)\(folder)\(location)")
    }

    /// The name of a host in lower case; `nil` for what is none.
    static func host(_ text: String) -> String? {
        let isName = text.utf8.allSatisfy { byte in
            (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
                || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || byte == UInt8(ascii: "-")
                || byte == UInt8(ascii: ".") || byte == UInt8(ascii: "_")
        }
        return isName && !text.isEmpty && text.utf8.count <= 255 ? text.lowercased() : nil
    }

    private static func scheme(of text: String) -> String? {
        for scheme in ["https", "http"] {
            let mark = "\(scheme)://"
            let start = text.utf8.prefix(mark.utf8.count)
            if start.count == mark.utf8.count, String(Substring(start)).lowercased() == mark { return scheme }
        }
        return nil
    }

    private static func host(ofAuthority authority: String) -> String? {
        var name = Substring(authority)
        if authority.hasPrefix("[") {
            guard let close = authority.firstIndex(of: "]") else { return nil }
            let inside = authority[authority.index(after: authority.startIndex)..<close]
            let rest = authority[authority.index(after: close)...]
            guard rest.isEmpty || isPort(rest), !inside.isEmpty,
                inside.utf8.allSatisfy({ $0 == UInt8(ascii: ":") || $0 == UInt8(ascii: ".") || isHex($0) })
            else { return nil }
            return inside.lowercased()
        }
        if let colon = name.firstIndex(of: ":") {
            guard isPort(name[colon...]) else { return nil }
            name = name[..<colon]
        }
        return host(String(name))
    }

    private static func isPort(_ text: Substring) -> Bool {
        guard text.first == ":" else { return false }
        let digits = text.dropFirst()
        return digits.utf8.allSatisfy { (0x30...0x39).contains($0) } && (1...65_535).contains(Int(digits) ?? 0)
    }

    private static func isHex(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte | 0x20)
    }

    /// What is asked for: no fragment, a slash in front, and spaces and bytes beyond ASCII percent-encoded as browsers do.
    private static func target(_ text: String) -> String {
        var out: [UInt8] = text.utf8.first == UInt8(ascii: "/") ? [] : [UInt8(ascii: "/")]
        let digits = Array("0123456789ABCDEF".utf8)
        for byte in text.utf8 {
            if byte == UInt8(ascii: "#") { break }
            if byte > 0x20, byte < 0x7F, byte != UInt8(ascii: "\""), byte != UInt8(ascii: "<"),
                byte != UInt8(ascii: ">"), byte != UInt8(ascii: "\\")
            {
                out.append(byte)
            } else {
                out += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return withoutDots(String(decoding: out, as: UTF8.self))
    }

    /// The segments `.` and `..` of a path are resolved (RFC 3986 §5.2.4).
    private static func withoutDots(_ target: String) -> String {
        let path = target.prefix { $0 != "?" }
        guard path.contains("/.") else { return target }
        let segments = path.split(separator: "/", omittingEmptySubsequences: false).dropFirst()
        var kept: [Substring] = []
        for segment in segments {
            if segment == ".." { _ = kept.popLast() } else if segment != "." { kept.append(segment) }
        }
        if segments.last == "." || segments.last == ".." { kept.append("") }
        return "/" + kept.joined(separator: "/") + target[path.endIndex...]
    }
}
