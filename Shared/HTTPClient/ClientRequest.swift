package import HTTPCore

/// The body of a request.
package enum ClientBody: Sendable {
    /// No body; `POST`, `PUT` and `PATCH` then send `Content-Length: 0`.
    case none
    /// A body that is there; it is sent without being copied.
    case bytes([UInt8])
    /// A body that comes piece by piece; `nil` ends it. Without a length it is sent chunked. It cannot be sent a second time.
    ///
    /// `next` runs on the client's loop, one call at a time, and is not called before the upstream can take more.
    case stream(length: Int?, next: @Sendable () async throws -> [UInt8]?)
}

/// Limits of time of one transfer; `nil` means none.
package struct ClientTimeouts: Equatable, Sendable {
    /// Name, connection, proxy and TLS handshake together.
    package var connect: Duration?
    /// From the request sent to the head received.
    package var firstByte: Duration?
    /// The longest silence while a body moves. Time for which our own side holds the transfer back does not count.
    package var idle: Duration?
    /// From `begin` to the last byte.
    package var total: Duration?

    /// Limits that suit a model API, where the first byte may take minutes.
    package init(
        connect: Duration? = .seconds(10), firstByte: Duration? = .seconds(300), idle: Duration? = .seconds(300),
        total: Duration? = nil
    ) {
        self.connect = connect
        self.firstByte = firstByte
        self.idle = idle
        self.total = total
    }
}

/// One request to an upstream.
///
/// `Content-Length`, `Transfer-Encoding`, `Expect`, and the hop-by-hop headers `Connection`, `Keep-Alive`, `Proxy-Connection` and `Upgrade`
/// belong to the client: what the caller sets there is not sent. `Host` comes from the URL unless the caller sets it.
package struct ClientRequest: Sendable {
    /// The method.
    package var method: HTTPMethod
    /// An absolute `http` or `https` URL, already percent-encoded.
    package var url: String
    /// Headers, sent in this order.
    package var headers: HTTPHeaders
    /// The body.
    package var body: ClientBody
    /// Limits of time.
    package var timeouts: ClientTimeouts
    /// `http://…`, `socks5://…` (the client resolves the name) or `socks5h://…` (the proxy does); `nil` or empty: direct. The environment is never looked at.
    package var proxy: String?
    /// Whether the certificate and its name are checked; turn it off only when the operator asked for it.
    package var verifiesTLS: Bool
    /// Requests of one key share prepared handles; one key per upstream (a channel's id) is right. Never affects the outcome.
    package var poolKey: String
    /// The largest head of an answer.
    package var maxHeaderBytes: Int
    /// Asked for the very address of every connection before it is opened, after names were resolved; `nil` allows all. Such a request gets a connection of
    /// its own, which serves no other. When no address is allowed it ends with `.addressRefused`. Not for requests with a proxy, whose address would be asked for.
    package var allowsAddress: (@Sendable (PeerAddress) -> Bool)?

    /// A request; without more it is sent directly, with verified certificates.
    package init(
        method: HTTPMethod, url: String, headers: HTTPHeaders = HTTPHeaders(), body: ClientBody = .none,
        timeouts: ClientTimeouts = ClientTimeouts(), proxy: String? = nil, verifiesTLS: Bool = true,
        poolKey: String = "", maxHeaderBytes: Int = 64 * 1024
    ) {
        self.method = method
        self.url = url
        self.headers = headers
        self.body = body
        self.timeouts = timeouts
        self.proxy = proxy
        self.verifiesTLS = verifiesTLS
        self.poolKey = poolKey
        self.maxHeaderBytes = maxHeaderBytes
    }
}

/// What all transfers of one client have in common. Numbers are per client, that is per loop.
package struct ClientConfiguration: Sendable {
    /// Transfers that may run at once; one more fails with `.exhausted` at once. There is no waiting queue.
    package var maxConcurrentTransfers = 8192
    /// Connections that are kept open without a transfer.
    package var maxIdleConnections = 512
    /// How long such a connection is kept. Below the 60 to 75 seconds after which common servers close, so that they rarely close under a request.
    package var idleConnectionLifetime: Duration = .seconds(50)
    /// How long a resolved address is used.
    package var addressLifetime: Duration = .seconds(60)
    /// A file of trusted certificates in PEM; `nil`: the system's.
    package var caFile: String?
    /// Whether `http://` without a proxy is spoken by our own client instead of libcurl (half the CPU per request).
    package var speaksPlainHTTPItself = true

    /// The defaults.
    package init() {}
}
