import Glibc

/// A point on the machine's monotonic clock (`CLOCK_MONOTONIC`), in nanoseconds.
///
/// A plain 64-bit number, because `ContinuousClock.Instant` costs 128-bit arithmetic on every comparison.
package struct MonotonicTime: Comparable, Hashable, Sendable {
    /// Nanoseconds since an arbitrary start; never goes back.
    package var nanoseconds: UInt64

    /// A point given in nanoseconds; tests use it to make times by hand.
    package init(nanoseconds: UInt64) {
        self.nanoseconds = nanoseconds
    }

    /// Reads the clock.
    package static func now() -> Self {
        var time = timespec()
        unsafe clock_gettime(CLOCK_MONOTONIC, &time)
        return Self(nanoseconds: UInt64(time.tv_sec) &* 1_000_000_000 &+ UInt64(time.tv_nsec))
    }

    /// The point `duration` later; a negative duration stops at zero, a huge one at the end of the clock.
    package func advanced(by duration: Duration) -> Self {
        let step = duration.clampedNanoseconds
        if step >= 0 {
            let (sum, overflow) = nanoseconds.addingReportingOverflow(UInt64(step))
            return Self(nanoseconds: overflow ? .max : sum)
        }
        let back = step.magnitude
        return Self(nanoseconds: back > nanoseconds ? 0 : nanoseconds - back)
    }

    /// The time from here to `other`; negative when `other` is earlier.
    package func duration(to other: Self) -> Duration {
        other.nanoseconds >= nanoseconds
            ? .nanoseconds(Int64(clamping: other.nanoseconds - nanoseconds))
            : .nanoseconds(-Int64(clamping: nanoseconds - other.nanoseconds))
    }

    package static func < (left: Self, right: Self) -> Bool {
        left.nanoseconds < right.nanoseconds
    }
}

extension Duration {
    /// Whole nanoseconds, held at the ends of `Int64` (292 years).
    package var clampedNanoseconds: Int64 {
        let (seconds, attoseconds) = components
        let (scaled, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        guard !overflow else { return seconds < 0 ? .min : .max }
        let (sum, overflowed) = scaled.addingReportingOverflow(attoseconds / 1_000_000_000)
        return overflowed ? (seconds < 0 ? .min : .max) : sum
    }

    /// Whole milliseconds, rounded down.
    package var wholeMilliseconds: Int64 {
        clampedNanoseconds / 1_000_000
    }
}
