import Synchronization

/// Makes the ids that every answer carries as `x-request-id`.
///
/// The first 16 digits are the arrival in Unix microseconds, as AI Proxy's ids are (contract relay §1.1). Six more digits, four of them drawn once per process,
/// keep replicas and calls of one microsecond apart.
package final class RequestIDSource: Sendable {
    private let process: UInt64
    private let counter = Atomic<UInt64>(0)
    private static let digits = 22

    /// Makes a source; `seed` is random per process.
    package init(seed: UInt64) {
        process = seed % 10_000
    }

    /// A new id for a call that arrived at this time.
    package func next(arrival microseconds: Int64) -> String {
        let count = counter.wrappingAdd(1, ordering: .relaxed).oldValue
        var suffix = process * 100 + count % 100
        var arrival = UInt64(max(0, microseconds))
        return unsafe String(unsafeUninitializedCapacity: Self.digits) { text in
            for place in (16..<Self.digits).reversed() {
                unsafe text[place] = UInt8(ascii: "0") + UInt8(suffix % 10)
                suffix /= 10
            }
            for place in (0..<16).reversed() {
                unsafe text[place] = UInt8(ascii: "0") + UInt8(arrival % 10)
                arrival /= 10
            }
            return Self.digits
        }
    }
}
