/// One attempt that may be made, with the reason that is kept with the record.
package struct PlannedAttempt: Sendable {
    package let channel: RoutedChannel
    package let reason: String

    package init(channel: RoutedChannel, reason: String) {
        self.channel = channel
        self.reason = reason
    }
}

/// Orders the candidates of a call (contract relay §2.2); pure.
package enum Planner {
    /// A channel with more errors than this is taken only when nothing better is left.
    package static let worstRate = 0.85

    /// The order in which channels are tried: drawn by weight = priority / (error rate + 0.1)², those with many errors last.
    ///
    /// - Parameters:
    ///   - candidates: The channels that can serve the call.
    ///   - rates: Their error rates from 0 to 1, in the same order.
    ///   - limit: How many attempts may be made at most.
    package static func order(
        _ candidates: [RoutedChannel], rates: [Double], limit: Int, using random: inout SplitMix64
    ) -> [PlannedAttempt] {
        guard candidates.count > 1 else {
            return candidates.map { PlannedAttempt(channel: $0, reason: "only channel") }
        }
        var healthy: [(channel: RoutedChannel, weight: Double)] = []
        var poor: [(channel: RoutedChannel, rate: Double)] = []
        for (channel, rate) in zip(candidates, rates) {
            if rate <= worstRate {
                healthy.append((channel, channel.weight / ((rate + 0.1) * (rate + 0.1))))
            } else {
                poor.append((channel, rate))
            }
        }
        var plan: [PlannedAttempt] = []
        while plan.count < limit, !healthy.isEmpty {
            let total = healthy.reduce(0) { $0 + $1.weight }
            let place = draw(healthy.map(\.weight), total: total, using: &random)
            let share = total > 0 ? healthy[place].weight / total : 1 / Double(healthy.count)
            let reason = "drawn by weight, \(Int((share * 100).rounded()))% of \(healthy.count) channels"
            plan.append(PlannedAttempt(channel: healthy.remove(at: place).channel, reason: reason))
        }
        for (channel, rate) in poor.sorted(by: { $0.rate < $1.rate }) where plan.count < limit {
            let reason = "last resort, \(Int((rate * 100).rounded()))% errors"
            plan.append(PlannedAttempt(channel: channel, reason: reason))
        }
        return plan
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
