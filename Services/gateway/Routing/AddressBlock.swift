#if canImport(Glibc)
    import Glibc
#endif

/// A block of IPv4 or IPv6 addresses in CIDR form; IPv4 is held as its mapped IPv6 form, so that both compare.
package struct AddressBlock: Sendable, Equatable {
    private let high: UInt64
    private let low: UInt64
    private let prefix: Int

    /// Reads `10.0.0.0/8`, `2001:db8::/32` or a single address; `nil` for anything else.
    package init?(_ text: String) {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        guard let first = parts.first, let address = Self.parse(first) else { return nil }
        let width = address.isIPv4 ? 32 : 128
        var length = width
        if parts.count == 2 {
            guard let number = Int(parts[1]), parts[1].allSatisfy(\.isNumber), (0...width).contains(number) else {
                return nil
            }
            length = number
        }
        prefix = address.isIPv4 ? length + 96 : length
        let mask = Self.mask(prefix)
        high = address.high & mask.high
        low = address.low & mask.low
    }

    /// Whether the address, as text, lies in the block; false for text that is no address.
    package func contains(_ address: String) -> Bool {
        guard let parsed = Self.parse(address) else { return false }
        let mask = Self.mask(prefix)
        return parsed.high & mask.high == high && parsed.low & mask.low == low
    }

    private static func mask(_ prefix: Int) -> (high: UInt64, low: UInt64) {
        let high = prefix >= 64 ? UInt64.max : (prefix == 0 ? 0 : UInt64.max << UInt64(64 - prefix))
        let low = prefix <= 64 ? 0 : (prefix == 128 ? UInt64.max : UInt64.max << UInt64(128 - prefix))
        return (high, low)
    }

    private static func parse(_ text: String) -> (high: UInt64, low: UInt64, isIPv4: Bool)? {
        var four = in_addr()
        if unsafe inet_pton(AF_INET, text, &four) == 1 {
            return (0, 0xFFFF_0000_0000 | UInt64(UInt32(bigEndian: four.s_addr)), true)
        }
        var six = in6_addr()
        guard unsafe inet_pton(AF_INET6, text, &six) == 1 else { return nil }
        let words = unsafe withUnsafeBytes(of: &six) { bytes in
            unsafe (
                bytes.loadUnaligned(fromByteOffset: 0, as: UInt64.self),
                bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self)
            )
        }
        return (UInt64(bigEndian: words.0), UInt64(bigEndian: words.1), false)
    }
}
