/// Recognises the CIDR blocks that a token may be used from.
package enum Subnet {
    /// Whether the text is an IPv4 or IPv6 network: an address, a slash and the number of bits.
    package static func isCIDR(_ text: String) -> Bool {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, let bits = number(parts[1], upTo: 128) else { return false }
        return isIPv4(parts[0]) ? bits <= 32 : isIPv6(parts[0])
    }

    /// Whether the text is four decimal numbers.
    static func isIPv4(_ text: Substring) -> Bool {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4 && parts.allSatisfy { number($0, upTo: 255) != nil }
    }

    /// Whether the text is an IPv6 address without a zone, an IPv4 address at its end allowed.
    static func isIPv6(_ text: Substring) -> Bool {
        guard text.contains(":") else { return false }
        var text = text
        var spare = 8
        if text.contains(".") {
            guard let colon = text.lastIndex(of: ":"), isIPv4(text[text.index(after: colon)...]) else { return false }
            text = text[...colon] + "0"
            spare = 7
        }
        let halves = text.split(separator: "::", omittingEmptySubsequences: false)
        guard halves.count <= 2 else { return false }
        var count = 0
        for half in halves where !half.isEmpty {
            for group in half.split(separator: ":", omittingEmptySubsequences: false) {
                guard (1...4).contains(group.utf8.count), group.utf8.allSatisfy(isHexDigit) else { return false }
                count += 1
            }
        }
        return halves.count == 2 ? count < spare : count == spare
    }

    private static func isHexDigit(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
            || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte | 0x20)
    }

    private static func number(_ text: Substring, upTo limit: Int) -> Int? {
        guard (1...3).contains(text.utf8.count), text.utf8.allSatisfy({ (48...57).contains($0) }),
            text.utf8.count == 1 || text.first != "0", let number = Int(text), number <= limit
        else { return nil }
        return number
    }
}
