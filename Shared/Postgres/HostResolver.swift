import CLibPQ
import EventLoop
import Glibc

/// Turns host names into addresses on a blocking pool, because libpq would look them up on the loop.
struct HostResolver: Sendable {
    let pool: BlockingPool

    /// The numeric addresses of a host, in the order the system prefers.
    ///
    /// - Throws: `.unavailable` when there is none.
    func addresses(of host: String) async throws(PostgresError) -> [String] {
        if Self.isAddress(host) { return [host] }
        let found: [String]
        do {
            found = try await pool.run { Self.lookUp(host) }
        } catch {
            throw .unavailable("name resolution is overloaded")
        }
        guard !found.isEmpty else { throw .unavailable("the host name \(host) could not be resolved") }
        return found
    }

    private static func isAddress(_ host: String) -> Bool {
        var storage = in6_addr()
        return unsafe inet_pton(AF_INET, host, &storage) == 1 || inet_pton(AF_INET6, host, &storage) == 1
    }

    private static func lookUp(_ host: String) -> [String] {
        var hints = unsafe addrinfo()
        unsafe hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        guard unsafe getaddrinfo(host, nil, &hints, &list) == 0 else { return [] }
        defer { unsafe freeaddrinfo(list) }
        var addresses: [String] = []
        var next = unsafe list
        while let entry = unsafe next {
            var name = [CChar](repeating: 0, count: Int(NI_MAXHOST))
            let code = unsafe getnameinfo(
                entry.pointee.ai_addr, entry.pointee.ai_addrlen, &name, socklen_t(name.count), nil, 0, NI_NUMERICHOST)
            if code == 0 {
                let text = String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
                if !addresses.contains(text) { addresses.append(text) }
            }
            unsafe next = entry.pointee.ai_next
        }
        return addresses
    }
}
