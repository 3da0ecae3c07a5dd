import EventLoop

/// One API's database in MySQL or MariaDB.
struct MySQLSource: OneAPISource {
    private let session: MySQLSession
    private let pool: BlockingPool
    private let columns: [OneAPIColumn]
    let identity: String

    private static let batchRows = 200
    private static let batchBytes = 4 << 20
    /// How long everything may take until the first row is at hand; beneath the ten seconds that are promised.
    private static let patience = Duration.seconds(9)

    /// Opens the session and begins to read.
    ///
    /// - Parameters:
    ///   - address: Where the server is.
    ///   - limit: The most rows; with more nothing is read.
    ///   - pool: Where libmariadb blocks.
    ///   - loop: Keeps the time.
    /// - Throws: `ImportError`, at the latest after ten seconds, also when a call into libmariadb or the resolver hangs.
    init(_ address: MySQLAddress, limit: Int, pool: BlockingPool, loop: EventLoop) async throws {
        self.pool = pool
        let opened = try await Deadline.run(Self.patience, on: pool, loop: loop) {
            let session = try Self.open(address)
            // Read here, while the session is this thread's; the same server has one port whatever socket leads to it.
            let place: String
            switch address.endpoint {
            case .tcp(let host, let port): place = SourceTable.place(host: host, port: port)
            case .unix: place = SourceTable.place(host: "localhost", port: try session.port())
            }
            let columns = try SourceTable.columns(among: try session.columns())
            let count = try session.count()
            guard count <= limit else { throw ImportError.tooManyRows(count: count, limit: limit) }
            try session.begin(columns)
            return (session: session, place: place, columns: columns)
        }
        session = opened.session
        columns = opened.columns
        identity = "mysql|\(opened.place)|\(address.database)"
    }

    private static func open(_ address: MySQLAddress) throws(ImportError) -> MySQLSession {
        guard address.encryption == .preferred else { return try MySQLSession(address) }
        do throws(ImportError) {
            return try MySQLSession(address)
        } catch {
            var plain = address
            plain.encryption = .none
            return try MySQLSession(plain)
        }
    }

    func read(_ body: @Sendable ([OneAPIRow]) async throws -> Void) async throws {
        let (session, columns) = (session, columns)
        while true {
            let rows = try await pool.run {
                try session.next(columns, rows: Self.batchRows, bytes: Self.batchBytes)
            }
            guard !rows.isEmpty else { return }
            try await body(rows)
        }
    }
}
