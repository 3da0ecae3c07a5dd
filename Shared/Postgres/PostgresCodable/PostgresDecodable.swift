/// Why a value could not be read; says what was expected and never quotes the value.
package struct PostgresDecodeFault: Error, Equatable, Sendable {
    /// What was expected.
    package let reason: String

    /// A fault with its reason.
    package init(_ reason: String) {
        self.reason = reason
    }
}

/// A Swift value that can be read out of a result, in PostgreSQL's text form.
package protocol PostgresDecodable: Sendable {
    /// Reads the value.
    ///
    /// - Parameter text: The bytes of the value as the server sent them.
    /// - Returns: The value.
    /// - Throws: A fault when the text is not of this type.
    static func decode(postgresText text: Span<UInt8>) throws(PostgresDecodeFault) -> Self

    /// What NULL is read as; `nil` when NULL is a fault.
    static var valueForNull: Self? { get }
}

extension PostgresDecodable {
    /// NULL is a fault unless a type says otherwise.
    package static var valueForNull: Self? { nil }
}

extension Optional: PostgresDecodable where Wrapped: PostgresDecodable {
    package static func decode(postgresText text: Span<UInt8>) throws(PostgresDecodeFault) -> Self {
        try Wrapped.decode(postgresText: text)
    }

    /// NULL is `nil`.
    package static var valueForNull: Self? { .some(.none) }
}
