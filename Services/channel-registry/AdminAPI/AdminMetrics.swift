package import Telemetry

/// What the admin API counts. Labels are the rows of the route table and statuses, never text of a caller.
package struct AdminMetrics: Sendable {
    private let requests: CounterFamily
    private let seconds: HistogramFamily

    /// Registers the families.
    package init(_ registry: MetricsRegistry) {
        requests = registry.counter(
            "channel_registry_admin_requests_total", "Admin requests by route and status.",
            labels: ["method", "route", "status"])
        seconds = registry.histogram(
            "channel_registry_admin_request_seconds", "Time from the request's head to its answer.",
            labels: ["method", "route"])
    }

    /// Counts one answered request.
    func answered(method: String, route: String, status: UInt16, after duration: Duration) {
        requests.with(method, route, String(status)).increment()
        seconds.with(method, route).observe(duration)
    }
}
