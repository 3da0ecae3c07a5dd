import HTTPCore
package import HTTPServer
import JSON
package import Lifecycle
package import Telemetry

/// The routes by which the service is operated; none needs a key and none tells a secret.
package struct OperationalRoutes: Sendable {
    private let readiness: ReadinessChecks
    private let metrics: MetricsRegistry

    /// Routes over the checks and metrics of a service.
    package init(readiness: ReadinessChecks, metrics: MetricsRegistry) {
        self.readiness = readiness
        self.metrics = metrics
    }

    /// Adds `GET /livez` (the process answers), `GET /readyz` (it should get traffic; else 503) and `GET /metrics`.
    package func add(to router: inout Router) {
        router.on(.get, "/livez") { _, response in
            try response.respond(.ok, Self.headers("application/json"), Array(#"{"alive":true}"#.utf8))
        }
        router.on(.get, "/readyz") { _, response in
            let report = readiness.report()
            try response.respond(
                report.isReady ? .ok : .serviceUnavailable, Self.headers("application/json"), Self.body(report))
        }
        router.on(.get, "/metrics") { _, response in
            try response.respond(.ok, Self.headers(MetricsRegistry.contentType), metrics.render())
        }
    }

    /// `{"ready":false,"checks":{"postgres":"connecting","snapshot":"ready"}}`.
    static func body(_ report: ReadinessReport) -> [UInt8] {
        var writer = JSONWriter()
        writer.object { writer in
            writer.field("ready", report.isReady)
            writer.key("checks")
            writer.object { writer in
                for check in report.checks {
                    switch check.state {
                    case .ready: writer.field(check.name, "ready")
                    case .notReady(let reason): writer.field(check.name, reason)
                    }
                }
            }
        }
        return writer.bytes
    }

    private static func headers(_ contentType: String) -> HTTPHeaders {
        [
            "content-type": contentType, "cache-control": "no-store",
            "x-request-id": String(WallClock.microseconds()),
        ]
    }
}
