package import HTTPCore

/// The query of an admin request. An empty value is an absent one and unknown names are passed over; what does not parse is 400 and named, but for pages, times
/// and orders, which are read as if they were absent (contract admin-api §1.4, §1.5).
package struct AdminQuery: Sendable {
    private let values: [String: String]

    /// Takes the query of a request; of a name given twice the first value counts.
    package init(_ target: RequestTarget) {
        values = Dictionary(target.queryItems().map { ($0.name, $0.value) }, uniquingKeysWith: { first, _ in first })
    }

    /// Takes values as they are; for tests and callers without a request.
    package init(_ values: [String: String]) {
        self.values = values
    }

    /// The text of a value; `nil` when absent or empty.
    package func text(_ name: String) -> String? {
        values[name].flatMap { $0.isEmpty ? nil : $0 }
    }

    /// A whole number; `nil` when absent, empty or no number.
    package func int(_ name: String) -> Int? {
        text(name).flatMap { Int($0) }
    }

    /// A whole number that is a condition; `nil` when absent or empty.
    ///
    /// - Throws: 400 that names the parameter when it is something else.
    package func wholeNumber(_ name: String) throws(AdminFailure) -> Int? {
        guard let text = text(name) else { return nil }
        guard let number = Int(text) else { throw AdminFailure(.badRequest, "\(name) must be an integer") }
        return number
    }

    /// A truth value in the spellings that Go accepts; false when absent or empty.
    ///
    /// - Throws: 400 that names the parameter when it is something else.
    package func flag(_ name: String) throws(AdminFailure) -> Bool {
        switch text(name) {
        case "1", "t", "T", "true", "TRUE", "True": return true
        case nil, "0", "f", "F", "false", "FALSE", "False": return false
        default: throw AdminFailure(.badRequest, "\(name) must be true or false")
        }
    }

    /// A point in time whose unit is told by the number of characters.
    package func instant(_ name: String) -> QueryInstant? {
        text(name).flatMap { QueryInstant($0) }
    }
}

/// A time in a query: at most 10 characters are seconds, 13 milliseconds, 16 microseconds, more nanoseconds.
///
/// A value names its whole unit: 1700000000123 is the millisecond that a log row shows with the same number, whatever its microseconds are.
package struct QueryInstant: Equatable, Sendable {
    /// The first microsecond since 1970 that the value names.
    package var first: Int64
    /// The last one.
    package var last: Int64

    /// Reads a whole number; `nil` for anything else.
    package init?(_ text: String) {
        guard let value = Int64(text) else { return nil }
        switch text.utf8.count {
        case ...10: self.init(value, microseconds: 1_000_000)
        case ...13: self.init(value, microseconds: 1_000)
        case ...16: self.init(value, microseconds: 1)
        default: self.init(value / 1_000, microseconds: 1)
        }
    }

    private init(_ value: Int64, microseconds: Int64) {
        first = value * microseconds
        last = first + microseconds - 1
    }
}
