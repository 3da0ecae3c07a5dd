package import EventLoop
package import Lifecycle
package import Telemetry

/// What every part of a running service may use; made by ``Bootstrap``.
package struct ServiceContext: Sendable {
    /// The settings that all services share.
    package let config: ServiceConfig
    /// The event loops, running.
    package let group: EventLoopGroup
    /// The service's logger.
    package let logger: Logger
    /// The metrics of the process.
    package let metrics: MetricsRegistry
    /// The checks behind `/readyz`.
    package let readiness: ReadinessChecks
    /// The version on the start-up line and in answers.
    package let version: String

    /// A context from its parts, for tests.
    package init(
        config: ServiceConfig, group: EventLoopGroup, logger: Logger, metrics: MetricsRegistry = MetricsRegistry(),
        readiness: ReadinessChecks = ReadinessChecks(), version: String = ServiceVersion.current
    ) {
        self.config = config
        self.group = group
        self.logger = logger
        self.metrics = metrics
        self.readiness = readiness
        self.version = version
    }
}
