package import HTTPCore

/// Which addresses may be fetched that a caller names (contract design §8): public ones, and what the operator lists. Pure.
package struct FetchPolicy: Equatable, Sendable {
    private let hosts: Set<String>
    private let ranges: [AddressRange]

    /// Public addresses only.
    package init() {
        hosts = []
        ranges = []
    }

    /// Public addresses and those of a list: names of hosts (exactly those), addresses, blocks such as `10.1.0.0/16`, separated by commas or spaces.
    ///
    /// - Returns: `nil` for a list with something else in it.
    package init?(allowing list: String) {
        var hosts: Set<String> = []
        var ranges: [AddressRange] = []
        for word in list.split(whereSeparator: { $0 == "," || $0 == " " }) {
            let text = String(word)
            if let range = AddressRange(text) {
                ranges.append(range)
            } else if let host = MediaAddress.host(text) {
                hosts.insert(host)
            } else {
                return nil
            }
        }
        self.hosts = hosts
        self.ranges = ranges
    }

    /// Whether a connection to an address may be opened for a URL with this host, in lower case.
    package func allows(_ address: PeerAddress, host: String) -> Bool {
        switch AddressClass(address) {
        case .open: true
        case .inner: hosts.contains(host) || ranges.contains { $0.contains(address) }
        case .barred: false
        }
    }
}
