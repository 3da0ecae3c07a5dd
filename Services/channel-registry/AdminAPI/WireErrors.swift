import AdminHTTP
import HTTPCore
import OneAPIImport
import RegistryStore

/// Turns every error of a handler into an envelope, in one place.
enum WireErrors {
    /// What the caller is told. A missing row is 404 with the reference's words: FastGPT recognises either.
    static func failure(_ error: any Error) -> AdminFailure {
        switch error {
        case let failure as AdminFailure: failure
        case let error as RegistryError: failure(error)
        case let error as ImportError: failure(error)
        default: internalFault
        }
    }

    /// What the operator's log is told beyond that; `nil` when the answer says it all.
    static func cause(_ error: any Error) -> String? {
        switch error {
        case is AdminFailure, is ImportError: nil
        case RegistryError.unavailable(let reason), RegistryError.database(let reason): reason
        case RegistryError.outcomeUnknown: "the connection died during COMMIT"
        case RegistryError.notMigrated: "tables of the schema registry are missing"
        case is RegistryError: nil
        default: "\(error)"
        }
    }

    private static func failure(_ error: RegistryError) -> AdminFailure {
        switch error {
        case .channelNotFound: AdminFailure(.notFound, "channel record not found")
        case .tokenNotFound: AdminFailure(.notFound, "token record not found")
        case .groupNotFound: AdminFailure(.notFound, "group record not found")
        case .tokenNameTaken: AdminFailure(.conflict, "token name already exists in this group")
        case .groupModelConfigNotFound: AdminFailure(.notFound, "group_model_config record not found")
        case .tokenLimitReached: AdminFailure(.conflict, "group max token num reached")
        case .emptyUpdate: AdminFailure(.badRequest, "empty update request")
        case .groupExists: AdminFailure(.conflict, "duplicated key not allowed: a group with this id exists")
        case .modelConfigNotFound: AdminFailure(.notFound, "model config record not found")
        case .modelConfigsMissing(let models):
            AdminFailure(.badRequest, "model config not found: [\(models.joined(separator: " "))]")
        case .unknownOption: AdminFailure(.notFound, "unknown option key")
        case .invalidKey(let message), .invalidConfigs(let message), .invalidOption(let message):
            AdminFailure(.badRequest, message)
        case .unavailable:
            AdminFailure(
                .serviceUnavailable, "the database is not available; nothing was changed, try again", retryAfter: 1)
        case .outcomeUnknown:
            AdminFailure(
                .serviceUnavailable,
                "the connection to the database broke while saving; look whether the change was made before trying again"
            )
        case .notMigrated:
            AdminFailure(
                .serviceUnavailable, "the tables of the registry are not set up; run `channel-registry migrate`",
                retryAfter: 5)
        case .database: internalFault
        }
    }

    /// The source is the caller's: what is wrong with it is a fault of the request.
    private static func failure(_ error: ImportError) -> AdminFailure {
        switch error {
        case .dsn, .connection, .noChannelsTable, .foreignTable, .tooManyRows, .timedOut, .source:
            AdminFailure(.badRequest, error.message)
        case .busy: AdminFailure(.serviceUnavailable, error.message, retryAfter: 10)
        }
    }

    private static let internalFault = AdminFailure(
        .internalServerError, "internal error; the log of channel-registry says more under this request id")
}
