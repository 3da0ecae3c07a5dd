package import Contracts
import Postgres

extension ChannelStore {
    /// Keeps results of channel tests, the newest of each channel and model; they are no configuration and take no revision.
    ///
    /// A failure marks the channel with its time (`last_test_error_at`); a success takes the mark away when it is over an hour old, a run over
    /// the whole channel without a failure at once (contract admin-api §4.2). Results of channels that are gone are dropped.
    ///
    /// - Returns: How many were kept.
    package func keep(_ batch: ChannelTestBatch) async throws(RegistryError) -> Int {
        let named = Set(batch.tests.map(\.channel) + batch.faultless)
        guard !named.isEmpty else { return 0 }
        return try await RegistryError.translating {
            try await pool.transaction { connection in
                // Locked, so that a channel that is being deleted keeps no results behind.
                let rows = try await connection.query(
                    """
                    SELECT id FROM registry.channels WHERE id = ANY(\(Array(named))) AND deleted_at IS NULL
                    ORDER BY id FOR UPDATE
                    """)
                let known = Set(try rows.map { row throws(PostgresError) in try row.decode("id", as: Int.self) })
                var stored = 0
                for test in batch.tests
                where known.contains(test.channel) && test.model.utf8.count <= Self.maxModelBytes {
                    stored += try await Self.keep(test, connection)
                }
                let failed = batch.tests.filter { !$0.isSuccess && known.contains($0.channel) }
                for (channel, failures) in Dictionary(grouping: failed, by: \.channel) {
                    let last = Timestamp(microseconds: failures.map(\.testedAt).max() ?? 0)
                    try await connection.execute(
                        """
                        UPDATE registry.channels SET last_test_error_at = greatest(last_test_error_at, \(last))
                        WHERE id = \(channel)
                        """)
                }
                let good = Set(batch.tests.filter(\.isSuccess).map(\.channel))
                    .subtracting(failed.map(\.channel)).subtracting(batch.faultless)
                try await connection.execute(
                    """
                    UPDATE registry.channels SET last_test_error_at = NULL
                    WHERE (id = ANY(\(Array(good))) AND last_test_error_at < now() - interval '1 hour')
                        OR (id = ANY(\(batch.faultless)) AND deleted_at IS NULL AND last_test_error_at IS NOT NULL)
                    """)
                return stored
            }
        }
    }

    /// The newest result of each model of a channel that was tested, by model; empty for an unknown channel.
    package func tests(of id: Int) async throws(RegistryError) -> [ChannelTest] {
        try await RegistryError.translating {
            try await pool.query(
                """
                SELECT tested_at, model, actual_model, mode, is_success, code, response, took_microseconds, channel_id,
                    channel_type, channel_name
                FROM registry.channel_tests WHERE channel_id = \(id) ORDER BY model
                """
            ).map { row throws(PostgresError) in
                ChannelTest(
                    testedAt: try row.decode("tested_at", as: Timestamp.self).microseconds,
                    model: try row.decode("model"), actualModel: try row.decode("actual_model"),
                    mode: try row.decode("mode"), isSuccess: try row.decode("is_success"),
                    code: try row.decode("code"), response: try row.decode("response"),
                    took: try row.decode("took_microseconds"), channel: try row.decode("channel_id"),
                    channelType: try row.decode("channel_type"), channelName: try row.decode("channel_name"))
            }
        }
    }

    /// Forgets the results of channels that are being deleted.
    static func forgetTests(_ ids: [Int], _ connection: PostgresConnection) async throws {
        try await connection.execute("DELETE FROM registry.channel_tests WHERE channel_id = ANY(\(ids))")
    }

    /// A longer name does not fit into the index; no vendor has one.
    private static let maxModelBytes = 1024

    private static func keep(_ test: ChannelTest, _ connection: PostgresConnection) async throws -> Int {
        try await connection.execute(
            """
            INSERT INTO registry.channel_tests AS kept (
                channel_id, model, actual_model, tested_at, mode, is_success, code, response, took_microseconds,
                channel_name, channel_type
            ) VALUES (
                \(test.channel), \(text(test.model)), \(text(test.actualModel)),
                \(Timestamp(microseconds: test.testedAt)), \(test.mode), \(test.isSuccess), \(test.code),
                \(text(test.response)), \(test.took), \(text(test.channelName)), \(test.channelType)
            )
            ON CONFLICT (channel_id, model) DO UPDATE SET
                actual_model = excluded.actual_model, tested_at = excluded.tested_at, mode = excluded.mode,
                is_success = excluded.is_success, code = excluded.code, response = excluded.response,
                took_microseconds = excluded.took_microseconds, channel_name = excluded.channel_name,
                channel_type = excluded.channel_type
            WHERE kept.tested_at <= excluded.tested_at
            """)
    }

    /// A vendor's text, cut, without the one character that PostgreSQL does not take.
    private static func text(_ text: String) -> String {
        var bytes = Array(text.utf8.prefix(ChannelTestBatch.maxResponseBytes))
        while text.utf8.count > bytes.count, let last = bytes.last, last & 0xC0 == 0x80 { bytes.removeLast() }
        if text.utf8.count > bytes.count, let last = bytes.last, last & 0xC0 == 0xC0 { bytes.removeLast() }
        guard bytes.contains(0) else { return String(decoding: bytes, as: UTF8.self) }
        return String(decoding: bytes, as: UTF8.self).replacing("\0", with: "\u{FFFD}")
    }
}
