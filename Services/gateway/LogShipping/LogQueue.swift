package import Contracts
package import EventLoop
import Synchronization

/// Where finished calls wait to be shipped. Any thread appends; nothing ever waits for it.
///
/// Bound: `limits`. At the bound the bodies of the record that comes are left out first, then the oldest records go; both are counted. This is where the
/// crash-safe spool will stand: between `append` and `take`.
package final class LogQueue: Sendable {
    /// How much may wait. A batch that is being sent has left the queue and is not counted.
    package struct Limits: Equatable, Sendable {
        /// Bytes of JSON.
        package var bytes = 64 * 1024 * 1024
        /// Records.
        package var records = 200_000
        /// The longest line; longer ones lose their bodies, then the rest of long texts.
        package var lineBytes = LogShipment.maxBytes / 4

        /// The defaults.
        package init() {}
    }

    /// What waits now, for whoever decides when to ship.
    package struct Pending: Equatable, Sendable {
        package var records: Int
        package var bytes: Int
        /// When the oldest came.
        package var oldestAt: MonotonicTime?

        package init(records: Int = 0, bytes: Int = 0, oldestAt: MonotonicTime? = nil) {
            self.records = records
            self.bytes = bytes
            self.oldestAt = oldestAt
        }
    }

    /// Records that leave the queue together.
    package struct Batch: Equatable, Sendable {
        /// One line each, a line feed after every one.
        package var body: [UInt8] = []
        package var records = 0
    }

    private static let textBytesAtWorst = 4096

    /// Raised when a shipper has something to look at: the first record of an empty queue, or a full batch.
    package let news = WakeSignal()
    private let limits: Limits
    private let metrics: LogMetrics
    private let ring = Mutex(LineRing())

    /// An empty queue.
    package init(limits: Limits = Limits(), metrics: LogMetrics) {
        self.limits = limits
        self.metrics = metrics
        metrics.watch(self)
    }

    /// What waits now.
    package var pending: Pending {
        ring.withLock { Pending(records: $0.count, bytes: $0.bytes, oldestAt: $0.oldestAt) }
    }

    /// Takes a record. Any thread; never waits.
    package func append(_ record: CallRecord) {
        var line = CallRecordWriter.line(record)
        if record.hasBodies, line.count > limits.lineBytes || isFull(for: line) {
            line = CallRecordWriter.line(record.withoutBodies)
            metrics.dropped(.bodies)
        }
        if line.count > limits.lineBytes {
            line = CallRecordWriter.line(record.cut(textsTo: Self.textBytesAtWorst))
            metrics.dropped(.texts)
        }
        let now = MonotonicTime.now()
        let (lost, isNews) = ring.withLock { ring in
            var lost = 0
            while ring.count > 0, ring.count >= limits.records || ring.bytes + line.count + 1 > limits.bytes {
                ring.dropFirst()
                lost += 1
            }
            let before = (ring.count, ring.bytes)
            ring.append(line, at: now)
            let isFirst = before.0 == 0
            let fillsBatch =
                ring.count == LogShipment.maxRecords
                || before.1 < LogShipment.maxBytes && ring.bytes >= LogShipment.maxBytes
            return (lost, isFirst || fillsBatch)
        }
        metrics.taken()
        if lost > 0 { metrics.dropped(.oldest, lost) }
        if isNews { news.raise() }
    }

    /// Takes out the oldest records as one batch, at most as many and as large as a shipment may be.
    package func take() -> Batch {
        let (body, lines) = ring.withLock { $0.take(lines: LogShipment.maxRecords, bytes: LogShipment.maxBytes) }
        return Batch(body: body, records: lines)
    }

    private func isFull(for line: [UInt8]) -> Bool {
        ring.withLock { $0.count >= limits.records || $0.bytes + line.count + 1 > limits.bytes }
    }
}
