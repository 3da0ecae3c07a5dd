import EventLoop
import Glibc

/// Accepts connections and spreads them over the loops.
final class MockServer: ReadinessHandler, @unchecked Sendable {
    // SAFETY: `listener` is written once before the first event and read on the first loop only; the rest is immutable and thread safe.

    let stats: MockStats
    private let group: EventLoopGroup
    private var listener: Int32 = -1

    init(group: EventLoopGroup, records: Bool) {
        self.group = group
        stats = MockStats(records: records)
    }

    struct Failure: Error {
        var call: String
        var code: Int32
    }

    /// Starts to accept.
    ///
    /// - Returns: The port, also when the kernel chose it.
    func listen(host: String, port: UInt16) throws -> UInt16 {
        let descriptor = socket(
            AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw Failure(call: "socket", code: errno) }
        setOption(descriptor, SOL_SOCKET, SO_REUSEADDR)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        guard unsafe inet_pton(AF_INET, host, &address.sin_addr) == 1 else {
            throw Failure(call: "inet_pton", code: EINVAL)
        }
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let bound = unsafe withUnsafeMutablePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { raw in
                guard unsafe bind(descriptor, raw, size) == 0 else { return false }
                return unsafe getsockname(descriptor, raw, &size) == 0
            }
        }
        guard bound, Glibc.listen(descriptor, 4096) == 0 else { throw Failure(call: "bind", code: errno) }
        listener = descriptor
        group.loops[0].execute {
            do {
                try self.group.loops[0].watch(descriptor, .readable, self)
            } catch {
                MockProvider.stop("cannot watch the listener: \(error)")
            }
        }
        return UInt16(bigEndian: address.sin_port)
    }

    func ready(_ readiness: Readiness) {
        while true {
            let descriptor = accept(listener, nil, nil)
            guard descriptor >= 0 else { return }
            _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK)
            _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
            setOption(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY)
            let loop = group.next()
            let connection = MockConnection(descriptor, loop: loop, stats: stats)
            if loop.isCurrent {
                connection.start()
            } else {
                loop.execute { connection.start() }
            }
        }
    }

    private func setOption(_ descriptor: Int32, _ level: Int32, _ name: Int32) {
        var one: Int32 = 1
        unsafe _ = setsockopt(descriptor, level, name, &one, socklen_t(MemoryLayout<Int32>.size))
    }
}
