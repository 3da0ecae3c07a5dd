import Synchronization

/// All metrics of the process; renders them as Prometheus text.
///
/// Families are registered at start and kept by the code that counts; the registry is read only when it is scraped.
/// Names and labels are our own text, so a wrong one is a fault of ours and traps at registration.
package final class MetricsRegistry: Sendable {
    private let families = Mutex<[String: any MetricFamily]>([:])

    /// A registry without families.
    package init() {}

    /// A count that only grows. The name should end in `_total`.
    ///
    /// Registering the same name again with the same labels gives the first family back.
    package func counter(_ name: String, _ help: String, labels: [String] = []) -> CounterFamily {
        register(CounterFamily(MetricHead(name: name, help: help, kind: "counter", labels: labels)))
    }

    /// A whole number that goes up and down.
    package func gauge(_ name: String, _ help: String, labels: [String] = []) -> GaugeFamily {
        register(GaugeFamily(MetricHead(name: name, help: help, kind: "gauge", labels: labels)))
    }

    /// A distribution. `buckets` are the upper bounds in rising order, without +Inf.
    package func histogram(
        _ name: String, _ help: String, buckets: [Double] = HistogramFamily.latencyBuckets, labels: [String] = []
    ) -> HistogramFamily {
        register(
            HistogramFamily(MetricHead(name: name, help: help, kind: "histogram", labels: labels), buckets: buckets))
    }

    /// A value that is read when the registry is scraped; nil leaves the line out. `read` runs on the scraping thread.
    package func gaugeCallback(_ name: String, _ help: String, _ read: @escaping @Sendable () -> Double?) {
        _ = register(CallbackFamily(MetricHead(name: name, help: help, kind: "gauge", labels: []), read: read))
    }

    /// A count kept elsewhere that is read when the registry is scraped.
    package func counterCallback(_ name: String, _ help: String, _ read: @escaping @Sendable () -> Double?) {
        _ = register(CallbackFamily(MetricHead(name: name, help: help, kind: "counter", labels: []), read: read))
    }

    /// The text of all families in the order of their names, format version 0.0.4.
    package func render() -> [UInt8] {
        let sorted = families.withLock { $0 }.sorted { $0.key < $1.key }
        var text = PrometheusText()
        for (_, family) in sorted {
            family.render(into: &text)
        }
        return text.bytes
    }

    /// The content type of ``render()``.
    package static let contentType = "text/plain; version=0.0.4; charset=utf-8"

    private func register<Family: MetricFamily>(_ family: Family) -> Family {
        family.head.check()
        return families.withLock { families in
            guard let known = families[family.head.name] else {
                families[family.head.name] = family
                return family
            }
            guard let same = known as? Family, known.head.labels == family.head.labels else {
                preconditionFailure("metric \(family.head.name) is registered twice with different kinds or labels")
            }
            return same
        }
    }
}

/// What the registry needs of a family.
protocol MetricFamily: AnyObject, Sendable {
    var head: MetricHead { get }
    func render(into text: inout PrometheusText)
}

/// Name, help and labels of a family.
struct MetricHead: Sendable {
    let name: String
    let help: String
    let kind: String
    let labels: [String]

    /// Traps on names which Prometheus would refuse.
    func check() {
        precondition(Self.isName(name, colons: true), "\(name) is not a metric name")
        for label in labels {
            precondition(
                Self.isName(label, colons: false) && !label.hasPrefix("__") && label != "le",
                "\(label) is not a label name of metric \(name)")
        }
    }

    private static func isName(_ text: String, colons: Bool) -> Bool {
        guard let first = text.utf8.first, !isDigit(first) else { return false }
        return text.utf8.allSatisfy { byte in
            isDigit(byte) || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20) || byte == UInt8(ascii: "_")
                || (colons && byte == UInt8(ascii: ":"))
        }
    }

    private static func isDigit(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
    }
}
