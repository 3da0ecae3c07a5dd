import EventLoop
import Postgres
import Telemetry

/// One API's database in PostgreSQL.
struct PostgresSource: OneAPISource {
    private let configuration: PostgresConfiguration
    private let password: Redacted<String>
    private let limit: Int
    private let group: EventLoopGroup
    let identity: String

    private static let batchRows = 50
    /// Until the first row: with the wait for a connection beneath the ten seconds that are promised.
    private static let firstWords = Duration.seconds(3)
    private static let laterWords = Duration.seconds(30)

    /// A source; nothing is opened yet.
    init(_ configuration: PostgresConfiguration, password: Redacted<String>, limit: Int, group: EventLoopGroup) {
        self.limit = limit
        var configuration = configuration
        configuration.maxConnections = 1
        configuration.waitTimeout = .seconds(4)
        configuration.connectTimeout = .seconds(4)
        configuration.statementTimeout = Self.firstWords
        configuration.silenceGrace = .milliseconds(500)
        configuration.sessionSettings["default_transaction_read_only"] = "on"
        configuration.applicationName = "switchboard-import"
        self.configuration = configuration
        self.password = password
        self.group = group
        let server = configuration.firstServer
        let place = SourceTable.place(host: server.host, port: server.port)
        identity = "postgres|\(place)|\(configuration.database)"
    }

    func read(_ body: @Sendable ([OneAPIRow]) async throws -> Void) async throws {
        let pool = PostgresPool(configuration, group: group, logger: .silent)
        let result: Result<Void, any Error>
        do {
            try await pool.withConnection { connection in
                try await connection.simple("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
                let columns = try await prepare(connection)
                try await connection.setStatementTimeout(Self.laterWords)
                while true {
                    let rows = try await connection.query("FETCH \(raw: String(Self.batchRows)) FROM import")
                    guard !rows.isEmpty else { break }
                    try await body(try rows.map { row throws(PostgresError) in try Self.row(row, columns) })
                }
            }
            result = .success(())
        } catch let error as PostgresError {
            // What the body throws is the registry's own kind of error, so this one is the source's.
            result = .failure(translated(error))
        } catch {
            result = .failure(error)
        }
        await pool.shutdown(deadline: .seconds(1))
        try result.get()
    }

    /// Looks at the table and opens a cursor on it.
    private func prepare(_ connection: PostgresConnection) async throws -> [OneAPIColumn] {
        let found = try await connection.query(
            """
            SELECT attname::text AS name FROM pg_attribute
            WHERE attrelid = to_regclass('channels') AND attnum > 0 AND NOT attisdropped
            """)
        guard !found.isEmpty else { throw ImportError.noChannelsTable(database: configuration.database) }
        let names = try found.map { row throws(PostgresError) in try row.decode("name", as: String.self) }
        let columns = try SourceTable.columns(among: Set(names))
        let counted = try await connection.query("SELECT count(*) AS count FROM channels")
        let count = try counted.first?.decode("count", as: Int.self) ?? 0
        guard count <= limit else { throw ImportError.tooManyRows(count: count, limit: limit) }
        // As bytes: a database of encoding SQL_ASCII may hold what is not text, and the server would refuse to send it as text.
        let encoding = try await connection.query("SELECT getdatabaseencoding()::text AS name")
        let isUnchecked = try encoding.first?.decode("name", as: String.self) == "SQL_ASCII"
        let list = columns.map { column in
            let name = "\"\(column.rawValue)\""
            let cut = "left(\(name)::text, \(OneAPIRow.longestValue + 1))"
            return "convert_to(\(cut), '\(isUnchecked ? "SQL_ASCII" : "UTF8")') AS \(name)"
        }
        try await connection.simple(
            "DECLARE import NO SCROLL CURSOR FOR SELECT \(list.joined(separator: ", ")) FROM channels ORDER BY channels.id"
        )
        return columns
    }

    private static func row(_ row: Row, _ columns: [OneAPIColumn]) throws(PostgresError) -> OneAPIRow {
        var values: [OneAPIColumn: [UInt8]] = [:]
        for column in columns { values[column] = try row.decode(column.rawValue, as: [UInt8]?.self) }
        return OneAPIRow(values, columns: columns)
    }

    /// A fault of the source in the words of the import.
    private func translated(_ error: PostgresError) -> ImportError {
        switch error {
        case .server(.undefinedTable, _, _, _): .noChannelsTable(database: configuration.database)
        case .unavailable(let reason): .connection(SourceText.shown(reason, hiding: password.reveal))
        case .poolTimeout, .statementTimeout: .timedOut
        default: .source(SourceText.shown("\(error)", hiding: password.reveal))
        }
    }
}
