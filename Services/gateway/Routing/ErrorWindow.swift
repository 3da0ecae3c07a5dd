import Contracts

/// Counts of one (channel, model) in ten-second slices over two minutes (contract relay §3); pure.
package struct ErrorWindow: Sendable {
    /// Finished attempts, and how many of them were errors of the channel.
    package struct Sum: Equatable, Sendable {
        package var requests = 0
        package var errors = 0

        /// The share of errors, 0 with fewer than ten requests.
        package var rate: Double {
            requests < HealthReport.minimumRequests ? 0 : Double(errors) / Double(requests)
        }

        static func + (left: Self, right: Self) -> Self {
            Self(requests: left.requests + right.requests, errors: left.errors + right.errors)
        }
    }

    private struct Slice: Sendable {
        var start: UInt64 = 0
        var requests: UInt32 = 0
        var errors: UInt32 = 0
    }

    private var slices = [Slice](repeating: Slice(), count: HealthReport.window / HealthReport.slice)
    private static let sliceSeconds = UInt64(HealthReport.slice)

    package init() {}

    /// Counts one finished attempt.
    package mutating func record(isError: Bool, atSecond now: UInt64) {
        let start = now / Self.sliceSeconds
        let place = Int(start % UInt64(slices.count))
        if slices[place].start != start { slices[place] = Slice(start: start) }
        slices[place].requests += 1
        if isError { slices[place].errors += 1 }
    }

    /// What the window holds.
    package func sum(atSecond now: UInt64) -> Sum {
        let start = now / Self.sliceSeconds
        var sum = Sum()
        for slice in slices where slice.start + UInt64(slices.count) > start && slice.start <= start {
            sum.requests += Int(slice.requests)
            sum.errors += Int(slice.errors)
        }
        return sum
    }

    /// The share of errors in the window, 0 with fewer than ten requests.
    package func rate(atSecond now: UInt64) -> Double {
        sum(atSecond: now).rate
    }
}
