import Contracts
package import EventLoop
import HTTPCore
package import HTTPServer
import InternalHTTP
import JSON
package import LogStore
import Postgres
import Synchronization
package import Telemetry

/// The internal route that takes shipments of call records.
package final class IngestRoutes: Sendable {
    /// Most names of gateway runs have 36 characters; a longer one is none of ours.
    private static let longestInstance = 128

    private let writer: LogWriter
    private let auth: PeerAuth
    private let permits: IngestPermits
    private let readers: BlockingPool
    private let metrics: IngestMetrics
    private let logger: Logger
    /// Whether the last shipment could not be stored; so that an outage is logged once and not with each try of each gateway.
    private let isFailing = Mutex(false)

    /// - Parameters:
    ///   - writer: Stores the records.
    ///   - key: The shared secret of the three services.
    ///   - concurrency: How many shipments are worked on at once; each may hold `LogShipment.maxBytes` and a connection.
    ///   - readers: Reads the lines, so that a large shipment does not hold up its loop.
    ///   - metrics: What is counted.
    ///   - logger: For what is lost and for outages.
    package init(
        writer: LogWriter, key: Redacted<String>, concurrency: Int, readers: BlockingPool, metrics: IngestMetrics,
        logger: Logger
    ) {
        self.writer = writer
        auth = PeerAuth(key: key)
        self.permits = IngestPermits(limit: concurrency)
        self.readers = readers
        self.metrics = metrics
        self.logger = logger
    }

    /// How many shipments are worked on now.
    package var inFlight: Int { permits.count }

    /// Adds the route.
    package func register(in router: inout Router) {
        router.on(.post, LogShipment.path) { [self] request, response in
            let ack: LogAck
            do {
                ack = try await take(request)
            } catch let fault as IngestFault {
                return try refuse(fault, response)
            }
            try response.respond(.ok, ["content-type": "application/json"], Self.encoded(ack))
        }
    }

    private func refuse(_ fault: IngestFault, _ response: ResponseWriter) throws(WriteError) {
        metrics.answered(fault.answer)
        var headers: HTTPHeaders = ["content-type": "application/json"]
        if let seconds = fault.retryAfter { headers.append("retry-after", String(seconds)) }
        try response.respond(fault.status, headers, fault.body)
    }

    private func take(_ request: ServerRequest) async throws -> LogAck {
        guard auth.admits(request.head.headers) else { throw IngestFault.unauthorized }
        let shipment = try shipment(request.head.headers)
        guard permits.take() else { throw IngestFault.busy }
        defer { permits.giveBack() }
        let bytes: [UInt8]
        do throws(BodyError) {
            bytes = try await request.body.collect(upTo: LogShipment.maxBytes)
        } catch {
            guard case .tooLarge(let limit) = error else { throw error }
            throw IngestFault.tooLarge(limit: limit)
        }
        let start = MonotonicTime.now()
        let body: ShipmentBody
        do {
            body = try await readers.run { ShipmentBody(bytes) }
        } catch is BlockingPoolError {
            throw IngestFault.busy
        }
        let ack = try await store(body, shipment)
        metrics.seconds.with().observe(start.duration(to: .now()))
        return ack
    }

    private func shipment(_ headers: HTTPHeaders) throws(IngestFault) -> LogShipment {
        let instance = headers.first(LogShipment.instanceHeader) ?? ""
        let isName = instance.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F }
        guard (1...Self.longestInstance).contains(instance.utf8.count), isName else {
            throw .malformed("\(LogShipment.instanceHeader) names no gateway run")
        }
        guard let sequence = headers.first(LogShipment.sequenceHeader).flatMap({ Int64($0) }), sequence > 0 else {
            throw .malformed("\(LogShipment.sequenceHeader) is no number above zero")
        }
        return LogShipment(instance: instance, sequence: sequence)
    }

    private func store(_ body: ShipmentBody, _ shipment: LogShipment) async throws -> LogAck {
        let receipt: LogReceipt
        do {
            receipt = try await writer.store(LogBatch(shipment, records: body.records))
        } catch let error as PostgresError {
            reportOutage(error)
            throw IngestFault(error)
        }
        reportRecovery()
        if receipt.isRepeat {
            metrics.answered(.repeated)
            return LogAck(sequence: receipt.sequence, stored: 0, rejected: 0)
        }
        metrics.answered(.stored)
        metrics.counted(
            stored: receipt.stored, bodies: receipt.bodies, rejected: body.rejected, refused: receipt.refused,
            expired: receipt.expired)
        metrics.missingBatches.increment(by: Int(clamping: receipt.missing))
        if let fault = body.firstFault {
            logger.error(
                "lines of a shipment were no call records",
                [
                    "instance": .string(shipment.instance), "sequence": .int(shipment.sequence),
                    "lines": .integer(body.rejected), "first": .string(fault),
                ])
        }
        return LogAck(
            sequence: receipt.sequence, stored: receipt.stored, rejected: body.rejected + receipt.refused)
    }

    private func reportOutage(_ error: PostgresError) {
        let isNew = isFailing.withLock { isFailing in
            defer { isFailing = true }
            return !isFailing
        }
        if isNew { logger.warning("shipments cannot be stored", ["error": .string("\(error)")]) }
    }

    private func reportRecovery() {
        let wasFailing = isFailing.withLock { isFailing in
            defer { isFailing = false }
            return isFailing
        }
        if wasFailing { logger.info("shipments are stored again") }
    }

    private static func encoded(_ ack: LogAck) -> [UInt8] {
        var writer = JSONWriter()
        writer.object { writer in
            writer.field("sequence", ack.sequence)
            writer.field("stored", ack.stored)
            writer.field("rejected", ack.rejected)
        }
        return writer.bytes
    }
}
