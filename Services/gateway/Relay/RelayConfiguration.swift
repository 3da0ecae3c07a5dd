import HTTPClient
package import MediaFetch
package import Routing
package import Telemetry

/// What an operator can set about the relay; defaults are those of the environment table.
package struct RelayConfiguration: Sendable {
    /// The key that is both the admin key and a relay key without limits.
    package var adminKey: Redacted<String>
    /// Further attempts after the first (`RETRY_TIMES`); `nil` leaves it to the option of that name, which is 0 when it is not set.
    package var retryTimes: Int?
    /// No call is tried more often again, whatever the option says.
    package static let mostRetries = 20
    /// The largest request body that is relayed, in bytes.
    package var maxBodyBytes = 64 * 1024 * 1024
    /// Of a form at least this much is held, so that a small one can be tried again elsewhere; what is larger streams through once its model is known.
    static let heldFormBytes = 1024 * 1024
    /// The largest answer that is held in memory as a whole, in bytes; streams are not held.
    package var maxAnswerBytes = 64 * 1024 * 1024
    /// What is kept of the bodies of calls; what is not set here, the options say.
    package var details = DetailTerms()
    /// Which addresses in requests are fetched for upstreams that take no addresses (`MEDIA_FETCH_ALLOW`).
    package var mediaPolicy = FetchPolicy()
    package var connectTimeout: Duration = .seconds(10)
    /// From the request sent to the head of a plain answer.
    package var firstByteTimeout: Duration = .seconds(600)
    /// From the request sent to the head of a streamed answer.
    package var streamFirstByteTimeout: Duration = .seconds(300)
    /// The longest silence inside an answer.
    package var idleTimeout: Duration = .seconds(300)
    package var totalTimeout: Duration = .seconds(3600)
    /// After this much silence of the upstream a waiting stream gets a comment, so that nothing on the way closes it.
    package var keepAliveInterval: Duration = .seconds(15)

    /// The codec of ids of what upstreams keep.
    let storedIDs: StoredIDs

    /// Makes a configuration with defaults.
    ///
    /// - Parameter secret: The secret that all replicas share (`SECRETS_KEY`).
    package init(adminKey: Redacted<String>, secret: Redacted<String>) {
        self.adminKey = adminKey
        storedIDs = StoredIDs(secret: secret)
    }

    /// The limits of time of one attempt.
    func timeouts(isStream: Bool) -> ClientTimeouts {
        ClientTimeouts(
            connect: connectTimeout, firstByte: isStream ? streamFirstByteTimeout : firstByteTimeout, idle: idleTimeout,
            total: totalTimeout)
    }
}
