import Contracts
package import Telemetry

/// What is counted of the gateways' reports.
package struct HealthMetrics: Sendable {
    private let reports: CounterFamily
    private let bans: CounterFamily
    private let failures: Counter

    /// Registers the families.
    package init(_ registry: MetricsRegistry) {
        reports = registry.counter(
            "channel_registry_health_reports_total", "Reports of channel health by what they hold.", labels: ["kind"])
        bans = registry.counter(
            "channel_registry_health_bans_total", "Bans that gateways reported, by reason.", labels: ["reason"])
        failures = registry.counter(
            "channel_registry_health_failures_total", "Reports of channel health that could not be stored."
        ).with()
    }

    func took(_ report: HealthReport) {
        reports.with(report.isEmpty ? "question" : "counts").increment()
        for ban in report.banned { bans.with(ban.reason.rawValue).increment() }
    }

    func failed() { failures.increment() }
}
