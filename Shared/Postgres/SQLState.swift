/// A five-character code that PostgreSQL puts on every error.
package struct SQLState: Hashable, Sendable, CustomStringConvertible, ExpressibleByStringLiteral {
    /// The code as the server sent it.
    package let code: String

    /// A code as the server sent it.
    package init(_ code: String) {
        self.code = code
    }

    package init(stringLiteral code: String) {
        self.code = code
    }

    /// The code.
    package var description: String { code }

    /// The first two characters: the kind of fault.
    var group: Substring { code.prefix(2) }

    /// The whole transaction may be run again and may then succeed.
    package var wantsTransactionRetry: Bool {
        self == .serializationFailure || self == .deadlockDetected
    }

    /// The server is going away or must not be used any more; the connection is worth nothing.
    var endsConnection: Bool {
        switch self {
        case .adminShutdown, .crashShutdown, .cannotConnectNow, .databaseDropped, .idleSessionTimeout,
            .readOnlyTransaction:
            true
        default: group == "08"
        }
    }

    /// A prepared statement no longer fits the schema or is gone; preparing it again mends that.
    var isStaleStatement: Bool {
        self == .featureNotSupported || self == .invalidStatementName
    }

    package static let uniqueViolation: SQLState = "23505"
    package static let foreignKeyViolation: SQLState = "23503"
    package static let notNullViolation: SQLState = "23502"
    package static let checkViolation: SQLState = "23514"
    package static let serializationFailure: SQLState = "40001"
    package static let deadlockDetected: SQLState = "40P01"
    package static let queryCanceled: SQLState = "57014"
    package static let lockNotAvailable: SQLState = "55P03"
    package static let inFailedTransaction: SQLState = "25P02"
    package static let undefinedTable: SQLState = "42P01"
    package static let syntaxError: SQLState = "42601"
    package static let duplicateDatabase: SQLState = "42P04"
    static let featureNotSupported: SQLState = "0A000"
    static let invalidStatementName: SQLState = "26000"
    static let readOnlyTransaction: SQLState = "25006"
    static let adminShutdown: SQLState = "57P01"
    static let crashShutdown: SQLState = "57P02"
    static let cannotConnectNow: SQLState = "57P03"
    static let databaseDropped: SQLState = "57P04"
    static let idleSessionTimeout: SQLState = "57P05"
}
