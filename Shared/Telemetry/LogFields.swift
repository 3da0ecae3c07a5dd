/// The name of a field in a log line: a literal in snake_case, so that no caller's text becomes a key.
package struct LogKey: Hashable, Sendable, ExpressibleByStringLiteral {
    /// The name as it is written.
    package let name: StaticString

    /// A key from a literal.
    package init(stringLiteral name: StaticString) {
        self.name = name
    }

    package static func == (left: LogKey, right: LogKey) -> Bool {
        left.name.description == right.name.description
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(name.description)
    }
}

/// A typed value of a log field; numbers and truth values stay what they are in the JSON line.
package enum LogValue: Equatable, Sendable {
    /// Text; escaped when it is written.
    case string(String)
    /// A whole number.
    case int(Int64)
    /// A fraction; written as null when it is not finite.
    case double(Double)
    /// A truth value.
    case bool(Bool)
    /// A value that is known to be absent.
    case null

    /// A whole number of any width; a UInt64 above the range of Int64 is written as text.
    package static func integer(_ value: some BinaryInteger) -> LogValue {
        Int64(exactly: value).map(LogValue.int) ?? .string(String(value))
    }

    /// A span of time in milliseconds with three decimals.
    package static func milliseconds(_ duration: Duration) -> LogValue {
        let parts = duration.components
        let microseconds = parts.seconds * 1_000_000 + parts.attoseconds / 1_000_000_000_000
        return .double(Double(microseconds) / 1000)
    }

    /// The placeholder of a secret.
    package static func redacted<Value>(_ value: Redacted<Value>) -> LogValue {
        .string(value.description)
    }
}

extension LogValue: ExpressibleByStringInterpolation, ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral,
    ExpressibleByBooleanLiteral, ExpressibleByNilLiteral
{
    package init(stringLiteral value: String) {
        self = .string(value)
    }

    package init(integerLiteral value: Int64) {
        self = .int(value)
    }

    package init(floatLiteral value: Double) {
        self = .double(value)
    }

    package init(booleanLiteral value: Bool) {
        self = .bool(value)
    }

    package init(nilLiteral: ()) {
        self = .null
    }
}

/// The fields of one log line, in the order written: `["status": 200, "host": .string(host)]`.
package struct LogFields: Sendable, ExpressibleByDictionaryLiteral {
    /// The fields in order; a key given twice is written twice, the later one is the one readers keep.
    package private(set) var pairs: [(key: LogKey, value: LogValue)]

    /// Fields from a literal.
    package init(dictionaryLiteral elements: (LogKey, LogValue)...) {
        pairs = elements.map { (key: $0.0, value: $0.1) }
    }

    /// Adds a field at the end.
    package mutating func append(_ key: LogKey, _ value: LogValue) {
        pairs.append((key: key, value: value))
    }

    /// Adds a field at the end when there is a value.
    package mutating func append(_ key: LogKey, ifPresent value: String?) {
        guard let value else { return }
        append(key, .string(value))
    }
}
