import CLinux
import Glibc
import Synchronization

/// A server of raw sockets whose every connection does what the test's script says; each connection has a thread of its own.
///
/// All waits are bounded by ten seconds. It stops, with all its connections, when the test lets go of it.
final class HostileServer: Sendable {
    private let core: HostileCore

    /// Starts listening; `script` runs once per connection, with the number of the connection from 1.
    init(_ script: @escaping @Sendable (HostilePeer, Int) throws -> Void) throws {
        core = try HostileCore()
        let core = core
        inThread { core.accept(script) }
    }

    deinit { core.stop() }

    var port: UInt16 { core.port }
    var url: String { "http://127.0.0.1:\(port)" }
    /// How many connections were accepted.
    var connections: Int { core.state.withLock { $0.accepted } }
    /// How many requests scripts have read with `readRequest`.
    var requests: Int { core.state.withLock { $0.requests } }
    /// How many connections are open now.
    var openConnections: Int { core.state.withLock { $0.open.count } }

    func stop() { core.stop() }
}

/// What the threads of a server share; it does not keep the server alive.
final class HostileCore: Sendable {
    struct State {
        var accepted = 0
        var requests = 0
        var isStopped = false
        var open: Set<Int32> = []
    }

    let port: UInt16
    let state = Mutex(State())
    private let listener: Int32

    init() throws {
        listener = socket(AF_INET, clinux_SOCK_STREAM, 0)
        var one: Int32 = 1
        unsafe setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, socklen_t(4))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let listener = listener
        let bound = unsafe withUnsafeMutablePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                unsafe bind(listener, pointer, size) == 0 && listen(listener, 1024) == 0
                    && getsockname(listener, pointer, &size) == 0
            }
        }
        guard bound else { throw HostileFault.system(errno) }
        port = UInt16(bigEndian: address.sin_port)
    }

    func stop() {
        let open = state.withLock { state in
            guard !state.isStopped else { return Set<Int32>() }
            state.isStopped = true
            return state.open
        }
        shutdown(listener, Int32(SHUT_RDWR))
        for descriptor in open { shutdown(descriptor, Int32(SHUT_RDWR)) }
    }

    func accept(_ script: @escaping @Sendable (HostilePeer, Int) throws -> Void) {
        defer { close(listener) }
        while true {
            let descriptor = Glibc.accept(listener, nil, nil)
            guard descriptor >= 0 else { return }
            let number = state.withLock { state in
                guard !state.isStopped else { return 0 }
                state.accepted += 1
                state.open.insert(descriptor)
                return state.accepted
            }
            guard number > 0 else {
                close(descriptor)
                return
            }
            inThread { [self] in
                let peer = HostilePeer(descriptor, server: self)
                // A script that cannot go on has lost its peer, which is what the test is about.
                try? script(peer, number)
                state.withLock { _ = $0.open.remove(descriptor) }
                peer.close()
            }
        }
    }
}

enum HostileFault: Error {
    case system(Int32)
    case ended
}

/// The server's end of one connection; used by its script only.
final class HostilePeer {
    private let descriptor: Int32
    private let server: HostileCore
    private var isOpen = true
    private var buffer: [UInt8] = []

    init(_ descriptor: Int32, server: HostileCore) {
        self.descriptor = descriptor
        self.server = server
        var limit = timeval(tv_sec: 10, tv_usec: 0)
        unsafe setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        unsafe setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
    }

    /// The head of the next request, up to and with the empty line.
    func readHead() throws -> String {
        while true {
            if let end = firstEmptyLine() {
                let head = String(decoding: buffer[..<end], as: UTF8.self)
                buffer.removeFirst(end)
                return head
            }
            try fill()
        }
    }

    /// A whole request whose body has a length or is chunked; answers head and decoded body.
    @discardableResult
    func readRequest() throws -> (head: String, body: [UInt8]) {
        let head = try readHead()
        server.state.withLock { $0.requests += 1 }
        let lower = head.lowercased()
        if lower.contains("transfer-encoding: chunked") { return (head, try readChunks()) }
        guard let range = lower.firstRange(of: "content-length: ") else { return (head, []) }
        let digits = lower[range.upperBound...].prefix { $0.isNumber }
        return (head, try read(Int(digits) ?? 0))
    }

    func read(_ count: Int) throws -> [UInt8] {
        while buffer.count < count { try fill() }
        defer { buffer.removeFirst(count) }
        return Array(buffer[..<count])
    }

    func send(_ text: String) throws { try send(Array(text.utf8)) }

    func send(_ bytes: [UInt8]) throws {
        var sent = 0
        while sent < bytes.count {
            let count = unsafe bytes.withUnsafeBytes { bytes in
                unsafe Glibc.send(
                    descriptor, bytes.baseAddress.map { unsafe $0 + sent }, bytes.count - sent,
                    Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { throw HostileFault.system(errno) }
            sent += count
        }
    }

    func answer(_ body: String, status: String = "200 OK", headers: String = "") throws {
        try send("HTTP/1.1 \(status)\r\nContent-Length: \(body.utf8.count)\r\n\(headers)\r\n\(body)")
    }

    /// Waits until the client has closed its end.
    func waitForClose() {
        do {
            while true {
                buffer = []
                try fill()
            }
        } catch {
            return
        }
    }

    /// Ends the connection with RST.
    func reset() {
        guard isOpen else { return }
        var linger = linger(l_onoff: 1, l_linger: 0)
        unsafe setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout<Glibc.linger>.size))
        close()
    }

    func close() {
        guard isOpen else { return }
        isOpen = false
        _ = Glibc.close(descriptor)
    }

    private func readChunks() throws -> [UInt8] {
        var body: [UInt8] = []
        while true {
            var line: [UInt8] = []
            while !line.hasSuffix([13, 10]) { line += try read(1) }
            guard let size = Int(String(decoding: line.dropLast(2), as: UTF8.self), radix: 16) else {
                throw HostileFault.ended
            }
            body += try read(size)
            _ = try read(2)
            if size == 0 { return body }
        }
    }

    private func fill() throws {
        var piece = [UInt8](repeating: 0, count: 65_536)
        let count = unsafe recv(descriptor, &piece, piece.count, 0)
        guard count > 0 else { throw HostileFault.ended }
        buffer += piece[..<count]
    }

    private func firstEmptyLine() -> Int? {
        guard buffer.count >= 4 else { return nil }
        for place in 3..<buffer.count where buffer[place] == 10 {
            if buffer[place - 1] == 13, buffer[place - 2] == 10, buffer[place - 3] == 13 { return place + 1 }
        }
        return nil
    }
}

extension [UInt8] {
    fileprivate func hasSuffix(_ suffix: [UInt8]) -> Bool {
        count >= suffix.count && Array(self[(count - suffix.count)...]) == suffix
    }
}

private final class Box {
    let body: @Sendable () -> Void
    init(_ body: @escaping @Sendable () -> Void) { self.body = body }
}

/// Runs `body` on a thread of its own, because it blocks.
func inThread(_ body: @escaping @Sendable () -> Void) {
    var thread = pthread_t()
    let box = unsafe Unmanaged.passRetained(Box(body)).toOpaque()
    let code = unsafe pthread_create(
        &thread, nil,
        { argument in
            guard let argument = unsafe argument else { return nil }
            unsafe Unmanaged<Box>.fromOpaque(argument).takeRetainedValue().body()
            return nil
        }, box)
    precondition(code == 0, "no thread for a test server")
    pthread_detach(thread)
}

/// Lets a server thread wait; for scripts whose very point is slowness.
func pause(milliseconds: UInt32) {
    usleep(milliseconds * 1000)
}
