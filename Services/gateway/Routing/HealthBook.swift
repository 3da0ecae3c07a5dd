import Synchronization

/// Counts of one (channel, model) in ten-second slices over two minutes (contract relay §3); pure.
package struct ErrorWindow: Sendable {
    private struct Slice: Sendable {
        var start: UInt64 = 0
        var requests: UInt32 = 0
        var errors: UInt32 = 0
    }

    private var slices = [Slice](repeating: Slice(), count: 12)
    private static let sliceSeconds: UInt64 = 10
    /// Below this many requests nothing can be said.
    package static let minimumRequests = 10

    package init() {}

    /// Counts one finished attempt.
    package mutating func record(isError: Bool, atSecond now: UInt64) {
        let start = now / Self.sliceSeconds
        let place = Int(start % UInt64(slices.count))
        if slices[place].start != start { slices[place] = Slice(start: start) }
        slices[place].requests += 1
        if isError { slices[place].errors += 1 }
    }

    /// The share of errors in the window, 0 with fewer than ten requests.
    package func rate(atSecond now: UInt64) -> Double {
        let start = now / Self.sliceSeconds
        var requests = 0
        var errors = 0
        for slice in slices where slice.start + UInt64(slices.count) > start && slice.start <= start {
            requests += Int(slice.requests)
            errors += Int(slice.errors)
        }
        return requests < Self.minimumRequests ? 0 : Double(errors) / Double(requests)
    }
}

/// What this gateway saw of each (channel, model) lately.
///
/// Bound: one window per pair that the snapshot can name; at 50 000 pairs the book is emptied, which only forgets two minutes.
package final class HealthBook: Sendable {
    private struct Key: Hashable {
        let channel: Int
        let model: String
    }

    private let windows = Mutex<[Key: ErrorWindow]>([:])
    private static let maxPairs = 50_000

    package init() {}

    /// Counts one finished attempt.
    package func record(channel: Int, model: String, isError: Bool, atSecond now: UInt64) {
        windows.withLock { windows in
            if windows.count >= Self.maxPairs { windows.removeAll() }
            windows[Key(channel: channel, model: model), default: ErrorWindow()].record(isError: isError, atSecond: now)
        }
    }

    /// The error rates of some channels for a model, in their order.
    package func rates(_ channels: [RoutedChannel], model: String, atSecond now: UInt64) -> [Double] {
        windows.withLock { windows in
            channels.map { windows[Key(channel: $0.id, model: model)]?.rate(atSecond: now) ?? 0 }
        }
    }
}
