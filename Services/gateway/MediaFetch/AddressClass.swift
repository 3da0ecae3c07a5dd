package import HTTPCore

/// What lies behind an address, as far as it matters for a URL that a stranger named. Pure.
package enum AddressClass: Equatable, Sendable {
    /// The public internet.
    case open
    /// This machine, a private network, or anything that is not for hosts of the public internet: only where the operator lists it.
    case inner
    /// Link-local addresses and what clouds tell their machines about themselves, credentials among it: never.
    case barred

    /// The class of an address. An IPv6 address that stands for an IPv4 one (mapped, compatible, NAT64, 6to4) has the class of that.
    package init(_ address: PeerAddress) {
        if Self.never.contains(where: { $0.contains(address) }) {
            self = .barred
        } else if address.isIPv4 {
            self = Self.inner4.contains { $0.contains(address) } ? .inner : .open
        } else if let carried = Self.carried(address) {
            let inside = AddressClass(carried)
            // Such an address is for a translator; the way to an inner one through it is nobody's to open.
            self = inside == .open ? .open : .barred
        } else {
            let isGlobal = Self.global6.contains { $0.contains(address) }
            self = isGlobal && !Self.inner6.contains { $0.contains(address) } ? .open : .inner
        }
    }

    /// The IPv4 address inside an IPv6 one: `::/96` (without `::` and `::1`), `64:ff9b::/96` (RFC 6052), `2002::/16` (RFC 3056).
    private static func carried(_ address: PeerAddress) -> PeerAddress? {
        let tail = UInt32(truncatingIfNeeded: address.low)
        if address.high == 0, address.low >> 32 == 0, address.low > 1 { return PeerAddress(ipv4: tail) }
        if address.high == 0x0064_FF9B_0000_0000, address.low >> 32 == 0 { return PeerAddress(ipv4: tail) }
        if address.high >> 48 == 0x2002 { return PeerAddress(ipv4: UInt32(truncatingIfNeeded: address.high >> 16)) }
        return nil
    }

    private static func ranges(_ texts: String...) -> [AddressRange] { texts.compactMap { AddressRange($0) } }

    /// Link-local; the metadata services of AWS over IPv6, Alibaba, Oracle and Azure.
    private static let never = ranges(
        "169.254.0.0/16", "fe80::/10", "fd00:ec2::/32", "100.100.100.200", "192.0.0.192", "168.63.129.16")

    /// IANA's registry of special addresses, multicast and what is reserved.
    private static let inner4 = ranges(
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24",
        "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4",
        "240.0.0.0/4")

    /// Of IPv6 only this block is given to hosts of the public internet; the others are inner as a whole.
    private static let global6 = ranges("2000::/3")
    /// Teredo and other special blocks, documentation.
    private static let inner6 = ranges("2001::/23", "2001:db8::/32", "3fff::/20")
}
