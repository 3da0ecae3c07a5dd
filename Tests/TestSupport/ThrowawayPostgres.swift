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
        asUser = try Self.prepareUser(directory)
        port = try Self.freePort()
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

    /// The words that run a program as a user whom PostgreSQL accepts; the directory becomes that user's.
    private static func prepareUser(_ directory: String) throws(Command.Failure) -> [String] {
        guard geteuid() == 0 else { return [] }
        guard let user = unsafe getpwnam("postgres") ?? getpwnam("nobody") else {
            throw Command.Failure(description: "there is no user postgres nor nobody to run PostgreSQL as")
        }
        let (id, group) = unsafe (user.pointee.pw_uid, user.pointee.pw_gid)
        guard unsafe chown(directory, id, group) == 0 else {
            throw Command.Failure(description: "chown: errno \(errno)")
        }
        return ["setpriv", "--reuid=\(id)", "--regid=\(group)", "--clear-groups"]
    }

    private static func freePort() throws(Command.Failure) -> UInt16 {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let code = unsafe withUnsafeMutablePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                unsafe bind(descriptor, address, size) == 0 && getsockname(descriptor, address, &size) == 0
            }
        }
        guard code else { throw Command.Failure(description: "no free port: errno \(errno)") }
        return UInt16(bigEndian: address.sin_port)
    }
}
