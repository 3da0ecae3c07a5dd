/// Where a batch of call records stands in the order of one gateway; carried in headers beside the body.
///
/// The body of a shipment is `application/x-ndjson`: one `CallRecord` a line. Sequence numbers of one instance grow by one with each batch. The collector
/// commits the rows and the number together, so that a batch that is sent again after a lost answer is recognised and skipped (design §4).
package struct LogShipment: Codable, Sendable, Equatable {
    /// Names one run of one gateway; a new run has a new name and starts again at sequence 1.
    package var instance: String
    package var sequence: Int64

    package init(instance: String, sequence: Int64) {
        self.instance = instance
        self.sequence = sequence
    }

    /// The header that carries `instance`.
    package static let instanceHeader = "x-log-instance"
    /// The header that carries `sequence`.
    package static let sequenceHeader = "x-log-sequence"
    /// The route that takes shipments.
    package static let path = "/internal/v1/logs"
    /// No batch is larger than this.
    package static let maxBytes = 8 * 1024 * 1024
    /// No batch holds more records than this.
    package static let maxRecords = 2_000
}

/// The collector's answer to a shipment.
package struct LogAck: Codable, Sendable, Equatable {
    /// The newest sequence of this instance that is committed.
    package var sequence: Int64
    /// How many records of this shipment were stored now; 0 when it had been stored before.
    package var stored: Int
    /// How many lines were no call record; they are counted, logged and never block the rest.
    package var rejected: Int

    package init(sequence: Int64, stored: Int, rejected: Int) {
        self.sequence = sequence
        self.stored = stored
        self.rejected = rejected
    }
}
