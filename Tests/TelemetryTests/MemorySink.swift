import Synchronization
import Telemetry

/// Keeps the lines for a test to read.
final class MemorySink: LogSink {
    private let held = Mutex<[String]>([])

    var lines: [String] { held.withLock { $0 } }

    func write(_ line: [UInt8]) {
        held.withLock { $0.append(String(decoding: line, as: UTF8.self)) }
    }

    func flush() {}
}
