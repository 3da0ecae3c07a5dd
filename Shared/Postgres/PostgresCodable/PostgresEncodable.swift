/// A value as it goes to the server.
package enum ParameterValue: Equatable, Sendable {
    /// SQL NULL.
    case null
    /// The text form of the value's type; must not contain NUL.
    case text(String)
    /// The binary form (`bytea`: the bytes themselves).
    case binary([UInt8])
}

/// A Swift value that can be bound to a statement.
package protocol PostgresEncodable: Sendable {
    /// The value as it goes to the server.
    var postgresParameter: ParameterValue { get }
}

extension Optional: PostgresEncodable where Wrapped: PostgresEncodable {
    /// NULL for `nil`.
    package var postgresParameter: ParameterValue {
        switch self {
        case .some(let value): value.postgresParameter
        case .none: .null
        }
    }
}
