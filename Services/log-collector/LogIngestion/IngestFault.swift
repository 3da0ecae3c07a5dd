import Contracts
import HTTPCore
import JSON
import Postgres

/// What the ingest route answers instead of an acknowledgement.
struct IngestFault: Error, Equatable {
    let status: HTTPStatus
    let answer: IngestMetrics.Answer
    let fault: Fault
    /// Seconds to wait; the shipment is worth sending again.
    var retryAfter: Int?

    static let unauthorized = IngestFault(
        status: .unauthorized, answer: .unauthorized,
        fault: Fault(code: "unauthorized", message: "the internal key is missing or wrong"))

    static let busy = IngestFault(
        status: .serviceUnavailable, answer: .busy,
        fault: Fault(code: "busy", message: "as many shipments are worked on as may be"), retryAfter: 1)

    static func malformed(_ message: String) -> IngestFault {
        IngestFault(status: .badRequest, answer: .malformed, fault: Fault(code: "malformed", message: message))
    }

    static func tooLarge(limit: Int) -> IngestFault {
        IngestFault(
            status: .contentTooLarge, answer: .malformed,
            fault: Fault(code: "too_large", message: "a shipment has at most \(limit) bytes"))
    }

    /// What an error while storing means for the gateway: always 503, because the records are good and an operator can mend the rest.
    init(_ error: PostgresError) {
        switch error {
        case .unavailable, .poolTimeout, .overloaded, .shutDown, .commitOutcomeUnknown, .statementTimeout, .cancelled:
            self.init(unavailable: "PostgreSQL cannot take the shipment now")
        case .server(.undefinedTable, _, _, _), .server("3F000", _, _, _):
            self.init(unavailable: "the schema is not migrated yet")
        case let error where error.isTransient: self.init(unavailable: "PostgreSQL cannot take the shipment now")
        default:
            self.init(
                status: .serviceUnavailable, answer: .failed,
                fault: Fault(code: "store_failed", message: "PostgreSQL refused the shipment: \(error.code)"),
                retryAfter: 5)
        }
    }

    init(status: HTTPStatus, answer: IngestMetrics.Answer, fault: Fault, retryAfter: Int? = nil) {
        self.status = status
        self.answer = answer
        self.fault = fault
        self.retryAfter = retryAfter
    }

    private init(unavailable message: String) {
        self.init(
            status: .serviceUnavailable, answer: .unavailable, fault: Fault(code: "unavailable", message: message),
            retryAfter: 1)
    }

    var body: [UInt8] {
        var writer = JSONWriter()
        writer.object { writer in
            writer.field("code", fault.code)
            writer.field("message", fault.message)
        }
        return writer.bytes
    }
}
