/// Something that runs as long as the process: a server, a feed, a shipper, a pool.
package protocol Service: Sendable {
    /// The name in log lines.
    var name: String { get }

    /// Works until ``shutdown(deadline:)`` was called and the work is finished, or until the task is cancelled.
    ///
    /// - Throws: What makes it impossible to go on; the whole group stops then.
    func run() async throws

    /// Asks ``run()`` to finish; returns when no new work is taken. Called once, while ``run()`` is running.
    ///
    /// - Parameter deadline: What is left of the group's time to drain.
    func shutdown(deadline: Duration) async
}

/// Thrown by a service's `run()` when it stopped as asked but the time was too short, so that something was cut.
package struct DrainCut: Error, Equatable, Sendable, CustomStringConvertible {
    /// What was cut, for the log.
    package let description: String

    /// An error that says what was cut.
    package init(_ description: String) {
        self.description = description
    }
}

/// How the process ended, for whoever started it.
package enum ExitCode: Int32, Equatable, Sendable {
    /// All services stopped in order.
    case success = 0
    /// A service could not start, failed, or ended by itself.
    case failure = 1
    /// The command line was wrong (`EX_USAGE`).
    case usage = 64
    /// The time to drain ran out, so something was cut (`EX_SOFTWARE`).
    case drainCut = 70
    /// The configuration was wrong (`EX_CONFIG`).
    case configuration = 78
}
