/// What an attempt that failed means for the next one.
package enum FailureClass: Equatable, Sendable {
    /// The request itself is at fault (400, 413, 422, 451): no other channel would answer otherwise.
    case caller
    /// The channel may not or cannot serve it (401, 402, 403, 404): not this channel again.
    case noPermission
    /// The channel is busy (429, 503); it may be asked again after a pause.
    case busy
    /// Anything else: a fault of the upstream or on the way.
    case fault

    /// The class of an upstream status that is no success (contract relay §2.3).
    package init(status: Int) {
        switch status {
        case 400, 413, 422, 451: self = .caller
        case 401, 402, 403, 404: self = .noPermission
        case 429, 503: self = .busy
        default: self = .fault
        }
    }

    /// What it says of the channel's health.
    package var health: AttemptHealth {
        switch self {
        case .caller: .neutral
        case .noPermission: .noPermission
        case .busy, .fault: .error
        }
    }
}

/// Decides what follows a failed attempt; pure.
package struct RetryPolicy: Sendable {
    /// How the call goes on.
    package enum Step: Equatable, Sendable {
        /// Give the failure to the caller.
        case stop
        /// Try the attempt at this place of the plan, after a pause.
        case retry(place: Int, after: Duration)
    }

    /// Attempts after the first one.
    package let maxRetries: Int
    /// No pause is longer; a `Retry-After` beyond it ends the attempts on that channel.
    package static let longestPause = Duration.seconds(5)

    package init(maxRetries: Int) {
        self.maxRetries = max(0, maxRetries)
    }

    /// The failures of a call so far, each with its place in the plan.
    package struct History: Sendable {
        package private(set) var failures: [(place: Int, failure: FailureClass, retryAfter: Duration?)] = []

        package init() {}

        /// Notes the failure of the attempt at a place of the plan.
        package mutating func add(place: Int, _ failure: FailureClass, retryAfter: Duration? = nil) {
            failures.append((place, failure, retryAfter))
        }
    }

    /// The step after the last failure of `history`.
    ///
    /// The next channel of the plan is tried at once. When the plan is used up, the first channel that failed without lack of permission
    /// is asked again: after `failures × 1 s + jitter`, at least its `Retry-After`, at most five seconds when it was busy; at once after other faults.
    ///
    /// - Parameters:
    ///   - planned: How many places the plan has.
    ///   - jitter: From 0 to 1, a fresh draw.
    package func step(after history: History, planned: Int, jitter: Double) -> Step {
        guard let last = history.failures.last, last.failure != .caller, history.failures.count <= maxRetries else {
            return .stop
        }
        let next = (history.failures.map(\.place).max() ?? 0) + 1
        if next < planned { return .retry(place: next, after: .zero) }
        let barred = Set(history.failures.filter { $0.failure == .noPermission }.map(\.place))
        for place in 0..<planned where !barred.contains(place) {
            let own = history.failures.filter { $0.place == place }
            let busy = own.filter { $0.failure == .busy }
            guard let lastBusy = busy.last else { return .retry(place: place, after: .zero) }
            let asked = lastBusy.retryAfter ?? .zero
            guard asked <= Self.longestPause else { continue }
            let pause = min(Self.longestPause, .milliseconds(Int64(Double(busy.count) * 1000 + jitter * 1000)))
            return .retry(place: place, after: max(pause, asked))
        }
        return .stop
    }
}
