import Glibc

/// Whom a database server of the tests runs as: none of them runs as root.
package enum TestUser {
    /// The words that run a program as the first of the users that exists; the directory becomes that user's.
    ///
    /// - Returns: No words when this process is not root's.
    /// - Throws: When none of the users exists.
    package static func words(owning directory: String, among names: [String]) throws(Command.Failure) -> [String] {
        guard geteuid() == 0 else { return [] }
        for name in names {
            guard let user = unsafe getpwnam(name) else { continue }
            let (id, group) = unsafe (user.pointee.pw_uid, user.pointee.pw_gid)
            guard unsafe chown(directory, id, group) == 0 else {
                throw Command.Failure(description: "chown: errno \(errno)")
            }
            return ["setpriv", "--reuid=\(id)", "--regid=\(group)", "--clear-groups"]
        }
        throw Command.Failure(description: "there is no user \(names.joined(separator: " nor ")) to run a server as")
    }
}

/// A port of 127.0.0.1 that nobody has at the moment.
package enum FreePort {
    /// Asks the kernel for one.
    ///
    /// - Throws: When there is none.
    package static func find() throws(Command.Failure) -> UInt16 {
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
