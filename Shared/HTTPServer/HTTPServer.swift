package import EventLoop
import Glibc
import Synchronization

/// An HTTP/1.1 server: one listener per loop on a shared port, each connection on the loop that accepted it from its first byte to its last.
package final class HTTPServer: Sendable {
    private struct State {
        var isStarted = false
        var loops: [LoopServer] = []
        var instance: InstanceGuard?
    }

    private let configuration: ServerConfiguration
    private let group: EventLoopGroup
    private let handler: Handler
    private let onRefused: @Sendable (ServerFault) -> Refusal
    private let counters = ServerCounters()
    private let state = Mutex(State())

    /// Makes a server that does not listen yet.
    ///
    /// - Parameters:
    ///   - group: running loops; the server uses all of them.
    ///   - handler: answers every request.
    ///   - onRefused: the answers to requests that never reach the handler or that it left unanswered.
    package init(
        _ configuration: ServerConfiguration, group: EventLoopGroup, handler: @escaping Handler,
        onRefused: @escaping @Sendable (ServerFault) -> Refusal = Refusal.json
    ) {
        self.configuration = configuration
        self.group = group
        self.handler = handler
        self.onRefused = onRefused
    }

    /// Open connections, on all loops.
    package var openConnections: Int { counters.open }

    /// Requests whose handler has not returned, on all loops.
    package var requestsInFlight: Int { counters.inFlight }

    /// Binds, listens and accepts.
    ///
    /// - Returns: where the server listens; the real port when 0 was asked for.
    /// - Throws: `.addressInUse` when another instance or program listens there; nothing is left open then.
    package func start() async throws(ServerError) -> SocketAddress {
        let isFirst = state.withLock { state in
            defer { state.isStarted = true }
            return !state.isStarted
        }
        guard isFirst else { throw .alreadyStarted }
        let binding = try Binding(configuration, count: group.loops.count)
        let servers = zip(group.loops, binding.listeners).map { loop, listener in
            LoopServer(
                loop: loop, listener: listener, configuration: configuration, counters: counters, handler: handler,
                onRefused: onRefused)
        }
        state.withLock { state in
            state.loops = servers
            state.instance = binding.instance
        }
        for server in servers { try await Self.listen(server) }
        return binding.address
    }

    private static func listen(_ server: LoopServer) async throws(ServerError) {
        let failure = await withCheckedContinuation { (continuation: CheckedContinuation<EventLoopError?, Never>) in
            server.loop.execute {
                do throws(EventLoopError) {
                    try server.listen()
                    continuation.resume(returning: nil)
                } catch {
                    continuation.resume(returning: error)
                }
            }
        }
        if case .system(let call, let code) = failure { throw .system(call: call, errno: code) }
    }

    /// Stops accepting, closes idle connections, says `Connection: close` on the answers that remain, and waits for them; what still runs at the deadline is
    /// cut. Another instance can listen on the port as soon as this begins.
    package func drain(deadline: Duration) async {
        let servers = state.withLock { state in
            state.instance = nil
            return state.loops
        }
        await withTaskGroup(of: Void.self) { group in
            for server in servers {
                group.addTask {
                    await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
                        server.loop.execute {
                            server.drain(deadline: deadline) { continuation.resume() }
                        }
                    }
                }
            }
        }
    }
}

/// The sockets of a server, bound and listening: all of them or none.
private struct Binding {
    let address: SocketAddress
    let instance: InstanceGuard?
    private(set) var listeners: [Int32] = []

    init(_ configuration: ServerConfiguration, count: Int) throws(ServerError) {
        var target = try Sockets.resolve(configuration.host, configuration.port)
        var text = Sockets.describe(target)
        var held: InstanceGuard?
        if configuration.port != 0 {
            held = try InstanceGuard(text)
            // Also refused: a program of another kind, and an instance on another address that covers this port.
            let probe = try Sockets.bind(target, isShared: false, describedAs: "\(text)")
            Glibc.close(probe)
        }
        do throws(ServerError) {
            for _ in 0..<count {
                let fd = try Sockets.bind(target, isShared: true, describedAs: "\(text)")
                listeners.append(fd)
                if listeners.count == 1 {
                    target = try Sockets.localAddress(fd)
                    text = Sockets.describe(target)
                }
                try Sockets.listen(fd, describedAs: "\(text)")
            }
            if held == nil { held = try InstanceGuard(text) }
        } catch {
            for fd in listeners { Glibc.close(fd) }
            throw error
        }
        instance = held
        address = text
    }
}

/// The figures that any thread may read.
final class ServerCounters: Sendable {
    private let connections = Atomic<Int>(0)
    private let requests = Atomic<Int>(0)

    var open: Int { connections.load(ordering: .relaxed) }
    var inFlight: Int { requests.load(ordering: .relaxed) }

    /// Counts one more connection and answers how many there are.
    func opened() -> Int { connections.wrappingAdd(1, ordering: .relaxed).newValue }
    func closed() { connections.wrappingSubtract(1, ordering: .relaxed) }
    func requestBegan() { requests.wrappingAdd(1, ordering: .relaxed) }
    func requestEnded() { requests.wrappingSubtract(1, ordering: .relaxed) }
}
