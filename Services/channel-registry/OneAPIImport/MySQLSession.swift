import CMariaDB
import Telemetry

/// One session with MySQL or MariaDB through libmariadb. Every call blocks: only on a thread of a blocking pool.
@safe
final class MySQLSession: @unchecked Sendable {
    // SAFETY: the handles are used by one call at a time: `MySQLSource` makes the next one when the last has returned.
    private let handle: UnsafeMutablePointer<MYSQL>
    private var result: UnsafeMutablePointer<MYSQL_RES>?
    private let address: MySQLAddress

    /// How long one address may take to let us in, and the server to say the next word.
    private static let connectSeconds: UInt32 = 4
    private static let silenceSeconds: UInt32 = 8
    /// The longest row: fifteen values as long as we read them, with room.
    private static let longestPacket: UInt = 16 << 20
    /// The ways to prove a password that do not tell it to the server.
    private static let proofs = "mysql_native_password,client_ed25519,caching_sha2_password,sha256_password"

    /// Opens a session that can only read.
    init(_ address: MySQLAddress) throws(ImportError) {
        guard let handle = unsafe mysql_init(nil) else { throw .connection("out of memory") }
        unsafe self.handle = handle
        unsafe self.result = nil
        self.address = address
        try setOptions(encrypted: address.encryption != .none)
        try connect()
        try run("SET SESSION TRANSACTION READ ONLY")
        try run("SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        try run("START TRANSACTION WITH CONSISTENT SNAPSHOT")
    }

    deinit {
        if let result = unsafe result { unsafe mysql_free_result(result) }
        unsafe mysql_close(handle)
    }

    private func setOptions(encrypted: Bool) throws(ImportError) {
        let codes = unsafe [
            cmariadb_set_seconds(handle, MYSQL_OPT_CONNECT_TIMEOUT, Self.connectSeconds),
            cmariadb_set_seconds(handle, MYSQL_OPT_READ_TIMEOUT, Self.silenceSeconds),
            cmariadb_set_seconds(handle, MYSQL_OPT_WRITE_TIMEOUT, Self.silenceSeconds),
            cmariadb_forbid_local_files(handle),
            cmariadb_set_size(handle, MYSQL_OPT_MAX_ALLOWED_PACKET, Self.longestPacket),
            cmariadb_set_text(handle, MARIADB_OPT_RESTRICTED_AUTH, Self.proofs),
            cmariadb_set_text(handle, MYSQL_SET_CHARSET_NAME, "utf8mb4"),
        ]
        guard codes.allSatisfy({ $0 == 0 }) else { throw .connection("libmariadb refuses an option") }
        guard encrypted else { return }
        unsafe cmariadb_set_flag(handle, MYSQL_OPT_SSL_ENFORCE, 1)
        unsafe cmariadb_set_flag(handle, MYSQL_OPT_SSL_VERIFY_SERVER_CERT, address.encryption == .verified ? 1 : 0)
    }

    private func connect() throws(ImportError) {
        let connected =
            switch address.endpoint {
            case .tcp(let host, let port):
                // libmariadb takes the name `localhost` for the socket; Go's driver does not.
                unsafe mysql_real_connect(
                    handle, host == "localhost" ? "127.0.0.1" : host, address.user, address.password.reveal,
                    address.database, UInt32(port), nil, 0)
            case .unix(let path):
                unsafe mysql_real_connect(
                    handle, nil, address.user, address.password.reveal, address.database, 0, path, 0)
            }
        guard unsafe connected != nil else { throw fault { .connection($0) } }
        // libmariadb insists on encryption only together with a look at the certificate.
        let isEncrypted = unsafe mysql_get_ssl_cipher(handle) != nil
        guard isEncrypted || [.none, .preferred].contains(address.encryption) else {
            throw .connection("the server does not offer TLS, and the dsn asks for it")
        }
    }

    /// The port that the server itself listens on.
    func port() throws(ImportError) -> UInt16 {
        try number("SELECT @@port").flatMap { UInt16(exactly: $0) } ?? 0
    }

    /// How many rows the table has.
    func count() throws(ImportError) -> Int {
        try number("SELECT COUNT(*) FROM `channels`") ?? 0
    }

    /// The columns of the table.
    func columns() throws(ImportError) -> Set<String> {
        let result = unsafe try query("SELECT * FROM `channels` LIMIT 0")
        defer { unsafe mysql_free_result(result) }
        let count = unsafe mysql_num_fields(result)
        return Set((0..<count).map { unsafe String(cString: cmariadb_column(result, $0)) })
    }

    /// Begins to read the table.
    func begin(_ columns: [OneAPIColumn]) throws(ImportError) {
        let list = columns.map { "LEFT(`\($0.rawValue)`, \(OneAPIRow.longestValue + 1))" }.joined(separator: ", ")
        unsafe result = try query("SELECT \(list) FROM `channels` ORDER BY `id`")
    }

    /// The next rows, until there are enough or their values have so many bytes; none at the end.
    func next(_ columns: [OneAPIColumn], rows limit: Int, bytes limitBytes: Int) throws(ImportError) -> [OneAPIRow] {
        guard let result = unsafe result else { return [] }
        var rows: [OneAPIRow] = []
        var bytes = 0
        while rows.count < limit, bytes < limitBytes {
            guard let row = unsafe mysql_fetch_row(result) else {
                guard unsafe mysql_errno(handle) == 0 else { throw fault { .source($0) } }
                unsafe mysql_free_result(result)
                unsafe self.result = nil
                break
            }
            guard let lengths = unsafe mysql_fetch_lengths(result) else { throw .source("a row has no lengths") }
            var values: [OneAPIColumn: [UInt8]] = [:]
            for (index, column) in columns.enumerated() {
                guard let value = unsafe cmariadb_value(row, UInt32(index)) else { continue }
                let count = Int(unsafe lengths[index])
                values[column] = unsafe Array(UnsafeRawBufferPointer(start: value, count: count))
                bytes += count
            }
            rows.append(OneAPIRow(values, columns: columns))
        }
        return rows
    }

    private func number(_ sql: String) throws(ImportError) -> Int? {
        let result = unsafe try query(sql)
        defer { unsafe mysql_free_result(result) }
        guard let row = unsafe mysql_fetch_row(result) else {
            guard unsafe mysql_errno(handle) == 0 else { throw fault { .source($0) } }
            return nil
        }
        let value = unsafe cmariadb_value(row, 0).flatMap { unsafe Int(String(cString: $0)) }
        // The rest is read, or the session would not take the next statement.
        while let _ = unsafe mysql_fetch_row(result) {}
        return value
    }

    private func run(_ sql: String) throws(ImportError) {
        guard unsafe mysql_real_query(handle, sql, UInt(sql.utf8.count)) == 0 else { throw fault { .source($0) } }
    }

    private func query(_ sql: String) throws(ImportError) -> UnsafeMutablePointer<MYSQL_RES> {
        try run(sql)
        guard let result = unsafe mysql_use_result(handle) else { throw fault { .source($0) } }
        return unsafe result
    }

    /// What the server or the library says, as an error.
    private func fault(_ error: (String) -> ImportError) -> ImportError {
        let code = unsafe mysql_errno(handle)
        if code == UInt32(ER_NO_SUCH_TABLE) { return .noChannelsTable(database: address.database) }
        let text = SourceText.shown(unsafe String(cString: mysql_error(handle)), hiding: address.password.reveal)
        return error(text.isEmpty ? "error \(code)" : "\(text) (\(code))")
    }
}
