/// One internal route, typed by what goes in and what comes out; both sides are derived from it.
package struct Endpoint<Input: Sendable, Output: Sendable>: Sendable {
    /// The two methods that internal routes use.
    package enum Method: String, Sendable {
        case get = "GET"
        case post = "POST"
    }

    package let method: Method
    /// Always under `/internal/v1/`.
    package let path: String

    package init(method: Method, path: String) {
        self.method = method
        self.path = path
    }
}

/// Which changes a gateway already has.
package struct SnapshotQuery: Codable, Sendable, Equatable {
    /// The epoch of the snapshot that the gateway holds; empty for none.
    package var epoch: String
    /// The revision that it holds; 0 for none.
    package var after: Int64
    /// How long the registry may hold the call while nothing is new, in milliseconds.
    package var waitMilliseconds: Int

    package init(epoch: String, after: Int64, waitMilliseconds: Int) {
        self.epoch = epoch
        self.after = after
        self.waitMilliseconds = waitMilliseconds
    }
}

extension Endpoint where Input == SnapshotQuery, Output == Snapshot {
    /// The snapshot feed: answers at once when something is newer, otherwise after the wait with an empty delta of the same revision.
    package static var snapshot: Self { Self(method: .post, path: "/internal/v1/snapshot") }
}

/// The header that carries the shared secret of the three services.
package enum InternalAuth {
    package static let header = "x-internal-key"
}
