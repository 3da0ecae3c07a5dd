import Glibc

/// A peer address as 16 bytes; IPv4 lies in `::ffff:0:0/96`, as the kernel shows it on a dual-stack socket.
package struct PeerAddress: Hashable, Sendable, CustomStringConvertible {
    /// The first eight bytes, the first of them the most significant.
    package let high: UInt64
    /// The last eight bytes.
    package let low: UInt64

    /// An address from its 16 bytes as two words, the first byte the most significant.
    package init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    /// An IPv4 address, the first byte the most significant.
    package init(ipv4 address: UInt32) {
        high = 0
        low = 0x0000_FFFF_0000_0000 | UInt64(address)
    }

    /// Parses an IPv4 or IPv6 address, the latter also in brackets and with a zone that is dropped.
    package init?(_ text: String) {
        var text = Substring(text)
        if text.hasPrefix("["), text.hasSuffix("]") { text = text.dropFirst().dropLast() }
        if let zone = text.firstIndex(of: "%") { text = text[..<zone] }
        var four = in_addr()
        if unsafe inet_pton(AF_INET, String(text), &four) == 1 {
            self.init(ipv4: UInt32(bigEndian: four.s_addr))
            return
        }
        var six = in6_addr()
        guard unsafe inet_pton(AF_INET6, String(text), &six) == 1 else { return nil }
        let (high, low) = unsafe withUnsafeBytes(of: &six) { bytes in
            unsafe (
                bytes.loadUnaligned(fromByteOffset: 0, as: UInt64.self),
                bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self)
            )
        }
        self.init(high: UInt64(bigEndian: high), low: UInt64(bigEndian: low))
    }

    /// Whether the address is an IPv4 one.
    package var isIPv4: Bool { high == 0 && low >> 32 == 0xFFFF }

    /// The usual text form, without port and zone.
    package var description: String {
        var text = [CChar](repeating: 0, count: 64)
        if isIPv4 {
            var four = in_addr(s_addr: UInt32(truncatingIfNeeded: low).bigEndian)
            unsafe inet_ntop(AF_INET, &four, &text, 64)
        } else {
            var pair = (high.bigEndian, low.bigEndian)
            unsafe inet_ntop(AF_INET6, &pair, &text, 64)
        }
        return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}

/// A block of addresses: `10.0.0.0/8`, `::1`, `192.168.1.4`.
package struct AddressRange: Hashable, Sendable {
    private let base: PeerAddress
    private let bits: Int

    /// Parses an address with an optional prefix length; `nil` when it is neither.
    package init?(_ text: String) {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let base = PeerAddress(String(parts[0])) else { return nil }
        let width = base.isIPv4 ? 32 : 128
        var prefix = width
        if parts.count == 2 {
            guard parts[1].utf8.allSatisfy({ (0x30...0x39).contains($0) }), let given = Int(parts[1]),
                (0...width).contains(given)
            else { return nil }
            prefix = given
        }
        self.base = base
        bits = prefix + 128 - width
    }

    /// Whether the address, given as text, lies in the block; text that is no address lies in none.
    package func contains(_ address: String) -> Bool {
        PeerAddress(address).map { contains($0) } ?? false
    }

    /// Whether the address lies in the block.
    package func contains(_ address: PeerAddress) -> Bool {
        let highMask: UInt64 = bits >= 64 ? .max : bits == 0 ? 0 : .max << UInt64(64 - bits)
        let lowMask: UInt64 = bits <= 64 ? 0 : .max << UInt64(128 - bits)
        return (address.high ^ base.high) & highMask == 0 && (address.low ^ base.low) & lowMask == 0
    }
}
