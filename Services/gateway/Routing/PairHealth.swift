package import Contracts

/// How an attempt ended, as the health of its channel sees it (contract relay §2.3).
package enum AttemptHealth: Equatable, Sendable {
    case success
    /// A fault of the channel or on the way to it.
    case error
    /// The upstream answered 401, 402, 403 or 404.
    case noPermission
    /// It says nothing of the channel: the request was at fault, or the caller left.
    case neutral
}

/// What the end of an attempt changed.
package enum HealthEvent: Equatable, Sendable {
    case banned(HealthBan.Reason, seconds: UInt64, rate: Double)
    /// The call after a ban succeeded.
    case lifted
    /// The error rate is higher than the channel's `warn_error_rate`; said once in fifteen minutes.
    case warned(rate: Double)
}

/// How a channel stands with a model when a call is planned.
package struct Standing: Equatable, Sendable {
    /// Whether the channel may be drawn.
    package enum State: Equatable, Sendable {
        case usable
        /// Banned, or a call is trying it just now.
        case banned
        /// The ban is over and no call is trying it.
        case onTrial
    }

    /// From 0 to 1; 0 with fewer than ten attempts in two minutes.
    package var rate: Double
    package var state: State

    package init(rate: Double = 0, state: State = .usable) {
        self.rate = rate
        self.state = state
    }
}

/// A ban of one (channel, model); in monotonic seconds, pure.
struct Ban: Equatable, Sendable {
    /// When single calls may try again.
    var until: UInt64
    var reason: HealthBan.Reason
    /// When the call began that tries it.
    var trialSince: UInt64?

    /// A trial that has not ended after this many seconds is thought lost, or is a long stream: another call may try.
    static let trialSeconds: UInt64 = 60

    func isOver(atSecond now: UInt64) -> Bool { now >= until }

    func state(atSecond now: UInt64) -> Standing.State {
        guard isOver(atSecond: now) else { return .banned }
        guard let trialSince, now < trialSince + Self.trialSeconds else { return .onTrial }
        return .banned
    }
}

/// What is known of one (channel, model): the window of errors, what other gateways saw, a ban, and what was not reported yet. Pure.
struct PairHealth: Sendable {
    /// When errors lead to a ban or a warning.
    struct Policy: Equatable, Sendable {
        var bansOnNoPermission = false
        /// 0 for never.
        var maxErrorRate = 0.0
        var warnErrorRate = 0.0
    }

    /// The attempts of one second that were not reported yet.
    struct Counts: Equatable, Sendable {
        var second: UInt64
        var calls = 0
        var tokens = 0
        var requests = 0
        var errors = 0
    }

    var window = ErrorWindow()
    /// What other gateways saw in the last two minutes.
    var others = ErrorWindow.Sum()
    var ban: Ban?
    /// The second of the last warning.
    var warnedAt: UInt64?
    /// In rising order of seconds.
    var unreported: [Counts] = []

    private static let warningPause: UInt64 = 900

    /// How the pair stands.
    ///
    /// - Parameter othersCount: Whether what other gateways saw is fresh enough.
    func standing(atSecond now: UInt64, othersCount: Bool) -> Standing {
        let sum = window.sum(atSecond: now)
        return Standing(rate: (othersCount ? sum + others : sum).rate, state: ban?.state(atSecond: now) ?? .usable)
    }

    /// Counts the end of an attempt, and bans or lifts.
    ///
    /// A ban in force is neither extended nor lifted: calls that began before it end in it. Once it is over, the next end of an attempt decides.
    ///
    /// - Parameter banSeconds: The length of a ban that begins now; drawn only then.
    mutating func record(
        _ outcome: AttemptHealth, policy: Policy, othersCount: Bool, banSeconds: @autoclosure () -> UInt64,
        atSecond now: UInt64
    ) -> HealthEvent? {
        guard outcome != .neutral else {
            ban?.trialSince = nil
            return nil
        }
        window.record(isError: outcome != .success, atSecond: now)
        if let ban {
            guard ban.isOver(atSecond: now) else { return nil }
            guard outcome == .success else { return begin(.failedAgain, banSeconds(), 0, now) }
            forget()
            return .lifted
        }
        guard outcome != .success else { return nil }
        let rate = standing(atSecond: now, othersCount: othersCount).rate
        if outcome == .noPermission, policy.bansOnNoPermission { return begin(.noPermission, banSeconds(), rate, now) }
        if policy.maxErrorRate > 0, rate >= policy.maxErrorRate { return begin(.errorRate, banSeconds(), rate, now) }
        guard policy.warnErrorRate > 0, rate >= policy.warnErrorRate else { return nil }
        if let warnedAt, now < warnedAt + Self.warningPause { return nil }
        warnedAt = now
        return .warned(rate: rate)
    }

    private mutating func begin(
        _ reason: HealthBan.Reason, _ seconds: UInt64, _ rate: Double, _ now: UInt64
    ) -> HealthEvent {
        ban = Ban(until: now + seconds, reason: reason)
        return .banned(reason, seconds: seconds, rate: rate)
    }

    /// Forgets the errors and the ban; the traffic that was not reported yet is still reported.
    mutating func forget() {
        window = ErrorWindow()
        others = ErrorWindow.Sum()
        ban = nil
        warnedAt = nil
        for place in unreported.indices {
            unreported[place].requests = 0
            unreported[place].errors = 0
        }
    }

    /// What became of the count of an attempt.
    enum Noted: Equatable {
        case added
        case newRow
        case dropped
    }

    /// Adds an attempt to what is to be reported.
    mutating func note(_ outcome: AttemptHealth, tokens: Int, mayGrow: Bool, atSecond now: UInt64) -> Noted {
        let isNew = unreported.last?.second != now
        if isNew {
            guard mayGrow else { return .dropped }
            unreported.append(Counts(second: now))
        }
        let place = unreported.count - 1
        unreported[place].calls += 1
        unreported[place].tokens += tokens
        if outcome != .neutral { unreported[place].requests += 1 }
        if outcome == .error || outcome == .noPermission { unreported[place].errors += 1 }
        return isNew ? .newRow : .added
    }
}
