import Synchronization

/// Makes the ids that every answer carries as `x-request-id`.
///
/// The first 16 digits are the arrival in Unix microseconds, as AI Proxy's ids are (contract relay §1.1). Six more digits, four of them drawn once per process,
/// keep replicas and calls of one microsecond apart.
package final class RequestIDSource: Sendable {
    private let process: UInt64
    private let counter = Atomic<UInt64>(0)

    /// Makes a source; `seed` is random per process.
    package init(seed: UInt64) {
        process = seed % 10_000
    }

    /// A new id for a call that arrived at this time.
    package func next(arrival microseconds: Int64) -> String {
        let count = counter.wrappingAdd(1, ordering: .relaxed).oldValue
        let suffix = process * 100 + count % 100
        let digits = String(suffix)
        return String(max(0, microseconds)) + String(repeating: "0", count: 6 - digits.utf8.count) + digits
    }
}
