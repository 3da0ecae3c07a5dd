import Contracts

/// What one batch adds to the totals, made in memory, so that a batch costs one statement however many records it has.
///
/// Attempts count at their channels; a call counts at its token and its group. Records of any age are counted: a clock that is wrong makes a call no less a call.
struct TotalsBatch {
    struct Key: Hashable, Comparable {
        let kind: TotalKind
        let key: String

        static func < (left: Key, right: Key) -> Bool {
            (left.kind.rawValue, left.key) < (right.kind.rawValue, right.key)
        }
    }

    struct Sum: Equatable {
        var requests: Int64 = 0
        var retries: Int64 = 0
        /// The beginning of a minute.
        var lastAt: Int64 = .min
    }

    private(set) var sums: [Key: Sum] = [:]

    /// Sums the records.
    ///
    /// - Parameters:
    ///   - records: What is added.
    ///   - now: No call is newer than this, whatever the gateway's clock said.
    init(_ records: some Sequence<CallRecord>, now: Int64) {
        for record in records { add(record, now: now) }
    }

    private mutating func add(_ record: CallRecord, now: Int64) {
        let minute = CivilDate.floored(min(record.finishedAt, now), to: RollupGrain.minute.width)
        if let channel = record.channel { add(.channel, String(channel), at: minute) }
        for attempt in record.attempts.dropLast() {
            add(.channel, String(attempt.channel), at: minute, isRetried: true)
        }
        if let token = record.tokenID { add(.token, String(token), at: minute) }
        if !record.group.isEmpty { add(.group, RollupBatch.key(record.group), at: minute) }
    }

    private mutating func add(_ kind: TotalKind, _ key: String, at minute: Int64, isRetried: Bool = false) {
        var sum = sums[Key(kind: kind, key: key)] ?? Sum()
        sum.requests += 1
        if isRetried { sum.retries += 1 }
        sum.lastAt = max(sum.lastAt, minute)
        sums[Key(kind: kind, key: key)] = sum
    }
}
