package import Contracts

/// The records of one shipment.
package struct LogBatch: Sendable {
    /// Whose batch it is and where it stands in the order of that gateway.
    package var shipment: LogShipment
    /// The records in the order in which they were shipped.
    package var records: [CallRecord]

    /// A batch from its parts.
    package init(_ shipment: LogShipment, records: [CallRecord]) {
        self.shipment = shipment
        self.records = records
    }
}

/// What became of a batch.
package struct LogReceipt: Equatable, Sendable {
    /// The newest sequence of the instance that is committed.
    package var sequence: Int64
    /// How many records were stored now.
    package var stored = 0
    /// How many bodies were stored with them.
    package var bodies = 0
    /// How many rows PostgreSQL refused.
    package var refused = 0
    /// How many records were older than the storage terms, or came while none are stored.
    package var expired = 0
    /// Whether the batch had been stored before; then nothing was done.
    package var isRepeat = false
    /// How many batches between the last one and this one never came.
    package var missing: Int64 = 0
}
