import EventLoop
import Glibc

/// Many streams at once. Each chunk's text begins with the time at which the mock sent it, so that the way through the proxy is timed chunk by chunk.
final class StreamRun: @unchecked Sendable {
    // SAFETY: everything is touched on the one loop only; `run()` starts it and runs it on its own thread.

    private struct Moment {
        let time = MonotonicTime.now()
        let sample: Sample

        init(_ watched: [Watched]) {
            sample = Sample(watched)
        }
    }

    let request: [UInt8]
    /// What the last event of a stream holds.
    let last: [UInt8]
    let loop: EventLoop
    private let options: Options
    private var streams: [Stream] = []
    private var isMeasuring = false
    private var latencies: [UInt32] = []
    private var chunks = 0
    private var longestGap: UInt64 = 0
    private var stalls = 0
    private var failures: [String: Int] = [:]
    private var completed = 0
    private var problem: LoadError?
    /// Before the first stream, and at the two ends of the measurement.
    private let idle: Moment
    private var start: Moment
    private var end: Moment

    /// A silence that a person would notice; the mock's own pace is far below.
    private static let stall: UInt64 = 1_000_000_000

    init(_ options: Options) throws {
        self.options = options
        request = options.request
        last = Array(options.last.utf8)
        loop = try EventLoop(name: "load")
        idle = Moment(options.watched)
        start = idle
        end = idle
    }

    func run() throws -> String {
        var limit = rlimit()
        if unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 {
            limit.rlim_cur = limit.rlim_max
            unsafe _ = setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        }
        loop.execute { [self] in
            open(0)
            _ = loop.schedule(after: .seconds(options.ramp + 1)) { [self] in
                start = Moment(options.watched)
                isMeasuring = true
            }
            _ = loop.schedule(after: .seconds(options.ramp + 1 + options.seconds)) { [self] in
                isMeasuring = false
                end = Moment(options.watched)
                for stream in streams { stream.checkSilence(end.time) }
                loop.stop()
            }
        }
        loop.run()
        if let problem { throw problem }
        latencies.sort()
        let delivering = streams.reduce(0) { $0 + ($1.isDelivering ? 1 : 0) }
        let window = Double(end.time.nanoseconds - start.time.nanoseconds) / 1e9
        let idleMemory = options.watched.indices.map { "\"\(options.watched[$0].name)\":\(idle.sample.resident[$0])" }
        return
            "{\"streams\":\(delivering),\"seconds\":\(window),\"chunks\":\(chunks),\"completed\":\(completed),\"stalls\":\(stalls),"
            + "\"longest_gap_ms\":\(longestGap / 1_000_000),\"failures\":\(failures.values.reduce(0, +)),"
            + "\"first_failure\":\"\(failures.keys.first ?? "")\","
            + "\"p50_us\":\(percentile(latencies, 0.5)),\"p99_us\":\(percentile(latencies, 0.99)),\"max_us\":\(latencies.last ?? 0),"
            + "\"idle_rss_kib\":{\(idleMemory.joined(separator: ","))},\(end.sample.json(since: start.sample, options.watched))}"
    }

    /// Opens the streams one after the other, spread over the ramp.
    private func open(_ number: Int) {
        guard number < options.streams else { return }
        do {
            let descriptor = try connected(options.host, options.port, blocking: false)
            let stream = Stream(descriptor, self)
            streams.append(stream)
            try loop.watch(descriptor, .readable, stream)
            try stream.begin()
        } catch {
            problem = error as? LoadError ?? .argument("\(error)")
            return loop.stop()
        }
        _ = loop.schedule(after: .seconds(options.ramp / Double(options.streams))) { [self] in open(number + 1) }
    }

    // What the streams report.

    func received(sentAt: UInt64, now: UInt64, gap: UInt64) {
        guard isMeasuring else { return }
        chunks += 1
        latencies.append(UInt32(clamping: (now &- sentAt) / 1000))
        silent(gap)
    }

    func silent(_ gap: UInt64) {
        longestGap = max(longestGap, gap)
        if gap > Self.stall { stalls += 1 }
    }

    func ended() {
        completed += 1
    }

    func failed(_ reason: String) {
        failures[reason, default: 0] += 1
    }
}
