import Contracts
package import HTTPServer
import InternalHTTP
package import RegistryStore
package import Telemetry

/// The reports of the gateways over internal HTTP.
package enum HealthRoutes {
    /// The longest body of a report: two kinds of rows, `HealthReport.maxRows` of each, with names of some hundred bytes.
    package static let maxBodyBytes = 8 * 1024 * 1024

    /// Puts the route on a router.
    ///
    /// - Parameters:
    ///   - router: The router.
    ///   - store: Where reports are merged.
    ///   - key: The shared secret of the services.
    ///   - logger: Hears of what fails in the store.
    ///   - metrics: What is counted.
    package static func install(
        on router: inout Router, store: HealthStore, key: Redacted<String>, logger: Logger, metrics: HealthMetrics
    ) {
        router.serve(.health, key: key, logger: logger, maxBodyBytes: maxBodyBytes) { report, _ in
            guard !report.instance.isEmpty, report.instance.utf8.count <= 128 else {
                throw Fault(.malformed, "instance: expected a name of at most 128 bytes")
            }
            do throws(RegistryError) {
                let view = try await store.take(report)
                metrics.took(report)
                return view
            } catch {
                metrics.failed()
                logger.warning("a report of channel health was not taken", ["error": .string("\(error)")])
                throw Fault(.unavailable, "the report could not be stored in PostgreSQL")
            }
        }
    }
}
