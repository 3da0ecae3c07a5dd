/// One attempt that may be made, with the reason that is kept with the record.
package struct PlannedAttempt: Sendable {
    package let channel: RoutedChannel
    package let reason: String
    /// Whether it tries a channel whose ban is over.
    package let isTrial: Bool

    package init(channel: RoutedChannel, reason: String, isTrial: Bool = false) {
        self.channel = channel
        self.reason = reason
        self.isTrial = isTrial
    }
}

/// Orders the candidates of a call (contract relay §2.2); pure.
package enum Planner {
    /// A channel with more errors than this is taken only when nothing better is left.
    package static let worstRate = 0.85

    private struct Healthy {
        let channel: RoutedChannel
        let weight: Double
        let isTrial: Bool
    }

    /// The order in which channels are tried: drawn by weight = priority / (error rate + 0.1)², those with many errors last.
    ///
    /// Banned channels are left out; when all are banned, they are tried, those with the fewest errors first.
    ///
    /// - Parameters:
    ///   - candidates: The channels that can serve the call.
    ///   - standings: How they stand with the model, in the same order; empty when nothing is known of them.
    ///   - limit: How many attempts may be made at most.
    package static func order(
        _ candidates: [RoutedChannel], standings: [Standing] = [], limit: Int, using random: inout SplitMix64
    ) -> [PlannedAttempt] {
        guard candidates.count > 1 else {
            return candidates.map { channel in
                switch standings.first?.state {
                case .banned: PlannedAttempt(channel: channel, reason: "banned")
                case .onTrial: PlannedAttempt(channel: channel, reason: "only channel, its ban is over", isTrial: true)
                case .usable, nil: PlannedAttempt(channel: channel, reason: "only channel")
                }
            }
        }
        var healthy: [Healthy] = []
        var poor: [(channel: RoutedChannel, standing: Standing)] = []
        var banned: [(channel: RoutedChannel, rate: Double)] = []
        for (place, channel) in candidates.enumerated() {
            let standing = place < standings.count ? standings[place] : Standing()
            if standing.state == .banned {
                banned.append((channel, standing.rate))
            } else if standing.rate <= worstRate {
                let weight = channel.weight / ((standing.rate + 0.1) * (standing.rate + 0.1))
                healthy.append(Healthy(channel: channel, weight: weight, isTrial: standing.state == .onTrial))
            } else {
                poor.append((channel, standing))
            }
        }
        var plan: [PlannedAttempt] = []
        while plan.count < limit, !healthy.isEmpty {
            let total = healthy.reduce(0) { $0 + $1.weight }
            let place = draw(healthy.map(\.weight), total: total, using: &random)
            let share = total > 0 ? healthy[place].weight / total : 1 / Double(healthy.count)
            let reason = "drawn by weight, \(Int((share * 100).rounded()))% of \(healthy.count) channels"
            let drawn = healthy.remove(at: place)
            plan.append(
                PlannedAttempt(
                    channel: drawn.channel, reason: drawn.isTrial ? reason + ", its ban is over" : reason,
                    isTrial: drawn.isTrial))
        }
        for (channel, standing) in poor.sorted(by: { $0.standing.rate < $1.standing.rate }) where plan.count < limit {
            let reason = "last resort, \(Int((standing.rate * 100).rounded()))% errors"
            plan.append(PlannedAttempt(channel: channel, reason: reason, isTrial: standing.state == .onTrial))
        }
        guard plan.isEmpty else { return plan }
        return banned.sorted { $0.rate < $1.rate }.prefix(limit).map {
            PlannedAttempt(channel: $0.channel, reason: "banned")
        }
    }

    private static func draw(_ weights: [Double], total: Double, using random: inout SplitMix64) -> Int {
        guard total > 0 else { return Int(random.next() % UInt64(weights.count)) }
        var point = Double(random.next() >> 11) / Double(1 << 53) * total
        for (place, weight) in weights.enumerated() {
            point -= weight
            if point < 0 { return place }
        }
        return weights.lastIndex(where: { $0 > 0 }) ?? 0
    }
}

/// A small fast generator for draws (SplitMix64); not for secrets.
package struct SplitMix64: RandomNumberGenerator, Sendable {
    private var state: UInt64

    package init(seed: UInt64) {
        state = seed
    }

    package mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
