/// How long to wait before a call to a peer is tried again: doubled with each failure, from 100 ms to 5 s, with jitter.
///
/// | failures | 1 | 2 | 3 | 4 | 5 | 6 | 7 and more |
/// |---|---|---|---|---|---|---|---|
/// | at most (ms) | 100 | 200 | 400 | 800 | 1600 | 3200 | 5000 |
///
/// The wait is drawn between half of that and all of it, so that the replicas of a service do not come back at one moment. Pure.
package struct PeerRetry: Equatable, Sendable {
    /// The longest first wait.
    package var first: Duration = .milliseconds(100)
    /// The longest wait of all, unless the peer asks for more.
    package var longest: Duration = .seconds(5)
    /// The longest wait that a peer's `Retry-After` may cause.
    package var longestAsked: Duration = .seconds(30)

    /// The policy of all services.
    package init() {}

    /// The wait after the `failures`-th failure in a row (1, 2, …).
    ///
    /// - Parameters:
    ///   - asked: what the peer's `Retry-After` said; the wait is no shorter, up to `longestAsked`.
    ///   - generator: where chance comes from.
    package func delay(
        afterFailures failures: Int, asked: Duration? = nil, using generator: inout some RandomNumberGenerator
    ) -> Duration {
        var ceiling = first
        for _ in 1..<max(1, min(failures, 32)) where ceiling < longest { ceiling *= 2 }
        ceiling = min(ceiling, longest)
        let drawn = ceiling * Double.random(in: 0.5...1, using: &generator)
        return max(drawn, min(asked ?? .zero, longestAsked))
    }

    /// As above, with the system's chance.
    package func delay(afterFailures failures: Int, asked: Duration? = nil) -> Duration {
        var generator = SystemRandomNumberGenerator()
        return delay(afterFailures: failures, asked: asked, using: &generator)
    }
}
