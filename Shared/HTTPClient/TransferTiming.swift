package import EventLoop

/// When a transfer reached its stations; a station it did not reach is `nil`.
package struct TransferTiming: Equatable, Sendable {
    /// `begin` was called.
    package var started: MonotonicTime
    /// A connection was ready, with TLS when the URL asks for it.
    package var connected: MonotonicTime?
    /// The whole request, with its body, was handed to the kernel.
    package var requestSent: MonotonicTime?
    /// The head of the answer was complete.
    package var firstByte: MonotonicTime?
    /// The transfer ended, well or not.
    package var finished: MonotonicTime?
    /// Whether the request went over a connection that an earlier one had opened.
    package var reusedConnection = false

    /// A transfer that just started.
    package init(started: MonotonicTime) {
        self.started = started
    }
}
