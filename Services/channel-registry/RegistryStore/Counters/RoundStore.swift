package import Postgres

/// Whose turn a round is that one replica does for all of them.
///
/// A row says when the next round is due; who moves it forward has the round. Unlike a lock, that also keeps two replicas from doing the same round one after the other.
package struct RoundStore: Sendable {
    private let pool: PostgresPool

    /// A store over a pool.
    package init(pool: PostgresPool) {
        self.pool = pool
    }

    /// Takes the round when it is due.
    ///
    /// - Parameters:
    ///   - name: Names the kind of work.
    ///   - pause: From this round to the next.
    /// - Returns: Whether the round is the caller's.
    package func take(_ name: String, next pause: Duration) async throws(RegistryError) -> Bool {
        let seconds = Int(pause.components.seconds)
        return try await RegistryError.translating {
            try await pool.execute(
                """
                INSERT INTO registry.rounds AS round (name, next_at)
                VALUES (\(name), now() + make_interval(secs => \(seconds)::int))
                ON CONFLICT (name) DO UPDATE SET next_at = excluded.next_at WHERE round.next_at <= now()
                """) > 0
        }
    }
}
