/// Checks the base addresses of other services.
enum HTTPAddress {
    /// The address without slashes at its end; nil unless it is `http` or `https` with a host and neither query,
    /// fragment, user name nor blanks.
    static func normalized(_ text: String) -> String? {
        let lower = text.lowercased()
        guard let scheme = ["http://", "https://"].first(where: lower.hasPrefix) else { return nil }
        var rest = text.dropFirst(scheme.count)
        while rest.hasSuffix("/") { rest = rest.dropLast() }
        let authority = rest.prefix { $0 != "/" }
        guard !authority.isEmpty, !authority.hasPrefix(":"),
            rest.utf8.allSatisfy({ $0 > 0x20 && $0 != 0x7F }), !rest.contains(where: { "?#@\\\"<>".contains($0) })
        else { return nil }
        return scheme + rest
    }
}
