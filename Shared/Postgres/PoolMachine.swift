import EventLoop

/// Decides who gets which connection. Pure: connections and callers are numbers, time and randomness are parameters.
///
/// - Callers are served first come, first served. They wait only while no connection is free, and no connection is free while they wait.
/// - Connections are opened on demand up to the bound. After a failed attempt there is one attempt at a time, with backoff.
/// - `downSince` is when the last live connection was gone and an attempt failed. Callers of a young outage wait, those of an old one fail at once;
///   attempts go on also without callers, so that the pool is ready when the server is.
struct PoolMachine: Equatable {
    /// The rules, fixed for the life of a pool.
    struct Limits: Equatable {
        var maxConnections: Int
        var maxWaiters: Int
        var waitTimeout: Duration
        var idleTimeout: Duration
        var backoff: Backoff
    }

    /// Names a connection; never used twice.
    struct ConnectionID: Hashable, Comparable, Sendable {
        var number: UInt64

        static func < (left: Self, right: Self) -> Bool { left.number < right.number }

        /// The loop, of so many, on which the connection lives.
        func loop(of count: Int) -> Int { Int(number % UInt64(max(1, count))) }
    }

    /// Names a waiting caller; never used twice.
    struct WaiterID: Hashable, Sendable {
        var number: UInt64
    }

    /// Why a caller gets no connection.
    enum Refusal: Equatable {
        case timedOut
        case unavailable
        case queueFull
        case cancelled
        case shutDown
    }

    /// What the pool is to do.
    enum Action: Equatable {
        case open(ConnectionID)
        case close(ConnectionID)
        case lease(ConnectionID, to: WaiterID)
        case refuse(WaiterID, Refusal)
        /// After `shutDown`: the last lease came back.
        case drained
    }

    private enum Use: Equatable {
        case connecting
        case idle
        case leased
    }

    private struct Idle: Equatable {
        var id: ConnectionID
        var since: MonotonicTime
    }

    private struct Waiter: Equatable {
        var id: WaiterID
        var deadline: MonotonicTime
    }

    private let limits: Limits
    private let loopCount: Int
    private var uses: [ConnectionID: Use] = [:]
    private var idle: [Idle] = []
    private var waiters: [Waiter] = []
    private var opened: UInt64 = 0
    private var failures = 0
    private var retryAt: MonotonicTime?
    private var generator: SeededGenerator
    private(set) var connecting = 0
    private(set) var leased = 0
    private(set) var downSince: MonotonicTime?
    private(set) var isShutDown = false

    /// An empty pool.
    ///
    /// - Parameters:
    ///   - limits: The rules.
    ///   - loopCount: How many loops connections are spread over.
    ///   - seed: Where the random part of the backoff starts.
    init(limits: Limits, loopCount: Int = 1, seed: UInt64) {
        self.limits = limits
        self.loopCount = loopCount
        generator = SeededGenerator(seed: seed)
    }

    /// Connections of every kind.
    var total: Int { uses.count }
    /// Connections that wait for a caller.
    var idleCount: Int { idle.count }
    /// Callers that wait for a connection.
    var waiting: Int { waiters.count }

    // MARK: Callers

    /// Takes a free connection, one of the caller's own loop if there is one; does nothing when none is free.
    mutating func leaseIdle(preferring loop: Int?) -> ConnectionID? {
        guard !idle.isEmpty, !isShutDown else { return nil }
        let own = loop.flatMap { loop in idle.lastIndex { $0.id.loop(of: loopCount) == loop } }
        let id = idle.remove(at: own ?? idle.count - 1).id
        uses[id] = .leased
        leased += 1
        return id
    }

    /// A caller wants a connection.
    mutating func acquire(_ waiter: WaiterID, preferring loop: Int? = nil, at now: MonotonicTime) -> [Action] {
        guard !isShutDown else { return [.refuse(waiter, .shutDown)] }
        if let id = leaseIdle(preferring: loop) { return [.lease(id, to: waiter)] }
        if let downSince, now >= downSince.advanced(by: limits.waitTimeout) { return [.refuse(waiter, .unavailable)] }
        guard waiters.count < limits.maxWaiters else { return [.refuse(waiter, .queueFull)] }
        waiters.append(Waiter(id: waiter, deadline: now.advanced(by: limits.waitTimeout)))
        return open(at: now)
    }

    /// A waiting caller gave up; nothing happens when it was served meanwhile.
    mutating func abandon(_ waiter: WaiterID) -> [Action] {
        guard let place = waiters.firstIndex(where: { $0.id == waiter }) else { return [] }
        waiters.remove(at: place)
        return [.refuse(waiter, .cancelled)]
    }

