/// How long records and bodies are kept (contract relay §6.4).
package struct StorageTerms: Equatable, Sendable {
    /// Hours that a record is kept; 0 keeps it for ever, a negative number stores none at all.
    package var recordHours: Int
    /// Hours that the bodies of a failed call are kept; 0 keeps them as long as the record, a negative number stores none.
    package var bodyHours: Int

    /// Terms from their hours.
    package init(recordHours: Int = 720, bodyHours: Int = 1) {
        self.recordHours = recordHours
        self.bodyHours = bodyHours
    }

    /// Whether new records are stored.
    package var storesRecords: Bool { recordHours >= 0 }

    /// Whether new bodies are stored.
    package var storesBodies: Bool { storesRecords && bodyHours >= 0 }

    /// Records that ended before this are gone or about to go; `nil` when they stay for ever.
    package func recordCutoff(now: Int64) -> Int64? {
        Self.cutoff(hours: recordHours, now: now)
    }

    /// Bodies of calls that ended before this are gone or about to go; `nil` when they stay for ever.
    ///
    /// A body never outlives its record.
    package func bodyCutoff(now: Int64) -> Int64? {
        let record = recordCutoff(now: now)
        guard bodyHours != 0, let body = Self.cutoff(hours: bodyHours, now: now) else { return record }
        return max(body, record ?? body)
    }

    private static func cutoff(hours: Int, now: Int64) -> Int64? {
        if hours == 0 { return nil }
        return now - Int64(max(0, min(hours, longest))) * 3_600_000_000
    }

    /// A thousand years: longer terms mean the same and would overflow.
    private static let longest = 8_766_000
}
