import Synchronization
import Telemetry

/// Keeps the log lines of a test.
package final class CollectingSink: LogSink {
    private let held = Mutex<[String]>([])

    /// A sink without lines.
    package init() {}

    /// The lines so far.
    package var lines: [String] { held.withLock { $0 } }

    package func write(_ line: [UInt8]) {
        held.withLock { $0.append(String(decoding: line, as: UTF8.self)) }
    }

    package func flush() {}
}
