import CLinux
import Glibc

/// Holds a host and port for one instance on this machine, for as long as it lives.
///
/// The listeners of one server share their port (`SO_REUSEPORT`), and the kernel would let a second instance of the same user join them in silence and take
/// half of the connections. So before they are bound, this takes an abstract Unix socket named after the port: the kernel gives it to one process only,
/// without a race, and takes it back when that process ends in whatever way. It lives in the network namespace, like the port itself.
final class InstanceGuard: Sendable {
    private let fd: Int32

    /// Takes the name.
    ///
    /// - Throws: `.addressInUse` when another instance has it.
    init(_ address: SocketAddress) throws(ServerError) {
        fd = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard fd >= 0 else { throw .system(call: "socket", errno: errno) }
        var name = sockaddr_un()
        name.sun_family = sa_family_t(AF_UNIX)
        let text = Array("switchboard/listen/\(address)".utf8.prefix(100))
        // sun_path: a NUL marks an abstract name.
        unsafe withUnsafeMutableBytes(of: &name.sun_path) { path in
            for (place, byte) in text.enumerated() { unsafe path[place + 1] = byte }
        }
        let length = socklen_t(MemoryLayout<sa_family_t>.size + 1 + text.count)
        let result = unsafe withUnsafePointer(to: &name) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { unsafe bind(fd, $0, length) }
        }
        guard result == 0 else {
            let code = errno
            close(fd)
            throw code == EADDRINUSE ? .addressInUse("\(address)") : .system(call: "bind", errno: code)
        }
    }

    deinit { close(fd) }
}
