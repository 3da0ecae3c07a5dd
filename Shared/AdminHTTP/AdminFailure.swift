package import HTTPCore

/// What an admin route answers instead of data; thrown by handlers and turned into an envelope in one place.
///
/// FastGPT shows `message` to its operator as it is: it is never empty and never quotes SQL, a secret or an address of ours.
package struct AdminFailure: Error, Equatable, Sendable {
    /// The status of the answer.
    package var status: HTTPStatus
    /// What the caller reads.
    package var message: String
    /// Seconds after which a new attempt makes sense; becomes `retry-after`.
    package var retryAfter: Int?

    /// A failure from its parts.
    package init(_ status: HTTPStatus, _ message: String, retryAfter: Int? = nil) {
        self.status = status
        self.message = message
        self.retryAfter = retryAfter
    }

    /// The answer to a missing and to a wrong key alike.
    package static let unauthorized = AdminFailure(.unauthorized, "unauthorized, no access token provided")
    /// The answer to a path that nobody serves.
    package static let unknownRoute = AdminFailure(.notFound, "404 page not found")
}
