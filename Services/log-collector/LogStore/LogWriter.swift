import Contracts
package import Postgres
package import Telemetry

/// Stores shipments: rows, their sums and totals, and the position of the gateway in one transaction, so that each record is stored and counted exactly once (design §4).
///
/// The position is written first. Its row lock makes a second try of the same batch wait for the first one, and the condition on the sequence then makes it
/// a repeat; there are no unique keys on records, and `COPY` stays plain.
package struct LogWriter: Sendable {
    private let pool: PostgresPool
    private let terms: @Sendable () -> StorageTerms
    private let partitions: PartitionKeeper
    private let logger: Logger
    private let now: @Sendable () -> Int64

    /// - Parameters:
    ///   - pool: Used for ingestion only, so that a search never waits in front of it; with `synchronous_commit` on.
    ///   - terms: What is stored at all; asked anew for each batch.
    ///   - partitions: Makes the partitions that a batch needs.
    ///   - logger: Told about refused rows and gaps.
    ///   - now: The time in Unix microseconds.
    package init(
        pool: PostgresPool, terms: @autoclosure @escaping @Sendable () -> StorageTerms, partitions: PartitionKeeper,
        logger: Logger, now: @escaping @Sendable () -> Int64 = WallClock.microseconds
    ) {
        self.pool = pool
        self.terms = terms
        self.partitions = partitions
        self.logger = logger
        self.now = now
    }

    /// Stores a batch, or finds that it is stored.
    ///
    /// - Throws: What PostgreSQL says about anything but a single row. Then nothing is stored, or, for `.commitOutcomeUnknown`, perhaps everything; the gateway sends
    ///   the batch again in both cases.
    package func store(_ batch: LogBatch) async throws -> LogReceipt {
        let now = now()
        let terms = terms()
        let (kept, unstored) = Self.parted(batch.records, terms, now: now)
        await makePartitions(for: kept, terms, now: now)
        var receipt: LogReceipt
        do {
            receipt = try await store(kept, unstored, of: batch.shipment, terms, now: now) {
                connection, records throws(PostgresError) in
                try await copyWhole(records[...], on: connection)
            }
        } catch let error as PostgresError where error.concernsOneRow {
            receipt = try await store(kept, unstored, of: batch.shipment, terms, now: now) {
                connection, records throws(PostgresError) in
                try await copyApart(records[...], on: connection)
            }
        }
        receipt.expired = receipt.isRepeat ? 0 : batch.records.count - kept.count
        report(receipt, of: batch.shipment, areExpected: !terms.storesRecords)
        return receipt
    }

    /// The sums know calls of the last year: an older time is a clock that is wrong.
    private static let longestSummed = 366 * LogTable.calls.width

    /// Records whose rows are stored, and those that the terms let only be summed.
    private static func parted(
        _ records: [CallRecord], _ terms: StorageTerms, now: Int64
    ) -> (kept: [CallRecord], unstored: [CallRecord]) {
        guard terms.storesRecords else { return ([], records) }
        guard let cutoff = terms.recordCutoff(now: now) else { return (records, []) }
        return (records.filter { $0.finishedAt >= cutoff }, records.filter { $0.finishedAt < cutoff })
    }

    /// A partition that cannot be made now is no reason to keep a batch waiting: its rows fall into the `_other` partition.
    private func makePartitions(for records: [CallRecord], _ terms: StorageTerms, now: Int64) async {
        var wanted: Set<LogPartition> = []
        for record in records where PartitionKeeper.isPlausible(record.finishedAt, now: now) {
            wanted.insert(LogPartition(of: .calls, containing: record.finishedAt))
            if Self.keepsBody(record, terms, now: now) {
                wanted.insert(LogPartition(of: .bodies, containing: record.finishedAt))
            }
        }
        do {
            try await partitions.ensure(wanted)
        } catch {
            logger.warning("a log partition could not be made", ["error": .string("\(error)")])
        }
    }

    private static func keepsBody(_ record: CallRecord, _ terms: StorageTerms, now: Int64) -> Bool {
        guard terms.storesBodies, record.requestBody != nil || record.responseBody != nil else { return false }
        return record.finishedAt >= terms.bodyCutoff(now: now) ?? .min
    }

    private func store(
        _ records: [CallRecord], _ unstored: [CallRecord], of shipment: LogShipment, _ terms: StorageTerms,
        now: Int64,
        copy: @Sendable (PostgresConnection, [CallRows.Numbered]) async throws(PostgresError) -> Copied
    ) async throws -> LogReceipt {
        try await pool.transaction { connection in
            guard let claim = try await claim(shipment, count: records.count, on: connection) else {
                let committed = try await connection.query(
                    "SELECT sequence FROM logs.positions WHERE instance = \(shipment.instance)")
                let sequence = try committed.first?.decode("sequence", as: Int64.self) ?? shipment.sequence
                return LogReceipt(sequence: sequence, isRepeat: true)
            }
            let numbered = zip(claim.ids, records).map { id, record in
                CallRows.Numbered(id: id, record: record, keepsBody: Self.keepsBody(record, terms, now: now))
            }
            let copied = try await copy(connection, numbered)
            let refused = Set(copied.refused)
            let counted = numbered.lazy.filter { !refused.contains($0.id) }.map(\.record) + unstored
            try await RollupWriter.add(RollupBatch(counted, since: now - Self.longestSummed), on: connection)
            try await TotalsWriter.add(TotalsBatch(counted, now: now), on: connection)
            return LogReceipt(
                sequence: shipment.sequence, stored: copied.calls, bodies: copied.bodies, refused: copied.refused.count,
                missing: max(0, shipment.sequence - claim.previous - 1))
        }
    }

    /// Moves the position forward and takes ids; `nil` when the position is there already.
    private func claim(
        _ shipment: LogShipment, count: Int, on connection: PostgresConnection
    ) async throws -> (previous: Int64, ids: [Int64])? {
        let rows = try await connection.query(
            """
            WITH moved AS (
                INSERT INTO logs.positions AS p (instance, sequence, previous_sequence, updated_at)
                VALUES (\(shipment.instance), \(shipment.sequence), 0, now())
                ON CONFLICT (instance) DO UPDATE
                SET sequence = excluded.sequence, previous_sequence = p.sequence, updated_at = excluded.updated_at
                WHERE p.sequence < excluded.sequence
                RETURNING previous_sequence
            )
            SELECT previous_sequence,
                   ARRAY(SELECT nextval('logs.call_id') FROM generate_series(1, \(count)::integer)) AS ids
            FROM moved
            """)
        guard let row = rows.first else { return nil }
        return try (row.decode("previous_sequence"), row.decode("ids"))
    }

    /// Copies the rows; when PostgreSQL refuses one of them, the halves are tried on their own, down to the row itself.
    ///
    /// Only a batch that was refused as a whole comes here: savepoints cost two turns to the server, which a good batch need not pay.
    private func copyApart(
        _ records: ArraySlice<CallRows.Numbered>, on connection: PostgresConnection
    ) async throws(PostgresError) -> Copied {
        try await connection.simple("SAVEPOINT rows")
        let fault: PostgresError
        do throws(PostgresError) {
            let copied = try await copyWhole(records, on: connection)
            try await connection.simple("RELEASE SAVEPOINT rows")
            return copied
        } catch {
            guard error.concernsOneRow else { throw error }
            fault = error
        }
        try await connection.simple("ROLLBACK TO SAVEPOINT rows; RELEASE SAVEPOINT rows")
        guard records.count > 1 else {
            reportRefused(records, fault)
            return Copied(refused: records.map(\.id))
        }
        let middle = records.startIndex + records.count / 2
        return try await copyApart(records[..<middle], on: connection) + copyApart(records[middle...], on: connection)
    }

    private func copyWhole(
        _ records: ArraySlice<CallRows.Numbered>, on connection: PostgresConnection
    ) async throws(PostgresError) -> Copied {
        if records.isEmpty { return Copied() }
        let rows = CallRows(records)
        var copied = Copied(calls: try await connection.copyIn(CallRows.copyCalls, rows.calls.bytes))
        if rows.bodies.rows > 0 {
            copied.bodies = try await connection.copyIn(CallRows.copyBodies, rows.bodies.bytes)
        }
        return copied
    }

    /// The server's message may quote a value of the row, which is a caller's text; the state says as much as is needed.
    private func reportRefused(_ records: ArraySlice<CallRows.Numbered>, _ fault: PostgresError) {
        var fields: LogFields = [
            "request_id": .string(String(records.first?.record.requestID.prefix(64) ?? "")),
            "error": .string(fault.code),
        ]
        if case .server(let state, _, _, _) = fault { fields.append("sqlstate", .string(state.code)) }
        logger.error("PostgreSQL refused a call record", fields)
    }

    /// While no records are stored at all it is no news that these were not.
    private func report(_ receipt: LogReceipt, of shipment: LogShipment, areExpected: Bool) {
        let about: LogFields = ["instance": .string(shipment.instance), "sequence": .int(shipment.sequence)]
        let logger = logger.with(about)
        if receipt.missing > 0 {
            logger.warning("batches of call records never came", ["missing_batches": .int(receipt.missing)])
        }
        if receipt.expired > 0, !areExpected {
            logger.warning(
                "call records came after the end of their storage time", ["records": .integer(receipt.expired)])
        }
    }
}

/// How many rows a copy put where.
private struct Copied {
    var calls = 0
    var bodies = 0
    /// The ids that the refused rows would have had.
    var refused: [Int64] = []

    static func + (left: Copied, right: Copied) -> Copied {
        Copied(
            calls: left.calls + right.calls, bodies: left.bodies + right.bodies, refused: left.refused + right.refused)
    }
}

extension PostgresError {
    /// Whether the error is about a value of a row and not about the server, the connection or the statement.
    var concernsOneRow: Bool {
        switch self {
        case .uniqueViolation, .foreignKeyViolation, .checkViolation, .notNullViolation: true
        case .server(let state, _, _, _): ["22", "23", "54"].contains(state.code.prefix(2))
        default: false
        }
    }
}
