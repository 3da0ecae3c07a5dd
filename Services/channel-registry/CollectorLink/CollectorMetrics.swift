package import Telemetry

/// What the registry's work with the collector counts.
package struct CollectorMetrics: Sendable {
    let totals: CounterFamily
    let purges: CounterFamily
    let failures: CounterFamily

    /// Registers the families.
    package init(_ registry: MetricsRegistry) {
        totals = registry.counter(
            "channel_registry_counters_taken_total", "Totals of channels, tokens and groups that the collector told.")
        purges = registry.counter(
            "channel_registry_log_purges_total", "Times that all records of a deleted group were deleted.")
        failures = registry.counter(
            "channel_registry_collector_failures_total", "Failures of the work with the collector.", labels: ["work"])
    }
}
