import Postgres

/// What the stores answer instead of a value.
package enum RegistryError: Error, Equatable, Sendable {
    /// No channel has this id, or it was deleted.
    case channelNotFound
    /// No token has this id.
    case tokenNotFound
    /// No group has this id.
    case groupNotFound
    /// The group has a token of this name already.
    case tokenNameTaken
    /// The group has as many tokens as the option GroupMaxTokenNum allows.
    case tokenLimitReached
    /// The group has nothing of its own for this model.
    case groupModelConfigNotFound
    /// A change that changes nothing.
    case emptyUpdate
    /// A group has this id already.
    case groupExists
    /// No model config has this name.
    case modelConfigNotFound
    /// These models have no config, and the operator asked that they must; sorted.
    case modelConfigsMissing([String])
    /// There is no option of this key.
    case unknownOption
    /// A value is not in the form of its option. Says why.
    case invalidOption(String)
    /// The `configs` of a channel are not in the form its type needs. Says which member and why.
    case invalidConfigs(String)
    /// The key of a channel is not in the form its type needs.
    case invalidKey(String)
    /// PostgreSQL cannot be reached or has no room; the same call may succeed later. Says why, for the operator.
    case unavailable(String)
    /// The connection died during the commit: the change may have been made or not.
    case outcomeUnknown
    /// The tables are not there or not up to date.
    case notMigrated
    /// Anything else that PostgreSQL or its client reports: a fault of ours. Says what, for the log.
    case database(String)

    /// Runs store code and turns what PostgreSQL reports into the store's own errors.
    static func translating<Value: Sendable>(
        _ body: () async throws -> Value
    ) async throws(RegistryError) -> Value {
        do {
            return try await body()
        } catch let error as RegistryError {
            throw error
        } catch let error as PostgresError {
            throw RegistryError(error)
        } catch is CancellationError {
            throw .unavailable("the call was cancelled")
        } catch {
            throw .database("\(error)")
        }
    }

    init(_ error: PostgresError) {
        switch error {
        case .uniqueViolation(constraint: "tokens_name"): self = .tokenNameTaken
        case .uniqueViolation(constraint: "groups_pkey"): self = .groupExists
        case .foreignKeyViolation(constraint: "tokens_group_id_fkey"): self = .groupNotFound
        case .commitOutcomeUnknown: self = .outcomeUnknown
        case .server(.undefinedTable, _, _, _), .server("42703", _, _, _), .server("3F000", _, _, _):
            self = .notMigrated
        case .unavailable(let reason): self = .unavailable(reason)
        case .shutDown, .statementTimeout, .cancelled: self = .unavailable("\(error)")
        default: self = error.isTransient ? .unavailable("\(error)") : .database("\(error)")
        }
    }
}
