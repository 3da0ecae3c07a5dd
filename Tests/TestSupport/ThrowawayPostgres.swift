import CLinux
import Glibc
import Synchronization

/// A private PostgreSQL cluster for tests, in a directory of its own under `/tmp`, on a unix socket and a random port of 127.0.0.1.
///
/// PostgreSQL refuses to run as root, so then it runs as user `postgres` (or `nobody`). A watcher process ends the cluster and removes its directory as
/// soon as this process is gone, however it went. Nothing is synced to disk.
package final class ThrowawayPostgres: Sendable {
    /// Where the cluster and its socket live.
    package let directory: String
    /// The port on 127.0.0.1, also in the name of the socket.
    package let port: UInt16
    /// Where `psql` and the server's programs are.
    package let binaries: String

    private let asUser: [String]
    private let databases = Atomic<Int>(0)
    /// Held open for the watcher; the kernel closes it with us.
    private let leash: Int32

    private static let sharedCluster = Mutex<Result<ThrowawayPostgres, Command.Failure>?>(nil)

    /// The cluster that all tests of this process share; started by the first caller.
    ///
    /// - Throws: When PostgreSQL is missing or does not start: such tests must fail, not be skipped.
    package static func shared() throws -> ThrowawayPostgres {
        try sharedCluster.withLock { cluster in
            let made = cluster ?? Result { () throws(Command.Failure) in try ThrowawayPostgres() }
            cluster = made
            return made
        }.get()
    }

    /// The URL of a fresh database in the shared cluster.
    ///
    /// - Throws: When there is no cluster or no database.
    package static func database() throws -> String {
        try shared().database()
    }

    /// Makes and starts a cluster of one's own, for tests that stop it.
    ///
    /// - Throws: When PostgreSQL is missing or does not start.
    package init() throws(Command.Failure) {
        binaries = try Self.findBinaries()
        var template = Array("/tmp/swpg-XXXXXX".utf8CString)
        guard unsafe mkdtemp(&template) != nil else { throw Command.Failure(description: "mkdtemp: errno \(errno)") }
        let directory = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        self.directory = directory
        asUser = try TestUser.words(owning: directory, among: ["postgres", "nobody"])
        port = try FreePort.find()
        var ends: [Int32] = [0, 0]
        guard unsafe clinux_pipe(&ends) == 0 else { throw Command.Failure(description: "pipe: errno \(errno)") }
        leash = ends[1]
        let script = """
            read -r _
            '\(binaries)/pg_ctl' -D '\(directory)/data' -m immediate stop
            rm -rf '\(directory)'
            """
        // The watcher has a session of its own, so that a Ctrl-C to the tests does not end it before its work.
        _ = try Command.spawn(["setsid"] + asUser + ["sh", "-c", script], input: ends[0], output: nil)
        close(ends[0])
        try Command.check(
            asUser + [
                "\(binaries)/initdb", "-D", "\(directory)/data", "-A", "trust", "-U", "postgres", "--no-sync",
                "--encoding=UTF8", "--locale=C",
            ])
        try start()
    }

    deinit {
        close(leash)
    }

    /// The URL of a fresh database.
    ///
    /// - Parameter overTCP: Whether the URL names the port on 127.0.0.1 rather than the socket.
    /// - Throws: When the cluster is stopped.
    package func database(overTCP: Bool = false) throws(Command.Failure) -> String {
        let name = "t\(databases.add(1, ordering: .relaxed).newValue)"
        try Command.check([
            "\(binaries)/psql", "-X", "-q", "-h", directory, "-p", String(port), "-U", "postgres", "-d", "postgres",
            "-c", "CREATE DATABASE \(name)",
        ])
        return overTCP
            ? "postgres://postgres@127.0.0.1:\(port)/\(name)"
            : "postgres://postgres@\(directory.split(separator: "/").map { "%2F" + $0 }.joined()):\(port)/\(name)"
    }

    /// Starts the cluster again after `stop`; same port, same data. Returns when it accepts connections.
    ///
    /// - Throws: When it does not start.
    package func start() throws(Command.Failure) {
        let options =
            "-k \(directory) -p \(port) -c listen_addresses=127.0.0.1 -c fsync=off -c synchronous_commit=off"
            + " -c full_page_writes=off -c max_connections=200 -c shared_buffers=64MB -c deadlock_timeout=100ms"
        try Command.check(
            asUser + [
                "\(binaries)/pg_ctl", "-D", "\(directory)/data", "-l", "\(directory)/log", "-w", "-t", "60", "-o",
                options,
                "start",
            ])
    }

    /// Stops the cluster: sessions are told and cut, as in a planned restart.
    ///
    /// - Throws: When it does not stop.
    package func stop() throws(Command.Failure) {
        try Command.check(
            asUser + ["\(binaries)/pg_ctl", "-D", "\(directory)/data", "-m", "fast", "-w", "-t", "60", "stop"])
    }

    /// Stops the cluster as a crash would: nobody is told.
    ///
    /// - Throws: When it does not stop.
    package func crash() throws(Command.Failure) {
        try Command.check(
            asUser + ["\(binaries)/pg_ctl", "-D", "\(directory)/data", "-m", "immediate", "-w", "-t", "60", "stop"])
    }

    private static func findBinaries() throws(Command.Failure) -> String {
        var places: [String] = []
        let debian = "/usr/lib/postgresql"
        if let folder = unsafe opendir(debian) {
            while let entry = unsafe readdir(folder) {
                let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                    unsafe pointer.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe String(cString: $0) }
                }
                if let version = Int(name) { places.append("\(version)") }
            }
            unsafe closedir(folder)
        }
        var folders = places.sorted { (Int($0) ?? 0) > (Int($1) ?? 0) }.map { "\(debian)/\($0)/bin" }
        if let path = unsafe getenv("PATH") {
            folders += unsafe String(cString: path).split(separator: ":").map(String.init)
        }
        guard let found = folders.first(where: { unsafe access("\($0)/initdb", X_OK) == 0 }) else {
            throw Command.Failure(description: "PostgreSQL is missing: no initdb in \(debian)/*/bin nor in PATH")
        }
        return found
    }
}
