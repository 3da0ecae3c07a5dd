import Postgres

/// A balance as it was stored.
package struct StoredBalance: Equatable, Sendable {
    /// The text of a number.
    package let balance: String
    /// Whether it is less than what the channel should have.
    package let isBelowThreshold: Bool
}

extension ChannelStore {
    /// The channels whose balance is to be looked after, by id.
    package func withBalanceCheck() async throws(RegistryError) -> [Channel] {
        try await RegistryError.translating {
            try await pool.query(
                """
                SELECT \(raw: Self.columns) FROM registry.channels
                WHERE enabled_auto_balance_check AND deleted_at IS NULL ORDER BY id
                """
            ).map(channel)
        }
    }

    /// Stores what a vendor said; a counter, which takes no revision.
    ///
    /// - Returns: `nil` when the channel is gone.
    package func setBalance(_ id: Int, _ balance: String) async throws(RegistryError) -> StoredBalance? {
        try await RegistryError.translating {
            let rows = try await pool.query(
                """
                UPDATE registry.channels SET balance = (\(balance)::text)::numeric, balance_updated_at = now()
                WHERE id = \(id) AND deleted_at IS NULL
                RETURNING trim_scale(balance)::text AS balance, balance < balance_threshold AS is_low
                """)
            guard let row = rows.first else { return nil }
            return StoredBalance(balance: try row.decode("balance"), isBelowThreshold: try row.decode("is_low"))
        }
    }
}
