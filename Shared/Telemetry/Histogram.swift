import Synchronization

/// A distribution over fixed buckets; safe from any thread.
package final class Histogram: Sendable {
    private struct State: Sendable {
        var counts: [Int]
        var sum: Double
    }

    private let bounds: [Double]
    private let state: Mutex<State>

    init(bounds: [Double]) {
        self.bounds = bounds
        state = Mutex(State(counts: [Int](repeating: 0, count: bounds.count + 1), sum: 0))
    }

    /// Takes one measurement into account; a value that is not a number is dropped.
    package func observe(_ value: Double) {
        guard !value.isNaN else { return }
        var low = 0
        var high = bounds.count
        while low < high {
            let middle = (low + high) / 2
            if bounds[middle] < value { low = middle + 1 } else { high = middle }
        }
        state.withLock { state in
            state.counts[low] += 1
            state.sum += value
        }
    }

    /// Takes a span of time into account, in seconds.
    package func observe(_ duration: Duration) {
        let parts = duration.components
        observe(Double(parts.seconds) + Double(parts.attoseconds) * 1e-18)
    }

    /// Counts at or below each bound, then the count of all, and the sum.
    package var snapshot: (cumulative: [Int], sum: Double) {
        let state = state.withLock { $0 }
        var total = 0
        return (
            state.counts.map {
                total += $0; return total
            }, state.sum
        )
    }
}

/// Histograms of one name that differ in label values.
package final class HistogramFamily: MetricFamily {
    /// Seconds from 1 ms to 5 minutes: from a cache hit to a reasoning model.
    package static let latencyBuckets: [Double] = [
        0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300,
    ]

    let head: MetricHead
    private let bounds: [Double]
    private let children: MetricChildren<Histogram>

    init(_ head: MetricHead, buckets: [Double]) {
        precondition(
            buckets.allSatisfy(\.isFinite) && zip(buckets, buckets.dropFirst()).allSatisfy(<),
            "the buckets of \(head.name) must be finite and rise")
        self.head = head
        bounds = buckets
        children = MetricChildren(labels: head.labels) { Histogram(bounds: buckets) }
    }

    /// The histogram with these label values, in the order of the labels at registration. Keep it on a hot path.
    package func with(_ values: String...) -> Histogram {
        children.child(values)
    }

    /// Takes one measurement into account in the only histogram of a family without labels.
    package func observe(_ value: Double) {
        children.child([]).observe(value)
    }

    func render(into text: inout PrometheusText) {
        text.head(head)
        let labels = head.labels + ["le"]
        for (values, histogram) in children.sorted() {
            let (cumulative, sum) = histogram.snapshot
            for (index, count) in cumulative.enumerated() {
                let bound = index < bounds.count ? PrometheusText.number(bounds[index]) : "+Inf"
                text.sample(head.name + "_bucket", labels, values + [bound], .int(count))
            }
            text.sample(head.name + "_sum", head.labels, values, .double(sum))
            text.sample(head.name + "_count", head.labels, values, .int(cumulative.last ?? 0))
        }
    }
}
