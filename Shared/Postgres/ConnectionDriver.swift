import EventLoop
import Synchronization

/// Drives one connection over its loop: connects, carries out what `QueryMachine` decides, and notices when the connection dies.
///
/// Its life is new → connecting → ready → closed. It tells its owner about each change once, through `report`.
final class ConnectionDriver: ReadinessHandler, @unchecked Sendable {
    // SAFETY: confined to its loop; every entry checks `loop.assertCurrent()`. `status` and `isReady` are atomic.

    /// What the owner hears of, on the loop.
    enum Event: Sendable {
        case opened
        /// No server let us in; with the reason of the last attempt.
        case failed(String)
        /// A ready connection is gone.
        case closed(String)
    }

    private enum Phase {
        case new
        case connecting
        case ready
        case closed
    }

    /// The loop on which everything happens.
    let loop: EventLoop
    let configuration: PostgresConfiguration
    let blocking: BlockingPool
    private let report: @Sendable (Event) -> Void
    private let notified: (@Sendable (String) -> Void)?
    private let status = Atomic<UInt8>(TransactionStatus.idle.rawValue)
    private let ready = Atomic<Bool>(false)

    private var phase = Phase.new
    private var watched: Int32 = -1
    private var attempt: CheckedContinuation<String?, Never>?
    /// What an operation on a closed connection is told.
    private(set) var refusal = PostgresError.unavailable("the connection is closed")
    var handle: PGHandle?
    var operation: Operation?
    var machine = QueryMachine()
    var cache: StatementCache
    var buffer = ParameterBuffer()
    var leftovers: [String] = []
    var operations: UInt64 = 0
    /// The limit for which the deadline timer runs; `nil` while none does.
    var armedLimit: Duration?
    /// How long a statement may run on the server; `nil` for as long as it takes.
    var statementLimit: Duration?

    /// A connection that is not opened yet.
    ///
    /// - Parameters:
    ///   - configuration: Where to connect to and how.
    ///   - loop: The loop it lives on.
    ///   - blocking: Where names are resolved and cancel requests sent.
    ///   - notified: Called on the loop with the payload of each notification.
    ///   - report: Called on the loop at each change of life.
    init(
        _ configuration: PostgresConfiguration, loop: EventLoop, blocking: BlockingPool,
        notified: (@Sendable (String) -> Void)? = nil, report: @escaping @Sendable (Event) -> Void
    ) {
        self.configuration = configuration
        self.loop = loop
        self.blocking = blocking
        self.notified = notified
        self.report = report
        statementLimit = configuration.statementTimeout
        cache = StatementCache(capacity: configuration.statementCacheSize)
    }

    /// Whether the connection can take an operation; it may die at any moment. Any thread.
    var isReady: Bool { ready.load(ordering: .acquiring) }

    /// Where the session stood when the last operation ended. Any thread.
    var transaction: TransactionStatus {
        TransactionStatus(rawValue: status.load(ordering: .acquiring)) ?? .unknown
    }

    // MARK: Life

    /// Begins to connect. Any thread.
    func start() {
        loop.spawn { await self.connect() }
    }

    /// Ends the connection; what runs on it fails with `error`. Any thread.
    func close(_ error: PostgresError = .shutDown) {
        loop.execute { self.end(error, reason: "closed by the pool") }
    }

    private func connect() async {
        loop.assertCurrent()
        guard phase == .new else { return }
        phase = .connecting
        var reason = "no server was tried"
        for endpoint in configuration.target.endpoints {
            let addresses: [String]
            do throws(PostgresError) {
                let resolver = HostResolver(pool: blocking)
                addresses = endpoint.isUnixSocket ? [""] : try await resolver.addresses(of: endpoint.host)
            } catch {
                reason = if case .unavailable(let text) = error { text } else { error.code }
                continue
            }
            for address in addresses {
                guard phase == .connecting else { return }
                guard let failure = await open(endpoint, address) else { return becomeReady() }
                reason = scrubbed(failure)
            }
        }
        guard phase == .connecting else { return }
        phase = .closed
        report(.failed(reason))
    }

