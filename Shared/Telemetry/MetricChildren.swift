import Synchronization

/// The children of a family by their label values, bounded in number.
///
/// Label values are closed sets or snapshot ids, so the bound is never met in order; when it is, further combinations
/// share one child whose labels all read `other`, and memory stays bounded.
final class MetricChildren<Child: AnyObject & Sendable>: Sendable {
    private let labels: [String]
    private let limit: Int
    private let make: @Sendable () -> Child
    private let children: Mutex<[[String]: Child]>

    init(labels: [String], limit: Int = 4096, make: @escaping @Sendable () -> Child) {
        self.labels = labels
        self.limit = limit
        self.make = make
        children = Mutex(labels.isEmpty ? [[]: make()] : [:])
    }

    /// The child with these label values, made on first use.
    func child(_ values: [String]) -> Child {
        precondition(values.count == labels.count, "a metric with labels \(labels) was given \(values.count) values")
        return children.withLock { children in
            if let child = children[values] { return child }
            let key = children.count < limit ? values : values.map { _ in "other" }
            if let child = children[key] { return child }
            let child = make()
            children[key] = child
            return child
        }
    }

    /// All children in the order of their values.
    func sorted() -> [(values: [String], child: Child)] {
        children.withLock { $0 }
            .map { (values: $0.key, child: $0.value) }
            .sorted { $0.values.lexicographicallyPrecedes($1.values) }
    }
}
