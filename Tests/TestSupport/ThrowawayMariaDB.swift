import CLinux
import Glibc
import Synchronization

/// A private MariaDB server for tests, in a directory of its own under `/tmp`, on a unix socket and a random port of
/// 127.0.0.1.
///
/// As root it runs as user `mysql` (or `nobody`). A watcher process ends the server and removes its directory as soon
/// as this process is gone, however it went. Nothing is synced to disk.
package final class ThrowawayMariaDB: Sendable {
    /// The administrator of the server, for tests that need any user.
    package static let user = "tester"
    /// A password that a careless reader of DSNs cuts in the wrong places.
    package static let password = "p@ss:w/rd@tcp(x)?#%41"

    /// Where the server and its socket live.
    package let directory: String
    /// The port on 127.0.0.1.
    package let port: UInt16

    private let databases = Atomic<Int>(0)
    /// Held open for the watcher; the kernel closes it with us.
    private let leash: Int32

    private static let sharedServer = Mutex<Result<ThrowawayMariaDB, Command.Failure>?>(nil)

    /// The server that all tests of this process share; started by the first caller.
    ///
    /// - Throws: When MariaDB is missing or does not start: such tests must fail, not be skipped.
    package static func shared() throws -> ThrowawayMariaDB {
        try sharedServer.withLock { server in
            let made = server ?? Result { () throws(Command.Failure) in try ThrowawayMariaDB() }
            server = made
            return made
        }.get()
    }

    private init() throws(Command.Failure) {
        for program in ["/usr/sbin/mariadbd", "/usr/bin/mariadb-install-db", "/usr/bin/mariadb"] {
            guard unsafe access(program, X_OK) == 0 else {
                throw Command.Failure(description: "MariaDB is missing: no \(program); install mariadb-server")
            }
        }
        var template = Array("/tmp/swmdb-XXXXXX".utf8CString)
        guard unsafe mkdtemp(&template) != nil else { throw Command.Failure(description: "mkdtemp: errno \(errno)") }
        directory = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        let asUser = try TestUser.words(owning: directory, among: ["mysql", "nobody"])
        port = try FreePort.find()
        var ends: [Int32] = [0, 0]
        guard unsafe clinux_pipe(&ends) == 0 else { throw Command.Failure(description: "pipe: errno \(errno)") }
        leash = ends[1]
        try Command.check(
            asUser + [
                "mariadb-install-db", "--no-defaults", "--datadir=\(directory)/data",
                "--auth-root-authentication-method=normal",
                "--skip-test-db", "--innodb-flush-log-at-trx-commit=0",
            ])
        let server =
            "/usr/sbin/mariadbd --no-defaults --datadir='\(directory)/data' --socket='\(directory)/s' --port=\(port)"
            + " --bind-address=127.0.0.1 --pid-file='\(directory)/pid' --innodb-flush-log-at-trx-commit=0"
            + " --innodb-doublewrite=0 --innodb-buffer-pool-size=32M --skip-name-resolve --sql-mode=''"
        // `wait` would never return: this process may have SIGCHLD blocked, and its children with it.
        // The watcher has a session of its own, so that a Ctrl-C to the tests does not end it before its work.
        let script = """
            \(server) </dev/null >'\(directory)/log' 2>&1 &
            child=$!
            read -r _
            kill -9 $child
            rm -rf '\(directory)' || { sleep 1; rm -rf '\(directory)'; }
            """
        _ = try Command.spawn(["setsid"] + asUser + ["sh", "-c", script], input: ends[0], output: nil)
        close(ends[0])
        try waitForServer()
        let host = "IDENTIFIED BY '\(Self.password)'"
        try run(
            """
            CREATE USER '\(Self.user)'@'127.0.0.1' \(host); CREATE USER '\(Self.user)'@'localhost' \(host);
            GRANT ALL ON *.* TO '\(Self.user)'@'127.0.0.1'; GRANT ALL ON *.* TO '\(Self.user)'@'localhost';
            """, database: "")
    }

    deinit {
        close(leash)
    }

    /// Makes a database.
    ///
    /// - Returns: Its name.
    /// - Throws: When the server refuses.
    package func database() throws(Command.Failure) -> String {
        let name = "t\(databases.add(1, ordering: .relaxed).newValue)"
        try run("CREATE DATABASE \(name) CHARACTER SET utf8mb4", database: "")
        return name
    }

    /// The DSN of a database in the form of Go's driver.
    package func dsn(_ database: String, overTCP: Bool = true, password: String = password) -> String {
        let place = overTCP ? "tcp(127.0.0.1:\(port))" : "unix(\(directory)/s)"
        return "\(Self.user):\(password)@\(place)/\(database)?charset=utf8mb4&parseTime=True&loc=Local"
    }

    /// Runs a script as the server's root.
    ///
    /// - Returns: What it printed, without heads.
    /// - Throws: When the server refuses.
    @discardableResult
    package func run(_ script: String, database: String) throws(Command.Failure) -> String {
        let path = "\(directory)/script-\(databases.add(1, ordering: .relaxed).newValue).sql"
        guard let file = unsafe fopen(path, "w") else { throw Command.Failure(description: "\(path): errno \(errno)") }
        unsafe fputs(script, file)
        unsafe fclose(file)
        defer { unsafe unlink(path) }
        return try Command.check([
            "sh", "-c",
            "exec mariadb --no-defaults --binary-mode --socket='\(directory)/s' -uroot -N -B \(database) <'\(path)'",
        ])
    }

    private func waitForServer() throws(Command.Failure) {
        for _ in 0..<600 {
            if let outcome = try? Command.run([
                "mariadb", "--no-defaults", "--socket=\(directory)/s", "-uroot", "-e", "SELECT 1",
            ]), outcome.status == 0 {
                return
            }
            usleep(100_000)
        }
        throw Command.Failure(
            description: "MariaDB did not start: \((try? Command.check(["tail", "\(directory)/log"])) ?? "")")
    }
}
