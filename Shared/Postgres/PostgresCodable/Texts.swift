extension String: PostgresEncodable, PostgresDecodable, PostgresArrayElement {
    package var postgresParameter: ParameterValue { .text(self) }

    package static func decode(postgresText text: Span<UInt8>) throws(PostgresDecodeFault) -> Self {
        do {
            return String(copying: try UTF8Span(validating: text))
        } catch {
            throw PostgresDecodeFault("not valid UTF-8")
        }
    }

    /// The same text with every NUL, which PostgreSQL cannot hold, replaced by U+FFFD.
    package var withoutNUL: String {
        guard utf8.contains(0) else { return self }
        return String(String.UnicodeScalarView(unicodeScalars.map { $0.value == 0 ? "\u{FFFD}" : $0 }))
    }
}

extension Substring: PostgresEncodable {
    package var postgresParameter: ParameterValue { .text(String(self)) }
}

/// The text of a `json` or `jsonb` value; its own type so that a column's meaning shows in the code.
package struct JSONText: Hashable, Sendable, PostgresEncodable, PostgresDecodable {
    /// The JSON text.
    package let text: String

    /// Wraps JSON text; the server refuses what is not JSON.
    package init(_ text: String) {
        self.text = text
    }

    package var postgresParameter: ParameterValue { .text(text) }

    package static func decode(postgresText text: Span<UInt8>) throws(PostgresDecodeFault) -> Self {
        Self(try String.decode(postgresText: text))
    }
}
