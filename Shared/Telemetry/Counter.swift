import Synchronization

/// A count that only grows; safe from any thread, 1–2 ns.
package final class Counter: Sendable {
    private let count = Atomic<Int>(0)

    init() {}

    /// Adds to the count; `amount` is not negative.
    package func increment(by amount: Int = 1) {
        assert(amount >= 0, "a counter only grows")
        count.wrappingAdd(amount, ordering: .relaxed)
    }

    /// The count so far.
    package var value: Int { count.load(ordering: .relaxed) }
}

/// Counters of one name that differ in label values.
package final class CounterFamily: MetricFamily {
    let head: MetricHead
    private let children: MetricChildren<Counter>

    init(_ head: MetricHead) {
        self.head = head
        children = MetricChildren(labels: head.labels) { Counter() }
    }

    /// The counter with these label values, in the order of the labels at registration. Keep it on a hot path.
    package func with(_ values: String...) -> Counter {
        children.child(values)
    }

    /// Adds to the only counter of a family without labels.
    package func increment(by amount: Int = 1) {
        children.child([]).increment(by: amount)
    }

    func render(into text: inout PrometheusText) {
        text.head(head)
        for (values, counter) in children.sorted() {
            text.sample(head.name, head.labels, values, .int(counter.value))
        }
    }
}
