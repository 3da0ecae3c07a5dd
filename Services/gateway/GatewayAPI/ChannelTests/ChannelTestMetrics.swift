package import Telemetry

/// What is counted of channel tests.
package struct ChannelTestMetrics: Sendable {
    enum Result: String {
        case succeeded, failed
    }

    private let tests: CounterFamily
    private let unsaved: CounterFamily

    /// Registers the metrics.
    package init(_ registry: MetricsRegistry) {
        tests = registry.counter(
            "gateway_channel_tests_total", "Models that were probed on a channel, by result.", labels: ["result"])
        unsaved = registry.counter(
            "gateway_channel_tests_unsaved_total", "Results that the registry did not take, by reason.",
            labels: ["reason"])
    }

    func count(_ result: Result) {
        tests.with(result.rawValue).increment()
    }

    func countUnsaved(_ results: Int, reason: String) {
        unsaved.with(reason).increment(by: results)
    }
}
