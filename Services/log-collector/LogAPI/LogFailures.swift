import AdminHTTP
import HTTPCore
import HTTPServer
import LogStore
import Postgres
import Telemetry

/// Turns what goes wrong behind the log routes into what the caller is told.
struct LogFailures: Sendable {
    private let metrics: LogMetrics
    private let logger: Logger

    init(metrics: LogMetrics, logger: Logger) {
        self.metrics = metrics
        self.logger = logger
    }

    /// There is no such log, or nothing is kept of it (any more).
    static let notFound = AdminFailure(.notFound, "record not found")

    func answer(_ error: any Error, _ request: ServerRequest) -> AdminFailure {
        if let failure = error as? AdminFailure { return failure }
        if error is RollupReader.TooMany {
            return AdminFailure(
                .badRequest, "the answer would have too many points; narrow the time range or take a longer timespan")
        }
        let failure = (error as? PostgresError).map(Self.failure) ?? Self.unexpected
        metrics.failures.with((error as? PostgresError)?.code ?? "other").increment()
        let about: LogFields = [
            "request_id": .string(AdminGate.requestID(of: request)), "route": .string(request.route ?? ""),
            "error": .string("\(error)"),
        ]
        if failure.status == .internalServerError {
            logger.error("a log request failed", about)
        } else {
            logger.warning("a log request could not be answered", about)
        }
        return failure
    }

    private static let unexpected = AdminFailure(
        .internalServerError, "internal error; the log of log-collector has more")

    private static func failure(_ error: PostgresError) -> AdminFailure {
        switch error {
        case .statementTimeout:
            AdminFailure(
                .serviceUnavailable, "the search took too long and was stopped; narrow the time range or the filter")
        case .server(.undefinedTable, _, _, _), .server("3F000", _, _, _):
            AdminFailure(.serviceUnavailable, "the log store is not set up yet", retryAfter: 5)
        case .unavailable, .poolTimeout, .overloaded, .shutDown, .commitOutcomeUnknown:
            AdminFailure(.serviceUnavailable, "the log store is not available; try again", retryAfter: 1)
        case let error where error.isTransient:
            AdminFailure(.serviceUnavailable, "the log store is busy; try again", retryAfter: 1)
        default: unexpected
        }
    }
}
