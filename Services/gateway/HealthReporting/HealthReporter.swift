package import Contracts
package import EventLoop
package import InternalHTTP
import Lifecycle
package import Routing
import Synchronization
package import Telemetry

/// Tells the registry once a second what this gateway saw, and takes over what it answers of the others (design §6).
///
/// Nothing is sent while nothing happens, except a question every five seconds. One report is under way at a time; it is sent again, under its number, until the
/// registry answers. Meanwhile the gateway goes on by its own view, and counts wait in the bounded books of `Routing`. JSON is made and read off the loops.
package final class HealthReporter: Service {
    /// Sends one report.
    package typealias Send = @Sendable (HealthReport) async throws(PeerError) -> HealthView

    private struct State {
        var sequence: Int64 = 0
        var clearsAfter: Int64?
        /// What is under way, or is to be sent again.
        var draft: HealthDraft?
        var askedAt: UInt64?
        var failures = 0
    }

    package let name = "health-reporter"
    private let book: HealthBook
    private let callers: CallerTraffic
    private let send: Send
    private let loop: EventLoop
    private let metrics: HealthMetrics
    private let logger: Logger
    private let instance: String
    private let state = Mutex(State())
    private let stop = StopSignal()

    private static let interval = Duration.seconds(1)
    /// How often a gateway without news asks.
    private static let idleSeconds: UInt64 = 5
    /// How long a report may take.
    private static let timeout = Duration.seconds(5)

    /// A reporter that has not begun.
    ///
    /// - Parameter instance: Random, so that no other run of a gateway has it.
    package init(
        book: HealthBook, callers: CallerTraffic, send: @escaping Send, loop: EventLoop, metrics: HealthMetrics,
        logger: Logger, instance: String
    ) {
        self.book = book
        self.callers = callers
        self.send = send
        self.loop = loop
        self.metrics = metrics
        self.logger = logger
        self.instance = instance
    }

    /// A reporter to the registry behind `peer`.
    package convenience init(
        book: HealthBook, callers: CallerTraffic, peer: PeerClient, loop: EventLoop, metrics: HealthMetrics,
        logger: Logger
    ) {
        self.init(
            book: book, callers: callers,
            send: { report async throws(PeerError) in try await peer.call(.health, report, timeout: Self.timeout) },
            loop: loop, metrics: metrics, logger: logger,
            instance: "gateway-" + String(UInt64.random(in: .min ... .max), radix: 16))
    }

    /// Reports until `shutdown(deadline:)`, then once more.
    package func run() async throws {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.follow() }
            await stop.wait()
            group.cancelAll()
        }
        // The current second too: there will be no later report.
        _ = await tick(atSecond: Self.now, takesAll: true)
    }

    /// Ends the reports.
    package func shutdown(deadline: Duration) async {
        stop.raise()
    }

    private func follow() async {
        let retry = PeerRetry()
        while !Task.isCancelled {
            let failures = await tick(atSecond: Self.now)
            let pause = max(Self.interval, failures > 0 ? retry.delay(afterFailures: failures) : .zero)
            // Ended early by cancellation.
            try? await loop.sleep(for: pause)
        }
    }

    /// Sends a report, when there is something to tell or to ask.
    ///
    /// - Returns: How many reports in a row were not answered.
    @discardableResult
    func tick(atSecond now: UInt64, takesAll: Bool = false) async -> Int {
        let report: HealthReport? = state.withLock { state in
            if state.draft == nil {
                let end = takesAll ? now + 1 : now
                var draft = book.draft(atSecond: end)
                draft.callers = callers.take(atSecond: end)
                if !draft.isEmpty {
                    state.sequence += 1
                    state.draft = draft
                }
            }
            let isDue = state.askedAt.map { now >= $0 + Self.idleSeconds } ?? true
            guard state.draft != nil || isDue || book.isActive else { return nil }
            state.askedAt = now
            return (state.draft ?? HealthDraft()).report(
                instance: instance, sequence: state.sequence, clearsAfter: state.clearsAfter, atSecond: now)
        }
        guard let report else { return 0 }
        do throws(PeerError) {
            let view = try await send(report)
            book.merge(view, atSecond: now)
            let failures = state.withLock { state in
                state.draft = nil
                state.clearsAfter = max(state.clearsAfter ?? 0, view.clearsAfter)
                defer { state.failures = 0 }
                return state.failures
            }
            if failures > 0 {
                logger.info("the registry takes reports of channel health again", ["failures": .integer(failures)])
            }
            return 0
        } catch {
            return Task.isCancelled ? 0 : failed(error)
        }
    }

    private func failed(_ error: PeerError) -> Int {
        metrics.failed(error.code)
        let isRefused = error.isRefusal
        let failures = state.withLock { state in
            state.failures += 1
            if isRefused { state.draft = nil }
            return state.failures
        }
        let fields: LogFields = ["error": .string("\(error)"), "failures": .integer(failures)]
        // The first time it is news; afterwards the metric says it.
        if failures == 1 { logger.warning("the registry takes no report of channel health", fields) }
        if failures > 1 { logger.debug("the registry takes no report of channel health", fields) }
        return failures
    }

    private static var now: UInt64 { MonotonicTime.now().nanoseconds / 1_000_000_000 }
}

extension PeerError {
    /// Whether the same report would be refused again.
    fileprivate var isRefusal: Bool {
        switch self {
        case .encoding: true
        case .fault(_, let status, _): status == 400 || status == 413 || status == 422
        case .transport, .unexpected: false
        }
    }
}