    /// Tries one address.
    ///
    /// - Returns: Why it failed; `nil` when connected.
    private func open(_ endpoint: ConnectionString.Endpoint, _ address: String) async -> String? {
        var keywords = configuration.libpqKeywords
        keywords.append(("host", endpoint.host))
        keywords.append(("hostaddr", address))
        keywords.append(("port", String(endpoint.port)))
        guard let handle = PGHandle(keywords: keywords) else { return "out of memory" }
        guard !handle.isBad else { return handle.message }
        self.handle = handle
        let timeout = loop.schedule(after: configuration.connectTimeout) {
            self.endAttempt("the server did not let us in within the connect timeout")
        }
        let failure = await withCheckedContinuation { (continuation: CheckedContinuation<String?, Never>) in
            attempt = continuation
            watch(.writable)
        }
        loop.cancel(timeout)
        if failure != nil { self.handle = nil }
        return failure
    }

    /// One step of connecting. libpq may replace the socket, even by one of the same number, so it is watched anew each time.
    private func step() {
        guard let handle else { return }
        unwatch()
        switch handle.poll() {
        case .wait(let readable): watch(readable ? .readable : .writable)
        case .connected: endAttempt(nil)
        case .failed: endAttempt(handle.message)
        }
    }

    private func endAttempt(_ failure: String?) {
        guard let continuation = attempt.take() else { return }
        unwatch()
        continuation.resume(returning: failure)
    }

    private func becomeReady() {
        guard phase == .connecting else { return }
        phase = .ready
        ready.store(true, ordering: .releasing)
        watch(.readable)
        guard phase == .ready else { return }
        report(.opened)
    }

    /// The connection died under us.
    func lost(_ reason: String) {
        end(.unavailable(scrubbed(reason)), reason: scrubbed(reason))
    }

    /// Ends the connection from any phase, once.
    func end(_ error: PostgresError, reason: String) {
        loop.assertCurrent()
        guard phase != .closed else { return }
        let before = phase
        phase = .closed
        if error == .shutDown { refusal = error }
        ready.store(false, ordering: .releasing)
        unwatch()
        endAttempt("closed")
        handle = nil
        failOperation(error)
        if before == .ready { report(.closed(reason)) }
    }

    /// Leaves the connection to what runs now, and takes no more.
    func retire() {
        ready.store(false, ordering: .releasing)
    }

    /// Makes the session's state visible to other threads.
    func publishStatus() {
        status.store((handle?.transaction ?? .unknown).rawValue, ordering: .releasing)
    }

    /// libpq never quotes the password; a server, a proxy or a wrongly split URL might.
    private func scrubbed(_ text: String) -> String {
        guard let password = configuration.target.keywords["password"], text.contains(password) else { return text }
        return text.split(separator: password, omittingEmptySubsequences: false).joined(separator: "•••")
    }

    // MARK: Readiness

    func ready(_ readiness: Readiness) {
        loop.assertCurrent()
        switch phase {
        case .connecting: step()
        case .ready: exchange(readiness)
        case .new, .closed: break
        }
    }

    private func exchange(_ readiness: Readiness) {
        if readiness.contains(.writable) { continueSending() }
        guard let handle else { return }
        let isAlive = readiness.subtracting(.writable).isEmpty || handle.consume()
        if isAlive { continueSending() }
        // Also after sending only: an answer that came while COPY data was handed over is in libpq's buffer, and the socket will not tell of it again.
        receive()
        while let notification = self.handle?.nextNotification() { notified?(notification.payload) }
        if !isAlive { lost(handle.message) }
    }

    /// Hears of writability only while something waits to be sent.
    func setBlocked(_ isBlocked: Bool) {
        guard watched >= 0 else { return }
        do {
            try loop.update(watched, isBlocked ? [.readable, .writable] : .readable)
        } catch {
            lost("the event loop cannot watch the connection")
        }
    }

    private func watch(_ interest: Interest) {
        guard let handle, handle.socket >= 0 else { return watchFailed("the connection has no socket") }
        watched = handle.socket
        do {
            try loop.watch(watched, interest, self)
        } catch {
            watched = -1
            watchFailed("the event loop cannot watch the connection")
        }
    }

    private func watchFailed(_ reason: String) {
        if phase == .ready { lost(reason) } else { endAttempt(reason) }
    }

    private func unwatch() {
        guard watched >= 0 else { return }
        loop.unwatch(watched)
        watched = -1
    }
}
