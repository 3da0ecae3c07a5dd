package import EventLoop
import Synchronization
package import Telemetry

/// A bounded set of connections to one database, shared by all loops.
///
/// A connection lives on one loop of the group; a caller is given one of its own loop when such a one is free. All rules are in `PoolMachine`: callers
/// wait first come, first served, at most `waitTimeout` and at most `maxWaiters` of them; connections open on demand, die without harm, and come back
/// with backoff. What a statement says and what is bound to it never reaches an error or a log line.
package final class PostgresPool: Sendable {
    typealias ConnectionID = PoolMachine.ConnectionID
    typealias Lease = Result<(ConnectionID, ConnectionDriver), PostgresError>

    struct State {
        var machine: PoolMachine
        var drivers: [ConnectionID: ConnectionDriver] = [:]
        var waiters: [PoolMachine.WaiterID: CheckedContinuation<Lease, Never>] = [:]
        var nextWaiter: UInt64 = 0
        var lastFailure = "no attempt has ended yet"
        var armedFor: MonotonicTime?
        var whenDrained: [CheckedContinuation<Void, Never>] = []
        var isDrained = false
        var listeners: [ObjectIdentifier: ListenDriver] = [:]
    }

    /// What is done after the lock was given back, in order.
    private enum Effect {
        case start(ConnectionDriver)
        case close(ConnectionDriver)
        case resume(CheckedContinuation<Lease, Never>, Lease)
        case drained(CheckedContinuation<Void, Never>)
        case arm(MonotonicTime)
    }

    let configuration: PostgresConfiguration
    let group: EventLoopGroup
    let logger: Logger
    let blocking = BlockingPool(name: "postgres", threads: 2, maxQueued: 64)
    let state: Mutex<State>

    /// A pool without connections; the first caller opens the first one.
    ///
    /// - Parameters:
    ///   - configuration: Where the database is, and the rules.
    ///   - group: The loops on which connections live; they must run as long as the pool.
    ///   - logger: For connections that come and go, at debug level.
    package init(_ configuration: PostgresConfiguration, group: EventLoopGroup, logger: Logger) {
        self.configuration = configuration
        self.group = group
        self.logger = logger
        let limits = PoolMachine.Limits(
            maxConnections: max(1, configuration.maxConnections), maxWaiters: max(1, configuration.maxWaiters),
            waitTimeout: configuration.waitTimeout, idleTimeout: configuration.idleTimeout,
            backoff: Backoff(range: configuration.backoff))
        let machine = PoolMachine(
            limits: limits, loopCount: group.loops.count, seed: UInt64.random(in: .min ... .max))
        state = Mutex(State(machine: machine))
    }

    deinit {
        // Without `shutdown`: sockets are closed, the threads of the blocking pool end.
        let (drivers, listeners) = state.withLock { (Array($0.drivers.values), Array($0.listeners.values)) }
        for driver in drivers { driver.close() }
        for listener in listeners { listener.stop() }
        blocking.close()
    }

    // MARK: Statements

    /// Runs one statement on any connection and returns its rows.
    ///
    /// - Throws: What the server said, or why there was no connection.
    package func query(_ sql: SQL) async throws(PostgresError) -> [Row] {
        let result = try await single(.statement(sql))
        return (0..<result.rowCount).map { Row(result: result, index: $0) }
    }

    /// Runs one statement on any connection and returns how many rows it touched.
    ///
    /// - Throws: What the server said, or why there was no connection.
    @discardableResult
    package func execute(_ sql: SQL) async throws(PostgresError) -> Int {
        try await single(.statement(sql)).affectedRows
    }

    private func single(_ work: Operation.Work) async throws(PostgresError) -> ResultSet {
        let (id, driver) = try await acquire()
        let connection = PostgresConnection(driver)
        do throws(PostgresError) {
            let result = try await connection.perform(work)
            release(id, isUsable: await connection.giveBack())
            return result
        } catch {
            release(id, isUsable: await connection.giveBack())
            throw error
        }
    }

    /// Lends a connection to `body`. A transaction that `body` leaves open is rolled back; settings that it makes stay with the session.
    ///
    /// - Throws: What `body` throws, or why there was no connection.
    package func withConnection<T: Sendable>(
        _ body: @Sendable (PostgresConnection) async throws -> T
    ) async throws -> T {
        let (id, driver) = try await acquire()
        let connection = PostgresConnection(driver)
        do {
            let value = try await body(connection)
            release(id, isUsable: await connection.giveBack())
            return value
        } catch {
            release(id, isUsable: await connection.giveBack())
            throw error
        }
    }

    /// Whether a statement can be run now. Fails at once while an outage is known; a pool that is merely busy counts as reachable.
    package func ping() async -> Bool {
        guard state.withLock({ $0.machine.downSince == nil && !$0.machine.isShutDown }) else { return false }
        do throws(PostgresError) {
            _ = try await query("SELECT 1")
            return true
        } catch {
            return error == .poolTimeout || error == .overloaded
        }
    }

    /// Counts of this moment.
    package var stats: PoolStats {
        state.withLock { state in
            PoolStats(
                open: state.machine.total - state.machine.connecting, idle: state.machine.idleCount,
                leased: state.machine.leased, connecting: state.machine.connecting, waiting: state.machine.waiting,
                isDown: state.machine.downSince != nil)
        }
    }

    /// Refuses new callers, waits for connections that are in use, and closes everything; past the deadline what still runs is cut off.
    ///
    /// - Parameter deadline: How long to wait for connections in use.
    package func shutdown(deadline: Duration) async {
        for listener in state.withLock({ Array($0.listeners.values) }) { listener.stop() }
        apply { machine, _ in machine.shutDown() }
        let cut = group.next().spawn {
            guard (try? await self.group.loops[0].sleep(for: deadline)) != nil else { return }
            self.apply { machine, _ in machine.cutOff() }
        }
        await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
            let isDrained = state.withLock { state in
                if !state.isDrained { state.whenDrained.append(continuation) }
                return state.isDrained
            }
            if isDrained { continuation.resume() }
        }
        cut.cancel()
        blocking.close()
    }

    // MARK: Leases

    func acquire() async throws(PostgresError) -> (ConnectionID, ConnectionDriver) {
        let loop = EventLoop.current.flatMap { loop in
            loop.index < group.loops.count && group.loops[loop.index] === loop ? loop.index : nil
        }
        let (free, waiter) = state.withLock { state in
            let id = state.machine.leaseIdle(preferring: loop)
            state.nextWaiter += 1
            let lease = id.flatMap { id in state.drivers[id].map { (id, $0) } }
            return (lease, PoolMachine.WaiterID(number: state.nextWaiter))
        }
        if let free { return free }
        let lease: Lease = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                state.withLock { $0.waiters[waiter] = continuation }
                apply { machine, now in machine.acquire(waiter, preferring: loop, at: now) }
                // A cancellation from before the waiter was known has found nothing to abandon.
                if Task.isCancelled { apply { machine, _ in machine.abandon(waiter) } }
            }
        } onCancel: {
            apply { machine, _ in machine.abandon(waiter) }
        }
        return try lease.get()
    }

    func release(_ id: ConnectionID, isUsable: Bool) {
        apply { machine, now in machine.release(id, isUsable: isUsable, at: now) }
    }

    private func hear(_ id: ConnectionID, _ event: ConnectionDriver.Event) {
        switch event {
        case .opened:
            logger.debug("postgres_connection_opened")
            apply { machine, now in machine.connected(id, at: now) }
        case .failed(let reason):
            logger.debug("postgres_connection_failed", ["reason": .string(reason)])
            state.withLock { state in
                state.lastFailure = reason
                state.drivers[id] = nil
            }
            apply { machine, now in machine.connectFailed(id, at: now) }
        case .closed(let reason):
            logger.debug("postgres_connection_closed", ["reason": .string(reason)])
            state.withLock { state in
                state.lastFailure = reason
                state.drivers[id] = nil
            }
            apply { machine, now in machine.died(id, at: now) }
        }
    }

    // MARK: Effects

    /// Asks the machine under the lock and does what it decided after the lock.
    private func apply(_ event: (inout PoolMachine, MonotonicTime) -> [PoolMachine.Action]) {
        let now = MonotonicTime.now()
        let effects = state.withLock { state -> [Effect] in
            let actions = event(&state.machine, now)
            var effects: [Effect] = []
            for action in actions { translate(action, &state, &effects) }
            if let wake = state.machine.nextWake, state.armedFor.map({ wake < $0 }) ?? true {
                state.armedFor = wake
                effects.append(.arm(wake))
            }
            return effects
        }
        for effect in effects { perform(effect) }
    }

    private func translate(_ action: PoolMachine.Action, _ state: inout State, _ effects: inout [Effect]) {
        switch action {
        case .open(let id):
            let loop = group.loops[id.loop(of: group.loops.count)]
            let driver = ConnectionDriver(configuration, loop: loop, blocking: blocking) { [weak self] event in
                self?.hear(id, event)
            }
            state.drivers[id] = driver
            effects.append(.start(driver))
        case .close(let id):
            if let driver = state.drivers.removeValue(forKey: id) { effects.append(.close(driver)) }
        case .lease(let id, let waiter):
            guard let continuation = state.waiters.removeValue(forKey: waiter) else { return }
            // A connection that died this very moment: its own report is under way and will free its place.
            let lease = state.drivers[id].map { Lease.success((id, $0)) } ?? .failure(.unavailable(state.lastFailure))
            effects.append(.resume(continuation, lease))
        case .refuse(let waiter, let refusal):
            guard let continuation = state.waiters.removeValue(forKey: waiter) else { return }
            effects.append(.resume(continuation, .failure(Self.error(of: refusal, state.lastFailure))))
        case .drained:
            state.isDrained = true
            effects.append(contentsOf: state.whenDrained.map { .drained($0) })
            state.whenDrained = []
        }
    }

    private func perform(_ effect: Effect) {
        switch effect {
        case .start(let driver): driver.start()
        case .close(let driver): driver.close()
        case .resume(let continuation, let lease): continuation.resume(returning: lease)
        case .drained(let continuation): continuation.resume()
        case .arm(let wake):
            let loop = group.loops[0]
            loop.execute { [weak self] in
                let delay = max(MonotonicTime.now().duration(to: wake), .milliseconds(1))
                _ = loop.schedule(after: delay) { self?.tick(armedFor: wake) }
            }
        }
    }

    /// A timer fired; one that was overtaken by an earlier timer has nothing to do.
    private func tick(armedFor wake: MonotonicTime) {
        let isCurrent = state.withLock { state in
            guard state.armedFor == wake else { return false }
            state.armedFor = nil
            return true
        }
        guard isCurrent else { return }
        apply { machine, now in machine.tick(at: now) }
    }

    private static func error(of refusal: PoolMachine.Refusal, _ lastFailure: String) -> PostgresError {
        switch refusal {
        case .timedOut: .poolTimeout
        case .unavailable: .unavailable(lastFailure)
        case .queueFull: .overloaded
        case .cancelled: .cancelled
        case .shutDown: .shutDown
        }
    }
}

/// Counts of a pool at one moment.
package struct PoolStats: Equatable, Sendable {
    /// Connections that are ready, in use or not.
    package var open: Int
    /// Ready connections that nobody uses.
    package var idle: Int
    /// Connections in use.
    package var leased: Int
    /// Attempts under way.
    package var connecting: Int
    /// Callers that wait.
    package var waiting: Int
    /// Whether the last attempt failed and no connection lives.
    package var isDown: Bool
}
