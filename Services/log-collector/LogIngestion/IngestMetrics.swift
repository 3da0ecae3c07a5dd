package import Telemetry

/// What ingestion counts.
package struct IngestMetrics: Sendable {
    /// How a shipment was answered; the label of the counter.
    enum Answer: String {
        case stored, repeated, busy, unauthorized, malformed, unavailable, failed
    }

    private let shipments: CounterFamily
    private let lines: CounterFamily
    let missingBatches: CounterFamily
    let seconds: HistogramFamily

    /// Registers the metrics.
    package init(_ registry: MetricsRegistry) {
        shipments = registry.counter(
            "log_collector_ingestion_shipments_total", "Shipments by how they were answered.", labels: ["answer"])
        lines = registry.counter(
            "log_collector_ingestion_records_total",
            "Call records: stored, bodies stored with them, rejected as no record, refused by PostgreSQL, expired on arrival.",
            labels: ["result"])
        missingBatches = registry.counter(
            "log_collector_ingestion_missing_batches_total", "Batches that a gateway dropped before they were shipped.")
        seconds = registry.histogram(
            "log_collector_ingestion_seconds", "Time from the whole body of a shipment to its commit.")
        for result in ["stored", "bodies", "rejected", "refused", "expired"] { _ = lines.with(result) }
    }

    func answered(_ answer: Answer) {
        shipments.with(answer.rawValue).increment()
    }

    func counted(stored: Int, bodies: Int, rejected: Int, refused: Int, expired: Int) {
        lines.with("stored").increment(by: stored)
        lines.with("bodies").increment(by: bodies)
        lines.with("rejected").increment(by: rejected)
        lines.with("refused").increment(by: refused)
        lines.with("expired").increment(by: expired)
    }
}
