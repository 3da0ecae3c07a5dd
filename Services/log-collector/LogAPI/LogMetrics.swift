package import Telemetry

/// What the log routes count.
package struct LogMetrics: Sendable {
    let searches: HistogramFamily
    let failures: CounterFamily

    /// Registers the metrics.
    package init(_ registry: MetricsRegistry) {
        searches = registry.histogram("log_collector_search_seconds", "Time of a log search in the store.")
        failures = registry.counter(
            "log_collector_search_failures_total", "Log requests that the store could not answer.", labels: ["error"])
    }
}
