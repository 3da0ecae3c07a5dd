package import EventLoop

/// The HTTP/1.1 client of one loop.
///
/// Two ways lie behind it: libcurl (TLS, proxies), and our own client for plain `http://`, which costs half the CPU. Which one serves a request is decided in
/// `begin`; the caller cannot tell them apart. Transfers beyond `maxConcurrentTransfers` fail at once with `.exhausted`.
package final class HTTPClient: @unchecked Sendable {
    // SAFETY: confined to its loop; every entry checks `loop.assertCurrent()`.

    /// The loop on which everything happens.
    package let loop: EventLoop
    let configuration: ClientConfiguration
    let sweep: DeadlineSweep
    private let curl: CurlDriver
    private let plain: PlainDriver
    private var isShutDown = false

    /// Makes a client for a loop. Any thread; the loop need not run yet. `shutdown()` must be called before the client is dropped.
    ///
    /// - Throws: `.invalidRequest` when libcurl refuses the configuration.
    package init(loop: EventLoop, configuration: ClientConfiguration = ClientConfiguration()) throws(HTTPClientError) {
        self.loop = loop
        self.configuration = configuration
        sweep = DeadlineSweep(loop: loop)
        curl = try CurlDriver(loop: loop, configuration: configuration)
        plain = PlainDriver(loop: loop, configuration: configuration)
    }

    /// How many transfers run now.
    package var active: Int { sweep.running.count }

    /// Starts a request. Whatever goes wrong is thrown by `Transfer.response()`. Loop only.
    package func begin(_ request: ClientRequest) -> Transfer {
        loop.assertCurrent()
        let exchange = Exchange(request, client: self)
        let transfer = Transfer(exchange)
        guard !isShutDown else {
            exchange.didFail(.cancelled)
            return transfer
        }
        guard active < configuration.maxConcurrentTransfers else {
            exchange.didFail(.exhausted)
            return transfer
        }
        if let refusal = RequestFields.refusal(of: request) {
            exchange.didFail(refusal)
            return transfer
        }
        sweep.add(exchange)
        if configuration.speaksPlainHTTPItself, request.allowsAddress == nil, let route = plain.route(for: request) {
            plain.start(exchange, route)
        } else {
            curl.start(exchange)
        }
        return transfer
    }

    /// Cancels what runs, closes every connection, and refuses further requests. Loop only; safe to call twice.
    package func shutdown() {
        loop.assertCurrent()
        guard !isShutDown else { return }
        isShutDown = true
        for exchange in sweep.running { exchange.fail(.cancelled) }
        sweep.stop()
        curl.shutdown()
        plain.shutdown()
    }

    func exchangeEnded(_ exchange: Exchange) {
        sweep.remove(exchange)
    }
}
