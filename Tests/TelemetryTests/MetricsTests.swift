import Telemetry
import Testing

@Suite("Telemetry: metrics")
struct MetricsTests {
    let registry = MetricsRegistry()

    var text: String { String(decoding: registry.render(), as: UTF8.self) }

    @Test("the text is what Prometheus reads: names in order, help and type once, labels escaped")
    func golden() {
        let requests = registry.counter("requests_total", "Requests by status.", labels: ["status", "path"])
        requests.with("200", "/v1").increment(by: 3)
        requests.with("404", "a\"b\\c\nd").increment()
        registry.gauge("open", "Help with \\ and\na break.").set(-2)
        let latency = registry.histogram("latency_seconds", "Latency.", buckets: [0.1, 1, 2.5], labels: ["route"])
        for value in [0.05, 0.1, 0.5, 3, 1e3] { latency.with("chat").observe(value) }
        registry.gaugeCallback("age_seconds", "Age.") { 1.25 }
        registry.gaugeCallback("absent", "Never there.") { nil }
        registry.counterCallback("cpu_total", "CPU.") { 7 }
        _ = registry.counter("unused_total", "Zero is a value.")
        _ = registry.counter("labelled_total", "No children yet.", labels: ["x"])
        #expect(
            text == #"""
                # HELP age_seconds Age.
                # TYPE age_seconds gauge
                age_seconds 1.25
                # HELP cpu_total CPU.
                # TYPE cpu_total counter
                cpu_total 7
                # HELP labelled_total No children yet.
                # TYPE labelled_total counter
                # HELP latency_seconds Latency.
                # TYPE latency_seconds histogram
                latency_seconds_bucket{route="chat",le="0.1"} 2
                latency_seconds_bucket{route="chat",le="1"} 3
                latency_seconds_bucket{route="chat",le="2.5"} 3
                latency_seconds_bucket{route="chat",le="+Inf"} 5
                latency_seconds_sum{route="chat"} 1003.65
                latency_seconds_count{route="chat"} 5
                # HELP open Help with \\ and\na break.
                # TYPE open gauge
                open -2
                # HELP requests_total Requests by status.
                # TYPE requests_total counter
                requests_total{status="200",path="/v1"} 3
                requests_total{status="404",path="a\"b\\c\nd"} 1
                # HELP unused_total Zero is a value.
                # TYPE unused_total counter
                unused_total 0

                """#)
    }

    @Test("a family that is registered twice is one family, and its children are kept")
    func same() {
        let first = registry.counter("a_total", "A.", labels: ["x"]).with("1")
        registry.counter("a_total", "A.", labels: ["x"]).with("1").increment(by: 2)
        #expect(first.value == 2)
    }

    @Test("counts from many threads are all there")
    func threads() async {
        let counter = registry.counter("c_total", "C.")
        let histogram = registry.histogram("h_seconds", "H.", buckets: [1]).with()
        let gauge = registry.gauge("g", "G.").with()
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<8 {
                group.addTask {
                    for _ in 0..<1000 {
                        counter.increment()
                        histogram.observe(0.5)
                        gauge.add(1)
                        gauge.add(-1)
                    }
                }
            }
        }
        #expect(counter.with().value == 8000)
        #expect(histogram.snapshot.cumulative == [8000, 8000])
        #expect(histogram.snapshot.sum == 4000)
        #expect(gauge.value == 0)
    }

    @Test("a value that is not a number is not observed, a span is taken in seconds")
    func observations() {
        let histogram = registry.histogram("h_seconds", "H.", buckets: [0.001, 0.01]).with()
        histogram.observe(.nan)
        histogram.observe(Duration.milliseconds(5))
        #expect(histogram.snapshot.cumulative == [0, 1, 1])
    }

    @Test("label values without bound share one child instead of eating memory")
    func cardinality() {
        let family = registry.counter("wild_total", "W.", labels: ["x"])
        for value in 0..<10000 { family.with("\(value)").increment() }
        let lines = text.split(separator: "\n").filter { $0.hasPrefix("wild_total") }
        #expect(lines.count == 4097)
        #expect(lines.contains(#"wild_total{x="other"} 5904"#))
    }

    @Test("the process tells its memory, time, descriptors and start")
    func process() throws {
        ProcessMetrics.register(in: registry)
        let values = Dictionary(
            uniqueKeysWithValues: text.split(separator: "\n").filter { !$0.hasPrefix("#") }.compactMap {
                line -> (String, Double)? in
                let parts = line.split(separator: " ")
                return Double(parts[1]).map { (String(parts[0]), $0) }
            })
        #expect(try #require(values["process_resident_memory_bytes"]) > 1_000_000)
        #expect(try #require(values["process_cpu_seconds_total"]) > 0)
        #expect(try #require(values["process_open_fds"]) >= 3)
        let now = Double(WallClock.microseconds()) / 1e6
        let start = try #require(values["process_start_time_seconds"])
        #expect(start > now - 86400)
        #expect(start < now + 2)
    }
}
