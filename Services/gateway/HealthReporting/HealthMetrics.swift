package import Routing
package import Telemetry

/// What the sharing of channel health shows of itself.
package struct HealthMetrics: Sendable {
    private let failures: CounterFamily

    /// Registers the metrics.
    ///
    /// - Parameters:
    ///   - now: The second of the monotonic clock.
    package init(
        _ registry: MetricsRegistry, book: HealthBook, callers: CallerTraffic, now: @escaping @Sendable () -> UInt64
    ) {
        failures = registry.counter(
            "gateway_health_report_failures_total", "Reports of channel health that the registry did not answer.",
            labels: ["code"])
        registry.gaugeCallback(
            "gateway_channel_bans", "Models that are banned on a channel, by this gateway's or the others' word."
        ) { Double(book.bansInForce(atSecond: now())) }
        registry.counterCallback(
            "gateway_health_dropped_total", "Counts of attempts and calls that were not reported: too many waited."
        ) { Double(book.dropped + callers.dropped) }
    }

    func failed(_ code: String) { failures.with(code).increment() }
}
