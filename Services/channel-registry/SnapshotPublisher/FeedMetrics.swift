import RegistryStore
package import Telemetry

/// What the snapshot feed counts.
package struct FeedMetrics: Sendable {
    let failures: CounterFamily
    let posted: CounterFamily
    let answers: CounterFamily

    /// Registers the families; what the board holds is read when metrics are scraped.
    package init(_ registry: MetricsRegistry, board: SnapshotBoard) {
        failures = registry.counter(
            "channel_registry_feed_read_failures_total", "Reads of the configuration that PostgreSQL did not answer.")
        posted = registry.counter(
            "channel_registry_feed_posted_total", "New revisions that were handed to waiting gateways.")
        answers = registry.counter(
            "channel_registry_feed_answers_total", "Answers of the snapshot feed by what they hold.", labels: ["kind"])
        registry.gaugeCallback("channel_registry_revision", "The revision of the configuration.") {
            board.mirror.map { Double($0.position.revision) }
        }
        registry.gaugeCallback("channel_registry_feed_waiting", "Gateways that wait for a change.") {
            Double(board.waiting)
        }
        registry.gaugeCallback("channel_registry_channels", "Channels that are not deleted.") {
            board.mirror.map { Double($0.counts.channels) }
        }
        registry.gaugeCallback("channel_registry_tokens", "Tenant keys.") {
            board.mirror.map { Double($0.counts.tokens) }
        }
        registry.gaugeCallback("channel_registry_groups", "Tenant groups.") {
            board.mirror.map { Double($0.counts.groups) }
        }
    }
}
