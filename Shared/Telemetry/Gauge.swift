import Synchronization

/// A whole number that goes up and down; safe from any thread.
package final class Gauge: Sendable {
    private let current = Atomic<Int>(0)

    init() {}

    /// Replaces the number.
    package func set(_ value: Int) {
        current.store(value, ordering: .relaxed)
    }

    /// Adds to the number, or takes away.
    package func add(_ amount: Int) {
        current.wrappingAdd(amount, ordering: .relaxed)
    }

    /// The number now.
    package var value: Int { current.load(ordering: .relaxed) }
}

/// Gauges of one name that differ in label values.
package final class GaugeFamily: MetricFamily {
    let head: MetricHead
    private let children: MetricChildren<Gauge>

    init(_ head: MetricHead) {
        self.head = head
        children = MetricChildren(labels: head.labels) { Gauge() }
    }

    /// The gauge with these label values, in the order of the labels at registration. Keep it on a hot path.
    package func with(_ values: String...) -> Gauge {
        children.child(values)
    }

    /// Replaces the number of the only gauge of a family without labels.
    package func set(_ value: Int) {
        children.child([]).set(value)
    }

    /// Adds to the only gauge of a family without labels.
    package func add(_ amount: Int) {
        children.child([]).add(amount)
    }

    func render(into text: inout PrometheusText) {
        text.head(head)
        for (values, gauge) in children.sorted() {
            text.sample(head.name, head.labels, values, .int(gauge.value))
        }
    }
}

/// A value that is read when it is scraped.
final class CallbackFamily: MetricFamily {
    let head: MetricHead
    private let read: @Sendable () -> Double?

    init(_ head: MetricHead, read: @escaping @Sendable () -> Double?) {
        self.head = head
        self.read = read
    }

    func render(into text: inout PrometheusText) {
        guard let value = read() else { return }
        text.head(head)
        text.sample(head.name, [], [], .double(value))
    }
}
