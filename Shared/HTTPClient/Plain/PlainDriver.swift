import EventLoop
import Glibc

/// Our own HTTP/1.1 client of one loop: connections per origin, kept alive and reused, last used first.
///
/// It exists because libcurl costs 16 to 20 µs per request here, about as much as the whole gateway otherwise. It serves `http://` without a proxy only.
final class PlainDriver: @unchecked Sendable {
    // SAFETY: confined to its loop.

    /// One upstream address, with its idle connections, oldest first.
    final class Origin {
        let host: String
        let port: UInt16
        var idle: [PlainConnection] = []
        var calls = 0

        init(host: String, port: UInt16) {
            self.host = host
            self.port = port
        }
    }

    /// A URL that was asked for before.
    struct Route {
        var target: PlainTarget
        var origin: Origin
    }

    private struct OriginKey: Hashable {
        var host: String
        var port: UInt16
    }

    let loop: EventLoop
    let resolver: NameResolver
    /// Where heads are written; one array for all connections, because a head nearly always leaves at once.
    var headBuffer: [UInt8] = []

    private let maxIdle: Int
    private let lifetime: Duration
    private var routes: [String: Route] = [:]
    private var origins: [OriginKey: Origin] = [:]
    private var idleCount = 0
    private var expiry: TimerID?
    private var isClosed = false

    /// URLs that are remembered; at the bound all are forgotten.
    private static let maxRoutes = 1024

    init(loop: EventLoop, configuration: ClientConfiguration) {
        self.loop = loop
        resolver = NameResolver(loop: loop, lifetime: configuration.addressLifetime)
        maxIdle = configuration.maxIdleConnections
        lifetime = configuration.idleConnectionLifetime
    }

    /// Where the request goes, if it is one of ours.
    func route(for request: ClientRequest) -> Route? {
        guard request.proxy?.isEmpty ?? true else { return nil }
        if let route = routes[request.url] { return route }
        guard let target = PlainTarget(request.url) else { return nil }
        if routes.count >= Self.maxRoutes { forgetRoutes() }
        let key = OriginKey(host: target.host, port: target.port)
        let origin = origins[key] ?? Origin(host: target.host, port: target.port)
        origins[key] = origin
        let route = Route(target: target, origin: origin)
        routes[request.url] = route
        return route
    }

    func start(_ exchange: Exchange, _ route: Route) {
        let call = PlainCall(exchange, route, driver: self)
        exchange.attach(call)
        guard !exchange.isEnded else { return }
        call.start()
    }

    /// Closes every idle connection; no call may run any more.
    func shutdown() {
        isClosed = true
        if let expiry { loop.cancel(expiry) }
        expiry = nil
        for origin in origins.values {
            for connection in origin.idle { connection.close() }
            origin.idle = []
        }
        idleCount = 0
        routes = [:]
        origins = [:]
    }

    // MARK: Idle connections

    /// The idle connection that was used last.
    func takeIdle(_ origin: Origin) -> PlainConnection? {
        guard let connection = origin.idle.popLast() else { return nil }
        idleCount -= 1
        return connection
    }

    /// Keeps a connection for the next request; closes it at the bound.
    func keep(_ connection: PlainConnection) {
        guard !isClosed, idleCount < maxIdle else {
            connection.close()
            return
        }
        connection.idleSince = loop.now
        connection.origin.idle.append(connection)
        idleCount += 1
        if expiry == nil { armExpiry(after: lifetime) }
    }

    /// Forgets an idle connection that ended by itself.
    func dropIdle(_ connection: PlainConnection) {
        guard let place = connection.origin.idle.lastIndex(where: { $0 === connection }) else { return }
        connection.origin.idle.remove(at: place)
        idleCount -= 1
    }

    private func armExpiry(after delay: Duration) {
        expiry = loop.schedule(after: delay) { [weak self] in self?.expire() }
    }

    private func expire() {
        expiry = nil
        let now = MonotonicTime.now()
        var next: MonotonicTime?
        for origin in origins.values {
            let old = origin.idle.prefix { $0.idleSince.advanced(by: lifetime) <= now }
            for connection in old { connection.close() }
            origin.idle.removeFirst(old.count)
            idleCount -= old.count
            if let oldest = origin.idle.first { next = min(next ?? oldest.idleSince, oldest.idleSince) }
        }
        if let next { armExpiry(after: now.duration(to: next.advanced(by: lifetime))) }
    }

    private func forgetRoutes() {
        routes = [:]
        origins = origins.filter { !$0.value.idle.isEmpty || $0.value.calls > 0 }
    }
}
