import Postgres
import Telemetry

/// What a channel was made from: a row of another program's database and one of its keys.
package struct ImportMark: Hashable, Sendable {
    /// Stands for the database.
    package let source: String
    /// The row's id there.
    package let row: Int
    /// Stands for the key there.
    package let key: String

    package init(source: String, row: Int, key: String) {
        self.source = source
        self.row = row
        self.key = key
    }

    /// The text that is stored with the channel.
    var stored: String { "\(source):\(row):\(key)" }

    /// Reads the stored text; the source holds no colon.
    init?(stored: String) {
        let parts = stored.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 3, let row = Int(parts[1]) else { return nil }
        self.init(source: String(parts[0]), row: row, key: String(parts[2]))
    }
}

/// A channel that is to be created from what a mark names.
package struct ImportedChannel: Sendable {
    package let mark: ImportMark
    package let channel: NewChannel

    package init(mark: ImportMark, channel: NewChannel) {
        self.mark = mark
        self.channel = channel
    }
}

extension ChannelStore {
    /// What was imported from a source and not deleted since.
    ///
    /// - Returns: By the row's id there, the keys there.
    package func imported(from source: String) async throws(RegistryError) -> [Int: Set<String>] {
        try await RegistryError.translating {
            let prefix = "\(source):"
            let rows = try await pool.query(
                """
                SELECT import_source FROM registry.channels
                WHERE deleted_at IS NULL AND import_source IS NOT NULL AND starts_with(import_source, \(prefix))
                """)
            var keys: [Int: Set<String>] = [:]
            for row in rows {
                guard let mark = ImportMark(stored: try row.decode("import_source")) else { continue }
                keys[mark.row, default: []].insert(mark.key)
            }
            return keys
        }
    }

    /// Creates those of the channels whose mark no channel has yet, all of them or none.
    ///
    /// Two imports at once do not double a channel: writes of the configuration come one after the other, and the marks
    /// are looked at in that order.
    ///
    /// - Returns: How many were created.
    @discardableResult
    package func add(_ imported: [ImportedChannel]) async throws(RegistryError) -> Int {
        for new in imported { try Self.checkKey(new.channel.key.reveal, new.channel.settings) }
        return try await RegistryError.translating {
            do {
                return try await pool.transaction { connection in
                    let revision = try await Revision.next(connection)
                    let news = try await Self.unknown(imported, connection)
                    guard !news.isEmpty else { throw Revision.NothingChanged() }
                    try await checkModels(news.flatMap(\.channel.settings.models), connection)
                    let ids = try await Self.nextIDs(news.count, connection)
                    for (id, new) in zip(ids, news) { try await insert(new.channel, id, revision, connection) }
                    try await connection.execute(
                        """
                        UPDATE registry.channels AS channel SET import_source = mark.source
                        FROM unnest(\(ids)::bigint[], \(news.map(\.mark.stored))::text[]) AS mark (id, source)
                        WHERE channel.id = mark.id
                        """)
                    return news.count
                }
            } catch is Revision.NothingChanged {
                return 0
            }
        }
    }

    private static func unknown(
        _ imported: [ImportedChannel], _ connection: PostgresConnection
    ) async throws -> [ImportedChannel] {
        let rows = try await connection.query(
            """
            SELECT import_source FROM registry.channels
            WHERE import_source = ANY(\(imported.map(\.mark.stored))) AND deleted_at IS NULL
            """)
        var known: Set<String> = []
        for row in rows { known.insert(try row.decode("import_source")) }
        return imported.filter { known.insert($0.mark.stored).inserted }
    }
}
