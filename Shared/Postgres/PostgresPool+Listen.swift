import EventLoop
import Synchronization

extension PostgresPool {
    /// Listens on a channel over a connection of its own, which comes back with backoff whenever it dies.
    ///
    /// Notifications sent while there is no connection are lost. `onReconnect` is called each time listening has begun, the first time too: whoever
    /// keeps a copy reads it again then, and misses nothing. Both are called on a loop and must be quick.
    ///
    /// - Parameters:
    ///   - channel: The channel's name, taken literally.
    ///   - onNotify: Called with each payload.
    ///   - onReconnect: Called each time listening has begun.
    /// - Returns: What ends it; it ends with the pool too.
    package func listen(
        _ channel: String, _ onNotify: @escaping @Sendable (String) -> Void,
        onReconnect: @escaping @Sendable () -> Void
    ) -> ListenHandle {
        let listener = ListenDriver(
            self.configuration, loop: group.next(), blocking: blocking, channel: channel, onNotify: onNotify,
            onReconnect: onReconnect)
        let key = ObjectIdentifier(listener)
        let mayStart = state.withLock { state in
            guard !state.machine.isShutDown else { return false }
            state.listeners[key] = listener
            return true
        }
        if mayStart { listener.start() }
        return ListenHandle { [weak self] in
            listener.stop()
            self?.state.withLock { $0.listeners[key] = nil }
        }
    }
}

/// Ends a `listen`; forgetting it does not.
package final class ListenHandle: Sendable {
    private let body: @Sendable () -> Void

    init(_ body: @escaping @Sendable () -> Void) {
        self.body = body
    }

    /// Stops listening. Any thread; a notification that is being delivered may still arrive.
    package func cancel() {
        body()
    }
}

/// Keeps one listening connection alive.
final class ListenDriver: @unchecked Sendable {
    // SAFETY: everything mutable is confined to the loop; `start` and `stop` only post to it.
    private let configuration: PostgresConfiguration
    private let loop: EventLoop
    private let blocking: BlockingPool
    private let channel: String
    private let onNotify: @Sendable (String) -> Void
    private let onReconnect: @Sendable () -> Void
    private let backoff: Backoff
    private var driver: ConnectionDriver?
    private var failures = 0
    private var isStopped = false

    init(
        _ configuration: PostgresConfiguration, loop: EventLoop, blocking: BlockingPool, channel: String,
        onNotify: @escaping @Sendable (String) -> Void, onReconnect: @escaping @Sendable () -> Void
    ) {
        self.configuration = configuration
        self.loop = loop
        self.blocking = blocking
        self.channel = channel
        self.onNotify = onNotify
        self.onReconnect = onReconnect
        backoff = Backoff(range: configuration.backoff)
    }

    func start() {
        loop.execute { self.connect() }
    }

    func stop() {
        loop.execute {
            self.isStopped = true
            self.driver?.close()
            self.driver = nil
        }
    }

    private func connect() {
        guard !isStopped else { return }
        let onNotify = onNotify
        let driver = ConnectionDriver(configuration, loop: loop, blocking: blocking, notified: { onNotify($0) }) {
            event in
            switch event {
            case .opened: self.listen()
            case .failed, .closed: self.connectLater()
            }
        }
        self.driver = driver
        driver.start()
    }

    private func listen() {
        driver?.begin(.script("LISTEN \(SQL.quotedIdentifier(channel))"), nil) { result in
            switch result {
            case .success:
                self.failures = 0
                self.onReconnect()
            case .failure:
                self.driver?.close()
            }
        }
    }

    private func connectLater() {
        driver = nil
        guard !isStopped else { return }
        failures += 1
        var generator = SystemRandomNumberGenerator()
        _ = loop.schedule(after: backoff.delay(afterFailures: failures, using: &generator)) { self.connect() }
    }
}
