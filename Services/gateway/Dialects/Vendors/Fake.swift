import Contracts

/// The two debug types (contract providers §24): no network, the gateway answers by itself.
package struct Fake: Vendor {
    package let id: String
    private let upstream: FakeUpstream

    package init(_ id: String, fails: Bool) {
        self.id = id
        upstream = FakeUpstream(fails: fails)
    }

    package func route(_ call: VendorCall, _ channel: VendorChannel) -> UpstreamRoute? {
        UpstreamRoute(url: channel.base, credential: .none, wire: Wire(fake: upstream))
    }
}
