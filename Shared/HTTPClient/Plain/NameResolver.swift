import CLinux
import EventLoop
import Glibc

/// A socket address as the kernel takes it.
struct SocketAddress: Sendable {
    fileprivate var storage: sockaddr_storage
    fileprivate var length: socklen_t

    var family: Int32 { Int32(storage.ss_family) }

    /// An IPv4 or IPv6 address written out; `nil` for a name.
    init?(literal host: String, port: UInt16) {
        storage = sockaddr_storage()
        var four = sockaddr_in()
        var six = sockaddr_in6()
        if unsafe inet_pton(AF_INET, host, &four.sin_addr) == 1 {
            four.sin_family = sa_family_t(AF_INET)
            four.sin_port = port.bigEndian
            length = socklen_t(MemoryLayout<sockaddr_in>.size)
            unsafe withUnsafeMutableBytes(of: &storage) { unsafe $0.storeBytes(of: four, as: sockaddr_in.self) }
        } else if unsafe inet_pton(AF_INET6, host, &six.sin6_addr) == 1 {
            six.sin6_family = sa_family_t(AF_INET6)
            six.sin6_port = port.bigEndian
            length = socklen_t(MemoryLayout<sockaddr_in6>.size)
            unsafe withUnsafeMutableBytes(of: &storage) { unsafe $0.storeBytes(of: six, as: sockaddr_in6.self) }
        } else {
            return nil
        }
    }

    fileprivate init(_ pointer: UnsafePointer<sockaddr>, _ length: socklen_t) {
        storage = sockaddr_storage()
        self.length = length
        unsafe withUnsafeMutableBytes(of: &storage) { bytes in
            let count = min(Int(length), bytes.count)
            unsafe bytes.copyMemory(from: UnsafeRawBufferPointer(start: pointer, count: count))
        }
    }

    /// Begins to connect; answers the result of `connect` and its error number.
    func connect(_ descriptor: Int32) -> (result: Int32, code: Int32) {
        unsafe withUnsafePointer(to: storage) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                let result = unsafe Glibc.connect(descriptor, pointer, length)
                return (result, result == 0 ? 0 : errno)
            }
        }
    }
}

/// Turns names into addresses for one loop: `getaddrinfo` on a small pool of threads, one question per name at a time, and a short memory.
///
/// Failures are not remembered. At the bound of the memory everything is forgotten.
final class NameResolver: @unchecked Sendable {
    // SAFETY: confined to its loop; the pool's thread touches only its own copies.

    typealias Answer = Result<[SocketAddress], HTTPClientError>

    private struct Key: Hashable {
        var host: String
        var port: UInt16
    }
    private struct Entry {
        var addresses: [SocketAddress]
        var until: MonotonicTime
    }

    private let loop: EventLoop
    private let lifetime: Duration
    private var known: [Key: Entry] = [:]
    private var asking: [Key: [(Answer) -> Void]] = [:]

    private static let maxKnown = 1024
    /// Who may wait for one name; whoever gave up meanwhile still counts until the answer is there.
    private static let maxWaiting = 8192
    /// Shared by all loops of the process; its threads start with the first name that is asked for.
    private static let pool = BlockingPool(name: "resolver", threads: 4, maxQueued: 1024)

    init(loop: EventLoop, lifetime: Duration) {
        self.loop = loop
        self.lifetime = lifetime
    }

    /// Calls `answer` on the loop with at least one address, or why there is none; at once when they are known.
    func resolve(_ host: String, _ port: UInt16, _ answer: @escaping (Answer) -> Void) {
        if let address = SocketAddress(literal: host, port: port) {
            answer(.success([address]))
            return
        }
        let key = Key(host: host, port: port)
        if let entry = known[key], loop.now < entry.until {
            answer(.success(entry.addresses))
            return
        }
        if let waiting = asking[key]?.count {
            if waiting < Self.maxWaiting { asking[key]?.append(answer) } else { answer(.failure(.exhausted)) }
            return
        }
        asking[key] = [answer]
        loop.spawn { [self] in
            let result: Answer
            do {
                result = try await Self.pool.run { Self.look(host, port) }
            } catch {
                result = .failure(.exhausted)
            }
            finish(key, result)
        }
    }

    private func finish(_ key: Key, _ result: Answer) {
        if case .success(let addresses) = result {
            if known.count >= Self.maxKnown { known = [:] }
            known[key] = Entry(addresses: addresses, until: MonotonicTime.now().advanced(by: lifetime))
        }
        for answer in asking.removeValue(forKey: key) ?? [] { answer(result) }
    }

    private static func look(_ host: String, _ port: UInt16) -> Answer {
        var hints = unsafe addrinfo()
        unsafe hints.ai_socktype = clinux_SOCK_STREAM
        unsafe hints.ai_flags = AI_ADDRCONFIG
        var list: UnsafeMutablePointer<addrinfo>?
        let code = unsafe getaddrinfo(host, String(port), &hints, &list)
        guard code == 0 else {
            let text = unsafe gai_strerror(code).map { unsafe String(cString: $0) } ?? "error \(code)"
            return .failure(.resolve("\(host): \(text)"))
        }
        defer { unsafe freeaddrinfo(list) }
        var addresses: [SocketAddress] = []
        var place = unsafe list
        while let entry = unsafe place {
            if let address = unsafe entry.pointee.ai_addr {
                unsafe addresses.append(SocketAddress(address, entry.pointee.ai_addrlen))
            }
            unsafe place = unsafe entry.pointee.ai_next
        }
        guard !addresses.isEmpty else { return .failure(.resolve("\(host) has no address")) }
        return .success(addresses)
    }
}
