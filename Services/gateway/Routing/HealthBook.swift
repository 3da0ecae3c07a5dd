package import Contracts
import Synchronization

/// What this gateway and, by the registry's word, the others saw of each (channel, model) lately, and which of them are banned.
///
/// One lock, taken once where a call is planned and once where an attempt ends; a call with one candidate takes it only while there are bans.
/// Bounds: at 50 000 pairs those without a ban are forgotten, which is two minutes; 100 000 rows wait for the registry, further ones are counted in `dropped`.
package final class HealthBook: Sendable {
    private struct State {
        var pairs: [HealthPair: PairHealth] = [:]
        /// Those with counts that were not reported yet.
        var dirty: [HealthPair] = []
        var rows = 0
        var dropped = 0
        var bans: Set<HealthPair> = []
        /// Bans that began (true) or ended (false) since the last draft.
        var changes: [HealthPair: Bool] = [:]
        /// Those of which other gateways saw something.
        var seenByOthers: Set<HealthPair> = []
        /// When the registry answered last.
        var viewedAt: UInt64?

        func othersCount(_ now: UInt64) -> Bool { viewedAt.map { now < $0 + HealthBook.viewSeconds } ?? false }
    }

    private let state = Mutex(State())
    private let banCount = Atomic<Int>(0)
    private let banSeconds: @Sendable () -> UInt64

    private static let maxPairs = 50_000
    private static let maxRows = 100_000
    /// What other gateways saw counts for this long after the registry's last answer.
    private static let viewSeconds: UInt64 = 20
    /// Five minutes, ten percent more or less.
    package static let banLength: ClosedRange<UInt64> = 270...330

    /// A book without entries; `banSeconds` draws the length of a ban.
    package init(banSeconds: @escaping @Sendable () -> UInt64 = { UInt64.random(in: HealthBook.banLength) }) {
        self.banSeconds = banSeconds
    }

    /// Whether any pair is banned or on trial.
    package var hasBans: Bool { banCount.load(ordering: .relaxed) > 0 }

    /// Counts the end of an attempt.
    ///
    /// - Parameters:
    ///   - tokens: What it used, as far as is known.
    ///   - now: Seconds of the monotonic clock.
    /// - Returns: What that changed.
    package func record(
        _ outcome: AttemptHealth, channel: RoutedChannel, model: String, tokens: Int, atSecond now: UInt64
    ) -> HealthEvent? {
        let pair = HealthPair(channel: channel.id, model: model)
        return state.withLock { state in
            if state.pairs.count >= Self.maxPairs { Self.shrink(&state) }
            let (othersCount, mayGrow) = (state.othersCount(now), state.rows < Self.maxRows)
            let (event, wasClean, noted) = {
                (health: inout PairHealth) in
                let wasClean = health.unreported.isEmpty
                let noted = health.note(outcome, tokens: tokens, mayGrow: mayGrow, atSecond: now)
                let event = health.record(
                    outcome, policy: channel.banPolicy, othersCount: othersCount, banSeconds: banSeconds(),
                    atSecond: now)
                return (event, wasClean, noted)
            }(&state.pairs[pair, default: PairHealth()])
            switch noted {
            case .newRow:
                state.rows += 1
                if wasClean { state.dirty.append(pair) }
            case .dropped: state.dropped += 1
            case .added: break
            }
            switch event {
            case .banned:
                state.bans.insert(pair)
                state.changes[pair] = true
                countBans(state)
            case .lifted:
                state.bans.remove(pair)
                state.changes[pair] = false
                countBans(state)
            case .warned, nil: break
            }
            return event
        }
    }

    /// How some channels stand with a model, in their order.
    package func standings(_ channels: [RoutedChannel], model: String, atSecond now: UInt64) -> [Standing] {
        state.withLock { state in
            let othersCount = state.othersCount(now)
            return channels.map { channel in
                state.pairs[HealthPair(channel: channel.id, model: model)]?
                    .standing(atSecond: now, othersCount: othersCount) ?? Standing()
            }
        }
    }

    /// Lets one call try a channel whose ban is over; false when another call was faster.
    package func beginTrial(channel: Int, model: String, atSecond now: UInt64) -> Bool {
        let pair = HealthPair(channel: channel, model: model)
        return state.withLock { state in
            guard let ban = state.pairs[pair]?.ban, ban.state(atSecond: now) == .onTrial else { return false }
            state.pairs[pair]?.ban?.trialSince = now
            return true
        }
    }

    /// How many pairs are banned, those on trial not among them.
    package func bansInForce(atSecond now: UInt64) -> Int {
        state.withLock { state in
            state.bans.count { state.pairs[$0]?.ban?.isOver(atSecond: now) == false }
        }
    }

    /// Counts that were not kept, because too many waited for the registry.
    package var dropped: Int { state.withLock(\.dropped) }

    /// Takes what is to be reported: counts of whole seconds, and changes of bans. What is taken is not given again.
    package func draft(atSecond now: UInt64) -> HealthDraft {
        state.withLock { state in
            var draft = HealthDraft()
            var left: [HealthPair] = []
            for pair in state.dirty {
                let room = HealthReport.maxRows - draft.attempts.count
                guard room > 0 else {
                    left.append(pair)
                    continue
                }
                let rows = state.pairs[pair]?.unreported ?? []
                let whole = rows.prefix { $0.second < now }.prefix(room)
                state.rows -= whole.count
                state.pairs[pair]?.unreported.removeFirst(whole.count)
                if rows.count > whole.count { left.append(pair) }
                draft.attempts += whole.filter { $0.second + UInt64(HealthReport.window) > now }.map { (pair, $0) }
            }
            state.dirty = left
            for (pair, isBanned) in state.changes.prefix(HealthReport.maxRows) {
                state.changes[pair] = nil
                if !isBanned {
                    draft.lifted.append(pair)
                } else if let ban = state.pairs[pair]?.ban {
                    draft.banned.append((pair, ban))
                }
            }
            return draft
        }
    }

    /// Takes over what the registry answered: clear commands first, then the others' counts and every ban.
    ///
    /// Bans that changed here since the report was made are left alone: they come with the next one.
    package func merge(_ view: HealthView, atSecond now: UInt64) {
        state.withLock { state in
            state.viewedAt = now
            Self.clear(&state, view.clears)
            let seen = Set(view.others.map { HealthPair(channel: $0.channel, model: $0.model) })
            for pair in state.seenByOthers.subtracting(seen) { state.pairs[pair]?.others = ErrorWindow.Sum() }
            state.seenByOthers = seen
            for row in view.others where row.requests >= row.errors {
                state.pairs[HealthPair(channel: row.channel, model: row.model), default: PairHealth()].others =
                    ErrorWindow.Sum(requests: row.requests, errors: row.errors)
            }
            let banned = Set(view.bans.map { HealthPair(channel: $0.channel, model: $0.model) })
            for pair in state.bans where !banned.contains(pair) && state.changes[pair] == nil {
                state.pairs[pair]?.ban = nil
                state.bans.remove(pair)
            }
            for ban in view.bans {
                let pair = HealthPair(channel: ban.channel, model: ban.model)
                guard state.changes[pair] == nil else { continue }
                let until = UInt64(clamping: Int64(clamping: now) + Int64(ban.seconds))
                let trial = ban.seconds > 0 ? nil : state.pairs[pair]?.ban?.trialSince
                state.pairs[pair, default: PairHealth()].ban = Ban(
                    until: until, reason: ban.reason, trialSince: trial)
                state.bans.insert(pair)
            }
            countBans(state)
        }
    }

    /// Whether there is something that other gateways could change, or that waits to be reported.
    package var isActive: Bool {
        state.withLock { !$0.dirty.isEmpty || !$0.changes.isEmpty || !$0.bans.isEmpty || !$0.seenByOthers.isEmpty }
    }

    private static func clear(_ state: inout State, _ clears: [HealthView.Clear]) {
        guard !clears.isEmpty else { return }
        let meant = Set(clears)
        func isMeant(_ pair: HealthPair) -> Bool {
            meant.contains(HealthView.Clear(channel: pair.channel, model: pair.model))
                || meant.contains(HealthView.Clear(channel: pair.channel)) || meant.contains(HealthView.Clear())
                || meant.contains(HealthView.Clear(model: pair.model))
        }
        for pair in state.pairs.keys where isMeant(pair) { state.pairs[pair]?.forget() }
        state.bans = state.bans.filter { !isMeant($0) }
        state.changes = state.changes.filter { !isMeant($0.key) }
    }

    private static func shrink(_ state: inout State) {
        state.pairs = state.pairs.filter { state.bans.contains($0.key) }
        if state.pairs.count >= maxPairs {
            state.pairs = [:]
            state.bans = []
            state.changes = [:]
        }
        for pair in state.pairs.keys { state.pairs[pair]?.unreported = [] }
        state.dropped += state.rows
        state.rows = 0
        state.dirty = []
        state.seenByOthers = []
    }

    private func countBans(_ state: State) {
        banCount.store(state.bans.count, ordering: .relaxed)
    }
}
