package import Telemetry

/// What the ledger's way out of the gateway shows of itself.
package final class LogMetrics: Sendable {
    /// What was left out or lost, and why; a closed set.
    package enum Drop: String, CaseIterable, Sendable {
        /// Bodies of a record that came to a full queue or were too long for a shipment.
        case bodies
        /// The ends of texts that were too long for a shipment.
        case texts
        /// The oldest records of a full queue.
        case oldest
        /// Records of a shipment that the collector will never take.
        case refused
        /// Records that could not be shipped before the gateway stopped.
        case stopped
    }

    private let registry: MetricsRegistry
    private let records: CounterFamily
    private let drops: CounterFamily
    private let shipped: CounterFamily
    private let failures: CounterFamily
    private let rejected: CounterFamily
    private let recordsMade: Counter

    /// Registers the metrics.
    package init(_ registry: MetricsRegistry) {
        self.registry = registry
        records = registry.counter("gateway_log_records_total", "Call records that were made.")
        drops = registry.counter(
            "gateway_log_dropped_total", "Call records that were lost or shortened, by reason.", labels: ["reason"])
        shipped = registry.counter("gateway_log_shipped_total", "Call records that the collector has taken.")
        failures = registry.counter(
            "gateway_log_ship_failures_total", "Shipments that were not acknowledged, by reason.", labels: ["reason"])
        rejected = registry.counter(
            "gateway_log_rejected_total", "Call records in which the collector saw no call record.")
        recordsMade = records.with()
        for drop in Drop.allCases { _ = drops.with(drop.rawValue) }
    }

    func watch(_ queue: LogQueue) {
        registry.gaugeCallback("gateway_log_queue_records", "Call records that wait to be shipped.") { [weak queue] in
            queue.map { Double($0.pending.records) }
        }
        registry.gaugeCallback("gateway_log_queue_bytes", "Bytes of call records that wait to be shipped.") {
            [weak queue] in queue.map { Double($0.pending.bytes) }
        }
    }

    func taken() { recordsMade.increment() }

    func dropped(_ drop: Drop, _ count: Int = 1) { drops.with(drop.rawValue).increment(by: count) }

    func shipped(_ count: Int) { shipped.with().increment(by: count) }

    func rejected(_ count: Int) { rejected.with().increment(by: count) }

    func failed(_ code: String) { failures.with(code).increment() }
}
