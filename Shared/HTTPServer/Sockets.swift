import CLinux
import Glibc
import HTTPCore

/// Where a server listens.
package struct SocketAddress: Hashable, Sendable, CustomStringConvertible {
    /// The address, without brackets.
    package let host: String
    /// The port, never 0 once bound.
    package let port: UInt16

    /// An address put together by hand.
    package init(host: String, port: UInt16) {
        self.host = host
        self.port = port
    }

    /// `host:port`, an IPv6 host in brackets.
    package var description: String {
        host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
    }
}

/// The socket calls of the server, each with its errors read on the next line.
enum Sockets {
    /// What came out of one `accept`.
    enum Accepted {
        case connection(Int32, PeerAddress)
        /// Nobody waits.
        case nothing
        /// That one was gone before it was accepted; ask again.
        case again
        /// No descriptors or memory.
        case exhausted
    }

    /// An address as the kernel takes it.
    struct Resolved {
        var storage: sockaddr_storage
        var length: socklen_t

        var family: Int32 { Int32(storage.ss_family) }
    }

    private static let backlog: Int32 = 4096

    /// Turns a host into an address; a name is looked up, which may block, so only while starting.
    static func resolve(_ host: String, _ port: UInt16) throws(ServerError) -> Resolved {
        var hints = unsafe addrinfo()
        unsafe hints.ai_family = AF_UNSPEC
        unsafe hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        unsafe hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV
        let trimmed = host.hasPrefix("[") && host.hasSuffix("]") ? String(host.dropFirst().dropLast()) : host
        var list: UnsafeMutablePointer<addrinfo>?
        let code = unsafe getaddrinfo(trimmed.isEmpty || trimmed == "*" ? nil : trimmed, String(port), &hints, &list)
        guard code == 0, let first = unsafe list else {
            throw .badAddress("cannot listen on \(host): \(unsafe String(cString: gai_strerror(code)))")
        }
        defer { unsafe freeaddrinfo(list) }
        var storage = sockaddr_storage()
        let length = unsafe first.pointee.ai_addrlen
        unsafe withUnsafeMutableBytes(of: &storage) { target in
            if let source = unsafe first.pointee.ai_addr {
                unsafe target.copyMemory(from: UnsafeRawBufferPointer(start: source, count: Int(length)))
            }
        }
        return Resolved(storage: storage, length: length)
    }

    /// A bound socket, not listening yet.
    ///
    /// - Parameter isShared: whether other sockets of ours may share the port (`SO_REUSEPORT`). `SO_REUSEADDR` is always set: connections of an earlier
    ///   run that are in TIME_WAIT must not keep us from starting.
    static func bind(_ address: Resolved, isShared: Bool, describedAs text: String) throws(ServerError) -> Int32 {
        let fd = socket(
            address.family, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue) | Int32(SOCK_CLOEXEC.rawValue),
            0)
        guard fd >= 0 else { throw .system(call: "socket", errno: errno) }
        setOption(fd, SOL_SOCKET, SO_REUSEADDR)
        if isShared { setOption(fd, SOL_SOCKET, SO_REUSEPORT) }
        var storage = address.storage
        let result = unsafe withUnsafePointer(to: &storage) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe Glibc.bind(fd, $0, address.length)
            }
        }
        if result != 0 {
            let code = errno
            Glibc.close(fd)
            switch code {
            case EADDRINUSE: throw .addressInUse(text)
            case EADDRNOTAVAIL: throw .badAddress("cannot listen on \(text): it is not an address of this machine")
            case EACCES: throw .badAddress("cannot listen on \(text): not permitted")
            default: throw .system(call: "bind", errno: code)
            }
        }
        return fd
    }

    /// Lets a bound socket listen.
    ///
    /// Accepted sockets inherit its options: no delay for small answers, and probes that find out when a client's machine has vanished without a word
    /// (after about two minutes).
    static func listen(_ fd: Int32, describedAs text: String) throws(ServerError) {
        setOption(fd, Int32(IPPROTO_TCP), TCP_NODELAY)
        setOption(fd, SOL_SOCKET, SO_KEEPALIVE)
        setOption(fd, Int32(IPPROTO_TCP), TCP_KEEPIDLE, to: 60)
        setOption(fd, Int32(IPPROTO_TCP), TCP_KEEPINTVL, to: 15)
        setOption(fd, Int32(IPPROTO_TCP), TCP_KEEPCNT, to: 4)
        guard Glibc.listen(fd, backlog) == 0 else {
            let code = errno
            throw code == EADDRINUSE ? .addressInUse(text) : .system(call: "listen", errno: code)
        }
    }

    /// The address a socket is bound to.
    static func localAddress(_ fd: Int32) throws(ServerError) -> Resolved {
        var storage = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        let result = unsafe withUnsafeMutablePointer(to: &storage) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { unsafe getsockname(fd, $0, &length) }
        }
        guard result == 0 else { throw .system(call: "getsockname", errno: errno) }
        return Resolved(storage: storage, length: length)
    }

    /// Takes one connection off the kernel's queue.
    static func accept(_ listener: Int32) -> Accepted {
        var storage = sockaddr_storage()
        let fd = unsafe clinux_accept(listener, &storage)
        guard fd >= 0 else {
            switch errno {
            case EAGAIN, EWOULDBLOCK: return .nothing
            case EMFILE, ENFILE, ENOBUFS, ENOMEM: return .exhausted
            default: return .again
            }
        }
        return .connection(fd, peerAddress(storage))
    }

    /// Sends a refusal without waiting for anything, and closes.
    static func refuseAndClose(_ fd: Int32, _ refusal: Refusal) {
        var bytes: [UInt8] = []
        ResponseEncoder.append(
            ResponseHead(status: refusal.status, headers: refusal.headers), framing: .length(refusal.body.count),
            connection: .close, date: [UInt8]().span, to: &bytes)
        bytes.append(contentsOf: refusal.body)
        unsafe _ = send(fd, bytes, bytes.count, Int32(MSG_NOSIGNAL))
        shutdown(fd, Int32(SHUT_WR))
        Glibc.close(fd)
    }

    static func peerAddress(_ storage: sockaddr_storage) -> PeerAddress {
        return unsafe withUnsafeBytes(of: storage) { bytes in
            if Int32(storage.ss_family) == AF_INET {
                // sockaddr_in: family, port, then four address bytes.
                return PeerAddress(
                    ipv4: UInt32(bigEndian: unsafe bytes.loadUnaligned(fromByteOffset: 4, as: UInt32.self)))
            }
            // sockaddr_in6: family, port, flow, then sixteen address bytes.
            return PeerAddress(
                high: UInt64(bigEndian: unsafe bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self)),
                low: UInt64(bigEndian: unsafe bytes.loadUnaligned(fromByteOffset: 16, as: UInt64.self)))
        }
    }

    /// The text and port of a bound address.
    static func describe(_ address: Resolved) -> SocketAddress {
        var storage = address.storage
        let port = unsafe withUnsafeBytes(of: &storage) {
            UInt16(bigEndian: unsafe $0.loadUnaligned(fromByteOffset: 2, as: UInt16.self))
        }
        return SocketAddress(host: peerAddress(address.storage).description, port: port)
    }

    /// A socket works without these; so a kernel that does not know one is not an error.
    private static func setOption(_ fd: Int32, _ level: Int32, _ name: Int32, to value: Int32 = 1) {
        var value = value
        unsafe _ = setsockopt(fd, level, name, &value, socklen_t(MemoryLayout<Int32>.size))
    }
}
