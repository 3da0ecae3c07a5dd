import EventLoop

/// The running exchanges of a client and one timer for all their deadlines.
///
/// An exchange computes its deadline on demand and tells only when a *stage* changes; the timer is moved only to an earlier point. So a request costs no timer at all
/// in the common case that it ends long before its deadline, and a piece of a body never does. When the timer fires, every exchange is looked at once.
final class DeadlineSweep {
    private(set) var running: [Exchange] = []
    private let loop: EventLoop
    private var timer: TimerID?
    private var armedAt = UInt64.max

    init(loop: EventLoop) {
        self.loop = loop
    }

    func add(_ exchange: Exchange) {
        exchange.place = running.count
        running.append(exchange)
        if let deadline = exchange.machine.deadline { consider(deadline.at) }
    }

    func remove(_ exchange: Exchange) {
        let place = exchange.place
        guard place >= 0 else { return }
        exchange.place = -1
        let last = running.removeLast()
        guard last !== exchange else { return }
        running[place] = last
        last.place = place
    }

    /// Makes sure that the timer fires no later than `deadline`.
    func consider(_ deadline: UInt64) {
        guard deadline < armedAt else { return }
        arm(deadline)
    }

    func stop() {
        if let timer { loop.cancel(timer) }
        timer = nil
        armedAt = .max
    }

    private func arm(_ deadline: UInt64) {
        if let timer { loop.cancel(timer) }
        armedAt = deadline
        let now = MonotonicTime.now().nanoseconds
        let delay = deadline > now ? deadline - now : 0
        timer = loop.schedule(after: .nanoseconds(Int64(clamping: delay))) { [weak self] in self?.sweep() }
    }

    private func sweep() {
        timer = nil
        armedAt = .max
        let now = MonotonicTime.now()
        var earliest = UInt64.max
        // A failing exchange removes itself, so a copy is walked.
        for exchange in running {
            if let deadline = exchange.checkDeadline(at: now) { earliest = min(earliest, deadline) }
        }
        if earliest < armedAt { arm(max(earliest, now.nanoseconds + Self.grain)) }
    }

    /// Sweeps are at least this far apart, which bounds their cost and makes deadlines up to this much late.
    private static let grain: UInt64 = 5_000_000
}
