/// Everything that can go wrong between us and PostgreSQL.
///
/// No case ever carries SQL text, a parameter or a password. `message` is the server's primary message; its DETAIL, which quotes row values, is dropped.
package enum PostgresError: Error, Equatable, Sendable {
    /// The DSN or a setting makes no sense; says which part, never its text.
    case configuration(String)
    /// There is no server to talk to, or the connection died; what was running may or may not have happened.
    case unavailable(String)
    /// Every connection was in use for the whole wait timeout.
    case poolTimeout
    /// As many callers wait for a connection as may wait.
    case overloaded
    /// The pool was shut down.
    case shutDown
    /// The task was cancelled; the statement was stopped.
    case cancelled
    /// The statement took longer than the session allows, or an administrator stopped it.
    case statementTimeout
    /// A row with this key exists already.
    case uniqueViolation(constraint: String)
    /// A row refers to one that does not exist, or is still referred to.
    case foreignKeyViolation(constraint: String)
    /// A row breaks a check constraint.
    case checkViolation(constraint: String)
    /// A required column has no value.
    case notNullViolation(column: String)
    /// Any other error of the server.
    case server(SQLState, message: String, constraint: String? = nil, table: String? = nil)
    /// A second operation was started on a connection while the first still runs.
    case connectionBusy
    /// A parameter (counted from 1) cannot be sent.
    case encode(parameter: Int, reason: String)
    /// A value cannot be read as the wanted type; the reason never quotes the value.
    case decode(column: String, reason: String)
    /// `COMMIT` was sent and the connection died before its answer.
    case commitOutcomeUnknown
    /// The server or libpq did something that the protocol does not allow here.
    case protocolFault(String)

    /// Whether the same work may succeed later without any change to it.
    ///
    /// After `.unavailable` and `.commitOutcomeUnknown` the work may already have happened: repeat only what may happen twice.
    package var isTransient: Bool {
        switch self {
        case .unavailable, .poolTimeout, .overloaded, .commitOutcomeUnknown: true
        case .server(let state, _, _, _):
            state.wantsTransactionRetry || state == .lockNotAvailable || state.group == "53" || state.endsConnection
        case .configuration, .shutDown, .cancelled, .statementTimeout, .uniqueViolation, .foreignKeyViolation,
            .checkViolation, .notNullViolation, .connectionBusy, .encode, .decode, .protocolFault:
            false
        }
    }

    /// A word from a closed set, for metric labels and logs.
    package var code: String {
        switch self {
        case .configuration: "configuration"
        case .unavailable: "unavailable"
        case .poolTimeout: "pool_timeout"
        case .overloaded: "overloaded"
        case .shutDown: "shut_down"
        case .cancelled: "cancelled"
        case .statementTimeout: "statement_timeout"
        case .uniqueViolation: "unique_violation"
        case .foreignKeyViolation: "foreign_key_violation"
        case .checkViolation: "check_violation"
        case .notNullViolation: "not_null_violation"
        case .server: "server"
        case .connectionBusy: "connection_busy"
        case .encode: "encode"
        case .decode: "decode"
        case .commitOutcomeUnknown: "commit_outcome_unknown"
        case .protocolFault: "protocol_fault"
        }
    }

    /// Turns what the server reported into a case.
    ///
    /// - Parameters:
    ///   - state: The SQLSTATE.
    ///   - message: The primary message.
    ///   - constraint: The constraint that was broken, when the server named one.
    ///   - table: The table concerned, when the server named one.
    ///   - column: The column concerned, when the server named one.
    static func from(
        state: SQLState, message: String, constraint: String?, table: String?, column: String?
    ) -> PostgresError {
        switch state {
        case .uniqueViolation: .uniqueViolation(constraint: constraint ?? "")
        case .foreignKeyViolation: .foreignKeyViolation(constraint: constraint ?? "")
        case .checkViolation: .checkViolation(constraint: constraint ?? "")
        case .notNullViolation: .notNullViolation(column: column ?? "")
        case .queryCanceled: .statementTimeout
        case .readOnlyTransaction: .server(state, message: message, constraint: constraint, table: table)
        default:
            state.endsConnection
                ? .unavailable(message) : .server(state, message: message, constraint: constraint, table: table)
        }
    }
}

extension PostgresError: CustomStringConvertible {
    /// One line for logs; safe by construction, because no case carries what must not be seen.
    package var description: String {
        switch self {
        case .configuration(let reason): "PostgreSQL configuration: \(reason)"
        case .unavailable(let reason): "PostgreSQL is not available: \(reason)"
        case .poolTimeout: "no PostgreSQL connection became free in time"
        case .overloaded: "too many callers wait for a PostgreSQL connection"
        case .shutDown: "the PostgreSQL pool is shut down"
        case .cancelled: "the statement was cancelled"
        case .statementTimeout: "the statement took too long and was stopped"
        case .uniqueViolation(let constraint): "unique constraint \(constraint) is violated"
        case .foreignKeyViolation(let constraint): "foreign key \(constraint) is violated"
        case .checkViolation(let constraint): "check constraint \(constraint) is violated"
        case .notNullViolation(let column): "column \(column) needs a value"
        case .server(let state, let message, _, _): "PostgreSQL error \(state): \(message)"
        case .connectionBusy: "the connection already runs an operation"
        case .encode(let parameter, let reason): "parameter \(parameter) cannot be sent: \(reason)"
        case .decode(let column, let reason): "column \(column) cannot be read: \(reason)"
        case .commitOutcomeUnknown: "the connection died during COMMIT; whether it took effect is unknown"
        case .protocolFault(let reason): "PostgreSQL protocol fault: \(reason)"
        }
    }
}
