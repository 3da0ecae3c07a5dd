/// How long to wait before the next attempt: doubles from the shortest to the longest, and takes between half and all of that. Pure.
///
/// With 100 ms … 5 s: attempt 1 waits 50–100 ms, 2: 100–200 ms, 3: 200–400 ms, … from 7 on 2.5–5 s.
/// The random half keeps many replicas from knocking at the same moment when a server comes back.
struct Backoff: Equatable, Sendable {
    /// Shortest and longest wait before the random part.
    var range: ClosedRange<Duration>

    /// The wait after this many failures in a row.
    func delay(afterFailures failures: Int, using generator: inout some RandomNumberGenerator) -> Duration {
        let doublings = min(max(failures, 1) - 1, 30)
        let whole = min(range.upperBound, range.lowerBound * (1 << doublings))
        return whole / 2 + whole / 2 * Double.random(in: 0...1, using: &generator)
    }
}

/// A small seeded generator (SplitMix64), so that decisions that need chance are values and can be replayed.
struct SeededGenerator: RandomNumberGenerator, Equatable, Sendable {
    private var state: UInt64

    /// A generator whose numbers follow from the seed.
    init(seed: UInt64) {
        state = seed
    }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
