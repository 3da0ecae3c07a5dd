/// One row of an answer.
///
/// Values stay in the answer's memory until they are decoded, so a row that is kept keeps the whole answer.
package struct Row: Sendable {
    let result: ResultSet
    let index: Int

    /// How many columns there are.
    package var count: Int { result.columnCount }

    /// Whether there is a column of this name.
    package func has(_ column: String) -> Bool { result.column(named: column) != nil }

    /// Reads a column by name; an optional type reads NULL as `nil`.
    ///
    /// - Throws: `.decode` for an unknown column, NULL in a type that has none, or a value of another type.
    package func decode<T: PostgresDecodable>(
        _ column: String, as type: T.Type = T.self
    ) throws(PostgresError) -> T {
        guard let place = result.column(named: column) else {
            throw .decode(column: column, reason: "there is no such column")
        }
        return try decode(place: place, as: type)
    }

    /// Reads a column by its place, counted from 0.
    ///
    /// - Throws: `.decode` for a place out of range, NULL in a type that has none, or a value of another type.
    package func decode<T: PostgresDecodable>(_ place: Int, as type: T.Type = T.self) throws(PostgresError) -> T {
        guard place >= 0, place < result.columnCount else {
            throw .decode(column: "#\(place)", reason: "there is no such column")
        }
        return try decode(place: place, as: type)
    }

    /// The text of a column by name; `nil` for NULL and for an unknown column.
    package subscript(_ column: String) -> String? {
        result.column(named: column).flatMap { self[$0] }
    }

    /// The text of a column by its place; `nil` for NULL and for a place out of range.
    package subscript(_ place: Int) -> String? {
        guard place >= 0, place < result.columnCount, !result.isNull(index, place) else { return nil }
        return try? result.withValue(index, place) { (text) throws(PostgresDecodeFault) in
            try String.decode(postgresText: text)
        }
    }

    private func decode<T: PostgresDecodable>(place: Int, as type: T.Type) throws(PostgresError) -> T {
        if result.isNull(index, place) {
            guard let value = T.valueForNull else { throw .decode(column: result.name(of: place), reason: "is NULL") }
            return value
        }
        do throws(PostgresDecodeFault) {
            return try result.withValue(index, place) { (text) throws(PostgresDecodeFault) in
                try T.decode(postgresText: text)
            }
        } catch {
            throw .decode(column: result.name(of: place), reason: error.reason)
        }
    }
}
