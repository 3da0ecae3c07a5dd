import EventLoop

/// One exchange on its way through a connection, and through a second one when the first was dead.
///
/// A request is sent again only when all of this holds: the connection had served an earlier request, it ended before a single byte of an answer came, the
/// body is at hand, and it is the first time. That is what libcurl does too. It covers the ordinary race in which a server closes an idle connection just
/// as the request leaves; a server that had begun to work on the request and died without a word is asked a second time.
final class PlainCall: ExchangeBackend, @unchecked Sendable {
    // SAFETY: confined to its loop.

    let exchange: Exchange
    let target: PlainTarget
    private let origin: PlainDriver.Origin
    private let driver: PlainDriver
    private var connection: PlainConnection?
    private var connector: PlainConnector?
    private var isRetry = false
    private var isOver = false

    init(_ exchange: Exchange, _ route: PlainDriver.Route, driver: PlainDriver) {
        self.exchange = exchange
        self.driver = driver
        target = route.target
        origin = route.origin
        origin.calls += 1
    }

    deinit {
        origin.calls -= 1
    }

    func start() {
        if let connection = driver.takeIdle(origin) {
            send(over: connection, reused: true)
        } else {
            connect()
        }
    }

    private func connect() {
        driver.resolver.resolve(origin.host, origin.port) { [self] answer in
            guard !isOver else { return }
            switch answer {
            case .failure(let error): fail(error)
            case .success(let addresses): connect(to: addresses)
            }
        }
    }

    private func connect(to addresses: [SocketAddress]) {
        let connector = PlainConnector(addresses, on: driver.loop)
        self.connector = connector
        connector.start { [self] result in
            self.connector = nil
            switch result {
            case .failure(let error):
                fail(error)
            case .success(let descriptor):
                send(over: PlainConnection(descriptor, to: origin, driver: driver), reused: false)
            }
        }
    }

    private func send(over connection: PlainConnection, reused: Bool) {
        self.connection = connection
        exchange.didConnect(reused: reused)
        connection.begin(self, reused: reused)
    }

    // MARK: From the connection

    /// The answer is complete; the connection has been let go.
    func finished() {
        isOver = true
        connection = nil
        exchange.didFinish()
    }

    /// The connection is closed and the answer is not complete.
    func broken(_ error: HTTPClientError, mayRetry: Bool) {
        connection = nil
        guard mayRetry, !isRetry, exchange.upload == nil, !exchange.isEnded else {
            fail(error)
            return
        }
        isRetry = true
        exchange.didRestart()
        connect()
    }

    private func fail(_ error: HTTPClientError) {
        isOver = true
        exchange.didFail(error)
    }

    // MARK: ExchangeBackend

    func resumeReading() { connection?.resumeReading() }

    func resumeWriting() { connection?.resumeWriting() }

    func abort() {
        isOver = true
        connector?.cancel()
        connector = nil
        connection?.close()
        connection = nil
    }
}
