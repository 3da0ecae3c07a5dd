package import Contracts
package import Telemetry

/// The relay's metrics; every label value is of a closed set or an id of the snapshot.
///
/// The children of the common case are looked up once, so that a good call costs a few atomic additions.
package final class RelayMetrics: Sendable {
    private let calls: CounterFamily
    private let refusals: CounterFamily
    private let upstreamErrors: CounterFamily
    private let bans: CounterFamily
    private let liftedBans: CounterFamily
    private let inputTokens: Counter
    private let outputTokens: Counter
    private let common: [RelayMode: Common]
    private let duration: HistogramFamily
    private let firstByte: HistogramFamily
    /// Calls that are being answered.
    package let inFlight: Gauge

    private struct Common {
        let completed: Counter
        let duration: Histogram
        let firstByte: Histogram
    }

    private static let seconds: [Double] = [
        0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600,
    ]

    /// Registers the metrics; `modes` are those that the gateway serves.
    package init(_ registry: MetricsRegistry, modes: [RelayMode]) {
        calls = registry.counter(
            "gateway_relay_calls_total", "Finished calls by mode, status and outcome.",
            labels: ["mode", "status", "outcome"])
        refusals = registry.counter(
            "gateway_relay_refusals_total", "Calls refused before any attempt, by code.", labels: ["code"])
        upstreamErrors = registry.counter(
            "gateway_relay_upstream_errors_total", "Failed attempts by channel and code.", labels: ["channel", "code"])
        bans = registry.counter(
            "gateway_channel_bans_total", "Models that this gateway banned on a channel, by reason.",
            labels: ["reason"])
        for reason in HealthBan.Reason.allCases { _ = bans.with(reason.rawValue) }
        liftedBans = registry.counter(
            "gateway_channel_bans_lifted_total", "Bans that this gateway ended by a call that succeeded.")
        let tokens = registry.counter("gateway_relay_tokens_total", "Tokens of finished calls.", labels: ["kind"])
        inputTokens = tokens.with("input")
        outputTokens = tokens.with("output")
        duration = registry.histogram(
            "gateway_relay_duration_seconds", "From arrival to the end of the answer.", buckets: Self.seconds,
            labels: ["mode"])
        firstByte = registry.histogram(
            "gateway_relay_first_byte_seconds", "From arrival to the first byte of the answer's body.",
            buckets: Self.seconds, labels: ["mode"])
        inFlight = registry.gauge("gateway_relay_calls_in_flight", "Calls that are being answered.").with()
        common = Dictionary(
            uniqueKeysWithValues: modes.map { [calls, duration, firstByte] mode in
                let label = "\(mode)"
                return (
                    mode,
                    Common(
                        completed: calls.with(label, "200", CallOutcome.completed.rawValue),
                        duration: duration.with(label), firstByte: firstByte.with(label))
                )
            })
    }

    func count(_ record: CallRecord) {
        let known = common[record.mode]
        if let known, record.code == 200, record.outcome == .completed {
            known.completed.increment()
        } else {
            calls.with("\(record.mode)", "\(record.code)", record.outcome.rawValue).increment()
        }
        known?.duration.observe(Double(record.finishedAt - record.requestAt) / 1_000_000)
        if let first = record.firstByteMicroseconds { known?.firstByte.observe(Double(first) / 1_000_000) }
        if record.usage.inputTokens > 0 { inputTokens.increment(by: record.usage.inputTokens) }
        if record.usage.outputTokens > 0 { outputTokens.increment(by: record.usage.outputTokens) }
    }

    func countRefusal(_ code: RelayError.Code) {
        refusals.with(code.rawValue).increment()
    }

    func countBan(_ reason: HealthBan.Reason) { bans.with(reason.rawValue).increment() }

    func countLiftedBan() { liftedBans.with().increment() }

    func countUpstreamError(channel: Int, code: RelayError.Code) {
        upstreamErrors.with("\(channel)", code.rawValue).increment()
    }
}
