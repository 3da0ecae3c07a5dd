/// Reads a decimal integer; digits and one leading sign, nothing else.
func decodeInteger<T: FixedWidthInteger>(_ text: Span<UInt8>, as: T.Type) throws(PostgresDecodeFault) -> T {
    var position = 0
    let isNegative = text.count > 0 && text[0] == UInt8(ascii: "-")
    if isNegative { position = 1 }
    guard position < text.count else { throw PostgresDecodeFault("not an integer") }
    var value: T = 0
    while position < text.count {
        let digit = text[position] &- UInt8(ascii: "0")
        guard digit < 10 else { throw PostgresDecodeFault("not an integer") }
        let (scaled, overflow) = value.multipliedReportingOverflow(by: 10)
        let (sum, overflowed) =
            isNegative ? scaled.subtractingReportingOverflow(T(digit)) : scaled.addingReportingOverflow(T(digit))
        guard !overflow, !overflowed else { throw PostgresDecodeFault("integer out of range") }
        value = sum
        position += 1
    }
    return value
}

extension Int: PostgresEncodable, PostgresDecodable, PostgresArrayElement {
    package var postgresParameter: ParameterValue { .text(String(self)) }

    package static func decode(postgresText text: Span<UInt8>) throws(PostgresDecodeFault) -> Self {
        try decodeInteger(text, as: Self.self)
    }
}

extension Int64: PostgresEncodable, PostgresDecodable, PostgresArrayElement {
    package var postgresParameter: ParameterValue { .text(String(self)) }

    package static func decode(postgresText text: Span<UInt8>) throws(PostgresDecodeFault) -> Self {
        try decodeInteger(text, as: Self.self)
    }
}

extension Int32: PostgresEncodable, PostgresDecodable, PostgresArrayElement {
    package var postgresParameter: ParameterValue { .text(String(self)) }

    package static func decode(postgresText text: Span<UInt8>) throws(PostgresDecodeFault) -> Self {
        try decodeInteger(text, as: Self.self)
    }
}

extension Int16: PostgresEncodable, PostgresDecodable, PostgresArrayElement {
    package var postgresParameter: ParameterValue { .text(String(self)) }

    package static func decode(postgresText text: Span<UInt8>) throws(PostgresDecodeFault) -> Self {
        try decodeInteger(text, as: Self.self)
    }
}

extension Double: PostgresEncodable, PostgresDecodable, PostgresArrayElement {
    /// The shortest text that reads back as the same number; `NaN`, `Infinity` and `-Infinity` as PostgreSQL spells them.
    package var postgresParameter: ParameterValue { .text(postgresText) }

    var postgresText: String {
        if isNaN { return "NaN" }
        if isInfinite { return self < 0 ? "-Infinity" : "Infinity" }
        return description
    }

    package static func decode(postgresText text: Span<UInt8>) throws(PostgresDecodeFault) -> Self {
        guard let value = Double(try String.decode(postgresText: text)) else {
            throw PostgresDecodeFault("not a number")
        }
        return value
    }
}

extension Bool: PostgresEncodable, PostgresDecodable, PostgresArrayElement {
    package var postgresParameter: ParameterValue { .text(self ? "t" : "f") }

    package static func decode(postgresText text: Span<UInt8>) throws(PostgresDecodeFault) -> Self {
        guard text.count == 1 else { throw PostgresDecodeFault("not a boolean") }
        switch text[0] {
        case UInt8(ascii: "t"): return true
        case UInt8(ascii: "f"): return false
        default: throw PostgresDecodeFault("not a boolean")
        }
    }
}
