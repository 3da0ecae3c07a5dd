package import HTTPCore

/// What a server listens on and how much it takes from a client.
package struct ServerConfiguration: Sendable {
    /// An IPv4 or IPv6 address, or a name that the machine itself resolves (`localhost`).
    package var host: String
    /// The port; 0 lets the kernel choose one.
    package var port: UInt16
    /// Sizes of request line and headers.
    package var headLimits = HeadLimits()
    /// Bytes of a request body; a longer one is refused with 413.
    package var maxBodyBytes = 64 * 1024 * 1024
    /// Connections of all loops together; one more is answered 503 and closed.
    package var maxConnections = 16_384
    /// From the first byte of a head (or from accepting) to its last.
    package var headerTimeout: Duration = .seconds(10)
    /// How long a connection may stay open between requests.
    package var idleTimeout: Duration = .seconds(75)
    /// The longest silence inside a request body that the server is ready to read.
    package var bodyIdleTimeout: Duration = .seconds(30)
    /// How long a client may take no byte of an answer that waits for it.
    package var writeStallTimeout: Duration = .seconds(120)
    /// How long an answered connection is still read from before it is closed, so that a reset does not destroy the answer on its way.
    package var lingerTimeout: Duration = .seconds(2)
    /// An end of stream this soon behind the end of its request is taken for a half-close; see `ConnectionMachine`.
    package var halfCloseWindow: Duration = .milliseconds(100)
    /// The same when the answer has begun already: a caller that reads a few chunks and leaves must not pass for half-closed.
    package var halfCloseAnswerWindow: Duration = .milliseconds(10)
    /// When a client that seems half-closed is asked for a sign of life.
    package var halfCloseProbeDelay: Duration = .seconds(1)
    /// Bytes of an answer that may wait for a slow client before its producer is told to pause.
    package var highWaterMark = 64 * 1024
    /// Bytes at which a paused producer may go on.
    package var lowWaterMark = 16 * 1024
    /// Peers (addresses or `address/bits`) whose `X-Forwarded-For` is believed; nobody by default.
    package var trustedProxies: [AddressRange] = []

    /// The defaults, for this address.
    package init(host: String, port: UInt16) {
        self.host = host
        self.port = port
    }
}

/// Why a server does not start.
package enum ServerError: Error, Equatable, Sendable, CustomStringConvertible {
    /// Another instance, or another program, listens there already.
    case addressInUse(String)
    /// The host is not an address of this machine.
    case badAddress(String)
    /// A system call failed.
    case system(call: String, errno: Int32)
    /// `start` was called twice.
    case alreadyStarted

    /// One sentence for whoever starts the server.
    package var description: String {
        switch self {
        case .addressInUse(let address):
            "\(address) is in use: another instance or program listens there already"
        case .badAddress(let reason): reason
        case .system(let call, let code): "\(call) failed with errno \(code)"
        case .alreadyStarted: "the server was started already"
        }
    }
}
