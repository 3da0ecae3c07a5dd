import EventLoop
import Synchronization
package import Telemetry

/// What the snapshot feed shows of itself.
package final class SnapshotMetrics: Sendable {
    private let revision: GaugeFamily
    private let fetches: CounterFamily
    private let refetches: CounterFamily
    private let fileFaults: CounterFamily
    private let lastContact = Mutex<MonotonicTime?>(nil)

    /// Registers the metrics.
    package init(_ registry: MetricsRegistry) {
        revision = registry.gauge("gateway_snapshot_revision", "Revision of the snapshot that is served.")
        fetches = registry.counter(
            "gateway_snapshot_fetches_total", "Calls of the registry's snapshot feed by result.", labels: ["result"])
        refetches = registry.counter(
            "gateway_snapshot_refetches_total", "Answers that did not follow on what was held.", labels: ["reason"])
        fileFaults = registry.counter(
            "gateway_snapshot_file_faults_total", "Times the snapshot file could not be read or written.",
            labels: ["operation"])
        registry.gaugeCallback(
            "gateway_snapshot_contact_age_seconds", "Time since the registry last answered; absent before it ever did."
        ) { [weak self] in
            self?.contactAge.map { Double($0.clampedNanoseconds) / 1e9 }
        }
    }

    /// Time since the registry last answered; `nil` when it never did.
    package var contactAge: Duration? {
        lastContact.withLock { $0 }.map { $0.duration(to: .now()) }
    }

    func serves(_ revision: Int64) { self.revision.set(Int(revision)) }

    func answered(_ verdict: SnapshotMachine.Verdict) {
        lastContact.withLock { $0 = .now() }
        switch verdict {
        case .replace: fetches.with("changed").increment()
        case .unchanged: fetches.with("unchanged").increment()
        case .refetchWhole(let reason):
            fetches.with("refetch").increment()
            refetches.with(reason.rawValue).increment()
        }
    }

    func failed(_ code: String) { fetches.with(code).increment() }

    func fileFault(_ operation: StaticString) { fileFaults.with("\(operation)").increment() }
}