    /// A caller gives its connection back.
    mutating func release(_ id: ConnectionID, isUsable: Bool, at now: MonotonicTime) -> [Action] {
        guard uses[id] == .leased else { return [] }
        leased -= 1
        if isUsable, !isShutDown { return offer(id, at: now) }
        uses[id] = nil
        return [.close(id)] + (isShutDown ? drainedIfEmpty() : open(at: now))
    }

    // MARK: Connections

    /// A connection is ready.
    mutating func connected(_ id: ConnectionID, at now: MonotonicTime) -> [Action] {
        guard uses[id] == .connecting else { return [] }
        connecting -= 1
        failures = 0
        retryAt = nil
        downSince = nil
        return offer(id, at: now) + open(at: now)
    }

    /// An attempt failed.
    mutating func connectFailed(_ id: ConnectionID, at now: MonotonicTime) -> [Action] {
        guard uses[id] == .connecting else { return [] }
        uses[id] = nil
        connecting -= 1
        failures += 1
        retryAt = now.advanced(by: limits.backoff.delay(afterFailures: failures, using: &generator))
        if downSince == nil, uses.count == connecting { downSince = now }
        return []
    }

    /// A ready connection died by itself, idle or leased.
    mutating func died(_ id: ConnectionID, at now: MonotonicTime) -> [Action] {
        guard let use = uses[id], use != .connecting else { return [] }
        uses[id] = nil
        if use == .leased { leased -= 1 } else { idle.removeAll { $0.id == id } }
        return isShutDown ? drainedIfEmpty() : open(at: now)
    }

    // MARK: Time and end

    /// When `tick` is to be called at the latest; `nil` when time changes nothing.
    var nextWake: MonotonicTime? {
        var wake = waiters.first?.deadline
        if let oldest = idle.first {
            let expiry = oldest.since.advanced(by: limits.idleTimeout)
            wake = min(wake ?? expiry, expiry)
        }
        if wantsAttempt, let retryAt { wake = min(wake ?? retryAt, retryAt) }
        return wake
    }

    /// Time has passed.
    mutating func tick(at now: MonotonicTime) -> [Action] {
        var actions: [Action] = []
        while let first = waiters.first, first.deadline <= now {
            waiters.removeFirst()
            actions.append(.refuse(first.id, uses.count == connecting ? .unavailable : .timedOut))
        }
        while let oldest = idle.first, oldest.since.advanced(by: limits.idleTimeout) <= now {
            idle.removeFirst()
            uses[oldest.id] = nil
            actions.append(.close(oldest.id))
        }
        return actions + open(at: now)
    }

    /// Ends the pool: waiting callers are refused, connections closed, leased ones when they come back.
    mutating func shutDown() -> [Action] {
        guard !isShutDown else { return [] }
        isShutDown = true
        var actions: [Action] = waiters.map { .refuse($0.id, .shutDown) }
        waiters = []
        idle = []
        for (id, use) in uses.sorted(by: { $0.key < $1.key }) where use != .leased {
            uses[id] = nil
            actions.append(.close(id))
        }
        connecting = 0
        downSince = nil
        return actions + drainedIfEmpty()
    }

    /// Closes also the leased connections, after `shutDown`.
    mutating func cutOff() -> [Action] {
        let ids = uses.keys.sorted()
        uses = [:]
        leased = 0
        return ids.map { .close($0) } + (ids.isEmpty ? [] : [.drained])
    }

    // MARK: Inside

    /// Whether an attempt would be made if the backoff allowed it.
    private var wantsAttempt: Bool {
        failures > 0 && connecting == 0 && !isShutDown && uses.count < limits.maxConnections
            && (!waiters.isEmpty || downSince != nil)
    }

    private mutating func offer(_ id: ConnectionID, at now: MonotonicTime) -> [Action] {
        if waiters.isEmpty {
            uses[id] = .idle
            idle.append(Idle(id: id, since: now))
            return []
        }
        uses[id] = .leased
        leased += 1
        return [.lease(id, to: waiters.removeFirst().id)]
    }

    private mutating func open(at now: MonotonicTime) -> [Action] {
        guard !isShutDown else { return [] }
        if failures > 0 {
            guard wantsAttempt, retryAt.map({ $0 <= now }) ?? true else { return [] }
            return [openOne()]
        }
        var actions: [Action] = []
        while connecting < waiters.count, uses.count < limits.maxConnections { actions.append(openOne()) }
        return actions
    }

    private mutating func openOne() -> Action {
        let id = ConnectionID(number: opened)
        opened += 1
        uses[id] = .connecting
        connecting += 1
        return .open(id)
    }

    private func drainedIfEmpty() -> [Action] {
        isShutDown && leased == 0 ? [.drained] : []
    }
}
