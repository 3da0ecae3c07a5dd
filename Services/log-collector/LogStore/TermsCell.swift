package import Postgres
import Synchronization

/// What the options of the registry say about storage times; `nil` for an option that is not set.
///
/// `RetryLogStorageHours` and `CleanLogBatchSize` change nothing here: the attempts of a call are kept in its record, and old records go by partitions.
package struct OptionTerms: Equatable, Sendable {
    package var recordHours: Int?
    package var bodyHours: Int?

    /// Reads them from the options that are set.
    package init(_ options: [String: String]) {
        recordHours = options["LogStorageHours"].flatMap { Int($0) }
        bodyHours = options["LogDetailStorageHours"].flatMap { Int($0) }
    }
}

/// The storage terms that are in force now: what the environment says, else the options of the registry, else the defaults.
///
/// Options come while the service runs and take effect with the next batch, search and round of retention. Until they are known, from the registry or from what was
/// saved of them, nothing goes that the environment does not let go: a registry that starts later than its collector must not cost a year of records.
package final class TermsCell: Sendable {
    private let recordHours: Int?
    private let bodyHours: Int?
    private let options = Mutex<OptionTerms?>(nil)

    /// A cell that knows no options yet.
    ///
    /// - Parameters:
    ///   - recordHours: `LOG_STORAGE_HOURS`; `nil` leaves it to the option `LogStorageHours`.
    ///   - bodyHours: `LOG_DETAIL_STORAGE_HOURS`; `nil` leaves it to the option `LogDetailStorageHours`.
    package init(recordHours: Int? = nil, bodyHours: Int? = nil) {
        self.recordHours = recordHours
        self.bodyHours = bodyHours
    }

    /// The terms now.
    package var current: StorageTerms {
        let options = options.withLock { $0 }
        let standard = options == nil ? StorageTerms(recordHours: 0, bodyHours: 0) : StorageTerms()
        return StorageTerms(
            recordHours: recordHours ?? options?.recordHours ?? standard.recordHours,
            bodyHours: bodyHours ?? options?.bodyHours ?? standard.bodyHours)
    }

    /// Whether the terms are more than a guess.
    package var isKnown: Bool { recordHours != nil && bodyHours != nil || options.withLock { $0 != nil } }

    /// Takes what the registry says.
    ///
    /// - Returns: Whether it said something else before, or nothing.
    @discardableResult
    package func apply(_ terms: OptionTerms) -> Bool {
        options.withLock { options in
            defer { options = terms }
            return options != terms
        }
    }

    /// Takes what was saved, unless the registry spoke meanwhile.
    package func restore(_ terms: OptionTerms) {
        options.withLock { $0 = $0 ?? terms }
    }
}

/// Keeps the options in the log database too, for a start while the registry is down.
package struct TermsStore: Sendable {
    private let pool: PostgresPool

    /// A store over a pool.
    package init(pool: PostgresPool) {
        self.pool = pool
    }

    /// What was saved last; `nil` when nothing ever was.
    package func load() async throws(PostgresError) -> OptionTerms? {
        let rows = try await pool.query("SELECT record_hours, body_hours FROM logs.option_terms")
        guard let row = rows.first else { return nil }
        var terms = OptionTerms([:])
        terms.recordHours = try row.decode("record_hours")
        terms.bodyHours = try row.decode("body_hours")
        return terms
    }

    /// Saves what the registry said.
    package func save(_ terms: OptionTerms) async throws(PostgresError) {
        _ = try await pool.execute(
            """
            INSERT INTO logs.option_terms AS old (record_hours, body_hours)
            VALUES (\(terms.recordHours), \(terms.bodyHours))
            ON CONFLICT (is_only) DO UPDATE SET record_hours = excluded.record_hours, body_hours = excluded.body_hours
            """)
    }
}
