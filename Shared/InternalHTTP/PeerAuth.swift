import Contracts
import Crypto
package import HTTPCore
package import Telemetry

/// Checks that a call comes from one of our own services.
package struct PeerAuth: Sendable {
    private let key: Redacted<String>

    /// An empty key admits nobody.
    package init(key: Redacted<String>) {
        self.key = key
    }

    /// Whether the call carries the shared secret; takes the same time whatever is wrong with it.
    package func admits(_ headers: HTTPHeaders) -> Bool {
        let presented = headers.all(InternalAuth.header)
        guard presented.count == 1, !key.reveal.isEmpty else { return false }
        return constantTimeEquals(presented[0], key.reveal)
    }
}
